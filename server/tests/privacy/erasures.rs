//! A person is erased: here, in older copies of the data, and no total changes.

use crate::cells::Reader;
use crate::common::{open, rows};
use crate::desk::{deliver, key_rows, number, places, story};
use std::collections::BTreeSet;
use takings_core::time::Timestamp;
use takings_server::db::Database;
use takings_server::privacy::{By, erase, export, is_suppressed, link_bodies};
use takings_server::rebuild::{rebuild, state_hash};
use takings_simulator::SimEvent;

const NOW: Timestamp = Timestamp(1_800_000_000_000_000);

/// Whether an event names a customer.
fn names(event: &SimEvent, id: &str) -> bool {
    String::from_utf8_lossy(&event.body).contains(&format!("\"{id}\""))
}

/// The customers, by their ids.
pub(crate) async fn customers(database: &Database) -> Vec<String> {
    let rows = rows(database, "select id from customers order by id").await;
    rows.iter().map(|row| row.try_get("", "id").unwrap()).collect()
}

/// Sums of everything that is money.
pub(crate) async fn totals(database: &Database) -> Vec<i64> {
    let mut totals = Vec::new();
    for (column, table) in [
        ("amount", "revenue_entries"),
        ("amount", "measures"),
        ("units", "mrr_movements"),
        ("amount", "rollups"),
    ] {
        for sum in [format!("cast(coalesce(sum({column}), 0) as bigint)"), "count(*)".to_owned()] {
            totals.push(number(database, &format!("select {sum} from {table}")).await);
        }
    }
    totals
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_erased_by_an_unknown_name() {
    for place in places("privacy_nobody") {
        let database = place.open().await;
        deliver(&database, &story()).await;
        for by in [By::Email("nobody@example.org".into()), By::Email("no address".into())] {
            assert_eq!(erase(&database, &by, NOW).await.unwrap(), None);
            assert_eq!(export(&database, &by).await.unwrap(), None);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_erased_is_unreadable_from_then_on_and_no_total_changes() {
    for place in places("privacy_erased") {
        let (database, events) = (place.open().await, story());
        deliver(&database, &events).await;
        let reader = Reader::new(&database);
        let all = customers(&database).await;
        let (gone, stays) = (&all[0], &all[1]);
        let (_, email) = reader.customer(gone).await.unwrap();
        let (hash, sums) = (state_hash(&database).await.unwrap(), totals(&database).await);
        link_bodies(&database).await.unwrap();
        let held = export(&database, &By::Email(email.to_uppercase())).await.unwrap().unwrap();
        assert_eq!(held["customers"][0]["personal"]["email"], *email);
        assert_eq!(held["told"][0]["personal"]["email"], *email);
        let bodies: BTreeSet<String> = held["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["id"].as_str().unwrap().to_owned())
            .collect();
        for event in events.iter().filter(|event| names(event, gone)) {
            assert!(bodies.contains(&event.id), "{} names {gone}", event.id);
        }
        assert!(!is_suppressed(&database, &email).await.unwrap());

        let erased = erase(&database, &By::Email(email.clone()), NOW).await.unwrap().unwrap();
        assert_eq!(erased.subjects, BTreeSet::from([format!("customer:1:{gone}")]));
        assert_eq!(reader.customer(gone).await.unwrap(), (String::new(), String::new()));
        assert!(reader.customer(stays).await.unwrap().1.contains('@'));
        for event in &events {
            let readable = reader.replays(&event.id).await;
            assert_eq!(readable, !bodies.contains(&event.id), "{}", event.id);
        }
        assert!(is_suppressed(&database, &email).await.unwrap());
        assert_eq!(export(&database, &By::Email(email.clone())).await.unwrap(), None);
        assert_eq!(state_hash(&database).await.unwrap().to_string(), hash.to_string());
        assert_eq!(totals(&database).await, sums);
        assert!(rebuild(&database, true).await.unwrap().agrees());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_told_of_who_was_erased_is_not_kept() {
    for place in places("privacy_later") {
        let (database, events) = (place.open().await, story());
        deliver(&database, &events).await;
        let gone = customers(&database).await.remove(0);
        let by = By::Customer(1, gone.clone());
        let erased = erase(&database, &by, NOW).await.unwrap().unwrap();
        let made = |it: &&SimEvent| it.kind == "customer.created" && names(it, &gone);
        let mut later = events.iter().find(made).unwrap().clone();
        let body = String::from_utf8(later.body).unwrap();
        later.body = body.replace(&later.id, "evt_later").into_bytes();
        // Told to a process that knew the customer a moment ago, and to one that did not.
        let mut again = later.clone();
        again.body = body.replace(&again.id, "evt_again").into_bytes();
        deliver(&database, &[later]).await;
        deliver(&open(place.url.clone()).await, &[again]).await;
        let reader = Reader::new(&database);
        assert_eq!(reader.customer(&gone).await.unwrap(), (String::new(), String::new()));
        let kept = "select cast(coalesce(sum(length(b.body)), 0) as bigint) from webhook_bodies b
                    join webhook_events e on e.seq = b.seq
                    where e.event_id in ('evt_later', 'evt_again')";
        assert_eq!(number(&database, kept).await, 0);
        let listed = format!("select count(*) from people where subject = 'customer:1:{gone}'");
        assert_eq!(number(&database, &listed).await, 0);
        // Erasing again is the same.
        let again = erase(&database, &by, NOW).await.unwrap().unwrap();
        assert_eq!(again.subjects, erased.subjects);
        let left = "select subject from takings_keys.keys where wrapped is null";
        assert_eq!(key_rows(&place, &database, left), [format!("customer:1:{gone}")]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_of_nobody_becomes_somebodys_once_its_settlement_tells() {
    for place in places("privacy_loose") {
        let (database, events) = (place.open().await, story());
        let (told, silent): (Vec<_>, Vec<_>) = events
            .iter()
            .cloned()
            .partition(|it| String::from_utf8_lossy(&it.body).contains("\"cus_"));
        deliver(&database, &silent).await;
        let loose = number(&database, "select count(*) from loose_bodies").await;
        assert!(loose > 0);
        assert_eq!(link_bodies(&database).await.unwrap(), 0, "nobody is known yet");
        deliver(&database, &told).await;
        let linked = link_bodies(&database).await.unwrap();
        assert!(linked > 0 && linked as i64 <= loose, "{linked} of {loose}");
        let reader = Reader::new(&database);
        for event in &events {
            assert!(reader.replays(&event.id).await, "{}", event.id);
        }
        let owned = "select subject || ' ' || under from takings_keys.keys where under <> '' order by subject";
        let owned = key_rows(&place, &database, owned);
        assert_eq!(owned.len(), linked);
        let (subject, owner) = owned[0].split_once(' ').unwrap();
        let event = subject.rsplit(':').next().unwrap();
        let id = owner.rsplit(':').next().unwrap();
        erase(&database, &By::Customer(1, id.to_owned()), NOW).await.unwrap().unwrap();
        assert!(!reader.replays(event).await, "{event} of {owner}");
    }
}
