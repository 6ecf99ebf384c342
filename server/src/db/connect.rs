//! Opening a database: options that bite, and the schema's version.

use super::conns::Conns;
use super::key_file::KeyFile;
use super::postgres::Postgres;
use super::readers::Readers;
use super::sqlite::{LOG, PATIENCE, Sqlite};
use super::tx::{Link, Turns};
use super::{Conn, Error, OpenError};
use crate::privacy::{self, MasterSource, Vault};
use sea_orm::sqlx::sqlite::{SqliteConnectOptions, SqliteSynchronous};
use sea_orm::sqlx::{Executor, postgres::PgConnectOptions, sqlite::SqliteJournalMode};
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection, DbErr, RuntimeErr};
use sea_orm::{DatabaseBackend, Statement, TransactionTrait};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;
use takings_core::time::Timestamp;
use takings_migrations::Migrator;
use takings_migrations::MigratorTrait;
use tokio::sync::OwnedSemaphorePermit;

/// A kind of database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file beside the process.
    Sqlite,
    /// A server.
    Postgres,
}

/// How to open a database.
#[derive(Clone, Debug)]
pub struct Options {
    /// `sqlite://path` or `postgres://...`.
    pub url: String,
    /// A replica for readers.
    pub read_url: Option<String>,
    /// Connections for readers.
    pub readers: u32,
    /// Make SQLite's file where there is none.
    pub create: bool,
    /// Where the master keys of personal data come from.
    pub master: MasterSource,
}

impl Options {
    /// One database for everything, made where there is none, and few readers; SQLite's master key is
    /// in a file beside it.
    pub fn new(url: impl Into<String>) -> Options {
        let master = MasterSource::default();
        Options { url: url.into(), read_url: None, readers: 2, create: true, master }
    }
}

/// An open database: connections for the writer and the jobs, others for readers.
#[derive(Clone)]
pub struct Database {
    /// For writers: never more than a few connections.
    pub write: DatabaseConnection,
    /// For readers; it may be of a replica, which lags.
    pub read: DatabaseConnection,
    /// Which dialect.
    pub kind: Kind,
    /// The keys of subjects.
    pub(crate) vault: Arc<Vault>,
    pub(super) url: Arc<str>,
    /// SQLite's connections for readers of fixed texts.
    pub(super) readers: Readers,
    /// SQLite's key store.
    pub(super) key_file: Arc<KeyFile>,
    /// Connections for transactions.
    pub(super) conns: Arc<Conns>,
    /// SQLite lets in who happens to ask at the right moment, which a job beside a busy writer may
    /// never do: so who writes in this process stands in line here.
    pub(super) turns: Turns,
}

impl Database {
    /// Opens it, without touching the schema.
    ///
    /// # Errors
    ///
    /// If it is not there, or cannot be reached or read; the message says what to do.
    pub async fn open(options: &Options) -> Result<Database, OpenError> {
        let kind = kind_of(&options.url)?;
        let beside = match kind {
            Kind::Sqlite => Some(file_of(&options.url)?),
            Kind::Postgres => None,
        };
        if let Some(file) = beside.as_deref().filter(|file| !options.create && !file.exists()) {
            return Err(OpenError::Missing(file.to_owned()));
        }
        let vault = Vault::new(options.master.clone().beside(beside.as_deref()))?;
        let key_file = KeyFile::new(with_ending(&beside.unwrap_or_default(), ".keys"));
        let url =
            if options.create { with_create(&options.url, kind) } else { options.url.clone() };
        let write = connect(&url, 4, false).await;
        let write = write.map_err(|error| OpenError::at(kind, "database.url", error))?;
        let (key, read_url) = match &options.read_url {
            Some(read_url) => ("database.read_url", read_url),
            None => ("database.url", &url),
        };
        let read = connect(read_url, options.readers, true).await;
        let read = read.map_err(|error| OpenError::at(kind, key, error))?;
        Ok(Database {
            write,
            read,
            kind,
            vault: vault.into(),
            url: options.url.as_str().into(),
            readers: Readers::default(),
            key_file: key_file.into(),
            conns: Conns::new().into(),
            turns: Turns::default(),
        })
    }

