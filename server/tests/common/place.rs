//! Where a test's data lies: a file in a folder of its own, or a database of its own.

use super::open;
use takings_server::db::Database;
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
    pub async fn postgres(name: &str) -> Option<Place> {
        let admin = "postgres://postgres@127.0.0.1:54399/postgres";
        let database = Database::open(&takings_server::db::Options {
            url: admin.into(),
            read_url: None,
            readers: 1,
        })
        .await
        .unwrap();
        let name = format!("e2e_{name}");
        for statement in [format!("drop database if exists {name} with (force)"), format!("create database {name}")] {
            sea_orm::ConnectionTrait::execute_unprepared(&database.write, &statement).await.unwrap();
        }
        Some(Place { url: format!("postgres://postgres@127.0.0.1:54399/{name}"), _folder: None })
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
