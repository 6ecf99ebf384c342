//! Configuration: defaults, then a file, then the environment, then flags; an unknown key is an
//! error that names it.

use figment::Figment;
use figment::providers::{Env, Format, Serialized, Toml};
use serde::{Deserialize, Deserializer, Serialize};
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
}

impl Default for Http {
    fn default() -> Http {
        Http { listen: SocketAddr::from(([127, 0, 0, 1], 8080)) }
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

/// Stripe.
#[derive(Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stripe {
    /// Every active `whsec_...`, as a list or separated by commas.
    #[serde(deserialize_with = "comma_separated")]
    pub webhook_secrets: Vec<String>,
    /// A file that holds them, one a line or separated by commas.
    pub webhook_secrets_file: Option<PathBuf>,
    /// How far a signature's time may be from ours, either way, in seconds; 1 to 3,600.
    pub tolerance_seconds: i64,
    /// Take only live (`true`) or only test events (`false`); unset: both, kept apart.
    pub livemode: Option<bool>,
}

impl Default for Stripe {
    fn default() -> Stripe {
        Stripe {
            webhook_secrets: Vec::new(),
            webhook_secrets_file: None,
            tolerance_seconds: 300,
            livemode: None,
        }
    }
}

impl std::fmt::Debug for Stripe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stripe")
            .field("webhook_secrets", &self.webhook_secrets.len())
            .field("tolerance_seconds", &self.tolerance_seconds)
            .field("livemode", &self.livemode)
            .finish_non_exhaustive()
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
    Read(#[from] Box<figment::Error>),
    /// A secret's file cannot be read.
    #[error("configuration: stripe.webhook_secrets_file {path}: {error}")]
    SecretFile {
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
        figment = figment.merge(Env::prefixed("TAKINGS__").split("__"));
        for (key, value) in flags {
            let value: figment::value::Value = value.parse().unwrap_or_else(|never| match never {});
            figment = figment.merge((key.as_str(), value));
        }
        let mut config: Config = figment.extract().map_err(Box::new)?;
        config.read_secrets()?;
        config.check()?;
        Ok(config)
    }

    fn read_secrets(&mut self) -> Result<(), ConfigError> {
        if let Some(path) = &self.stripe.webhook_secrets_file {
            let text = std::fs::read_to_string(path)
                .map_err(|error| ConfigError::SecretFile { path: path.clone(), error })?;
            self.stripe.webhook_secrets.extend(separate(&text));
        }
        Ok(())
    }

    fn check(&self) -> Result<(), ConfigError> {
        let refuse = |text: String| Err(ConfigError::Value(text));
        if !(1..=3600).contains(&self.stripe.tolerance_seconds) {
            return refuse("stripe.tolerance_seconds must be 1 to 3600".into());
        }
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

fn separate(text: &str) -> impl Iterator<Item = String> {
    text.split([',', '\n', '\r']).map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned)
}

/// A list, or one text with commas.
fn comma_separated<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Form {
        Text(String),
        List(Vec<String>),
    }
    Ok(match Form::deserialize(deserializer)? {
        Form::Text(text) => separate(&text).collect(),
        Form::List(list) => list,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
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
    fn flags_win_over_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("takings.toml");
        std::fs::write(&file, "[database]\nurl = 'sqlite://a.db'\nreaders = 2\n").unwrap();
        let config =
            Config::load(Some(&file), &flags(&[("database.url", "sqlite://b.db")])).unwrap();
        assert_eq!((config.database.url.as_str(), config.database.readers), ("sqlite://b.db", 2));
    }

    #[test]
    fn secrets_come_separated_by_commas_or_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secrets");
        std::fs::write(&file, "whsec_c\nwhsec_d\n").unwrap();
        let file = file.display().to_string();
        let config = Config::load(
            None,
            &flags(&[
                ("stripe.webhook_secrets", "whsec_a, whsec_b"),
                ("stripe.webhook_secrets_file", &file),
            ]),
        );
        let secrets = config.unwrap().stripe.webhook_secrets;
        assert_eq!(secrets, ["whsec_a", "whsec_b", "whsec_c", "whsec_d"]);
    }

    #[test]
    fn nothing_listens_beyond_loopback_by_accident() {
        let open = ("grpc.listen", "0.0.0.0:50051");
        let error = Config::load(None, &flags(&[open])).unwrap_err().to_string();
        assert!(error.contains("--insecure"), "{error}");
    }

    #[test]
    fn a_tolerance_cannot_be_switched_off() {
        assert!(Config::load(None, &[("stripe.tolerance_seconds".into(), "0".into())]).is_err());
    }
}
