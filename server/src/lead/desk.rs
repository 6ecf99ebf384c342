//! What leads need beside the database, built once.

use super::consents::Token;
use super::email::{Dns, Servers};
use super::limit::Limits;
use super::outbox::Post;
use crate::config::Leads;
use crate::error::Error;
use crate::ingest::Trouble;
use crate::privacy::Vault;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use takings_core::time::Timestamp;

/// What leads need.
pub struct Desk {
    /// The domain name system; `None`: it is not asked.
    pub(super) dns: Option<Box<dyn Dns>>,
    /// The way of mails; `None`: they wait.
    pub(super) post: Option<Post>,
    limits: Mutex<Limits>,
}

impl Desk {
    /// Reads the configuration.
    ///
    /// # Errors
    ///
    /// If it cannot be used.
    pub(crate) fn of(config: &Leads) -> Result<Desk, Error> {
        let servers = || match Servers::of(config) {
            Ok(servers) => Some(Box::new(servers) as Box<dyn Dns>),
            Err(error) => {
                tracing::warn!(%error, "no name server is known: addresses are not looked up");
                None
            }
        };
        let dns = config.dns.then(servers).flatten();
        Ok(Desk { dns, post: Post::of(config)?, limits: Mutex::default() })
    }

    /// Whether another form of an address is taken.
    pub(crate) fn allows(&self, address: IpAddr, most: u32, now: Timestamp) -> bool {
        let mut limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        limits.allow(address, most, now)
    }
}

/// The token of the page on which a lead withdraws: it follows from the lead's id and the tenant's
/// secret, so that every mail can name it, and nobody can guess it.
fn token_of(vault: &Vault, lead: &str) -> Result<String, Trouble> {
    Ok(vault.unlocked_indexes()?.equal("unsubscribe", lead))
}

/// What is stored of a lead's token.
pub(super) fn unsubscribe_token(vault: &Vault, lead: &str) -> Result<Token, Error> {
    let text = token_of(vault, lead)?;
    Token::read(&text).ok_or(Error::Conflict)
}

/// The page on which a lead withdraws.
pub(super) fn unsubscribe_url(vault: &Vault, base: &str, lead: &str) -> Result<String, Error> {
    Ok(format!("{base}/revenue/leads/unsubscribe/{}", token_of(vault, lead)?))
}
