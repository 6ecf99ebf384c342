//! A played business, read through the API.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use serde_json::Value;
use takings_simulator::{ApiVersion, Plan, Stripe, play};

const DAY: i64 = 86_400;

fn played() -> &'static Stripe {
    static PLAYED: OnceLock<Stripe> = OnceLock::new();
    PLAYED.get_or_init(|| {
        let plan = Plan::quarter(3);
        Stripe::played(&plan, plan.end())
    })
}

fn long_played() -> &'static Stripe {
    static PLAYED: OnceLock<Stripe> = OnceLock::new();
    PLAYED.get_or_init(|| {
        let plan = Plan::two_years(6);
        Stripe::played(&plan, plan.end())
    })
}

fn get(path: &str, form: &str) -> Value {
    let (status, body) = played().call("GET", path, form);
    assert_eq!(status, 200, "{path}?{form}: {body}");
    body
}

/// Every object of a list, page by page.
fn all(path: &str, form: &str) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    loop {
        let after = found.last().map(|last| format!("&starting_after={}", text(&last["id"])));
        let page = get(path, &format!("limit=100{form}{}", after.unwrap_or_default()));
        found.extend(page["data"].as_array().expect("a page").iter().cloned());
        if page["has_more"] != true {
            return found;
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn every_object_that_events_told_of_is_there_as_it_was_last_told() {
    let mut last: BTreeMap<String, Value> = BTreeMap::new();
    for event in played().events() {
        let body: Value = serde_json::from_slice(&event.body).unwrap();
        last.insert(event.object, body["data"]["object"].clone());
    }
    let mut same = 0;
    for (id, told) in &last {
        let path = match text(&told["object"]) {
            "novelty" | "plan" | "discount" => continue,
            "checkout.session" => "checkout/sessions".to_owned(),
            "invoice" if id.starts_with("upcoming") => continue,
            noun => format!("{noun}s"),
        };
        let found = get(&format!("{path}/{id}"), "");
        assert_eq!(found["id"], told["id"]);
        if found["deleted"] != true {
            // These change without an event of their own, or are told in fewer words.
            let quiet = [
                "amount_refunded",
                "next_invoice_sequence",
                "refunded",
                "status",
                "status_details",
            ];
            for (field, value) in told.as_object().unwrap() {
                let same = quiet.contains(&field.as_str()) || holds(&found[field], value);
                assert!(same, "{id} {field}");
            }
            same += 1;
        }
    }
    assert!(same > 500, "{same}");
}

/// Whether something has all that was told, and perhaps more.
fn holds(found: &Value, told: &Value) -> bool {
    match (found, told) {
        (Value::Object(found), Value::Object(told)) => told.iter().all(|(key, value)| {
            found.get(key).map_or(value.is_null(), |found| holds(found, value))
        }),
        (Value::Array(found), Value::Array(told)) => {
            found.len() == told.len() && found.iter().zip(told).all(|(a, b)| holds(a, b))
        }
        _ => found == told,
    }
}

#[test]
fn the_story_told_is_the_story_played() {
    for version in [ApiVersion::Endive, ApiVersion::Acacia] {
        let plan = Plan::small(9).in_version(version);
        let stripe = Stripe::played(&plan, plan.start + 10 * DAY);
        stripe.set_now(plan.end() - 1);
        assert_eq!(stripe.events(), play(&plan).events);
        stripe.set_now(plan.end() + 900 * DAY);
        assert_eq!(stripe.events().len(), play(&plan).events.len());
    }
}

#[test]
fn pages_hold_everything_once_newest_first() {
    for path in ["customers", "invoices", "charges", "balance_transactions", "payment_intents"] {
        let found = all(path, "");
        let ids: BTreeSet<&str> = found.iter().map(|object| text(&object["id"])).collect();
        assert_eq!(ids.len(), found.len(), "{path}");
        assert!(found.len() > 20, "{path}: {}", found.len());
        assert!(
            found.is_sorted_by(|a, b| a["created"].as_i64() >= b["created"].as_i64()),
            "{path}"
        );
        let third = text(&found[3]["id"]);
        let before = get(path, &format!("limit=2&ending_before={third}"));
        assert_eq!(before["data"], Value::Array(found[1..3].to_vec()));
        assert_eq!(before["has_more"], true);
    }
}

#[test]
fn filters_keep_what_they_name() {
    let subs = all("subscriptions", "&status=all");
    let canceled = subs.iter().filter(|sub| sub["status"] == "canceled").count();
    assert!(canceled > 0);
    assert_eq!(all("subscriptions", "").len(), subs.len() - canceled);
    assert_eq!(all("subscriptions", "&status=canceled").len(), canceled);
    let customer = text(&subs[0]["customer"]);
    for path in ["invoices", "charges", "payment_intents", "checkout/sessions"] {
        let of_one = all(path, &format!("&customer={customer}"));
        let expected = all(path, "").into_iter().filter(|entry| entry["customer"] == customer);
        assert_eq!(of_one, expected.collect::<Vec<_>>(), "{path}");
    }
    let middle = all("charges", "")[20]["created"].as_i64().unwrap();
    let [since, before] =
        ["gte", "lt"].map(|side| all("charges", &format!("&created[{side}]={middle}")));
    assert_eq!(since.len() + before.len(), all("charges", "").len());
    assert!(since.iter().all(|charge| charge["created"].as_i64().unwrap() >= middle));
}

#[test]
fn every_charge_has_its_fee_and_every_balance_transaction_its_source() {
    for charge in all("charges", "&expand[]=data.balance_transaction") {
        let txn = &charge["balance_transaction"];
        if charge["paid"] != true {
            assert!(txn.is_null());
            continue;
        }
        assert_eq!(txn["source"], charge["id"]);
        let number = |field: &str| txn[field].as_i64().unwrap();
        assert_eq!(number("net"), number("amount") - number("fee"));
        let converted = matches!(text(&charge["currency"]), "jpy" | "kwd");
        assert_eq!(txn["exchange_rate"].is_number(), converted);
        assert_eq!(converted, txn["currency"] != charge["currency"]);
        if !converted {
            assert_eq!(txn["amount"], charge["amount"]);
        }
    }
    let txns = all("balance_transactions", "&expand[]=data.source");
    let ids: BTreeSet<_> = txns.iter().map(|txn| txn["id"].to_string()).collect();
    assert_eq!(ids.len(), txns.len(), "every balance transaction has an id of its own");
    for txn in txns {
        assert!(txn["source"].is_object(), "{txn}");
    }
}

#[test]
fn what_no_payload_holds_is_there_when_asked_for() {
    let discounted = all("subscriptions", "&status=all&expand[]=data.discounts.source.coupon");
    let discount = discounted.iter().flat_map(|sub| sub["discounts"].as_array().unwrap());
    assert!(discount.clone().count() > 0);
    for discount in discount {
        assert_eq!(discount["source"]["coupon"]["object"], "coupon");
    }
    let prices = all("prices", "&expand[]=data.tiers&expand[]=data.currency_options");
    let tiered = prices.iter().find(|price| price["billing_scheme"] == "tiered").unwrap();
    assert_eq!(tiered["tiers"][0]["up_to"], 10);
    assert!(prices.iter().any(|price| price["currency_options"]["eur"]["unit_amount"] == 3_700));
    let paid = all("invoice_payments", "");
    let payment = &paid[0]["payment"];
    let form = format!(
        "payment[type]=payment_intent&payment[payment_intent]={}",
        text(&payment["payment_intent"])
    );
    assert_eq!(get("invoice_payments", &form)["data"][0], paid[0]);
    let invoice = text(&paid[0]["invoice"]);
    let expanded = get(&format!("invoices/{invoice}"), "expand[]=payments&expand[]=customer");
    assert_eq!(expanded["payments"]["data"][0], paid[0]);
    assert_eq!(expanded["customer"]["object"], "customer");
}

#[test]
fn cut_lists_can_be_read_to_their_end() {
    let stripe = long_played();
    let page = stripe.call("GET", "invoices", "limit=100").1;
    let mut invoices = page["data"].as_array().expect("a page").clone();
    let mut cut = 0;
    while let Some(last) = invoices.last() {
        for invoice in invoices.iter().filter(|invoice| invoice["lines"]["has_more"] == true) {
            let path = format!("invoices/{}/lines", text(&invoice["id"]));
            let whole = stripe.call("GET", &path, "limit=100").1;
            assert_eq!(
                whole["data"].as_array().map(Vec::len),
                invoice["lines"]["total_count"].as_u64().map(|n| n as usize)
            );
            cut += 1;
        }
        let form = format!("limit=100&starting_after={}", text(&last["id"]));
        invoices = stripe.call("GET", "invoices", &form).1["data"].as_array().unwrap().clone();
    }
    assert!(cut > 0);
}

#[test]
fn events_are_forgotten_after_thirty_days() {
    let now = played().now();
    let told = all("events", "");
    let expected = played().events().into_iter().filter(|event| event.created > now - 30 * DAY);
    assert_eq!(told.len(), expected.count());
    let types = "&types[]=charge.succeeded&types[]=customer.subscription.*";
    let some = all("events", types);
    let fits = |event: &&Value| {
        event["type"] == "charge.succeeded"
            || text(&event["type"]).starts_with("customer.subscription.")
    };
    assert_eq!(some.len(), told.iter().filter(fits).count());
    let first = played().events().remove(0);
    assert_eq!(played().call("GET", &format!("events/{}", first.id), "").0, 404);
}

#[test]
fn what_cannot_be_answered_is_refused_in_stripes_words() {
    for (path, form, status, code, param) in [
        ("customers/cus_nobody", "", 404, "resource_missing", "id"),
        ("customers", "limit=101", 400, "", "limit"),
        ("customers", "limit=ten", 400, "parameter_invalid_integer", "limit"),
        ("customers", "colour=red", 400, "parameter_unknown", "colour"),
        ("customers", "starting_after=cus_nobody", 400, "resource_missing", "starting_after"),
        ("customers", "limit=1&expand[]=data.currency", 400, "", "expand"),
        ("novelties", "", 404, "", ""),
        ("invoices/in_1/novelties", "", 404, "resource_missing", "id"),
    ] {
        let (found, body) = played().call("GET", path, form);
        let error = &body["error"];
        assert_eq!(found, status, "{path}?{form}: {body}");
        assert_eq!((text(&error["code"]), text(&error["param"])), (code, param), "{path}?{form}");
    }
}

#[test]
fn a_deleted_customer_leaves_a_stub() {
    let gone = long_played().events().into_iter().find(|event| event.kind == "customer.deleted");
    let gone = gone.expect("two years lose a customer").object;
    let (_, stub) = long_played().call("GET", &format!("customers/{gone}"), "");
    assert_eq!(stub, serde_json::json!({"id": gone, "object": "customer", "deleted": true}));
    let listed = long_played().call("GET", "customers", &format!("limit=1&starting_after={gone}"));
    assert_eq!(listed.0, 400, "a list leaves out what is gone");
}

#[test]
fn who_looked_everything_up_leaves_nothing_in_clearing_and_nothing_unsettled() {
    for version in [ApiVersion::Basil, ApiVersion::Endive] {
        let plan = Plan::quarter(5).in_version(version);
        let stripe = Stripe::played(&plan, plan.end() + 30 * DAY);
        let (told, known) = (play(&plan).truth, stripe.truth());
        for account in ["refunds_clearing", "stripe_pending"] {
            let open = known.balances.keys().filter(|(name, _)| name == account);
            assert_eq!(open.count(), 0, "{account} in {version:?}");
        }
        assert!(told.unsettled.len() > known.unsettled.len());
        assert!(known.balances.keys().any(|(name, _)| name == "fx"));
        let mut fees = 0;
        let mut after = String::new();
        loop {
            let form = format!("limit=100{after}");
            let page = stripe.call("GET", "balance_transactions", &form).1;
            let data = page["data"].as_array().expect("a page");
            fees += data.iter().filter_map(|txn| txn["fee"].as_i64()).sum::<i64>();
            if page["has_more"] != true {
                break;
            }
            after = format!("&starting_after={}", text(&data[data.len() - 1]["id"]));
        }
        let booked = known.balances.iter().filter(|((name, _), _)| name == "stripe_fees");
        assert_eq!(booked.map(|(_, sum)| sum).sum::<i64>(), fees, "{version:?}");
    }
}
