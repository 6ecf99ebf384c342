//! A server's parts over stored rows.

use sea_orm::ConnectionTrait;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use takings_core::time::Timestamp;
use takings_server::analytics::AnalyticsApi;
use takings_server::app::App;
use takings_server::config::Config;
use takings_server::db::{Database, Options};
use takings_server::ingest::{Writer, WriterOptions};
use takings_server::privacy::MasterSource;
use takings_testkit::PostgresServer;
pub use takings_testkit::{Books, Dice, Row};

/// The present of every test: 2026-03-19 14:23:45.678901 UTC.
pub const NOW: Timestamp = Timestamp(1_773_930_225_678_901);

/// A server's parts over one database, whose clock stands still.
pub struct House {
    pub app: Arc<App>,
    pub api: AnalyticsApi,
    _folder: Option<tempfile::TempDir>,
}

impl House {
    /// Stores rows.
    pub async fn store(&self, books: &Books) {
        for text in books.statements() {
            self.app.database.write.execute_unprepared(&text).await.unwrap();
        }
    }
}

/// An empty house over each kind of database.
pub async fn houses() -> Vec<House> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("takings.db").display());
    let mut houses = vec![house(url, Some(folder)).await];
    if let Some(server) = PostgresServer::shared("analytics") {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        houses.push(house(server.database(&format!("analytics_{number}")), None).await);
    }
    houses
}

async fn house(url: String, folder: Option<tempfile::TempDir>) -> House {
    let master = takings_testkit::master_key(&url).map(MasterSource::of).unwrap_or_default();
    let options = Options { master, ..Options::new(url) };
    let database = Database::open(&options).await.unwrap();
    database.migrate().await.unwrap();
    let (writer, _work) = Writer::new(database.clone(), WriterOptions::default());
    let mut app = App::new(Config::default(), database, writer).unwrap();
    Arc::get_mut(&mut app).unwrap().clock = || NOW;
    House { api: AnalyticsApi::new(app.clone()), app, _folder: folder }
}
