//! An application in this process, without its jobs, beside a make-believe Stripe that plays a
//! business.

use crate::common::{self, place::Place};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use takings_core::stripe::observe;
use takings_server::app::App;
use takings_server::config::Config;
use takings_server::db::Database;
use takings_server::ingest::{Entry, Outcome, Unit, Writer, WriterOptions, transact};
use takings_server::jobs;
use takings_server::rebuild::{rebuild, state_hash};
use takings_server::revenue::RevenueApi;
use takings_server::serve::open;
use takings_server::sources::Sources;
use takings_simulator::{Plan, SimEvent, Stripe, StripeServer};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub const DAY: i64 = 86_400;
const SOURCE: &str = "stripe:default:live";

/// Stripe, an application with its key, and the events that a webhook was sent for.
pub struct House {
    pub stripe: Stripe,
    pub app: Arc<App>,
    pub place: Place,
    served: StripeServer,
    told: BTreeSet<String>,
    writing: JoinSet<()>,
}

impl House {
    /// A server on a place, beside a business played through a second.
    pub async fn new(place: Place, plan: &Plan, until: i64) -> House {
        let stripe = Stripe::played(plan, until);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let served = stripe.serve(listener).unwrap();
        let (app, writing) = application(&place, &served.url()).await;
        House { stripe, app, place, served, told: BTreeSet::new(), writing }
    }

    /// Ends the application wherever it is, and makes another.
    pub async fn restart(mut self) -> House {
        self.writing.shutdown().await;
        (self.app, self.writing) = application(&self.place, &self.served.url()).await;
        self
    }

    pub fn database(&self) -> &Database {
        &self.app.database
    }

    /// The events that nobody was told of yet; they count as told from now on.
    pub fn news(&mut self) -> Vec<SimEvent> {
        let events = self.stripe.events().into_iter();
        events.filter(|event| self.told.insert(event.id.clone())).collect()
    }

    /// Two databases as they stand now, both knowing Stripe's own books, which no webhook tells.
    pub async fn both_present(&self, whole: &Database) -> [BTreeMap<String, String>; 2] {
        self.read_books(self.database()).await;
        self.read_books(whole).await;
        let now = self.stripe.now();
        [present(self.database(), now).await, present(whole, now).await]
    }

    /// Takes in every balance transaction.
    async fn read_books(&self, database: &Database) {
        let source = Sources::new(database.clone()).number(SOURCE).await.unwrap();
        let (mut entries, mut after) = (Vec::new(), String::new());
        loop {
            let asked = format!("limit=100{after}");
            let (_, page) = self.stripe.call("GET", "balance_transactions", &asked);
            let shown = page["data"].as_array().unwrap();
            let shown = shown.iter().map(|it| observe(it.as_object().unwrap()).unwrap());
            entries.extend(shown.map(|it| Entry::fetched(source, self.stripe.now(), it)));
            if !page["has_more"].as_bool().unwrap() {
                break;
            }
            let last = page["data"].as_array().unwrap().last().unwrap();
            after = format!("&starting_after={}", last["id"].as_str().unwrap());
        }
        assert!(!entries.is_empty());
        for batch in entries.chunks(50) {
            let unit = Unit { shard: 0 };
            transact(database, async |tx| unit.ingest(tx, batch).await).await.unwrap();
        }
    }

    /// Its face.
    pub fn api(&self) -> RevenueApi {
        RevenueApi::new(self.app.clone())
    }
}

async fn application(place: &Place, url: &str) -> (Arc<App>, JoinSet<()>) {
    let flags = [
        ("database.url", place.url.as_str()),
        ("stripe.api_key", "sk_live_4711"),
        ("stripe.api_url", url),
    ];
    let flags = flags.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let mut config = Config::load(None, &flags).unwrap();
    config.privacy.master_key = takings_testkit::master_key(&place.url).map(str::to_owned);
    let database = open(&config, true).await.unwrap();
    let (writer, work) = Writer::new(database.clone(), WriterOptions::default());
    let mut writing = JoinSet::new();
    writing.spawn(work);
    (App::new(config, database, writer).unwrap(), writing)
}

/// How many of some events say something that counts.
pub fn counting<'a>(events: impl IntoIterator<Item = &'a SimEvent>) -> i64 {
    let outcomes = events.into_iter().map(|event| common::entry(1, &event.body).outcome);
    outcomes.filter(|outcome| *outcome != Outcome::Ignored).count() as i64
}

/// Takes in what webhooks bring.
pub async fn deliver(database: &Database, events: &[SimEvent]) {
    let bodies: Vec<&[u8]> = events.iter().map(|event| event.body.as_slice()).collect();
    common::ingest(database, &bodies, 50).await;
}

