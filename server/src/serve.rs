//! `takings serve`: both doors, the writer and the jobs, from start to a clean stop.

use crate::affiliate::clicks;
use crate::app::App;
use crate::config::Config;
use crate::db::{Database, Kind, Options};
use crate::grpc;
use crate::http;
use crate::ingest::{Writer, WriterOptions};
use crate::jobs;
use crate::privacy;
use crate::stripe::LOOK;
use anyhow::{Context, bail};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// A server that runs.
pub struct Running {
    /// What it shares.
    pub app: Arc<App>,
    /// Where the HTTP door listens.
    pub http: SocketAddr,
    /// Where the gRPC door listens.
    pub grpc: SocketAddr,
    /// Set where a part has failed that the process cannot do without.
    broken: CancellationToken,
    health: grpc::Health,
    doors: JoinSet<()>,
    stop: CancellationToken,
    writer: tokio::task::JoinHandle<()>,
    clicks: tokio::task::JoinHandle<()>,
    /// Clicks are taken in until the doors are closed.
    last_click: CancellationToken,
}

/// Opens the database of a configuration for a server, and makes sure that its schema is this
/// binary's. SQLite's file is made where there is none, and always brought up to date.
pub async fn open(config: &Config, migrate: bool) -> anyhow::Result<Database> {
    opened(&options(config, true), migrate).await
}

/// The same for a command that is about data which is there: it makes no database.
pub(crate) async fn open_existing(config: &Config) -> anyhow::Result<Database> {
    opened(&options(config, false), false).await
}

/// How the database of a configuration is opened.
pub(crate) fn options(config: &Config, create: bool) -> Options {
    Options {
        url: config.database.url.clone(),
        read_url: config.database.read_url.clone(),
        readers: config.database.readers,
        create,
        master: config.privacy.master(),
    }
}

async fn opened(options: &Options, migrate: bool) -> anyhow::Result<Database> {
    let database = Database::open(options).await?;
    if migrate || database.kind == Kind::Sqlite {
        refuse_newer(&database).await?;
        database.migrate_schema().await.context("the schema could not be brought up to date")?;
    }
    refuse_newer(&database).await?;
    let (missing, _) = database.schema_gap().await?;
    if !missing.is_empty() {
        bail!(
            "the database's schema is older than this binary ({} changes are missing, first {}): \
             run `takings migrate`, or `takings serve --migrate`",
            missing.len(),
            missing[0]
        );
    }
    privacy::unlock(&database).await?;
    Ok(database)
}

async fn refuse_newer(database: &Database) -> anyhow::Result<()> {
    let (_, unknown) = database.schema_gap().await?;
    if let Some(name) = unknown.first() {
        bail!(
            "the database's schema is newer than this binary (it has {name}): run a newer takings"
        );
    }
    Ok(())
}

/// The doors of a server that does not serve yet.
pub(crate) struct Doors {
    http: TcpListener,
    grpc: TcpListener,
}

impl Doors {
    /// Takes the addresses of a configuration.
    pub(crate) async fn bind(config: &Config) -> anyhow::Result<Doors> {
        Ok(Doors {
            http: listen("http.listen", config.http.listen).await?,
            grpc: listen("grpc.listen", config.grpc.listen).await?,
        })
    }
}

/// Starts a server.
pub async fn start(config: Config, migrate: bool) -> anyhow::Result<Running> {
    start_behind(Doors::bind(&config).await?, config, migrate).await
}

