//! What is configured about Stripe: secrets, the key, where the API is.

use super::ConfigError;
use super::list::{list, separate};
use hyper::Uri;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Stripe.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stripe {
    /// Active `whsec_...`s, as a list or separated by commas.
    #[serde(deserialize_with = "list")]
    pub webhook_secrets: Vec<String>,
    /// A file that holds more, one a line or separated by commas; it may change while the server
    /// runs.
    pub webhook_secrets_file: Option<PathBuf>,
    /// The key to act with; without one Takings only receives.
    pub api_key: Option<ApiKey>,
    /// A file that holds it, and wins.
    pub api_key_file: Option<PathBuf>,
    /// Where the API is, without a path.
    pub api_url: String,
    /// How far a signature's time may be from ours, either way, in seconds; 1 to 3,600.
    pub tolerance_seconds: i64,
    /// The most requests a second to the API.
    pub requests_per_second: u32,
    /// The most of them to one endpoint: one operation, whichever object it is about.
    pub endpoint_requests_per_second: u32,
    /// Look up what payloads leave open.
    pub look_ups: bool,
    /// How long after a mark is made it is looked up: most are settled by the next events.
    pub look_up_after_seconds: u32,
    /// Take only live (`true`) or only test events (`false`); unset: both. They are told
    /// apart by their source, and sums add them up.
    pub livemode: Option<bool>,
    /// How often events that no webhook brought are looked for, in seconds; 0: never. It needs a
    /// key.
    pub sweep_interval_seconds: u64,
}

impl Default for Stripe {
    fn default() -> Stripe {
        Stripe {
            webhook_secrets: Vec::new(),
            webhook_secrets_file: None,
            api_key: None,
            api_key_file: None,
            api_url: "https://api.stripe.com".into(),
            tolerance_seconds: 300,
            requests_per_second: 100,
            endpoint_requests_per_second: 25,
            look_ups: true,
            look_up_after_seconds: 30,
            livemode: None,
            sweep_interval_seconds: 300,
        }
    }
}

impl std::fmt::Debug for Stripe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stripe")
            .field("webhook_secrets", &self.webhook_secrets.len())
            .field("api_key", &self.api_key)
            .field("api_url", &self.api_url)
            .field("tolerance_seconds", &self.tolerance_seconds)
            .field("livemode", &self.livemode)
            .field("sweep_interval_seconds", &self.sweep_interval_seconds)
            .finish_non_exhaustive()
    }
}

/// A secret key, `sk_...`, or a restricted one, `rk_...`. It is never shown.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ApiKey(String);

impl From<&str> for ApiKey {
    fn from(key: &str) -> ApiKey {
        ApiKey(key.to_owned())
    }
}

impl ApiKey {
    /// The key itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether it acts on real money; `None` where its name does not say.
    pub fn livemode(&self) -> Option<bool> {
        let (_, rest) = self.0.split_once('_')?;
        let says = |mode| rest.split('_').any(|part| part == mode);
        if says("live") { Some(true) } else { says("test").then_some(false) }
    }

    fn check(&self) -> Result<(), String> {
        let begins = self.0.starts_with("sk_") || self.0.starts_with("rk_");
        if begins && self.0.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(());
        }
        Err("stripe.api_key must be one secret key (sk_...) or restricted key (rk_...); pk_... is \
             for browsers, and whsec_... belongs into stripe.webhook_secrets"
            .into())
    }
}

impl std::fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ApiKey(hidden)")
    }
}

impl Stripe {
    pub(super) fn read_files(&mut self) -> Result<(), ConfigError> {
        self.secrets()?;
        if let Some(path) = &self.api_key_file {
            self.api_key = Some(ApiKey(read("stripe.api_key_file", path)?));
        }
        // An environment that clears a variable leaves it empty.
        let key = self.api_key.take().map(|key| key.0.trim().to_owned());
        self.api_key = key.filter(|key| !key.is_empty()).map(ApiKey);
        Ok(())
    }

