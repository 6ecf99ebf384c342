//! How affiliate programs behave.

use serde::{Deserialize, Serialize};

/// Affiliate programs.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Affiliate {
    /// When a visitor is sent on: at once, or when the click is durable.
    pub clicks: ClickMode,
}

/// When a visitor is sent on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClickMode {
    /// At once. `kill -9` loses the clicks that are not committed: while the database keeps up those
    /// of the last 50 milliseconds, as `bench clicks` measures, and else all that wait.
    #[default]
    Buffered,
    /// When the click is durable, or after a second.
    Durable,
}

impl ClickMode {
    /// Whether a visitor waits for the database.
    pub fn is_durable(self) -> bool {
        self == ClickMode::Durable
    }
}
