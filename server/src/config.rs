//! Configuration: defaults, then a file, then the environment, then flags; an unknown key is an
//! error that names it.

mod affiliate;
mod leads;
mod list;
mod mail;
mod network;
mod privacy;
mod stripe;

pub use affiliate::{Affiliate, ClickMode};
pub use leads::Leads;
pub use network::{Network, Networks};
pub use privacy::Privacy;
pub(crate) use stripe::is_loopback;
pub use stripe::{ApiKey, Stripe};

use crate::telemetry;
use figment::Figment;
use figment::error::Kind;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;

/// Everything that can be configured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the data is.
    pub database: Database,
    /// The HTTP door.
    pub http: Http,
    /// The gRPC door.
    pub grpc: Grpc,
    /// Stripe.
    pub stripe: Stripe,
    /// Affiliate programs.
    pub affiliate: Affiliate,
    /// Leads.
    pub leads: Leads,
    /// Personal data.
    pub privacy: Privacy,
    /// How the process behaves as a whole.
    pub server: Server,
    /// What it says.
    pub log: Log,
}

/// Where the data is.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Database {
    /// `sqlite://path` or `postgres://user:password@host/name`.
    pub url: String,
    /// A replica that reads may go to.
    pub read_url: Option<String>,
    /// Connections for readers.
    pub readers: u32,
}

impl Default for Database {
    fn default() -> Database {
        Database { url: "sqlite://./takings.db".into(), read_url: None, readers: 4 }
    }
}

/// The HTTP door.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Http {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Addresses of proxies whose header `X-Forwarded-For` is believed, such as `10.0.0.0/8`.
    #[serde(deserialize_with = "list::list")]
    pub trusted_proxies: Vec<Network>,
}

impl Default for Http {
    fn default() -> Http {
        Http { listen: SocketAddr::from(([127, 0, 0, 1], 8080)), trusted_proxies: Vec::new() }
    }
}

/// The gRPC door.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Grpc {
    /// Address and port; port 0 takes a free one.
    pub listen: SocketAddr,
}

impl Default for Grpc {
    fn default() -> Grpc {
        Grpc { listen: SocketAddr::from(([127, 0, 0, 1], 50051)) }
    }
}

/// How the process behaves as a whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Server {
    /// Allow addresses beyond loopback although nothing authenticates callers yet.
    pub insecure: bool,
    /// The longest time between the signal to stop and the exit, in seconds.
    pub drain_seconds: u64,
    /// The most events in one transaction.
    pub batch: usize,
    /// The most events that may wait for the database.
    pub queue: usize,
}

impl Default for Server {
    fn default() -> Server {
        Server { insecure: false, drain_seconds: 20, batch: 128, queue: 4096 }
    }
}

/// What it says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Log {
    /// A filter, for example `info` or `takings_server=debug,info`.
    pub filter: String,
    /// One JSON object a line.
    pub json: bool,
}

impl Default for Log {
    fn default() -> Log {
        Log { filter: "warn,takings_server=info".into(), json: false }
    }
}

/// A configuration that cannot be used, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A source could not be read, or holds a key or value that is not known.
    #[error("configuration: {0}")]
    Read(Box<figment::Error>),
    /// A secret's file cannot be read.
    #[error("configuration: {key} {path}: {error}")]
    SecretFile {
        /// Which key names it.
        key: &'static str,
        /// Which file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// A value is out of range.
    #[error("configuration: {0}")]
    Value(String),
}

impl Config {
    /// Merges defaults, `file`, the environment and `flags` (dotted keys).
    pub fn load(file: Option<&PathBuf>, flags: &[(String, String)]) -> Result<Config, ConfigError> {
        let mut figment = Figment::from(Serialized::defaults(Config::default()));
        if let Some(file) = file {
            figment = figment.merge(Toml::file_exact(file));
        }
        figment = figment.merge(environment());
        for (key, value) in flags {
            let value: figment::value::Value = value.parse().unwrap_or_else(|never| match never {});
            figment = figment.merge((key.as_str(), value));
        }
        let mut config: Config =
            figment.extract().map_err(|error| ConfigError::Read(without_lines(error)))?;
        config.stripe.read_files()?;
        config.leads.read_files()?;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let refuse = |text: String| Err(ConfigError::Value(text));
        self.stripe.check().map_err(ConfigError::Value)?;
        self.leads.check().map_err(ConfigError::Value)?;
        telemetry::filter(&self.log).map_err(ConfigError::Value)?;
        for (key, listen) in [("http.listen", self.http.listen), ("grpc.listen", self.grpc.listen)]
        {
            if !listen.ip().is_loopback() && !self.server.insecure {
                return refuse(format!(
                    "{key} = {listen} can be reached from other machines, and callers are not \
                     authenticated yet: listen on 127.0.0.1, or say --insecure"
                ));
            }
        }
        if self.database.readers == 0 || self.server.batch == 0 || self.server.queue == 0 {
            return refuse(
                "database.readers, server.batch, server.queue must be at least 1".into(),
            );
        }
        if self.server.batch > 512 {
            return refuse("server.batch must be at most 512".into());
        }
        Ok(())
    }
}

