//! What mails say: text and HTML, without pictures, scripts or anything that counts who opens them.

use crate::config::Leads;

/// A mail without its receiver.
#[derive(Clone, Debug)]
pub(super) struct Letter {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
    /// The address of the page that withdraws, for the header.
    pub(super) unsubscribe: String,
}

/// Where a mail leads.
pub(super) struct Links {
    pub(super) confirm: String,
    pub(super) unsubscribe: String,
}

impl Letter {
    /// Asks to confirm. Nothing that somebody typed into a form is in it: else forms would send what
    /// strangers write to strangers.
    pub(super) fn confirmation(config: &Leads, purpose: &str, links: Links) -> Letter {
        let Links { confirm, unsubscribe } = links;
        let name = &config.mail_name;
        let about = if name.is_empty() { purpose.to_owned() } else { format!("{name}: {purpose}") };
        let text = format!(
            "Somebody, probably you, filled in a form with this address ({about}).\n\n\
             Please confirm that you want this:\n{confirm}\n\n\
             The link works once, for seven days. If it was not you, do nothing: without it nothing \
             is sent to you.\n\nTake back everything you have agreed to:\n{unsubscribe}\n"
        );
        let html = format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
             </head><body style=\"font-family:sans-serif;max-width:36em\"><p>Somebody, probably you, \
             filled in a form with this address ({title}).</p><p><a href=\"{confirm}\">Confirm that \
             you want this</a></p><p>The link works once, for seven days. If it was not you, do \
             nothing: without it nothing is sent to you.</p><p><small><a href=\"{unsubscribe}\">Take \
             back everything you have agreed to</a></small></p></body></html>\n",
            title = escaped(&about)
        );
        Letter { subject: format!("Please confirm: {about}"), text, html, unsubscribe }
    }
}

/// A text for a page.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_readable_as_text_and_escapes_what_is_configured() {
        let config = Leads { mail_name: "Smith & <Sons>".into(), ..Leads::default() };
        let links = Links { confirm: "https://a/c".into(), unsubscribe: "https://a/u".into() };
        let letter = Letter::confirmation(&config, "newsletter", links);
        assert_eq!(letter.subject, "Please confirm: Smith & <Sons>: newsletter");
        assert!(letter.text.contains("https://a/c\n") && letter.text.contains("https://a/u\n"));
        assert!(letter.html.contains("Smith &amp; &lt;Sons&gt;"), "{}", letter.html);
        assert!(!letter.html.contains("<Sons>"));
    }
}
