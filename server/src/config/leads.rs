//! How leads are captured, looked up and written to.

use super::list::list;
use super::{ConfigError, mail};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;
use takings_core::lead::consent::is_name;

/// Leads.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Leads {
    /// Where the world reaches the HTTP door, such as `https://example.com`: mails lead there.
    pub public_url: Option<String>,
    /// Pages whose forms may be sent by scripts, such as `https://www.example.com`; `*`: all.
    #[serde(deserialize_with = "list")]
    pub allowed_origins: Vec<String>,
    /// The most forms of one IPv4 address, or of one network of 64 bits of IPv6, in a minute.
    pub forms_per_minute: u32,
    /// What forms of the web may ask to agree to. Mails name it.
    #[serde(deserialize_with = "list")]
    pub purposes: Vec<String>,
    /// Ask the domain name system about addresses.
    pub dns: bool,
    /// Which servers to ask, with their ports; none: the system's.
    #[serde(deserialize_with = "list")]
    pub dns_servers: Vec<SocketAddr>,
    /// The mail server: `smtps://user:password@host`, `smtp://user:password@host:587?tls=required`.
    /// Without one mails wait.
    pub smtp_url: Option<String>,
    /// A file that holds it, and wins.
    pub smtp_url_file: Option<PathBuf>,
    /// Who writes, such as `Example <news@example.com>`; required with a mail server.
    pub mail_from: Option<String>,
    /// Who that is, for the text of mails and pages.
    pub mail_name: String,
    /// Confirm where the page is opened, without a button. Scanners of mail open pages too, and would
    /// confirm what nobody has read: leave it off.
    pub one_click: bool,
}

impl Default for Leads {
    fn default() -> Leads {
        Leads {
            public_url: None,
            allowed_origins: Vec::new(),
            forms_per_minute: 20,
            purposes: vec!["newsletter".into()],
            dns: true,
            dns_servers: Vec::new(),
            smtp_url: None,
            smtp_url_file: None,
            mail_from: None,
            mail_name: String::new(),
            one_click: false,
        }
    }
}

impl std::fmt::Debug for Leads {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Leads")
            .field("public_url", &self.public_url)
            .field("allowed_origins", &self.allowed_origins)
            .field("forms_per_minute", &self.forms_per_minute)
            .field("dns", &self.dns)
            .field("smtp_url", &self.smtp_url.is_some())
            .finish_non_exhaustive()
    }
}

impl Leads {
    pub(super) fn read_files(&mut self) -> Result<(), ConfigError> {
        if let Some(path) = &self.smtp_url_file {
            let failed = |error| ConfigError::SecretFile {
                key: "leads.smtp_url_file",
                path: path.clone(),
                error,
            };
            self.smtp_url = Some(std::fs::read_to_string(path).map_err(failed)?);
        }
        Ok(())
    }

    /// The mail server's address; an environment that clears a variable leaves it empty.
    pub(crate) fn smtp(&self) -> Option<&str> {
        self.smtp_url.as_deref().map(str::trim).filter(|url| !url.is_empty())
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if let Some(url) = &self.public_url {
            let web = url.starts_with("https://") || url.starts_with("http://");
            let plain = |it: char| it.is_ascii_graphic() && !"\"'<>?#".contains(it);
            if !web || url.ends_with('/') || !url.chars().all(plain) {
                return Err(
                    "leads.public_url must be an address of the web without a slash at its \
                            end, such as https://example.com"
                        .into(),
                );
            }
        }
        if self.smtp().is_some() && (self.mail_from.is_none() || self.public_url.is_none()) {
            return Err(
                "leads.smtp_url needs leads.mail_from, and leads.public_url for the links in \
                        mails"
                    .into(),
            );
        }
        if let Some(url) = self.smtp() {
            mail::check_server(url)?;
        }
        if let Some(from) = &self.mail_from {
            mail::check_sender(from)?;
        }
        if let Some(purpose) = self.purposes.iter().find(|it| !is_name(it)) {
            return Err(format!(
                "leads.purposes: `{purpose}` is no name of a purpose: use 1 to 64 letters a to z, \
                 digits, `-` and `_`"
            ));
        }
        if let Some(origin) = self.allowed_origins.iter().find(|it| !is_origin(it)) {
            return Err(format!(
                "leads.allowed_origins: browsers send no `{origin}`: write scheme and host in small \
                 letters and without a slash at the end, such as https://www.example.com"
            ));
        }
        if self.mail_name.chars().any(char::is_control) {
            return Err("leads.mail_name must not hold control characters".into());
        }
        if self.forms_per_minute == 0 {
            return Err("leads.forms_per_minute must be at least 1".into());
        }
        Ok(())
    }
}

/// Whether browsers name a page so, or it means all: `scheme://host`, with a port where it is not the
/// scheme's own.
fn is_origin(text: &str) -> bool {
    let host = text.split_once("://").map_or("", |(_, host)| host);
    let sent = |it: u8| it.is_ascii_graphic() && !it.is_ascii_uppercase() && !b"/?#".contains(&it);
    text == "*" || (!host.is_empty() && host.bytes().all(sent))
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn refused(key: &str, value: &str) -> String {
        let flags = [(key.to_owned(), value.to_owned())];
        Config::load(None, &flags).unwrap_err().to_string()
    }

    #[test]
    fn a_purpose_that_no_form_could_name_is_refused() {
        for wrong in ["Product News", "newsletter,Extra", "[\"\"]"] {
            let said = refused("leads.purposes", wrong);
            assert!(said.contains("leads.purposes") && said.contains("1 to 64"), "{said}");
        }
    }

    #[test]
    fn a_page_that_no_browser_names_so_is_refused() {
        for wrong in ["https://shop.example/", "shop.example", "https://Shop.example", "https://"] {
            let said = refused("leads.allowed_origins", wrong);
            assert!(said.contains(&format!("browsers send no `{wrong}`")), "{said}");
        }
        for right in ["*", "https://shop.example", "http://localhost:3000", "http://[::1]:3000"] {
            let flags = [("leads.allowed_origins".to_owned(), right.to_owned())];
            assert!(Config::load(None, &flags).is_ok(), "{right}");
        }
    }

    #[test]
    fn a_mail_server_and_a_sender_are_checked_at_the_start() {
        let said = refused("leads.mail_from", "nobody");
        assert!(said.contains("leads.mail_from is no sender"), "{said}");
        let all = [
            ("leads.public_url", "https://shop.example"),
            ("leads.mail_from", "news@shop.example"),
            ("leads.smtp_url", "mail.example"),
        ];
        let flags = all.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let said = Config::load(None, &flags).unwrap_err().to_string();
        assert!(said.contains("leads.smtp_url is no address of a mail server"), "{said}");
    }
}
