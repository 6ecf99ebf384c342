//! Commands change the account, and tell of it.

use crate::shop::{Shop, id, shop, shop_with};
use serde_json::Value;
use takings_simulator::{Plan, Stripe};

const DAY: i64 = 86_400;

#[test]
fn a_subscription_is_billed_paid_and_booked() {
    let shop = shop();
    let before = shop.stripe.events().len();
    let sub = shop.subscribe("&expand[]=latest_invoice.payments");
    assert_eq!(sub["status"], "active");
    assert_eq!(sub["latest_invoice"]["amount_paid"], 3_000);
    let payment = &sub["latest_invoice"]["payments"]["data"][0]["payment"];
    assert!(payment["payment_intent"].as_str().unwrap().starts_with("pi_"));
    let told = shop.told(before);
    for kind in ["customer.subscription.created", "charge.succeeded", "invoice.paid"] {
        assert!(told.iter().any(|told| told == kind), "{kind} in {told:?}");
    }
    let truth = shop.stripe.truth();
    assert_eq!(truth.mrr_at(&shop.customer, "usd", shop.stripe.now()), 3_000 * 83_160);
    let balance = |account: &str| truth.balances[&(account.to_owned(), "usd".to_owned())];
    assert_eq!((balance("stripe_balance"), balance("stripe_fees")), (2_883, 117));
    assert_eq!(truth.balances.get(&("stripe_pending".to_owned(), "usd".to_owned())), None);
}

#[test]
fn an_upgrade_is_prorated_to_the_second() {
    for (behavior, invoiced) in [("create_prorations", 0), ("always_invoice", 1), ("none", 0)] {
        let shop = shop();
        let sub = id(&shop.subscribe(""));
        let item = shop.get(&format!("subscriptions/{sub}"), "")["items"]["data"][0].clone();
        let span = item["current_period_end"].as_i64().unwrap()
            - item["current_period_start"].as_i64().unwrap();
        shop.passes(10 * DAY + 7);
        let form = format!(
            "items[0][id]={}&items[0][quantity]=2&proration_behavior={behavior}",
            id(&item)
        );
        let changed = shop.post(&format!("subscriptions/{sub}"), &form);
        assert_eq!(changed["items"]["data"][0]["quantity"], 2);
        let invoices = shop.get("invoices", "limit=100")["data"].as_array().unwrap().len();
        assert_eq!(invoices, 1 + invoiced, "{behavior}");
        let left = span - 10 * DAY - 7;
        let share = |full: i64| (full * left * 2 + span) / (span * 2);
        shop.passes(25 * DAY);
        let lines = match behavior {
            "always_invoice" => shop.get("invoices", "limit=2")["data"][1]["lines"].clone(),
            _ => shop.latest_invoice()["lines"].clone(),
        };
        let prorated = lines["data"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|line| line["parent"]["invoice_item_details"]["proration"] == true);
        let amounts: Vec<i64> = prorated.map(|line| line["amount"].as_i64().unwrap()).collect();
        let expected = if behavior == "none" { vec![] } else { vec![-share(3_000), share(6_000)] };
        assert_eq!(amounts, expected, "{behavior}");
    }
}

#[test]
fn periods_renew_as_the_clock_advances() {
    let shop = shop();
    let sub = id(&shop.subscribe(""));
    shop.passes(95 * DAY);
    let invoices = shop.get("invoices", &format!("limit=100&subscription={sub}"));
    let paid = invoices["data"].as_array().unwrap().iter().filter(|bill| bill["status"] == "paid");
    assert_eq!(paid.count(), 4);
    assert_eq!(shop.get(&format!("subscriptions/{sub}"), "")["status"], "active");
}

