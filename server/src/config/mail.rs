//! Who sends mails, and by which server.

use super::is_loopback;
use hyper::Uri;
use lettre::message::Mailbox;
use lettre::{AsyncSmtpTransport, Tokio1Executor};

/// Checks a mail server's URL. Nothing of it is repeated: it holds a password.
pub(super) fn check_server(url: &str) -> Result<(), String> {
    if AsyncSmtpTransport::<Tokio1Executor>::from_url(url).is_err() {
        return Err("leads.smtp_url is no address of a mail server: write \
                    smtps://user:password@host, or smtp://user:password@host:587?tls=required"
            .into());
    }
    if sends_password_in_the_clear(url) {
        return Err("leads.smtp_url: the password would travel unencrypted: write smtps://, or \
                    ?tls=required at the end"
            .into());
    }
    Ok(())
}

/// Whether a password goes to another machine without TLS, or where somebody between wants it so.
fn sends_password_in_the_clear(url: &str) -> bool {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let Some((_, host)) = authority.rsplit_once('@') else { return false };
    let query = path.split_once('?').map_or("", |(_, query)| query).as_bytes();
    let tls = form_urlencoded::parse(query).find(|(name, _)| name == "tls");
    let is_required = tls.is_some_and(|(_, value)| value == "required");
    let host = format!("http://{host}").parse::<Uri>().ok();
    let is_here = host.is_some_and(|it| it.host().is_some_and(is_loopback));
    scheme.eq_ignore_ascii_case("smtp") && !is_required && !is_here
}

/// Checks who writes.
pub(super) fn check_sender(text: &str) -> Result<(), String> {
    let hint = "leads.mail_from is no sender: write Example <news@example.com>";
    text.parse::<Mailbox>().map(drop).map_err(|_| hint.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_mail_server_is_refused_without_its_password() {
        for url in
            ["mail.example", "https://u:hunter2@mail.example", "smtps://", "smtp://u:hunter2@"]
        {
            let said = check_server(url).unwrap_err();
            assert!(said.starts_with("leads.smtp_url is no address"), "{said}");
            assert!(!said.contains("hunter2"), "{said}");
        }
        let said = check_server("smtp://u:hunter2@mail.example?tls=none").unwrap_err();
        assert!(!said.contains("hunter2"), "{said}");
    }

    #[test]
    fn a_password_travels_under_tls_or_on_this_machine_alone() {
        for (url, right) in [
            ("smtps://u:p@mail.example", true),
            ("smtp://u:p@mail.example:587?tls=required", true),
            ("smtp://u:p@127.0.0.1:25", true),
            ("smtp://u:p@localhost", true),
            ("smtp://mail.example:25", true),
            ("smtp://u:p@mail.example", false),
            ("SMTP://u:p@mail.example:587", false),
            ("smtp://u:p@mail.example?tls=opportunistic", false),
            ("smtp://u:p@mail.example/helo?x=1", false),
            ("smtp://localhost:p@mail.example", false),
            ("smtp://u:p@127.0.0.1.example.com", false),
        ] {
            assert_eq!(check_server(url).is_ok(), right, "{url}");
        }
    }

    #[test]
    fn a_sender_is_an_address_with_or_without_a_name() {
        assert!(check_sender("Example <news@example.com>").is_ok());
        assert!(check_sender("news@example.com").is_ok());
        for wrong in ["", "Example", "Example <news>", "news@example.com, more@example.com"] {
            assert!(check_sender(wrong).is_err(), "{wrong}");
        }
    }
}
