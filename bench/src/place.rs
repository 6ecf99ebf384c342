//! Where data is kept: a file, or a PostgreSQL server that waits for the disk.

use crate::cpu;
use crate::target::Target;
use takings_server::db::Options;
use takings_server::privacy::MasterSource;
use takings_testkit::PostgresServer;

/// How a database is opened here.
pub(crate) fn options(url: &str) -> Options {
    let master = takings_testkit::master_key(url).map(MasterSource::of).unwrap_or_default();
    Options { readers: 1, master, ..Options::new(url) }
}

/// A place to keep data, and whose CPU time counts beside the server's.
pub(crate) struct Place {
    pub(crate) name: &'static str,
    folder: tempfile::TempDir,
    postgres: Option<PostgresServer>,
    made: usize,
}

impl Place {
    /// A folder for SQLite's files, unless PostgreSQL alone is asked for.
    pub(crate) fn sqlite() -> anyhow::Result<Option<Place>> {
        if crate::asked("--postgres") {
            return Ok(None);
        }
        Place::new("SQLite (WAL, FULL)", None).map(Some)
    }

    /// A PostgreSQL server, unless SQLite alone is asked for, or there is none.
    pub(crate) fn postgres() -> anyhow::Result<Option<Place>> {
        if crate::asked("--sqlite") {
            return Ok(None);
        }
        let Some(server) = PostgresServer::start(true) else {
            println!("PostgreSQL: skipped, its server is not installed");
            return Ok(None);
        };
        Place::new("PostgreSQL (fsync, synchronous_commit)", Some(server)).map(Some)
    }

    fn new(name: &'static str, postgres: Option<PostgresServer>) -> anyhow::Result<Place> {
        Ok(Place { name, folder: tempfile::tempdir()?, postgres, made: 0 })
    }

    /// Where a new and empty database is.
    pub(crate) fn url(&mut self) -> String {
        self.made += 1;
        match &self.postgres {
            Some(server) => server.database(&format!("bench_{}", self.made)),
            None => {
                let file = self.folder.path().join(format!("bench_{}.db", self.made));
                format!("sqlite://{}", file.display())
            }
        }
    }

    /// CPU-seconds that a server and the database have used so far.
    pub(crate) fn used(&self, server: &Target) -> f64 {
        cpu::used(server.child.id()) + self.postmaster().map_or(0.0, cpu::used_by_tree)
    }

    /// The database server's first process, where there is one.
    pub(crate) fn postmaster(&self) -> Option<u32> {
        self.postgres.as_ref().and_then(|server| cpu::postmaster(&server.data_folder()))
    }
}
