//! What pages of the web can do: capture a lead, confirm, withdraw. The HTTP door asks here, in plain
//! words; the rules are those of the RPCs.

mod convert;

use super::consents::{self, Confirm, Evidence, Withdraw};
use super::service;
use crate::app::App;
use crate::error::{Error, Reason};
use crate::once::once;
use std::net::IpAddr;
use std::sync::Arc;
use uuid::Uuid;

/// The field that no person sees, and robots fill in.
const HONEYPOT: &str = "website";
/// A form sent again within so many microseconds is the same form.
const AGAIN: i64 = 600 * 1_000_000;

/// A form, field by field.
#[derive(Debug, Default)]
pub(crate) struct Form {
    pub(crate) fields: Vec<(String, String)>,
    /// From where it was sent.
    pub(crate) address: Option<IpAddr>,
    pub(crate) user_agent: String,
    /// The page before, as the browser names it.
    pub(crate) referrer: String,
}

impl Form {
    /// A field's first value.
    pub(crate) fn field(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value.as_str())
    }
}

/// What is answered to a form, whether a person or a robot has filled it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sent {
    /// Whether a mail asks to confirm.
    pub(crate) asks: bool,
}

/// Takes a form in. The same form sent again in the same ten minutes of the clock is the same act.
///
/// # Errors
///
/// Those of `CaptureLead`; too many forms of one address.
pub(crate) async fn submit(app: &Arc<App>, form: Form) -> Result<Sent, Error> {
    let purpose = form.field("consent_purpose");
    let asks = !purpose.is_empty();
    if asks && !app.config.leads.purposes.iter().any(|it| it == purpose) {
        // Mails name it, and whoever fills in a form is a stranger.
        let message = "forms cannot ask for this purpose: name it in leads.purposes";
        return Err(Error::invalid(Reason::InvalidField, "consent_purpose", message));
    }
    if !form.field(HONEYPOT).is_empty() {
        metrics::counter!("lead_captures_total", "verdict" => "robot").increment(1);
        return Ok(Sent { asks });
    }
    let mut request = convert::capture(&form);
    request.request_id = convert::act(app, &request)?;
    match service::capture(app, request).await {
        Ok(_) => Ok(Sent { asks }),
        // Whether somebody was erased is nobody's business.
        Err(error) if error.reason() == Reason::PersonErased => Ok(Sent { asks }),
        Err(error) => Err(error),
    }
}

/// Which purpose a token would confirm, or why it confirms nothing.
pub(crate) async fn look(app: &App, token: &str) -> Result<Result<String, String>, Error> {
    Ok(consents::look(app, token).await?.map_err(|refusal| refusal.to_string()))
}

/// Confirms by a token.
///
/// # Errors
///
/// Those of `ConfirmLead`.
pub(crate) async fn confirm(
    app: &Arc<App>,
    token: String,
    address: Option<IpAddr>,
    user_agent: String,
) -> Result<String, Error> {
    let evidence = Evidence {
        form_url: String::new(),
        ip_address: address.map(|it| it.to_canonical().to_string()).unwrap_or_default(),
        user_agent,
    };
    let act = Confirm { now: app.now(), token, evidence };
    let request = crate::once::Request::new(&Uuid::new_v4().to_string(), "ConfirmLead", &[])?;
    let purpose = convert::confirmed(once(app, request, act).await?);
    consents::count("confirmed");
    Ok(purpose)
}

/// Whether a token is one of the pages that withdraw.
pub(crate) async fn is_known(app: &App, token: &str) -> Result<bool, Error> {
    Ok(consents::whose(app, token).await?.is_some())
}

/// Withdraws everything by the token of a lead's page; tells whether it is one. Again changes nothing.
pub(crate) async fn withdraw(app: &Arc<App>, token: &str) -> Result<bool, Error> {
    let Some(lead) = consents::whose(app, token).await? else { return Ok(false) };
    let act = Withdraw { now: app.now(), lead, purpose: None };
    let request = crate::once::Request::new(&Uuid::new_v4().to_string(), "WithdrawConsent", &[])?;
    convert::withdrawn(once(app, request, act).await?);
    consents::count("withdrawn");
    Ok(true)
}

/// Whether another form of an address is taken.
pub(crate) fn allows(app: &App, address: Option<IpAddr>) -> bool {
    // Whom the proxies do not name shares one count.
    let address = address.unwrap_or(IpAddr::from([0, 0, 0, 0]));
    app.leads.allows(address, app.config.leads.forms_per_minute, app.now())
}
