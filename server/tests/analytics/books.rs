//! Stored rows as the units of work write them, and a server that reads them.

use sea_orm::ConnectionTrait;
use std::collections::BTreeMap;
use std::sync::Arc;
use takings_core::time::Timestamp;
use takings_server::analytics::AnalyticsApi;
use takings_server::app::App;
use takings_server::config::Config;
use takings_server::db::{Database, Options};
use takings_server::ingest::{Writer, WriterOptions};

/// The present of every test: 2026-03-19 14:23:45.678901 UTC.
pub const NOW: Timestamp = Timestamp(1_773_930_225_678_901);

/// A number generator whose numbers are the same on every machine.
pub struct Dice(pub u64);

impl Dice {
    /// A number below `limit`.
    pub fn below(&mut self, limit: i64) -> i64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        i64::try_from(self.0 >> 1).unwrap() % limit
    }

    /// One of several.
    pub fn of<T: Copy>(&mut self, them: &[T]) -> T {
        them[usize::try_from(self.below(i64::try_from(them.len()).unwrap())).unwrap()]
    }

    /// True in so many of a hundred.
    pub fn percent(&mut self, chance: i64) -> bool {
        self.below(100) < chance
    }
}

/// One row of `mrr_movements` or `measures`.
#[derive(Clone, Debug)]
pub struct Row {
    /// A movement, or a measure.
    pub movement: bool,
    pub source: i64,
    /// Whose it is.
    pub customer: String,
    pub kind: &'static str,
    pub currency: &'static str,
    pub at: Timestamp,
    pub revision: i64,
    /// Units, or amount; movements; subscribers; customers.
    pub sums: [i64; 4],
    pub recorded: Timestamp,
    pub batch: i64,
}

/// Everything stored.
#[derive(Clone, Debug, Default)]
pub struct Books {
    pub rows: Vec<Row>,
    batches: BTreeMap<i64, Timestamp>,
}

impl Books {
    /// Adds a row, recorded in a batch of its own.
    pub fn add(&mut self, row: Row) {
        self.batches.insert(row.batch, row.recorded);
        self.rows.push(row);
    }

    /// Writes everything, roll-ups included.
    pub async fn store(&self, database: &Database) {
        let mut texts: Vec<String> = Vec::new();
        texts.push("insert into sources (id, name) values (1, 'stripe:default:live'), (2, 'stripe:acct_2:live')".into());
        insert(
            &mut texts,
            "batches (id, recorded_at)",
            self.batches.iter().map(|(id, at)| format!("({id}, {})", at.0)),
        );
        insert(
            &mut texts,
            "mrr_movements",
            self.rows.iter().filter(|row| row.movement).map(movement),
        );
        let measures = self.rows.iter().filter(|row| !row.movement).enumerate();
        insert(&mut texts, "measures", measures.map(|(number, row)| measure(number, row)));
        insert(&mut texts, "rollups", self.rollups().into_iter());
        for text in texts {
            database.write.execute_unprepared(&text).await.unwrap();
        }
    }

    fn rollups(&self) -> Vec<String> {
        let mut sums: BTreeMap<String, [i64; 4]> = BTreeMap::new();
        for row in &self.rows {
            let family = if row.movement { "mrr:v1" } else { "measure" };
            let (day, shard) = (row.at.day(), row.batch % 3);
            for (grain, period) in [(0, day.0), (1, day.month().0)] {
                let (kind, currency, source) = (row.kind, row.currency, row.source);
                let recorded = row.recorded.day().0;
                let key = format!(
                    "'{family}', {grain}, {period}, '{kind}', '{currency}', {recorded}, {source}, {shard}"
                );
                let sum = sums.entry(key).or_default();
                sum.iter_mut().zip(row.sums).for_each(|(sum, more)| *sum += more);
            }
        }
        let row = |(key, [a, b, c, d]): (String, [i64; 4])| format!("({key}, {a}, {b}, {c}, {d})");
        sums.into_iter().map(row).collect()
    }
}

fn movement(row: &Row) -> String {
    let Row { source, customer, currency, at, kind, revision, sums: [a, b, c, d], batch, .. } = row;
    format!(
        "({source}, '{customer}', '{currency}', {}, '{kind}', 'v1', {revision}, {a}, {b}, {c}, {d}, 'evt_{batch}', {batch})",
        at.0
    )
}

fn measure(number: usize, row: &Row) -> String {
    let Row { source, customer, currency, at, kind, revision, sums: [a, ..], batch, .. } = row;
    format!(
        "({source}, 'in_{number}', {number}, {revision}, '{kind}', '{currency}', {a}, {}, '{customer}', 'evt_{batch}', {batch})",
        at.0
    )
}

fn insert(texts: &mut Vec<String>, table: &str, rows: impl Iterator<Item = String>) {
    let rows: Vec<String> = rows.collect();
    for chunk in rows.chunks(500) {
        texts.push(
            format!("insert into {table} values {}", chunk.join(", "))
                .replace("batches (id, recorded_at) values", "batches (id, recorded_at) values"),
        );
    }
}

/// A server's parts over one database, whose clock stands still.
pub struct House {
    pub app: Arc<App>,
    pub api: AnalyticsApi,
    _folder: Option<tempfile::TempDir>,
}

/// An empty house over each kind of database: PostgreSQL where `TAKINGS_TEST_POSTGRES_URL` names
/// a server on which databases may be made.
pub async fn houses() -> Vec<House> {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("takings.db").display());
    let mut houses = vec![house(url, Some(folder)).await];
    match std::env::var("TAKINGS_TEST_POSTGRES_URL") {
        Ok(server) => houses.push(house(fresh(&server).await, None).await),
        Err(_) => eprintln!("skipped PostgreSQL: TAKINGS_TEST_POSTGRES_URL is not set"),
    }
    houses
}

async fn fresh(server: &str) -> String {
    static NUMBER: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let name = format!("analytics_{}_{number}", std::process::id());
    let database = sea_orm::Database::connect(server).await.unwrap();
    database.execute_unprepared(&format!("create database {name}")).await.unwrap();
    let (head, _) = server.rsplit_once('/').unwrap();
    format!("{head}/{name}")
}

async fn house(url: String, folder: Option<tempfile::TempDir>) -> House {
    let options = Options { url, read_url: None, readers: 2 };
    let database = Database::open(&options).await.unwrap();
    database.migrate().await.unwrap();
    let (writer, _work) = Writer::new(database.clone(), WriterOptions::default());
    let mut app = App::new(Config::default(), database, writer).unwrap();
    Arc::get_mut(&mut app).unwrap().clock = || NOW;
    House { api: AnalyticsApi::new(app.clone()), app, _folder: folder }
}