#[test]
fn a_trial_ends_with_the_first_payment() {
    let shop = shop();
    let sub = shop.subscribe("&trial_period_days=14");
    assert_eq!(
        (&sub["status"], &sub["trial_end"]),
        (&"trialing".into(), &(shop.stripe.now() + 14 * DAY).into())
    );
    shop.passes(14 * DAY + 2 * 3_600);
    let path = format!("subscriptions/{}", id(&sub));
    let sub = shop.get(&path, "expand[]=latest_invoice");
    assert_eq!(
        (&sub["status"], &sub["latest_invoice"]["amount_paid"]),
        (&"active".into(), &3_000.into())
    );
}

#[test]
fn an_item_may_bring_its_own_price() {
    let shop = shop();
    let data = "[price_data][currency]=usd&items[0][price_data][unit_amount]=900&items[0]\
        [price_data][recurring][interval]=month&items[0][price_data][product_data][name]=Own";
    let form = format!("customer={}&items[0]{data}", shop.customer);
    shop.post("subscriptions", &form);
    assert_eq!(shop.latest_invoice()["total"], 900);
}

#[test]
fn a_trial_is_moved_while_it_lasts() {
    let shop = shop();
    let path = format!("subscriptions/{}", id(&shop.subscribe("&trial_period_days=14")));
    let status = |shop: &Shop| shop.get(&path, "")["status"].clone();
    shop.post(&path, &format!("trial_end={}", shop.stripe.now() + 20 * DAY));
    shop.passes(15 * DAY);
    assert_eq!(status(&shop), "trialing");
    shop.passes(6 * DAY);
    assert_eq!(status(&shop), "active");
    let late = format!("trial_end={}", shop.stripe.now() + DAY);
    assert_eq!(shop.refused(&path, &late).1["param"], "trial_end");
    let path = format!("subscriptions/{}", id(&shop.subscribe("&trial_period_days=14")));
    assert_eq!(shop.post(&path, "trial_end=now")["status"], "active");
    assert_eq!(shop.latest_invoice()["amount_paid"], 3_000);
}

#[test]
fn a_card_that_declines_does_what_the_payment_behavior_says() {
    for (behavior, status) in [
        ("", "incomplete"),
        ("&payment_behavior=allow_incomplete", "incomplete"),
        ("&payment_behavior=default_incomplete", "incomplete"),
    ] {
        let shop = shop_with("pm_card_chargeDeclinedInsufficientFunds");
        let sub = shop.subscribe(behavior);
        assert_eq!(sub["status"], status, "{behavior}");
        shop.passes(DAY);
        let path = format!("subscriptions/{}", id(&sub));
        assert_eq!(shop.get(&path, "")["status"], "incomplete_expired");
    }
    let shop = shop_with("pm_card_chargeDeclinedInsufficientFunds");
    let before = shop.stripe.events().len();
    let form = format!(
        "customer={}&items[0][price]={}&payment_behavior=error_if_incomplete",
        shop.customer, shop.price
    );
    let (status, error) = shop.refused("subscriptions", &form);
    assert_eq!((status, &error["code"]), (402, &"card_declined".into()));
    assert_eq!(error["decline_code"], "insufficient_funds");
    assert_eq!(shop.stripe.events().len(), before, "nothing was done");
}

#[test]
fn an_incomplete_subscription_is_completed_by_its_payment() {
    let shop = shop();
    let form = "&payment_behavior=default_incomplete&expand[]=latest_invoice.confirmation_secret";
    let sub = shop.subscribe(form);
    let secret = &sub["latest_invoice"]["confirmation_secret"]["client_secret"];
    assert!(secret.as_str().unwrap().starts_with("pi_"));
    let invoice = id(&sub["latest_invoice"]);
    let paid = shop.post(&format!("invoices/{invoice}/pay"), "");
    assert_eq!(paid["status"], "paid");
    assert_eq!(shop.get(&format!("subscriptions/{}", id(&sub)), "")["status"], "active");
    assert_eq!(shop.refused(&format!("invoices/{invoice}/pay"), "").0, 400);
}

