//! kill -9 before, while and after Stripe is called: each command has one effect after the restart.

use crate::common::dice::{Dice, count, seed};
use crate::common::place::Place;
use crate::common::process::Takings;
use crate::shop::{Shop, insist, settled, states, uuid};
use std::collections::BTreeMap;
use std::time::Duration;
use takings::v1::*;
use takings_simulator::{Fault, Faults};
use tokio::task::JoinSet;

/// What a kill aims at.
const WINDOWS: [&str; 4] = ["before the call", "after the call", "while it is slow", "anywhere"];
/// Commands under way when the process dies.
const AT_ONCE: usize = 6;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_every_refund_is_made_once_on_sqlite() {
    killed_at_any_moment(Place::sqlite(), count(8, 80)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_every_refund_is_made_once_on_postgresql() {
    let Some(place) = Place::postgres("commands_crash") else { return };
    killed_at_any_moment(place, count(4, 40)).await;
}

async fn killed_at_any_moment(place: Place, kills: usize) {
    let shop = Shop::open().await;
    let mut dice = Dice::new(seed());
    let mut seen = BTreeMap::new();
    for kill in 0..kills {
        let server = shop.takings(&place);
        let refunds: Vec<_> = (0..AT_ONCE).map(|_| refund(shop.payment(), 700)).collect();
        shop.deliver(&server).await;
        let (faults, pause) = window(kill, &mut dice);
        shop.account.stripe.fail(faults);
        let mut callers = JoinSet::new();
        for request in refunds.clone() {
            let mut client = server.revenue().await;
            callers.spawn(async move { client.create_refund(request).await.map(drop) });
        }
        tokio::time::sleep(pause).await;
        server.kill();
        callers.join_all().await;
        shop.account.stripe.fail(Faults::default());
        let stored = states(&place).await;
        let open = stored.get("open").copied().unwrap_or_default();
        let known: i64 = stored.values().sum::<i64>() - (kill * AT_ONCE) as i64;
        // Of the windows that are aimed at, at least the intents are hit.
        assert!(kill % 4 == 3 || open == AT_ONCE as i64, "kill {kill}: {stored:?}");
        seen.entry(WINDOWS[kill % 4]).or_insert_with(Vec::new).push((known, open));
        let server = shop.takings(&place);
        settled(&place).await;
        after(&shop, &server, refunds).await;
        server.kill();
        assert_eq!(shop.told("refund.created"), (kill + 1) * AT_ONCE, "seed {}", seed());
    }
    println!(
        "{}: {kills} kills, {} refunds; stored and open: {seen:?}",
        place.kind(),
        kills * AT_ONCE
    );
}

/// Which moment is hit: before the call, after it, while it is slow, or any.
fn window(kill: usize, dice: &mut Dice) -> (Faults, Duration) {
    // Whatever the first attempt comes to, a second one does not get through.
    let all = |fault| {
        let faults = [&[fault; AT_ONCE][..], &[Fault::DropBefore; 6 * AT_ONCE]].concat();
        Faults::default().then("POST /v1/refunds", &faults)
    };
    match kill % 4 {
        0 => (all(Fault::DropBefore), Duration::from_millis(300)),
        1 => (all(Fault::DropAfter), Duration::from_millis(300)),
        2 => (all(Fault::Slow(Duration::from_millis(600))), Duration::from_millis(300)),
        _ => (Faults::default(), Duration::from_micros(5_000 + dice.roll() % 40_000)),
    }
}

fn refund(payment_id: String, amount_minor: i64) -> CreateRefundRequest {
    let amount = Some(Money { amount_minor, currency_code: "USD".into() });
    CreateRefundRequest { payment_id, amount, request_id: uuid(), ..Default::default() }
}

/// The same calls again: what was stored is answered, and what never was is done now.
async fn after(shop: &Shop, server: &Takings, refunds: Vec<CreateRefundRequest>) {
    for request in refunds {
        let client = server.revenue().await;
        let again = insist(|| {
            let (mut client, request) = (client.clone(), request.clone());
            async move { client.create_refund(request).await }
        });
        let made = again.await.unwrap().into_inner().refund.unwrap();
        assert_eq!(made.amount.unwrap().amount_minor, 700);
        let shown = shop.get(&format!("refunds/{}", made.refund_id));
        assert_eq!(shown["charge"], request.payment_id);
        let list = ListRefundsRequest { payment_id: request.payment_id, ..Default::default() };
        let list = client.clone().list_refunds(list).await.unwrap().into_inner();
        assert_eq!(list.refunds.len(), 1);
    }
}