/// Starts a server behind doors of its own.
pub(crate) async fn start_behind(
    doors: Doors,
    config: Config,
    migrate: bool,
) -> anyhow::Result<Running> {
    let database = open(&config, migrate).await?;
    let options = WriterOptions {
        most: config.server.batch,
        queue: config.server.queue,
        // Every container's process has the same number.
        shard: i64::from(Uuid::new_v4().as_bytes()[0] % 16),
        ..WriterOptions::default()
    };
    let (writer, work) = Writer::new(database.clone(), options);
    let app = App::new(config.clone(), database, writer)?;
    let stop = CancellationToken::new();
    let Doors { http: http_listener, grpc: grpc_listener } = doors;
    let (http, grpc) = (http_listener.local_addr()?, grpc_listener.local_addr()?);
    let (health, serving) = grpc::serve(app.clone(), grpc_listener, stop.clone()).await?;
    let mut doors = JoinSet::new();
    let broken = CancellationToken::new();
    let part = |name| Part { name, stop: stop.clone(), broken: broken.clone() };
    let router = http::router(app.clone());
    doors.spawn(part("the HTTP door").around(http::serve(http_listener, router, stop.clone())));
    doors.spawn(part("the gRPC door").around(async move {
        if let Err(error) = serving.await {
            tracing::error!(%error, "the gRPC door failed");
        }
    }));
    let commands = jobs::carry_on(app.clone(), stop.clone());
    doors.spawn(part("the job that carries on with commands").around(commands));
    let (watched, ended) = (app.clone(), stop.clone());
    doors.spawn(part("the watch over secrets").around(async move {
        while ended.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            watched.secrets.look();
            watched.database.vault.look();
        }
    }));
    let (handle, working, stopped) = (Handle::current(), app.clone(), stop.clone());
    // A thread of its own: jobs hold transactions open over many steps.
    let all = part("the jobs");
    doors.spawn_blocking(move || handle.block_on(all.around(jobs::run(working, stopped))));
    let last_click = CancellationToken::new();
    let (handle, working, stopped) = (Handle::current(), app.clone(), last_click.clone());
    let all = part("the clicks");
    let clicks = spawn_blocking(move || handle.block_on(all.around(clicks::run(working, stopped))));
    #[expect(clippy::disallowed_methods, reason = "joined by `stop`")]
    let writer = tokio::spawn(part("the writer").around(work));
    Ok(Running { app, http, grpc, broken, health, doors, stop, writer, clicks, last_click })
}

async fn listen(key: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("{key} = {address}: cannot listen"))
}

/// A part that works until the process stops.
struct Part {
    name: &'static str,
    stop: CancellationToken,
    broken: CancellationToken,
}

impl Part {
    async fn around(self, work: impl Future<Output = ()>) {
        work.await;
        drop(self);
    }
}

impl Drop for Part {
    /// Whatever ends before that has failed, and may have panicked: readiness would not show it.
    fn drop(&mut self) {
        if !self.stop.is_cancelled() {
            tracing::error!("{} ended: so does the process", self.name);
            self.broken.cancel();
        }
    }
}

impl Running {
    /// Waits for a part to fail that the process cannot do without. Whoever supervises it is to start
    /// another.
    pub async fn broken(&self) {
        self.broken.cancelled().await;
    }

    /// Stops: readiness turns first, then the doors close, then the writer finishes what it
    /// holds. What is not done by the deadline is left behind: it was not acknowledged.
    pub async fn stop(mut self, deadline: Duration) {
        let end = Instant::now() + deadline;
        self.app.stopping.cancel();
        self.health.stop().await;
        tokio::time::sleep(Duration::from_millis(200).min(deadline / 4)).await;
        self.stop.cancel();
        self.health.end_watches().await;
        let drained = async { while self.doors.join_next().await.is_some() {} };
        let last_transaction = Duration::from_secs(1).min(deadline / 4);
        if tokio::time::timeout_at(end - last_transaction, drained).await.is_err() {
            tracing::warn!("some clients were still connected at the deadline");
            self.doors.abort_all();
        }
        self.last_click.cancel();
        if tokio::time::timeout_at(end, self.clicks).await.is_err() {
            tracing::warn!("clicks were still on their way at the deadline");
        }
        drop(self.app);
        if tokio::time::timeout_at(end, self.writer).await.is_err() {
            tracing::warn!("the writer was still at work at the deadline");
        }
    }
}

/// Waits for SIGTERM or Ctrl-C.
pub async fn signalled() -> std::io::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        signal = tokio::signal::ctrl_c() => signal,
        _ = terminate.recv() => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(stop: &CancellationToken, broken: &CancellationToken) -> Part {
        Part { name: "a part", stop: stop.clone(), broken: broken.clone() }
    }

    #[tokio::test]
    async fn a_part_that_panics_ends_the_process() {
        let (stop, broken) = (CancellationToken::new(), CancellationToken::new());
        let mut parts = JoinSet::new();
        parts.spawn(part(&stop, &broken).around(async { panic!("a defect") }));
        broken.cancelled().await;
    }

    #[tokio::test]
    async fn a_part_that_panics_on_a_thread_of_its_own_ends_the_process() {
        let (stop, broken) = (CancellationToken::new(), CancellationToken::new());
        let (handle, work) = (Handle::current(), part(&stop, &broken));
        let work = work.around(async { panic!("a defect") });
        let mut parts = JoinSet::new();
        parts.spawn_blocking(move || handle.block_on(work));
        broken.cancelled().await;
    }

    #[tokio::test]
    async fn a_part_that_ends_with_the_process_is_no_failure() {
        let (stop, broken) = (CancellationToken::new(), CancellationToken::new());
        stop.cancel();
        part(&stop, &broken).around(async {}).await;
        assert!(!broken.is_cancelled());
    }
}