#[test]
fn failed_renewals_are_tried_again_and_then_given_up() {
    let shop = shop();
    let sub = id(&shop.subscribe(""));
    let form = format!("customer={}", shop.customer);
    let bad = id(&shop.post("payment_methods/pm_card_chargeCustomerFail/attach", &form));
    shop.post(&format!("subscriptions/{sub}"), &format!("default_payment_method={bad}"));
    shop.passes(32 * DAY);
    assert_eq!(shop.get(&format!("subscriptions/{sub}"), "")["status"], "past_due");
    shop.passes(20 * DAY);
    let ended = shop.get(&format!("subscriptions/{sub}"), "");
    assert_eq!(
        (&ended["status"], &ended["cancellation_details"]["reason"]),
        (&"canceled".into(), &"payment_failed".into())
    );
}

#[test]
fn subscriptions_end_now_or_at_their_periods_end() {
    let shop = shop();
    let later = id(&shop.subscribe(""));
    let form = "cancel_at_period_end=true&cancellation_details[feedback]=too_expensive";
    let sub = shop.post(&format!("subscriptions/{later}"), form);
    assert_eq!(
        (&sub["status"], &sub["cancellation_details"]["feedback"]),
        (&"active".into(), &"too_expensive".into())
    );
    let now = id(&shop.subscribe(""));
    let (status, sub) = shop.stripe.call("DELETE", &format!("subscriptions/{now}"), "");
    assert_eq!((status, &sub["status"]), (200, &"canceled".into()));
    assert_eq!(shop.stripe.call("DELETE", &format!("subscriptions/{now}"), "").0, 404);
    shop.passes(32 * DAY);
    assert_eq!(shop.get(&format!("subscriptions/{later}"), "")["status"], "canceled");
    assert_eq!(shop.refused(&format!("subscriptions/{now}"), "cancel_at_period_end=true").0, 400);
}

#[test]
fn collections_pause_and_subscriptions_too() {
    let shop = shop();
    let sub = id(&shop.subscribe(""));
    let path = format!("subscriptions/{sub}");
    let paused = shop.post(&path, "pause_collection[behavior]=void");
    assert_eq!(
        (&paused["status"], &paused["pause_collection"]["behavior"]),
        (&"active".into(), &"void".into())
    );
    shop.passes(32 * DAY);
    assert_eq!(shop.latest_invoice()["status"], "void");
    assert!(shop.post(&path, "pause_collection=")["pause_collection"].is_null());
    assert_eq!(shop.post(&format!("{path}/pause"), "")["status"], "paused");
    assert_eq!(
        shop.post(&format!("{path}/resume"), "billing_cycle_anchor=now")["status"],
        "active"
    );
    assert_eq!(shop.refused(&format!("{path}/resume"), "").0, 400);
}

#[test]
fn test_clocks_move_their_own_customers_only() {
    let shop = shop();
    let start = shop.stripe.now();
    shop.subscribe("");
    let clock = id(&shop.post("test_helpers/test_clocks", &format!("frozen_time={start}")));
    let customer = id(&shop.post("customers", &format!("test_clock={clock}")));
    let card =
        id(&shop.post("payment_methods/pm_card_visa/attach", &format!("customer={customer}")));
    let form =
        format!("customer={customer}&default_payment_method={card}&items[0][price]={}", shop.price);
    let sub = id(&shop.post("subscriptions", &form));
    let path = format!("test_helpers/test_clocks/{clock}/advance");
    shop.post(&path, &format!("frozen_time={}", start + 65 * DAY));
    let count = |customer: &str| {
        shop.get("invoices", &format!("customer={customer}"))["data"].as_array().unwrap().len()
    };
    assert_eq!((count(&customer), count(&shop.customer)), (3, 1));
    assert_eq!(shop.stripe.now(), start);
    let listed = |form: &str| shop.get("customers", form)["data"].as_array().map(Vec::len);
    assert_eq!((listed(""), listed(&format!("test_clock={clock}"))), (Some(1), Some(1)));
    let sub = shop.get(&format!("subscriptions/{sub}"), "");
    assert_eq!(sub["test_clock"], clock.as_str());
    assert!(shop.stripe.events().iter().all(|event| event.created <= start));
    assert_eq!(shop.refused(&path, &format!("frozen_time={start}")).0, 400);
}

