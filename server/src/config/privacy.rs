//! What is configured about personal data.

use crate::privacy::MasterSource;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Personal data.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Privacy {
    /// Master keys, 64 hexadecimal digits each, parted by commas: the current one, which wraps new
    /// keys, then older ones. Without any, SQLite's is in a file beside the database.
    pub master_key: Option<String>,
    /// A file that holds them, one a line; it may change while the server runs.
    pub master_key_file: Option<PathBuf>,
    /// For how many days raw bodies of events are kept; 0: for ever. Without its body an event cannot
    /// be replayed; what it changed stands.
    pub keep_bodies_days: u32,
}

impl std::fmt::Debug for Privacy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Privacy")
            .field("master_key", &self.master_key.is_some())
            .field("master_key_file", &self.master_key_file)
            .field("keep_bodies_days", &self.keep_bodies_days)
            .finish()
    }
}

impl Privacy {
    /// Where the master keys come from. An environment that clears a variable leaves it empty.
    pub fn master(&self) -> MasterSource {
        let keys = self.master_key.as_deref().filter(|keys| !keys.trim().is_empty());
        let file = self.master_key_file.clone().filter(|file| !file.as_os_str().is_empty());
        MasterSource { file, ..keys.map(MasterSource::of).unwrap_or_default() }
    }
}