    /// A connection for one owner, who gives it back by [`Conn::keep`]. SQLite's works on the thread
    /// of its caller.
    pub async fn conn(&self) -> Result<Conn, Error> {
        self.conn_in(Some(self.conns.room().await?)).await
    }

    /// The same for a call, which holds no thread while it waits.
    ///
    /// # Errors
    ///
    /// [`Error::Busy`] where too many wait, or none was free for five seconds.
    pub(crate) async fn conn_soon(&self) -> Result<Conn, Error> {
        self.conn_in(Some(self.conns.room_soon().await?)).await
    }

    /// The same for the writer, of whom there is one a process: it waits for nobody.
    pub(crate) async fn conn_of_writer(&self) -> Result<Conn, Error> {
        self.conn_in(None).await
    }

    async fn conn_in(&self, room: Option<OwnedSemaphorePermit>) -> Result<Conn, Error> {
        let link = match self.conns.kept() {
            Some(link) => link,
            None => self.connect().await?,
        };
        Ok(Conn::new(link, self.vault.clone(), (self.conns.clone(), room)))
    }

    async fn connect(&self) -> Result<Link, Error> {
        Ok(match self.kind {
            Kind::Sqlite => {
                Link::Sqlite(Sqlite::open(&self.url)?, self.turns.clone(), self.key_file.clone())
            }
            Kind::Postgres => {
                let conn = self.write.get_postgres_connection_pool().acquire().await?;
                Link::Postgres(Postgres::tuned(conn.detach()).await?)
            }
        })
    }

    /// Brings the schema up to this binary's, one process at a time, and unlocks personal data.
    ///
    /// # Errors
    ///
    /// If the database refuses; as [`privacy::unlock`] does.
    pub async fn migrate(&self) -> anyhow::Result<()> {
        self.migrate_schema().await?;
        privacy::unlock(self).await
    }

    /// Brings the schema up to this binary's, one process at a time.
    pub(crate) async fn migrate_schema(&self) -> Result<(), DbErr> {
        match self.kind {
            Kind::Sqlite => Migrator::up(&self.write, None).await?,
            Kind::Postgres => {
                let tx = self.write.begin().await?;
                tx.execute_unprepared("select pg_advisory_xact_lock(7415370616)").await?;
                Migrator::up(&self.write, None).await?;
                // No migration: a restored copy of the data has it not, and knows all migrations.
                tx.execute_unprepared("create schema if not exists takings_keys").await?;
                tx.execute_unprepared(&key_tables(Kind::Postgres)).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }

    /// What the key store is called, for whoever has to put it back.
    pub(crate) fn key_store_name(&self) -> String {
        match self.kind {
            Kind::Sqlite => self.key_file.path().display().to_string(),
            Kind::Postgres => "the schema takings_keys".into(),
        }
    }

    /// The database's clock.
    pub async fn now(&self) -> Result<Timestamp, DbErr> {
        let query = match self.kind {
            Kind::Sqlite => "select cast(unixepoch('subsec') * 1000000 as integer) as now",
            Kind::Postgres => {
                "select cast(extract(epoch from clock_timestamp()) * 1000000 as bigint) as now"
            }
        };
        let statement = Statement::from_string(self.kind.into(), query);
        let row = self.write.query_one_raw(statement).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("the time".into()))?;
        Ok(Timestamp(row.try_get("", "now")?))
    }

    /// Migrations that are not applied, and applied ones this binary does not know.
    pub async fn schema_gap(&self) -> Result<(Vec<String>, Vec<String>), DbErr> {
        let known: Vec<String> =
            Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
        let applied: Vec<String> = match Migrator::get_migration_models(&self.write).await {
            Ok(models) => models.into_iter().map(|model| model.version).collect(),
            Err(_) => Vec::new(),
        };
        let missing = known.iter().filter(|name| !applied.contains(name)).cloned().collect();
        let unknown = applied.into_iter().filter(|name| !known.contains(name)).collect();
        Ok((missing, unknown))
    }
}

/// The tables of the key store. A key without `wrapped` was destroyed by the `erasure`; `under` names
/// the subjects whose keys wrap it besides the master key.
pub(super) fn key_tables(kind: Kind) -> String {
    // An index is named with its schema on SQLite, its table on PostgreSQL.
    let (bytes, identity, index, table) = match kind {
        Kind::Sqlite => ("blob", "integer primary key autoincrement", "takings_keys.", ""),
        Kind::Postgres => {
            ("bytea", "bigint generated by default as identity primary key", "", "takings_keys.")
        }
    };
    format!(
        "create table if not exists takings_keys.keys (
            subject text primary key,
            master text,
            wrapped {bytes},
            under text not null,
            erasure bigint
         );
         create index if not exists {index}keys_master on {table}keys (master);
         create index if not exists {index}keys_erasure on {table}keys (erasure)
            where erasure is not null;
         create table if not exists takings_keys.erasures (
            id {identity},
            erased_at bigint not null
         );
         create table if not exists takings_keys.suppressions (
            hash text primary key,
            erasure bigint not null
         );"
    )
}

