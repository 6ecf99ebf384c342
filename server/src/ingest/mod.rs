//! From an observation to its effect: one unit of work takes in events, loads every aggregate
//! they touch, derives what should be stored, and appends the difference.

mod bodies;
mod customers;
mod entry;
mod facts;
mod links;
mod measures;
mod members;
mod output;
mod posting;
mod settlements;
mod store;
mod tables;
mod transact;
mod unit;
mod writer;

pub use entry::{Body, Entry, Outcome};
pub(crate) use transact::transact_on;
pub use transact::{rehearse, transact};
pub use unit::{Scope, Unit};
pub use writer::{HandOver, Writer, WriterOptions};

use customers::{word, write_marks};
pub(crate) use facts::Stored;
pub(crate) use members::members;
pub(crate) use output::Batch;
pub(crate) use posting::Transfer;

use crate::db::{Error, Failure};

/// An object of a source.
pub(crate) type Key = (i64, String);

/// Why a unit of work did not get through.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// Another transaction came in between: begin anew.
    #[error("another transaction came in between")]
    Retry,
    /// The database refused or is gone.
    #[error(transparent)]
    Database(#[from] Error),
    /// The data cannot be held: sums beyond 64 bits, texts a database refuses.
    #[error("{0}")]
    Data(String),
    /// What another event of the same batch met.
    #[error("{said}")]
    Shared {
        /// What helps.
        failure: Failure,
        /// What was said about it.
        said: String,
    },
    /// What is stored cannot be read: a defect, or a newer binary wrote it.
    #[error("stored {what} cannot be read: {why}")]
    Unreadable {
        /// Which kind of row.
        what: &'static str,
        /// The reader's complaint.
        why: String,
    },
}

impl Trouble {
    /// Whether others would get through: what is wrong is a row, not the database.
    pub(crate) fn is_of_its_data(&self) -> bool {
        matches!(self, Trouble::Unreadable { .. }) || self.failure() == Failure::Data
    }

    /// What helps.
    pub fn failure(&self) -> Failure {
        match self {
            Trouble::Retry => Failure::Conflict,
            Trouble::Database(error) => error.failure(),
            Trouble::Data(_) => Failure::Data,
            Trouble::Shared { failure, .. } => *failure,
            Trouble::Unreadable { .. } => Failure::Other,
        }
    }
}
