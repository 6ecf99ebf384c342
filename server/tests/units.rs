//! The unit of work on facts made by hand.

use takings_core::billing::facts::*;
use takings_core::money::Currency;
use takings_server::db::{Database, Options};
use takings_server::ingest::{Body, Entry, Outcome, Unit, transact};

async fn database(folder: &std::path::Path) -> Database {
    let url = format!("sqlite://{}", folder.join("t.db").display());
    let database = Database::open(&Options { url, read_url: None, readers: 2 }).await.unwrap();
    database.migrate().await.unwrap();
    database
}

fn subscription(quantity: i64, status: SubscriptionStatus) -> Subscription {
    let usd = Currency::parse("usd").unwrap();
    Subscription {
        created: 1000,
        customer: Some("cus_1".into()),
        status,
        currency: Some(usd),
        items: vec![Item {
            id: "si_1".into(),
            price: Price {
                id: "price_1".into(),
                product: Some("prod_1".into()),
                currency: usd,
                unit_amount: Some(1000.into()),
                recurring: Some((Interval::Month, 1)),
                metered: false,
                tiered: false,
                transform: None,
                tax: TaxBehavior::Unspecified,
            },
            quantity: Some(quantity),
            period_start: 1000,
            period_end: 1000 + 30 * 86400,
            discounts: vec![],
            trial_end: None,
        }],
        ..Subscription::default()
    }
}

fn entry(event: &str, second: i64, phase: Phase, state: Subscription, before: Option<Subscription>) -> Entry {
    Entry {
        source: 1,
        event: event.into(),
        api_version: "2026-10-28.endive".into(),
        kind: "customer.subscription.updated".into(),
        second,
        outcome: Outcome::Applied,
        refusal: None,
        object: Some("sub_1".into()),
        facts: vec![Fact {
            object: "sub_1".into(),
            phase,
            state: State::Subscription(state),
            before: before.map(State::Subscription),
        }],
        personal: None,
        body: Body::compress(b"{}"),
    }
}

#[tokio::test]
async fn movements_follow_in_any_order() {
    let active = |quantity| subscription(quantity, SubscriptionStatus::Active);
    let entries = [
        entry("evt_1", 1000, Phase::Created, active(1), None),
        entry("evt_2", 2000, Phase::Changed, active(3), Some(active(1))),
        entry("evt_3", 2000, Phase::Changed, active(2), Some(active(3))),
        entry("evt_4", 3000, Phase::Changed, active(5), Some(active(2))),
    ];
    let mut seen = std::collections::BTreeSet::new();
    for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1], [1, 3, 0, 2]] {
        let folder = tempfile::tempdir().unwrap();
        let database = database(folder.path()).await;
        for place in order {
            let entry = entries[place].clone();
            let unit = Unit { shard: 0 };
            let run = transact(&database, async |tx| unit.ingest(tx, std::slice::from_ref(&entry)).await);
            assert_eq!(run.await.unwrap(), [Outcome::Applied]);
        }
        let entry = entries[0].clone();
        let again = transact(&database, async |tx| Unit { shard: 0 }.ingest(tx, std::slice::from_ref(&entry)).await);
        assert_eq!(again.await.unwrap(), [Outcome::Duplicate]);
        use sea_orm::ConnectionTrait;
        let rows = database.read.query_all_raw(sea_orm::Statement::from_string(sea_orm::DatabaseBackend::Sqlite,
            "select occurred_at/1000000 as at, kind, sum(units)/83160 as units, sum(movements) as n from mrr_movements group by 1,2 having sum(movements)<>0 order by 1")).await.unwrap();
        let list: Vec<(i64, String, i64, i64)> = rows.iter().map(|r| (r.try_get("", "at").unwrap(), r.try_get("", "kind").unwrap(), r.try_get("", "units").unwrap(), r.try_get("", "n").unwrap())).collect();
        let marks = database.read.query_all_raw(sea_orm::Statement::from_string(sea_orm::DatabaseBackend::Sqlite, "select reason from unconfirmed")).await.unwrap().len();
        let rollup: i64 = database.read.query_one_raw(sea_orm::Statement::from_string(sea_orm::DatabaseBackend::Sqlite, "select sum(amount)/83160 as s from rollups where family='mrr:v1' and grain=0")).await.unwrap().unwrap().try_get("", "s").unwrap();
        println!("{order:?} {list:?} {marks} {rollup}");
        assert_eq!(rollup, 5000);
        seen.insert((list, marks));
    }
    assert_eq!(seen.len(), 1, "{seen:?}");
}
