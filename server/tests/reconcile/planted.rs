//! Errors planted between Stripe and the ledger: each is found, and named.

use crate::common::place::Place;
use crate::desk::{self, Desk, told};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use takings_core::reconcile::Cause;
use takings_simulator::{Plan, Stripe};

/// Events under tampering, and what must be found of it.
struct Tampered {
    events: Vec<Value>,
    taken: BTreeSet<String>,
    before: i64,
    expected: BTreeMap<String, (Cause, Option<i64>)>,
}

fn object(event: &Value) -> &Value {
    &event["data"]["object"]
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

impl Tampered {
    /// The first object that fits and that nothing was done to, as it is in the end, and early
    /// enough to be no longer under way.
    fn pick(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let mut last: BTreeMap<&str, &Value> = BTreeMap::new();
        for event in self.events.iter().filter(|it| text(object(it), "object") == what) {
            last.insert(text(object(event), "id"), object(event));
        }
        let free = |it: &&&Value| {
            let of = |key| self.taken.contains(text(it, key));
            !of("id") && !of("charge") && it["created"].as_i64().is_some_and(|at| at < self.before)
        };
        let found = last.values().filter(free).find(|it| fits(it));
        let found = (**found.unwrap_or_else(|| panic!("no {what} fits"))).clone();
        let named = ["id", "charge"].map(|key| text(&found, key).to_owned());
        self.taken.extend(named.into_iter().filter(|id| !id.is_empty()));
        found
    }

    /// A charge that was paid, and nothing else.
    fn charge(&mut self, currency: &str) -> Value {
        let going_back: BTreeSet<String> = self
            .events
            .iter()
            .filter(|it| matches!(text(object(it), "object"), "refund" | "dispute"))
            .map(|it| text(object(it), "charge").to_owned())
            .collect();
        self.pick("charge", |it| {
            it["captured"] == true
                && it["status"] == "succeeded"
                && text(it, "currency") == currency
                && !going_back.contains(text(it, "id"))
        })
    }

    fn refund(&mut self, status: &str) -> Value {
        self.pick("refund", |it| text(it, "status") == status && text(it, "currency") == "usd")
    }

    fn drop(&mut self, gone: impl Fn(&Value) -> bool) {
        let before = self.events.len();
        self.events.retain(|event| !gone(object(event)));
        assert!(self.events.len() < before, "nothing was dropped");
    }

    fn change(&mut self, id: &str, change: impl Fn(&mut Value)) {
        let all = self.events.iter_mut().map(|event| &mut event["data"]["object"]);
        all.filter(|it| text(it, "id") == id).for_each(change);
    }

    /// The first event of an object once more, about another object.
    fn double(&mut self, id: &str, other: &str) {
        let first = self.events.iter().find(|it| text(object(it), "id") == id).unwrap();
        let mut event = first.clone();
        event["id"] = json!(format!("evt_{other}"));
        let body = &mut event["data"]["object"];
        (body["id"], body["balance_transaction"]) = (json!(other), Value::Null);
        self.events.push(event);
    }

    fn expect(&mut self, object: &Value, cause: Cause, amount: Option<i64>) {
        self.expected.insert(text(object, "id").to_owned(), (cause, amount));
    }
}

fn amount(object: &Value) -> i64 {
    object["amount"].as_i64().unwrap()
}

/// Plants thirteen kinds of error.
fn plant(stripe: &Stripe, plan: &Plan) -> Tampered {
    let mut it = Tampered {
        events: told(stripe),
        taken: BTreeSet::new(),
        before: plan.end() - 20 * 86_400,
        expected: BTreeMap::new(),
    };
    let charge = it.charge("usd");
    it.drop(|body| body["id"] == charge["id"]);
    it.expect(&charge, Cause::ObjectUnseen, Some(-amount(&charge)));

    let wrong = it.charge("eur");
    it.change(text(&wrong, "id"), |body| {
        (body["amount"], body["amount_captured"]) =
            (json!(amount(body) + 100), json!(body["amount_captured"].as_i64().unwrap() + 100));
    });
    it.expect(&wrong, Cause::AmountMismatch, Some(100));

    let twin = it.charge("usd");
    it.double(text(&twin, "id"), "ch_twin");
    it.expect(&json!({ "id": "ch_twin" }), Cause::NotInStripe, Some(amount(&twin)));

    let yen = it.charge("jpy");
    it.change(text(&yen, "id"), |body| {
        (body["amount"], body["amount_captured"]) =
            (json!(2 * amount(&yen)), json!(2 * amount(&yen)));
    });
    it.expect(&yen, Cause::RateMismatch, None);

    let held: BTreeSet<String> = it
        .events
        .iter()
        .filter(|event| event["type"] == "charge.captured")
        .map(|event| text(object(event), "id").to_owned())
        .collect();
    let uncaptured = it.pick("charge", |body| {
        held.contains(text(body, "id")) && body["amount_refunded"] == 0 && body["disputed"] == false
    });
    it.drop(|body| body["id"] == uncaptured["id"] && body["captured"] == true);
    it.expect(&uncaptured, Cause::EventMissed, Some(-amount(&uncaptured)));

    let refund = it.refund("succeeded");
    it.drop(|body| body["id"] == refund["id"]);
    it.change(text(&refund, "charge"), |body| body["amount_refunded"] = json!(0));
    it.expect(&refund, Cause::ObjectUnseen, Some(amount(&refund)));

    let ghost = it.refund("succeeded");
    it.double(text(&ghost, "id"), "re_ghost");
    it.expect(&json!({ "id": "re_ghost" }), Cause::NotInStripe, Some(-amount(&ghost)));

    let failed = it.refund("failed");
    it.drop(|body| body["id"] == failed["id"] && body["status"] == "failed");
    it.expect(&failed, Cause::EventMissed, Some(-amount(&failed)));

    let dispute = it.pick("dispute", |body| body["status"] == "lost");
    it.drop(|body| body["id"] == dispute["id"]);
    it.expect(&dispute, Cause::ObjectUnseen, Some(amount(&dispute)));

    let payout = it.pick("payout", |body| body["status"] == "paid");
    it.drop(|body| body["id"] == payout["id"]);
    it.expect(&payout, Cause::Recovered, Some(amount(&payout)));

    let at = plan.start + 40 * 86_400;
    for (category, moved, cause) in [
        ("fee", (-2_500, "usd"), Cause::Fee),
        ("risk_reserved_funds", (-10_000, "usd"), Cause::Reserve),
        ("topup", (50_000, "eur"), Cause::TopUp),
        ("something_new", (-77, "eur"), Cause::UnknownCategory),
    ] {
        let id = stripe.act_alone(at, category, moved);
        let sign = if cause == Cause::UnknownCategory { -1 } else { 1 };
        it.expect(&json!({ "id": id }), cause, Some(sign * moved.0));
    }
    it
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_planted_error_is_found_and_named() {
    let plan = desk::year();
    let (stripe, server) = desk::serve(&plan).await;
    let tampered = plant(&stripe, &plan);
    let place = Place::sqlite();
    let desk = Desk::at(place.open().await, &server.url()).await;
    desk.hear(&tampered.events).await;
    let report = desk.reconcile(&plan).await.report;
    let told = report
        .lines
        .iter()
        .filter(|line| !matches!(line.cause, Cause::OtherDay | Cause::UnderWay | Cause::Rounding));
    let found: BTreeMap<String, (Cause, i64)> =
        told.map(|line| (line.object.clone(), (line.cause, line.amount))).collect();
    for (object, (cause, amount)) in &tampered.expected {
        let line = found.get(object).unwrap_or_else(|| panic!("{cause:?} of {object} is not told"));
        assert_eq!(line.0, *cause, "{object}");
        assert!(amount.is_none_or(|amount| amount == line.1), "{cause:?} of {object}: {line:?}");
    }
    let strange: Vec<_> = found.iter().filter(|it| !tampered.expected.contains_key(it.0)).collect();
    assert!(strange.is_empty(), "{strange:#?}");
    assert!(!report.is_green());
    println!("{} errors planted, {} found: {found:?}", tampered.expected.len(), found.len());
}
