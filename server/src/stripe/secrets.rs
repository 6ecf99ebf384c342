//! The webhook secrets, which may change while the server runs.

use crate::config::{self, ConfigError};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

/// How often the file is looked at.
pub(crate) const LOOK: Duration = Duration::from_secs(1);

/// The active secrets. A change of the file counts once two looks have shown the same: whoever
/// writes it may not be done at the first. An empty file is never believed.
pub struct Secrets {
    config: config::Stripe,
    state: RwLock<State>,
}

#[derive(Default)]
struct State {
    active: Arc<[String]>,
    /// What the last look showed.
    seen: Vec<String>,
}

impl Secrets {
    /// Those of the configuration.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub fn of(config: &config::Stripe) -> Result<Secrets, ConfigError> {
        let seen = config.secrets()?;
        let state = State { active: seen.clone().into(), seen };
        Ok(Secrets { config: config.clone(), state: RwLock::new(state) })
    }

    /// The active ones.
    pub fn active(&self) -> Arc<[String]> {
        self.state.read().unwrap_or_else(PoisonError::into_inner).active.clone()
    }

    /// Looks at the file.
    pub fn look(&self) {
        let found = match self.config.secrets() {
            Ok(found) if found.len() > self.config.webhook_secrets.len() => found,
            Ok(_) => return,
            Err(error) => return tracing::warn!(%error, "webhook secrets stay as they are"),
        };
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        if found == state.seen && *found != *state.active {
            tracing::info!(active = found.len(), "webhook secrets have changed");
            state.active = found.into();
        } else {
            state.seen = found;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_counts_once_it_is_seen_twice_and_an_empty_one_never() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secrets");
        let write = |text: &str| std::fs::write(&file, text).unwrap();
        write("whsec_a");
        let config = config::Stripe {
            webhook_secrets: vec!["whsec_0".into()],
            webhook_secrets_file: Some(file.clone()),
            ..Default::default()
        };
        let secrets = Secrets::of(&config).unwrap();
        let look = |text: &str, active: &[&str]| {
            write(text);
            secrets.look();
            assert_eq!(secrets.active().iter().collect::<Vec<_>>(), active, "{text}");
        };
        look("whsec_a\nwhsec_", &["whsec_0", "whsec_a"]);
        look("whsec_a\nwhsec_b", &["whsec_0", "whsec_a"]);
        look("whsec_a\nwhsec_b", &["whsec_0", "whsec_a", "whsec_b"]);
        look("", &["whsec_0", "whsec_a", "whsec_b"]);
        look("whsec_b", &["whsec_0", "whsec_a", "whsec_b"]);
        look("whsec_b", &["whsec_0", "whsec_b"]);
        std::fs::remove_file(&file).unwrap();
        secrets.look();
        assert_eq!(secrets.active().len(), 2);
    }
}
