//! The database: how it is opened, and how a transaction speaks to either kind.
//!
//! Readers go through SeaORM on a pool of their own. The writer keeps one connection and sends
//! fixed texts, prepared once: to PostgreSQL with whole columns as parameters, because a text that
//! changed with the number of rows would be prepared anew each time; to SQLite row by row on the
//! writer's own thread.

mod cells;
mod connect;
mod conns;
mod demo;
mod error;
mod key_file;
mod postgres;
mod query;
mod readers;
mod single;
mod sqlite;
mod tries;
mod tx;

pub use cells::{Cell, Row, Rows};
pub(crate) use connect::with_ending;
pub use connect::{Database, Kind, Options};
pub(crate) use demo::{is_marked, make_marked};
pub use error::{Error, Failure, OpenError, failure_of_orm};
pub use query::{Bundle, Delete, Insert, Part, Query, Type};
pub(crate) use tries::Tries;
pub use tx::{Conn, Log, Step, Tx};
