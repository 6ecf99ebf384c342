//! Whether an address is worth writing to: the rules of the core, and what the domain name system says.

mod dns;

pub use dns::{Dns, Servers};

use crate::app::App;
use crate::error::{Error, Reason};
use crate::ingest::Trouble;
use crate::privacy::customers::email_index;
use dns::ask;
use takings_core::lead::email::lists::{Class, class};
use takings_core::lead::email::{Options, Validation, Verdict, validate};
use takings_core::lead::score::Domain;

/// What was found about an address that can be kept.
#[derive(Clone, Debug)]
pub(super) struct Found {
    /// By what the mailbox is found again.
    pub(super) index: String,
    /// The form to write to.
    pub(super) delivery: String,
    /// Whose the domain is.
    pub(super) domain: Domain,
    validation: Validation,
}

impl Found {
    /// The verdict as it is stored.
    pub(super) fn verdict(&self) -> &'static str {
        self.validation.verdict.as_str()
    }

    /// The codes of what was found, parted by spaces.
    pub(super) fn codes(&self) -> String {
        codes(&self.validation).join(" ")
    }
}

/// The codes of what was found.
pub(super) fn codes(validation: &Validation) -> Vec<&'static str> {
    validation.reasons.iter().map(|reason| reason.code()).collect()
}

/// Looks at an address; tells also whether the domain name system was asked.
pub(super) async fn look(app: &App, text: &str, skip_dns: bool) -> (Validation, bool) {
    let validation = validate(text, &Options::default());
    let host = validation.address.as_ref().and_then(|it| it.host()).map(str::to_owned);
    match (&app.leads.dns, host) {
        (Some(dns), Some(host)) if !skip_dns && validation.verdict != Verdict::Invalid => {
            (validation.with(ask(dns.as_ref(), &host).await), true)
        }
        _ => (validation, false),
    }
}

/// An address that can be kept.
///
/// # Errors
///
/// [`Reason::InvalidEmail`], which does not repeat it.
pub(super) async fn found(app: &App, text: &str, skip_dns: bool) -> Result<Found, Error> {
    let (validation, _) = look(app, text, skip_dns).await;
    let delivery = validation.delivery().filter(|_| validation.verdict != Verdict::Invalid);
    let delivery = delivery.ok_or_else(|| invalid(&validation))?;
    let index = mailbox(app, &delivery)?.ok_or_else(|| invalid(&validation))?;
    let host = validation.address.as_ref().and_then(|it| it.host());
    let domain = match host.and_then(class) {
        Some(Class::Relay) => Domain::Relay,
        Some(Class::Disposable) => Domain::Disposable,
        Some(Class::Free) => Domain::Free,
        None => Domain::Company,
    };
    Ok(Found { index, delivery, domain, validation })
}

/// By what the mailbox of an address is found; `None`: this is no address.
pub(super) fn mailbox(app: &App, address: &str) -> Result<Option<String>, Trouble> {
    Ok(email_index(app.database.vault.unlocked_indexes()?, address))
}

fn invalid(validation: &Validation) -> Error {
    let message = format!(
        "this address cannot be written to: {}; ask for another",
        codes(validation).join(", ")
    );
    Error::invalid(Reason::InvalidEmail, "email", message)
}
