//! A customer, or a settlement, that cannot be derived, and everybody else.

use crate::common::place::Place;
use crate::common::{ingest, rows};
use sea_orm::{ConnectionTrait, Statement};
use serde_json::{Value, json};
use takings_core::time::Timestamp;
use takings_server::db::Database;
use takings_server::jobs::{close_due, settle_waiting};
use takings_server::rebuild::rebuild;
use takings_simulator::{Plan, play};

/// What no fact looks like.
const UNREADABLE: fn(&mut Value) = |fact| *fact = json!({});

/// More than 64 bits of minor units.
fn beyond(fact: &mut Value) {
    match fact {
        Value::Object(fields) => {
            for (name, value) in fields {
                match name.as_str() {
                    "quantity" if value.is_number() => *value = json!(i64::MAX),
                    _ => beyond(value),
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(beyond),
        _ => {}
    }
}

async fn story(name: &str, plan: &Plan) -> Vec<(Database, Place)> {
    let mut stories = Vec::new();
    for place in [Some(Place::sqlite()), Place::postgres(name)].into_iter().flatten() {
        let database = place.open().await;
        let events = play(plan).events;
        let bodies: Vec<&[u8]> = events.iter().map(|event| event.body.as_slice()).collect();
        ingest(&database, &bodies, 50).await;
        settle_waiting(&database).await.unwrap();
        stories.push((database, place));
    }
    stories
}

async fn texts(database: &Database, query: &str) -> Vec<String> {
    rows(database, query).await.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// Changes every fact about an object.
async fn spoil(database: &Database, object: &str, change: fn(&mut Value)) {
    for old in
        texts(database, &format!("select content from facts where object = '{object}'")).await
    {
        let mut new: Value = serde_json::from_str(&old).unwrap();
        change(&mut new);
        assert_ne!(new.to_string(), old);
        let update = "update facts set content = $1 where object = $2 and content = $3";
        let values = [new.to_string().into(), object.into(), old.into()];
        let update = Statement::from_sql_and_values(database.kind.into(), update, values);
        database.write.execute_raw(update).await.unwrap();
    }
}

#[tokio::test]
async fn a_customer_who_cannot_be_derived_holds_up_nobody_whose_coupon_has_arrived() {
    for change in [UNREADABLE, beyond] {
        for (database, place) in story("aside_customer", &Plan::small(7)).await {
            let subscribed = "select min(subscription) || ' ' || customer from subscription_points
                              group by customer having count(distinct subscription) = 1
                              order by customer";
            let found = texts(&database, subscribed).await;
            let (bad, good) = (&found[0], &found[1]);
            let [bad, good] = [bad, good].map(|it| it.split_once(' ').unwrap());
            spoil(&database, bad.0, change).await;
            database.write.execute_unprepared("delete from waiting").await.unwrap();
            for (subscription, customer) in [bad, good] {
                let wait = format!(
                    "insert into waiting (source_id, needs, customer, batch)
                     values (1, '{subscription}', '{customer}', 1)"
                );
                database.write.execute_unprepared(&wait).await.unwrap();
            }
            let lost = format!("delete from subscription_points where customer = '{}'", good.1);
            database.write.execute_unprepared(&lost).await.unwrap();
            assert_eq!(settle_waiting(&database).await.unwrap(), 1, "on {}", place.kind());
            let left =
                format!("select customer from waiting where needs in ('{}', '{}')", bad.0, good.0);
            assert_eq!(texts(&database, &left).await, [bad.1]);
            let derived =
                format!("select content from subscription_points where customer = '{}'", good.1);
            assert!(!texts(&database, &derived).await.is_empty());
        }
    }
}

#[tokio::test]
async fn a_settlement_that_cannot_be_derived_holds_up_no_close() {
    let plan = Plan { events: 400, ..Plan::quarter(7) };
    for (database, place) in story("aside_settlement", &plan).await {
        let invoice = "select id from objects where kind = 'invoice' order by id limit 1";
        let invoice = texts(&database, invoice).await.remove(0);
        let whole = format!("create table whole as select * from facts where object = '{invoice}'");
        database.write.execute_unprepared(&whole).await.unwrap();
        let owed = {
            let month = Timestamp::from_secs(plan.end()).day().month();
            let declare = format!(
                "insert into closes (month, closed_at, settled) values ({}, 0, 0)",
                month.0
            );
            database.write.execute_unprepared(&declare).await.unwrap();
            rebuild(&database, true).await.unwrap().differences
        };
        spoil(&database, &invoice, UNREADABLE).await;
        let next = Timestamp::from_secs(plan.end()).day().month().next();
        close_due(&database, next.first().start()).await.unwrap();
        let open = rows(&database, "select month from closes where settled = 0").await;
        assert!(open.is_empty(), "on {}", place.kind());
        for mend in [
            format!("delete from facts where object = '{invoice}'"),
            "insert into facts select * from whole".into(),
        ] {
            database.write.execute_unprepared(&mend).await.unwrap();
        }
        let left = rebuild(&database, true).await.unwrap().differences;
        assert!(left < owed / 2, "{left} of {owed}");
    }
}
