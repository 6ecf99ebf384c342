//! A service over a database of its own, and facts made by hand.

use std::sync::Arc;
use takings_core::billing::facts::*;
use takings_core::money::Currency;
use takings_core::time::Timestamp;
use takings_server::app::App;
use takings_server::config::Config;
use takings_server::db::Database;
use takings_server::ingest::{Body, Entry, Outcome, Unit, Writer, WriterOptions, transact};
use takings_server::revenue::RevenueApi;
use takings_testkit::PostgresServer;
use tonic::Status;
use tonic_types::StatusExt;

pub(crate) const NOW: i64 = 1_800_000_000;

/// A service over a database of its own.
pub(crate) struct Desk {
    pub(crate) api: RevenueApi,
    pub(crate) database: Database,
    _writer: tokio::task::JoinSet<()>,
    _folder: Option<tempfile::TempDir>,
}

impl Desk {
    pub(crate) async fn over(database: Database, folder: Option<tempfile::TempDir>) -> Desk {
        let (writer, work) = Writer::new(database.clone(), WriterOptions::default());
        let mut config = Config::default();
        config.stripe.webhook_secrets = vec!["whsec_1".into()];
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(work);
        let app = App::new(config, database.clone(), writer).unwrap();
        let mut app = Arc::into_inner(app).unwrap();
        app.clock = || Timestamp::from_secs(NOW);
        for source in ["stripe:default:live", "stripe:default:test"] {
            app.sources.number(source).await.unwrap();
        }
        let api = RevenueApi::new(Arc::new(app));
        Desk { api, database, _writer: tasks, _folder: folder }
    }

    pub(crate) async fn take_in(&self, entries: &[Entry]) {
        for entries in entries.chunks(100) {
            let unit = Unit { shard: 0 };
            transact(&self.database, async |tx| unit.ingest(tx, entries).await).await.unwrap();
        }
    }

    pub(crate) async fn run(&self, statement: &str) {
        use sea_orm::ConnectionTrait;
        self.database.write.execute_unprepared(statement).await.unwrap();
    }
}

/// A desk on SQLite, and one on PostgreSQL where that is installed.
pub(crate) async fn desks(name: &str) -> Vec<Desk> {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = crate::common::sqlite(folder.path()).await;
    let mut desks = vec![Desk::over(sqlite, Some(folder)).await];
    if let Some(server) = PostgresServer::shared(name) {
        let postgres = crate::common::open(server.database(name)).await;
        desks.push(Desk::over(postgres, None).await);
    }
    desks
}

pub(crate) fn usd() -> Currency {
    Currency::parse("usd").unwrap()
}

pub(crate) fn entry(source: i64, object: &str, second: i64, state: State) -> Entry {
    Entry {
        source,
        event: format!("evt_{object}_{second}"),
        api_version: "2026-10-28.endive".into(),
        kind: format!("{}.updated", state.kind()),
        second,
        outcome: Outcome::Applied,
        refusal: None,
        object: Some(object.into()),
        facts: vec![Fact { object: object.into(), phase: Phase::Changed, state, before: None }],
        personal: None,
        people: Default::default(),
        guests: Default::default(),
        body: Body::compress(b"{}"),
        again: false,
        wanted: None,
        fetched: false,
    }
}

pub(crate) fn customer(source: i64, id: &str) -> Entry {
    let state = Customer {
        created: 1_000,
        balance: -250,
        currency: Some(usd()),
        delinquent: true,
        ..Customer::default()
    };
    let personal = r#"{"name":"Ada","email":"ada@example.com"}"#;
    Entry { personal: Some(personal.into()), ..entry(source, id, 1_000, State::Customer(state)) }
}

pub(crate) fn subscription(id: &str, customer: &str, second: i64, quantity: i64) -> Entry {
    let price = Price {
        id: "price_1".into(),
        product: Some("prod_1".into()),
        currency: usd(),
        unit_amount: Some("999.50".parse().unwrap()),
        recurring: Some((Interval::Month, 1)),
        metered: false,
        tiered: false,
        transform: None,
        tax: TaxBehavior::Unspecified,
    };
    let item = Item {
        id: format!("si_{id}"),
        price,
        quantity: Some(quantity),
        period_start: 1_000,
        period_end: 1_000 + 30 * 86_400,
        discounts: vec!["di_1".into()],
        trial_end: None,
    };
    let state = Subscription {
        created: 1_000,
        customer: Some(customer.into()),
        status: SubscriptionStatus::Active,
        currency: Some(usd()),
        items: vec![item],
        ..Subscription::default()
    };
    entry(1, id, second, State::Subscription(state))
}

pub(crate) fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}
