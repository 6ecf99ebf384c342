//! The application without doors: a database, the writer, and an account at Stripe.

use super::stripe::{Account, KEY};
use std::sync::Arc;
use takings_server::app::App;
use takings_server::config::Config;
use takings_server::db::Database;
use takings_server::ingest::{Writer, WriterOptions};
use takings_server::jobs::settle_waiting;
use takings_server::revenue::look_up::look_up_due;
use tokio::task::JoinSet;

/// The application over a database.
pub struct Office {
    pub app: Arc<App>,
    _writer: JoinSet<()>,
}

impl Office {
    /// Opens it under a configuration.
    pub fn open(database: &Database, config: Config) -> Office {
        let (writer, work) = Writer::new(database.clone(), WriterOptions::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(work);
        let app = App::new(config, database.clone(), writer).unwrap();
        Office { app, _writer: tasks }
    }

    /// Looks up whatever is due until nothing is; answers how many look-ups that took.
    pub async fn look_everything_up(&self) -> usize {
        let mut asked = 0;
        loop {
            let points = look_up_due(&self.app).await.unwrap();
            let settled = settle_waiting(&self.app.database).await.unwrap();
            asked += points;
            if points + settled == 0 {
                return asked;
            }
        }
    }
}

/// A configuration that acts at an account, looks up at once, and hurries.
pub fn acting_at(stripe: &Account) -> Config {
    let mut config = Config::default();
    config.stripe.api_key = Some(serde_json::from_value(KEY.into()).unwrap());
    config.stripe.api_url = stripe.url();
    config.stripe.requests_per_second = 10_000;
    config.stripe.endpoint_requests_per_second = 10_000;
    config.stripe.look_up_after_seconds = 0;
    config
}
