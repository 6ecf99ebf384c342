//! The application: everything that is built once and shared.

use crate::affiliate::clicks::Clicks;
use crate::affiliate::links::Cache;
use crate::config::Config;
use crate::db::Database;
use crate::error::Error;
use crate::ingest::Writer;
use crate::once::Line;
use crate::sources::Sources;
use crate::stripe::{self, Account, Secrets};
use crate::{analytics, lead, telemetry};
use metrics_exporter_prometheus::PrometheusHandle;
use std::sync::Arc;
use takings_core::time::Timestamp;
use tokio_util::sync::CancellationToken;

/// Everything that is built once and shared.
pub struct App {
    /// How the process is configured.
    pub config: Config,
    /// The database.
    pub database: Database,
    /// The way into it.
    pub writer: Writer,
    /// Source names and numbers.
    pub sources: Sources,
    /// The webhook secrets, as they are now.
    pub secrets: Secrets,
    /// Links that were read lately.
    pub links: Cache,
    /// Clicks on their way into the database.
    pub clicks: Clicks,
    /// Acts on their way into the database.
    pub(crate) acts: Line,
    /// Whose turn it is to derive changed sales before a batch of payouts is made.
    pub(crate) catching_up: Arc<tokio::sync::Mutex<()>>,
    /// What leads need.
    pub leads: lead::Desk,
    stripe: Option<Account>,
    /// Set when the process is on its way out.
    pub stopping: CancellationToken,
    /// Where "now" comes from.
    pub clock: fn() -> Timestamp,
    prometheus: PrometheusHandle,
}

impl App {
    /// Puts the parts together.
    pub fn new(config: Config, database: Database, writer: Writer) -> Result<Arc<App>, Error> {
        let sources = Sources::new(database.clone());
        let stripe = Account::of(&config.stripe)?;
        let secrets = Secrets::of(&config.stripe).map_err(Error::internal)?;
        let leads = lead::Desk::of(&config.leads)?;
        let prometheus = telemetry::metrics().map_err(Error::internal)?;
        let (stopping, clock) = (CancellationToken::new(), now as fn() -> Timestamp);
        let clicks = Clicks::new(&config.affiliate);
        Ok(Arc::new(App {
            config,
            database,
            writer,
            sources,
            secrets,
            links: Cache::default(),
            clicks,
            acts: Line::default(),
            catching_up: Arc::default(),
            leads,
            stripe,
            stopping,
            clock,
            prometheus,
        }))
    }

    /// The account to act on.
    ///
    /// # Errors
    ///
    /// Without a key.
    pub fn stripe(&self) -> Result<&Account, Error> {
        self.stripe.as_ref().ok_or_else(stripe::not_configured)
    }

    /// The present instant.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Whether the process takes work; if not, why.
    pub async fn readiness(&self) -> Result<(), String> {
        if self.stopping.is_cancelled() {
            return Err("stopping".into());
        }
        self.database.read.ping().await.map_err(|_| "the database does not answer".to_owned())
    }

    /// Every metric, as text; gauges of the business are read now.
    pub async fn scrape(&self) -> String {
        if let Err(error) = analytics::gauges::refresh(self).await {
            tracing::warn!(%error, "the gauges of the business could not be read");
        }
        self.prometheus.run_upkeep();
        self.prometheus.render()
    }
}

/// The system's clock: the one place that reads it.
#[expect(clippy::disallowed_methods, reason = "the edge: `now` is a parameter everywhere else")]
pub fn now() -> Timestamp {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let micros = elapsed.map_or(0, |elapsed| elapsed.as_micros());
    Timestamp(i64::try_from(micros).unwrap_or(i64::MAX))
}
