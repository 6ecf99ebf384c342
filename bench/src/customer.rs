//! One customer whose subscription never rests.

use anyhow::Context;
use serde_json::{Value, json};
use takings_simulator::Story;

/// Seconds between two updates.
const APART: i64 = 60;

/// A subscription's creation and `count - 1` changes of its quantity, a minute apart.
pub(crate) fn updates(story: &Story, count: usize) -> anyhow::Result<Vec<Vec<u8>>> {
    let created = story.events.iter().find(|event| event.kind == "customer.subscription.created");
    let created = created.context("nobody subscribes in this story")?;
    let first: Value = serde_json::from_slice(&created.body)?;
    (0..count).map(|turn| update(first.clone(), created.created, turn)).collect()
}

fn update(mut event: Value, start: i64, turn: usize) -> anyhow::Result<Vec<u8>> {
    if turn > 0 {
        let turn = i64::try_from(turn)?;
        event["id"] = json!(format!("evt_busy_{turn:06}"));
        event["type"] = json!("customer.subscription.updated");
        event["created"] = json!(start + turn * APART);
        let before = event["data"]["object"]["items"].clone();
        let quantity = |items: &Value, quantity: i64| {
            let mut items = items.clone();
            items["data"][0]["quantity"] = json!(quantity);
            items
        };
        let first = before["data"][0]["quantity"].as_i64().unwrap_or(1);
        let old = if turn == 1 { first } else { 1 + (turn - 1) % 50 };
        event["data"]["previous_attributes"] = json!({ "items": quantity(&before, old) });
        event["data"]["object"]["items"] = quantity(&before, 1 + turn % 50);
    }
    Ok(serde_json::to_vec(&event)?)
}
