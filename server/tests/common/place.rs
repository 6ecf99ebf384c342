//! Where a test's data lies: a file in a folder of its own, or a database of its own.

use super::open;
use takings_server::db::Database;
use takings_testkit::PostgresServer;
use tempfile::TempDir;

/// A place for one test's data; a file goes with it.
pub struct Place {
    /// `database.url`.
    pub url: String,
    _folder: Option<TempDir>,
}

impl Place {
    /// A SQLite file.
    pub fn sqlite() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("takings.db").display());
        Place { url, _folder: Some(folder) }
    }

    /// An empty PostgreSQL database; none where no server can be had, which is then reported.
    pub fn postgres(name: &str) -> Option<Place> {
        let server = PostgresServer::shared(name)?;
        Some(Place::at(server.database(name)))
    }

    /// A database that somebody else keeps.
    pub fn at(url: String) -> Place {
        Place { url, _folder: None }
    }

    /// The kind of database, for what a test prints.
    pub fn kind(&self) -> &'static str {
        if self.url.starts_with("sqlite") { "SQLite" } else { "PostgreSQL" }
    }

    /// The database itself, with the newest schema.
    pub async fn open(&self) -> Database {
        open(self.url.clone()).await
    }
}