/// The file of SQLite's URL.
fn file_of(url: &str) -> Result<PathBuf, OpenError> {
    let options = SqliteConnectOptions::from_str(url)
        .map_err(|error| OpenError::Refused(DbErr::Conn(RuntimeErr::SqlxError(error.into()))))?;
    Ok(options.get_filename().to_owned())
}

/// A path with more behind its name.
pub(crate) fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn kind_of(url: &str) -> Result<Kind, OpenError> {
    if url.starts_with("sqlite:") {
        Ok(Kind::Sqlite)
    } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        Ok(Kind::Postgres)
    } else {
        Err(OpenError::Url)
    }
}

async fn connect(url: &str, most: u32, read_only: bool) -> Result<DatabaseConnection, DbErr> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(most)
        .min_connections(1)
        .sqlx_logging(false)
        .acquire_timeout(Duration::from_secs(10))
        .connect_timeout(Duration::from_secs(10))
        .test_before_acquire(false);
    options.map_sqlx_sqlite_opts(move |sqlite| {
        let sqlite = sqlite
            .busy_timeout(PATIENCE)
            .foreign_keys(false)
            .synchronous(SqliteSynchronous::Full)
            .statement_cache_capacity(400)
            .pragma("cache_size", "-65536")
            .pragma("temp_store", "memory");
        if read_only {
            sqlite.pragma("query_only", "on")
        } else {
            // By default each commit copies once the log has 4 MiB: the writer would wait for it.
            sqlite
                .journal_mode(SqliteJournalMode::Wal)
                .pragma("wal_autocheckpoint", LOG.to_string())
        }
    });
    options.map_sqlx_postgres_opts(|postgres: PgConnectOptions| {
        postgres.statement_cache_capacity(400).application_name("takings")
    });
    if read_only {
        // Compiling or sharing out a text costs more than running it.
        options.map_sqlx_postgres_pool_opts(|pool| {
            pool.after_connect(|conn, _| {
                Box::pin(async move {
                    let settings = "set jit = off; set max_parallel_workers_per_gather = 0";
                    conn.execute(settings).await.map(drop)
                })
            })
        });
    }
    sea_orm::Database::connect(options).await
}

/// SQLite makes the file where there is none.
fn with_create(url: &str, kind: Kind) -> String {
    match kind {
        Kind::Sqlite if !url.contains('?') && !url.contains(":memory:") => {
            format!("{url}?mode=rwc")
        }
        _ => url.to_owned(),
    }
}

impl From<Kind> for DatabaseBackend {
    fn from(kind: Kind) -> DatabaseBackend {
        match kind {
            Kind::Sqlite => DatabaseBackend::Sqlite,
            Kind::Postgres => DatabaseBackend::Postgres,
        }
    }
}