#[test]
fn a_played_subscription_can_be_commanded() {
    let plan = Plan::quarter(3);
    let stripe = Stripe::played(&plan, plan.end());
    let (_, page) = stripe.call("GET", "subscriptions", "status=active&limit=1");
    let sub = id(&page["data"][0]);
    stripe.set_now(plan.end() + 1);
    let (status, ended) = stripe.call("DELETE", &format!("subscriptions/{sub}"), "");
    assert_eq!((status, &ended["status"]), (200, &"canceled".into()), "{ended}");
    let last = stripe.events().pop().unwrap();
    assert_eq!((last.kind.as_str(), last.object), ("customer.subscription.deleted", sub));
}

#[test]
fn every_update_tells_what_was_before() {
    let shop = shop();
    shop.post(&format!("customers/{}", shop.customer), "name=Emmy&metadata[tier]=gold");
    let event = shop.stripe.events().pop().unwrap();
    let body: Value = serde_json::from_slice(&event.body).unwrap();
    assert_eq!(body["type"], "customer.updated");
    let expected = serde_json::json!({"name": "Ada", "metadata": {"tier": null}});
    assert_eq!(body["data"]["previous_attributes"], expected);
    assert!(body["request"]["id"].as_str().unwrap().starts_with("req_"));
}

#[test]
fn bad_commands_are_refused_by_name() {
    let shop = shop();
    let (customer, price) = (&shop.customer, &shop.price);
    let other = id(&shop.post("customers", "name=Grace"));
    let card = id(&shop.post("payment_methods/pm_card_visa/attach", &format!("customer={other}")));
    let euro = id(&shop.post(
        "prices",
        "currency=eur&unit_amount=1&recurring[interval]=month&product_data[name]=E",
    ));
    let yearly = id(&shop.post(
        "prices",
        "currency=usd&unit_amount=1&recurring[interval]=year&product_data[name]=Y",
    ));
    let once = id(&shop.post("prices", "currency=usd&unit_amount=1&product_data[name]=O"));
    shop.subscribe("");
    for (form, code, param) in [
        (format!("items[0][price]={price}"), "parameter_missing", "customer"),
        (format!("customer=cus_0&items[0][price]={price}"), "resource_missing", "customer"),
        (
            format!("customer={customer}&items[0][price]=price_0"),
            "resource_missing",
            "items[0][price]",
        ),
        (format!("customer={customer}&items[0][price]={once}"), "", "items[0][price]"),
        (format!("customer={customer}&items[0][price]={euro}"), "", ""),
        (
            format!("customer={customer}&items[0][price]={price}&items[1][price]={yearly}"),
            "",
            "items",
        ),
        (
            format!("customer={customer}&items[0][price]={price}&items[0][quantity]=-1"),
            "parameter_invalid_integer",
            "quantity",
        ),
        (
            format!("customer={customer}&items[0][price]={price}&coupon=NONE"),
            "resource_missing",
            "coupon",
        ),
        (
            format!("customer={customer}&items[0][price]={price}&default_payment_method={card}"),
            "resource_missing",
            "default_payment_method",
        ),
        (
            format!("customer={customer}&items[0][price]={price}&colour=red"),
            "parameter_unknown",
            "colour",
        ),
    ] {
        let (status, error) = shop.refused("subscriptions", &form);
        let text = |field: &str| error[field].as_str().unwrap_or_default().to_owned();
        assert_eq!(
            (status, text("code").as_str(), text("param").as_str()),
            (400, code, param),
            "{form}"
        );
    }
    let form = format!("customer={other}&items[0][price]={price}");
    assert_eq!(shop.refused("subscriptions", &form).0, 400, "no default card");
    assert_eq!(shop.stripe.call("POST", "novelties", "").0, 404);
}
