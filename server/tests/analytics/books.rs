//! A server's parts over stored rows.

use super::common;
use sea_orm::{ConnectionTrait, QueryResult};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use takings_core::stripe::observe;
use takings_core::time::Timestamp;
use takings_server::analytics::AnalyticsApi;
use takings_server::app::App;
use takings_server::config::Config;
use takings_server::db::{Database, Options};
use takings_server::ingest::{Entry, Unit, Writer, WriterOptions, transact};
use takings_server::privacy::MasterSource;
use takings_server::rebuild::rebuild;
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
    /// Takes in events, each by itself, as they arrive.
    pub async fn hear(&self, events: &[Value]) {
        let bodies: Vec<String> = events.iter().map(Value::to_string).collect();
        let bodies: Vec<&[u8]> = bodies.iter().map(String::as_bytes).collect();
        common::ingest(&self.app.database, &bodies, 1).await;
    }

    /// Takes in what the API shows of an object at a second.
    pub async fn fetch(&self, second: i64, object: Value) {
        let source = self.app.sources.number("stripe:default:live").await.unwrap();
        let seen = observe(object.as_object().unwrap()).unwrap();
        let (unit, entry) = (Unit { shard: 0 }, [Entry::fetched(source, second, seen)]);
        transact(&self.app.database, async |tx| unit.ingest(tx, &entry).await).await.unwrap();
    }

    /// What is measured of a kind: the second of each instant, and the sum there.
    pub async fn measured(&self, kind: &str) -> Vec<(i64, i64)> {
        let query = format!(
            "select occurred_at / 1000000, cast(sum(amount) as bigint) from measures
             where kind = '{kind}' group by occurred_at having sum(amount) <> 0 order by 1"
        );
        let rows = common::rows(&self.app.database, &query).await;
        let field = |row: &QueryResult, place| row.try_get_by_index::<i64>(place).unwrap();
        rows.iter().map(|row| (field(row, 0), field(row, 1))).collect()
    }

    /// Deriving everything again changes nothing.
    pub async fn agrees(&self) {
        let report = rebuild(&self.app.database, true).await.unwrap();
        assert!(report.agrees(), "{report:?}");
    }

    /// Stores rows.
    pub async fn store(&self, books: &Books) {
        for text in books.statements() {
            self.app.database.write.execute_unprepared(&text).await.unwrap();
        }
    }
}

/// An event of live mode.
pub fn event(id: &str, kind: &str, created: i64, object: Value) -> Value {
    json!({
        "id": format!("evt_{id}"), "object": "event", "type": kind, "livemode": true,
        "created": created, "api_version": "2026-10-28.endive", "data": {"object": object},
    })
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
