//! What a database's refusal means.

use super::Kind;
use crate::privacy::MasterError;
use sea_orm::{DbErr, RuntimeErr, sqlx};
use std::path::PathBuf;

/// What a database said instead of an answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// On a connection of a pool.
    #[error(transparent)]
    Pool(#[from] sqlx::Error),
    /// On a connection of our own to SQLite.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// The key store's file cannot be opened.
    #[error("the key store {} cannot be opened: {}", .0.display(), .1)]
    KeyStore(PathBuf, std::io::Error),
    /// A statement was not answered in time: its connection is not used again.
    #[error("the database did not answer in time")]
    Silent,
    /// Too many wait for a connection, or one did for too long.
    #[error("no connection to the database was free in time")]
    Busy,
    /// A column holds something else than was asked for.
    #[error("column {0} holds something else than was asked for")]
    Shape(usize),
}

impl Error {
    /// What helps.
    pub fn failure(&self) -> Failure {
        match self {
            Error::Pool(error) => failure_of(error),
            Error::Sqlite(error) => {
                error.sqlite_error().map_or(Failure::Other, |it| sqlite(it.extended_code))
            }
            Error::KeyStore(..) | Error::Silent => Failure::Unreachable,
            Error::Busy => Failure::Busy,
            Error::Shape(_) => Failure::Other,
        }
    }
}

impl Error {
    /// Whether another row has what may be there once.
    pub fn is_taken(&self) -> bool {
        match self {
            Error::Pool(sqlx::Error::Database(error)) => error.is_unique_violation(),
            // A unique index, or a primary key.
            Error::Sqlite(error) => {
                error.sqlite_error().is_some_and(|it| [2_067, 1_555].contains(&it.extended_code))
            }
            _ => false,
        }
    }
}

/// Why a database cannot be opened, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL names no kind of database.
    #[error(
        "database.url must begin with sqlite: or postgres:, for example sqlite://takings.db or \
         postgres://user@localhost/takings"
    )]
    Url,
    /// SQLite's file is not there, and none was to be made.
    #[error(
        "there is no database at {}: check database.url (TAKINGS__DATABASE__URL) and the folder you \
         are in; `takings serve` makes a new one", .0.display()
    )]
    Missing(PathBuf),
    /// The master keys cannot be read.
    #[error(transparent)]
    Masters(#[from] MasterError),
    /// A server does not answer.
    #[error("the database cannot be opened: {error}: is it running where {key} says?")]
    Unreachable {
        /// Which key of the configuration says where.
        key: &'static str,
        /// What was said.
        error: DbErr,
    },
    /// Anything else.
    #[error("the database cannot be opened: {0}")]
    Refused(DbErr),
}

impl OpenError {
    /// What a refusal at the place that a key names means.
    pub(super) fn at(kind: Kind, key: &'static str, error: DbErr) -> OpenError {
        if kind == Kind::Postgres && failure_of_orm(&error) == Failure::Unreachable {
            return OpenError::Unreachable { key, error };
        }
        OpenError::Refused(error)
    }
}

/// A refusal, by what helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// Two transactions met; the same again will do.
    Conflict,
    /// The data itself is refused: a constraint, a NUL in a text, a number too large.
    Data,
    /// The file is locked by another process.
    Locked,
    /// The disk is full.
    Full,
    /// The disk failed: what was written since is in doubt.
    Disk,
    /// The server cannot be reached, or went away.
    Unreachable,
    /// Others are served first.
    Busy,
    /// The schema is not the one this binary knows.
    Schema,
    /// Anything else.
    Other,
}

/// What an error of either database means.
fn failure_of(error: &sqlx::Error) -> Failure {
    match error {
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            if error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() {
                postgres(&code)
            } else {
                code.parse().map_or(Failure::Other, sqlite)
            }
        }
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::Protocol(_)
        | sqlx::Error::WorkerCrashed => Failure::Unreachable,
        sqlx::Error::Encode(_) => Failure::Data,
        _ => Failure::Other,
    }
}

/// What an error of SeaORM means.
pub fn failure_of_orm(error: &DbErr) -> Failure {
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(error))
        | DbErr::Exec(RuntimeErr::SqlxError(error))
        | DbErr::Query(RuntimeErr::SqlxError(error)) => failure_of(error),
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Failure::Unreachable,
        _ => Failure::Other,
    }
}

fn postgres(code: &str) -> Failure {
    match code {
        "40001" | "40P01" | "55P03" => Failure::Conflict,
        "53100" => Failure::Full,
        "58030" => Failure::Disk,
        // The statement took longer than any of ours does.
        "57014" => Failure::Unreachable,
        "42P01" | "42703" => Failure::Schema,
        _ if code.starts_with("22") || code.starts_with("23") || code == "54000" => Failure::Data,
        _ if code.starts_with("08") || code.starts_with("57P") || code.starts_with("53") => {
            Failure::Unreachable
        }
        _ => Failure::Other,
    }
}

fn sqlite(code: i32) -> Failure {
    match code & 0xff {
        5 | 6 => Failure::Locked,
        10 => Failure::Disk,
        13 => Failure::Full,
        14 => Failure::Unreachable,
        18..=20 => Failure::Data,
        _ => Failure::Other,
    }
}
