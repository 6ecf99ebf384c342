//! The database: how it is opened, and how a transaction speaks to either kind.
//!
//! Readers go through SeaORM on a pool of their own. The writer keeps one connection of its pool
//! and sends fixed texts with whole columns as parameters: a text that changed with the number of
//! rows would be prepared anew each time.

mod cells;
mod connect;
mod error;
mod query;
mod read;
mod tx;

pub use cells::{Cell, Row, Rows};
pub use connect::{Database, Kind, Options};
pub use error::{Failure, failure_of, failure_of_orm};
pub use query::{Bundle, Delete, Insert, Part, Query, Type};
pub use tx::{Conn, Log, Step, Tx};