/// The environment. A variable that was cleared is as good as none.
fn environment() -> Env {
    let all = Env::prefixed("TAKINGS__").split("__");
    let cleared = all.iter().filter(|(_, value)| value.trim().is_empty());
    let cleared: Vec<String> = cleared.map(|(key, _)| key.to_string()).collect();
    all.ignore(&cleared.iter().map(String::as_str).collect::<Vec<_>>())
}

/// An error without the line of the file that it is about, which may hold a secret.
fn without_lines(mut error: figment::Error) -> Box<figment::Error> {
    if let Kind::Message(text) = &mut error.kind {
        text.truncate(text.find('\n').unwrap_or(text.len()));
    }
    Box::new(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn flags(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    /// The page for people: a row a key, with its default.
    const PAGE: &str = include_str!("../../docs/CONFIGURATION.md");

    /// A value as the page writes it.
    fn written(value: &serde_json::Value) -> String {
        use serde_json::Value;
        match value {
            Value::Null => String::new(),
            Value::String(text) if text.is_empty() => String::new(),
            Value::String(text) => format!("`{text}`"),
            Value::Array(items) => items.iter().map(written).collect::<Vec<_>>().join(", "),
            other => format!("`{other}`"),
        }
    }

    #[test]
    fn every_key_is_on_the_page_with_its_default() {
        let rows = PAGE.lines().filter_map(|line| line.strip_prefix("| `"));
        let told: BTreeMap<String, String> = rows
            .map(|row| {
                let (key, rest) = row.split_once("` |").unwrap();
                (key.to_owned(), rest.split('|').next().unwrap().trim().to_owned())
            })
            .collect();
        let defaults = serde_json::to_value(Config::default()).unwrap();
        let mut known = BTreeMap::new();
        for (section, keys) in defaults.as_object().unwrap() {
            for (name, value) in keys.as_object().unwrap() {
                known.insert(format!("{section}.{name}"), written(value));
            }
        }
        assert_eq!(told, known);
    }

    #[test]
    fn an_unknown_key_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("takings.toml");
        std::fs::write(&file, "[databse]\nurl = 'x'\n").unwrap();
        let error = Config::load(Some(&file), &[]).unwrap_err().to_string();
        assert!(error.contains("databse"), "{error}");
    }

    #[test]
    fn a_line_that_cannot_be_read_is_not_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("takings.toml");
        std::fs::write(&file, "[privacy]\nmaster_key = 3f9a_secret\n").unwrap();
        let error = Config::load(Some(&file), &[]).unwrap_err().to_string();
        assert!(error.contains("line 2") && !error.contains("3f9a"), "{error}");
    }

    #[test]
    fn a_filter_that_cannot_be_read_is_refused() {
        for filter in ["warn,takings_server=loud", "[", "a=b=c"] {
            let error = Config::load(None, &flags(&[("log.filter", filter)])).unwrap_err();
            assert!(error.to_string().contains("log.filter"), "{error}");
        }
        let config = Config::load(None, &flags(&[("log.filter", "takings_server=debug,info")]));
        assert!(config.is_ok());
    }

    #[test]
    fn flags_win_over_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("takings.toml");
        std::fs::write(&file, "[database]\nurl = 'sqlite://a.db'\nreaders = 2\n").unwrap();
        let config =
            Config::load(Some(&file), &flags(&[("database.url", "sqlite://b.db")])).unwrap();
        assert_eq!((config.database.url.as_str(), config.database.readers), ("sqlite://b.db", 2));
    }

    #[test]
    fn nothing_listens_beyond_loopback_by_accident() {
        let open = ("grpc.listen", "0.0.0.0:50051");
        let error = Config::load(None, &flags(&[open])).unwrap_err().to_string();
        assert!(error.contains("--insecure"), "{error}");
    }
}