/// Finishes what jobs would, holds everything against the facts, and answers the state's hash.
pub async fn settled(database: &Database) -> String {
    jobs::settle_waiting(database).await.unwrap();
    let report = rebuild(database, true).await.unwrap();
    assert!(report.agrees(), "{report:?}");
    state_hash(database).await.unwrap().to_string()
}

/// A database that got every event once, in order.
pub async fn undisturbed(events: &[SimEvent]) -> (tempfile::TempDir, Database) {
    let folder = tempfile::tempdir().unwrap();
    let database = common::sqlite(folder.path()).await;
    deliver(&database, events).await;
    (folder, database)
}

/// What is: every object as it stands, every balance, every customer's MRR by an instant.
pub async fn present(database: &Database, at: i64) -> BTreeMap<String, String> {
    jobs::settle_waiting(database).await.unwrap();
    let mut found = BTreeMap::new();
    for table in ["customers", "subscriptions", "invoices", "payments", "refunds", "disputes"] {
        let query = format!("select '{table} ' || id, content from {table}");
        read(database, &mut found, &query).await;
    }
    forget_returned(&mut found);
    let balances =
        "select 'balance ' || account || ' ' || currency, cast(sum(amount) as text) from (
            select debit as account, currency, amount from revenue_entries
            union all select credit, currency, -amount from revenue_entries) as sides
         group by account, currency having sum(amount) <> 0";
    read(database, &mut found, balances).await;
    let mrr = format!(
        "select 'mrr ' || customer || ' ' || currency, cast(sum(units) as text)
         from mrr_movements where occurred_at < {}
         group by customer, currency having sum(units) <> 0",
        at * 1_000_000
    );
    read(database, &mut found, &mrr).await;
    found
}

/// What was derived, with its instants: nets of the ledger, of revenue and of MRR.
pub async fn derived(database: &Database) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let transfers = "select 'transfer ' || object || ' ' || kind || ' ' || account || ' ' || currency
                || ' ' || occurred_at, cast(sum(amount) as text) from (
            select object, kind, debit as account, currency, occurred_at, amount from revenue_entries
            union all
            select object, kind, credit, currency, occurred_at, -amount from revenue_entries) as sides
         group by object, kind, account, currency, occurred_at having sum(amount) <> 0";
    read(database, &mut found, transfers).await;
    let measures =
        "select 'measure ' || object || ' ' || kind || ' ' || currency || ' ' || occurred_at,
                cast(sum(amount) as text) from measures
         group by object, kind, currency, occurred_at having sum(amount) <> 0";
    read(database, &mut found, measures).await;
    found.extend(movements(database).await);
    found
}

/// Every movement of MRR, by customer and instant.
pub async fn movements(database: &Database) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let movements = "select customer || ' ' || currency || ' ' || occurred_at || ' ' || kind,
                cast(sum(units) as text) from mrr_movements
         group by customer, currency, occurred_at, kind having sum(units) <> 0";
    read(database, &mut found, movements).await;
    found
}

/// No event of a charge tells that a refund of it failed: only who asks sees that the charge's own
/// sum fell again. Nothing is computed from that sum where the refund itself was seen.
fn forget_returned(found: &mut BTreeMap<String, String>) {
    let refunds = found.range("refunds ".to_owned().."refunds~".to_owned());
    let refunds = refunds.map(|(_, content)| serde_json::from_str::<Value>(content).unwrap());
    let failed =
        refunds.filter(|refund| refund["status"] == "failed" || refund["status"] == "canceled");
    let charges: Vec<String> = failed
        .filter_map(|refund| Some(format!("payments {}", refund["charge"].as_str()?)))
        .collect();
    for charge in charges {
        let Some(content) = found.get_mut(&charge) else { continue };
        let mut charge: Value = serde_json::from_str(content).unwrap();
        charge["amount_refunded"] = Value::Null;
        *content = charge.to_string();
    }
}

async fn read(database: &Database, found: &mut BTreeMap<String, String>, query: &str) {
    for row in common::rows(database, query).await {
        found.insert(row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap());
    }
}

/// Where two databases differ, a line each.
pub fn differences(
    ours: &BTreeMap<String, String>,
    theirs: &BTreeMap<String, String>,
) -> Vec<String> {
    let keys: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let differ = keys.into_iter().filter(|key| ours.get(*key) != theirs.get(*key));
    differ.map(|key| format!("{key}:\n  {:?}\n  {:?}", ours.get(key), theirs.get(key))).collect()
}
