//! Guests: whoever pays without being a customer is found by the address in the body.

use crate::cells::Reader;
use crate::common::ingest;
use crate::desk::places;
use serde_json::json;
use takings_core::time::Timestamp;
use takings_server::privacy::{By, erase, export};

const NOW: Timestamp = Timestamp(1_800_000_000_000_000);

/// An order of somebody who is no customer.
fn order(number: usize, kind: &str, email: &str) -> Vec<u8> {
    let event = json!({
        "id": format!("evt_guest_{number}"), "object": "event", "type": kind, "livemode": true,
        "created": 1_736_467_200, "api_version": "2026-10-28.endive",
        "data": {"object": {
            "id": format!("cs_{number}"), "object": "checkout.session", "created": 1_736_467_200,
            "mode": "payment", "status": "complete", "payment_status": "paid", "customer": null,
            "customer_details": {"email": email, "name": "Anna"}, "discounts": [],
            "amount_total": 10_000, "currency": "usd", "payment_intent": format!("pi_{number}"),
        }},
    });
    event.to_string().into_bytes()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guest_s_bodies_are_exported_and_erased_by_address() {
    for place in places("privacy_guests") {
        let database = place.open().await;
        let bodies = [
            order(1, "checkout.session.completed", "Anna@shop.example"),
            order(2, "something.that_we_ignore", "anna@shop.example"),
            order(3, "checkout.session.completed", "bert@shop.example"),
        ];
        let bodies: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
        ingest(&database, &bodies, 16).await;
        let reader = Reader::new(&database);
        let anna = By::Email("anna@SHOP.example".into());
        let held = export(&database, &anna).await.unwrap().unwrap();
        assert_eq!(held["events"].as_array().unwrap().len(), 2, "{held}");
        assert_eq!(erase(&database, &anna, NOW).await.unwrap().unwrap().subjects.len(), 2);
        for (event, readable) in
            [("evt_guest_1", false), ("evt_guest_2", false), ("evt_guest_3", true)]
        {
            assert_eq!(reader.replays(event).await, readable, "{event} on {}", place.kind());
        }
        // Told again, they stay as they are.
        ingest(&database, &bodies, 16).await;
        assert!(!reader.replays("evt_guest_1").await);
        assert_eq!(export(&database, &anna).await.unwrap(), None);
    }
}