    /// Every active webhook secret; the file is read now.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
    pub fn secrets(&self) -> Result<Vec<String>, ConfigError> {
        let mut secrets = self.webhook_secrets.clone();
        if let Some(path) = &self.webhook_secrets_file {
            secrets.extend(separate(&read("stripe.webhook_secrets_file", path)?));
        }
        Ok(secrets)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if !(1..=3600).contains(&self.tolerance_seconds) {
            return Err("stripe.tolerance_seconds must be 1 to 3600".into());
        }
        if self.requests_per_second == 0 || self.endpoint_requests_per_second == 0 {
            return Err("stripe.requests_per_second and stripe.endpoint_requests_per_second must \
                        be at least 1"
                .into());
        }
        if self.sweep_interval_seconds > 86_400 {
            return Err("stripe.sweep_interval_seconds must be at most 86400: a day".into());
        }
        if let Some(key) = &self.api_key {
            key.check()?;
        }
        check_api_url(&self.api_url)
    }
}

/// A key sent in the clear is a key lost: plain HTTP is for stand-ins on this machine.
fn check_api_url(url: &str) -> Result<(), String> {
    let refuse = |why| Err(format!("stripe.api_url = {url}: {why}"));
    let Ok(uri) = url.parse::<Uri>() else {
        return refuse("this is no URL; the default is https://api.stripe.com");
    };
    if uri.path() != "/" || uri.query().is_some() || url.contains('@') {
        return refuse("write scheme and host alone, for example https://api.stripe.com");
    }
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(_)) => Ok(()),
        (Some("http"), Some(host)) if is_loopback(host) => Ok(()),
        (Some("http"), Some(_)) => refuse("the key would travel unencrypted: write https://"),
        _ => refuse("write it with its scheme, for example https://api.stripe.com"),
    }
}

/// Whether a URL's host is this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let address = bare.parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|it| it.is_loopback())
}

fn read(key: &'static str, path: &Path) -> Result<String, ConfigError> {
    let failed = |error| ConfigError::SecretFile { key, path: path.to_owned(), error };
    std::fs::read_to_string(path).map_err(failed)
}

#[cfg(test)]
mod tests {
    use crate::config::{Config, ConfigError};

    fn load(pairs: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let flags: Vec<(String, String)> =
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        Config::load(None, &flags)
    }

    #[test]
    fn secrets_come_separated_by_commas_or_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secrets");
        std::fs::write(&file, "whsec_c\nwhsec_d\n").unwrap();
        let file = file.display().to_string();
        let config = load(&[
            ("stripe.webhook_secrets", "whsec_a, whsec_b"),
            ("stripe.webhook_secrets_file", &file),
        ]);
        let secrets = config.unwrap().stripe.secrets().unwrap();
        assert_eq!(secrets, ["whsec_a", "whsec_b", "whsec_c", "whsec_d"]);
    }

    #[test]
    fn a_tolerance_cannot_be_switched_off() {
        assert!(load(&[("stripe.tolerance_seconds", "0")]).is_err());
    }

    #[test]
    fn a_key_comes_from_a_file_too_and_is_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        std::fs::write(&file, "rk_live_4711\n").unwrap();
        let config = load(&[("stripe.api_key_file", &file.display().to_string())]).unwrap();
        let key = config.stripe.api_key.clone().unwrap();
        assert_eq!((key.expose(), key.livemode()), ("rk_live_4711", Some(true)));
        assert!(!format!("{config:?}").contains("4711"));
    }

    #[test]
    fn what_is_no_key_is_refused_without_showing_it() {
        for wrong in ["pk_live_4711", "whsec_4711", "sk_test_4711 sk_test_4712"] {
            let error = load(&[("stripe.api_key", wrong)]).unwrap_err().to_string();
            assert!(error.contains("stripe.api_key") && !error.contains("4711"), "{error}");
        }
        assert!(load(&[("stripe.api_key", " ")]).unwrap().stripe.api_key.is_none());
    }

    #[test]
    fn a_key_never_travels_in_the_clear() {
        for (url, right) in [
            ("https://api.stripe.com", true),
            ("https://api.stripe.com/", true),
            ("http://127.0.0.1:12111", true),
            ("http://localhost:12111", true),
            ("http://[::1]:12111", true),
            ("http://api.stripe.com", false),
            ("http://127.0.0.1.example.com", false),
            ("https://api.stripe.com/v1", false),
            ("https://user@api.stripe.com", false),
            ("api.stripe.com", false),
            ("", false),
        ] {
            assert_eq!(load(&[("stripe.api_url", url)]).is_ok(), right, "{url}");
        }
    }
}
