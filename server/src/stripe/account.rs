//! The account that the configured key belongs to.

use super::{Client, Error, Policy, Rates};
use crate::config;
use crate::error::{self, Reason};

/// A key's account in the key's mode.
pub struct Account {
    /// The way to it.
    pub client: Client,
    livemode: bool,
}

impl Account {
    /// The account of the configuration; `None` without a key.
    ///
    /// # Errors
    ///
    /// If the key cannot be sent.
    pub fn of(config: &config::Stripe) -> Result<Option<Account>, Error> {
        let Some(key) = &config.api_key else { return Ok(None) };
        let rates = Rates {
            in_all: config.requests_per_second,
            endpoint: config.endpoint_requests_per_second,
        };
        let client = Client::new(&config.api_url, key, Policy::default())?.at(rates);
        // Keys have told their mode for ten years; an older one is taken for what is configured.
        let livemode = key.livemode().or(config.livemode).unwrap_or(true);
        Ok(Some(Account { client, livemode }))
    }

    /// Whether an object of it is about real money: as it says, else as the key does.
    pub fn livemode(&self, said: Option<bool>) -> bool {
        said.unwrap_or(self.livemode)
    }
}

/// What a call that needs Stripe is told without a key.
pub(crate) fn not_configured() -> error::Error {
    error::Error::Precondition {
        reason: Reason::StripeNotConfigured,
        message: "this server has no key for Stripe: set TAKINGS__STRIPE__API_KEY and restart"
            .into(),
    }
}
