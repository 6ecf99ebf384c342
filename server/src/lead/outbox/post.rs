//! The way of a mail to a mail server.

use super::letter::Letter;
use crate::config::Leads;
use crate::error::Error;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use std::time::Duration;

/// How long a mail server may take for one step.
const PATIENCE: Duration = Duration::from_secs(20);

/// A mail server, and who writes.
pub(in crate::lead) struct Post {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

/// What became of a mail.
pub(super) enum Outcome {
    /// The server has taken it.
    Sent,
    /// It was not taken; the code says no more than a class, because servers repeat addresses.
    Failed { permanent: bool, code: String },
}

impl Post {
    /// Reads the configuration; nothing where there is no server.
    ///
    /// # Errors
    ///
    /// If it cannot be used; nothing secret is repeated.
    pub(in crate::lead) fn of(config: &Leads) -> Result<Option<Post>, Error> {
        let Some(url) = config.smtp() else { return Ok(None) };
        let unusable = |what: &str| Error::internal(format!("leads.{what} cannot be used"));
        let builder = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|_| unusable("smtp_url"))?;
        let transport = builder.timeout(Some(PATIENCE)).build();
        let from = config.mail_from.as_deref().unwrap_or_default();
        let from: Mailbox = from.parse().map_err(|_| unusable("mail_from"))?;
        Ok(Some(Post { transport, from }))
    }

    /// Sends a mail.
    pub(super) async fn send(&self, letter: &Letter, to: &str) -> Outcome {
        // An address is parsed, never pasted: nothing in it can become another header.
        let Ok(to) = to.parse::<Address>() else {
            return Outcome::Failed { permanent: true, code: "address".into() };
        };
        let Ok(message) = self.message(letter, Mailbox::new(None, to)) else {
            return Outcome::Failed { permanent: true, code: "message".into() };
        };
        match self.transport.send(message).await {
            Ok(_) => Outcome::Sent,
            Err(error) => failed(&error),
        }
    }

    fn message(&self, letter: &Letter, to: Mailbox) -> Result<Message, lettre::error::Error> {
        let header =
            |name, value: String| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
        let body = MultiPart::alternative_plain_html(letter.text.clone(), letter.html.clone());
        Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(letter.subject.as_str())
            .date_now()
            .message_id(None)
            .raw_header(header("List-Unsubscribe", format!("<{}>", letter.unsubscribe)))
            .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".into()))
            .raw_header(header("Auto-Submitted", "auto-generated".into()))
            .multipart(body)
    }
}

/// Answers of a server that does not let us in (RFC 4954): our password is wrong, not the receiver.
const LOGIN: [&str; 4] = ["530", "534", "535", "538"];
/// Answers that refuse a mailbox (RFC 5321), if nothing tells more.
const MAILBOX: [&str; 3] = ["550", "551", "553"];

fn failed(error: &smtp::Error) -> Outcome {
    let code = code(error);
    if LOGIN.contains(&code.as_str()) {
        metrics::counter!("outbox_logins_refused_total").increment(1);
        tracing::error!(code, "the mail server refuses our login: correct leads.smtp_url");
    }
    let text = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    Outcome::Failed { permanent: error.is_permanent() && is_of_receiver(&code, &text), code }
}

/// Whether a refusal is of the receiver's address. Any other, such as of ours, or of all that we send,
/// may be our own mistake, and the mail is tried again once it is corrected.
fn is_of_receiver(code: &str, text: &str) -> bool {
    match enhanced(text) {
        Some([5, 1, detail]) => matches!(detail, 1..=6 | 10),
        Some([5, 2, 1]) => true,
        Some(_) => false,
        None => MAILBOX.contains(&code),
    }
}

/// The enhanced status code that a text begins with (RFC 3463).
fn enhanced(text: &str) -> Option<[u16; 3]> {
    let mut parts = text.split_whitespace().next()?.split('.').map(|it| it.parse().ok());
    let code = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(code)
}

/// What kind of failure it was.
fn code(error: &smtp::Error) -> String {
    match error.status() {
        Some(status) => status.to_string(),
        None if error.is_timeout() => "timeout".into(),
        None if error.is_tls() => "tls".into(),
        None => "connection".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_said_of_the_receivers_mailbox_is_for_good() {
        for (code, text, expected) in [
            ("550", "5.1.1 <anna@shop.example>: Recipient address rejected", true),
            ("550", "5.2.1 disabled", true),
            ("556", "5.1.10 the domain takes no mail", true),
            ("550", "No such user here", true),
            ("553", "", true),
            ("550", "5.1.8 sender's domain not found", false),
            ("550", "5.7.1 Relaying denied", false),
            ("554", "Relay access denied", false),
            ("535", "5.7.8 Authentication credentials invalid", false),
            ("552", "5.2.2 mailbox full", false),
        ] {
            assert_eq!(is_of_receiver(code, text), expected, "{code} {text}");
        }
    }
}
