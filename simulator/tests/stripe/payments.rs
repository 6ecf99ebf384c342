//! Coupons, refunds, disputes, single payments and Checkout by command.

use crate::shop::{Shop, id, shop, shop_with};

#[test]
fn coupons_lessen_invoices_and_mrr() {
    let shop = shop();
    shop.post("coupons", "id=TWENTY&percent_off=20&duration=forever");
    shop.post("coupons", "id=EURO&amount_off=500&currency=eur&duration=once");
    let sub = shop.subscribe("&discounts[0][coupon]=TWENTY&expand[]=discounts.source.coupon");
    assert_eq!(sub["discounts"][0]["source"]["coupon"]["percent_off"], 20);
    assert_eq!(shop.latest_invoice()["total"], 2_400);
    let mrr = |shop: &Shop| shop.stripe.truth().mrr_at(&shop.customer, "usd", shop.stripe.now());
    assert_eq!(mrr(&shop), 2_400 * 83_160);
    let path = format!("subscriptions/{}", id(&sub));
    assert_eq!(shop.refused(&path, "discounts[0][coupon]=EURO").0, 400);
    assert_eq!(shop.refused(&path, "discounts[0][coupon]=NONE").1["code"], "resource_missing");
    shop.passes(1);
    assert_eq!(shop.post(&path, "discounts=")["discounts"], serde_json::json!([]));
    assert_eq!(mrr(&shop), 3_000 * 83_160);
}

#[test]
fn refunds_go_up_to_what_was_paid() {
    let shop = shop();
    shop.subscribe("");
    let charge = id(&shop.get("charges", "limit=1")["data"][0]);
    let part = shop.post("refunds", &format!("charge={charge}&amount=1000"));
    assert_eq!((&part["status"], &part["amount"]), (&"succeeded".into(), &1_000.into()));
    let (status, error) = shop.refused("refunds", &format!("charge={charge}&amount=2001"));
    let words = "Refund amount ($20.01) is greater than unrefunded amount on charge ($20.00)";
    assert_eq!((status, &error["message"]), (400, &words.into()));
    shop.post("refunds", &format!("charge={charge}"));
    let error = shop.refused("refunds", &format!("charge={charge}")).1;
    assert_eq!(error["code"], "charge_already_refunded");
    let truth = shop.stripe.truth();
    assert_eq!(truth.net.values().sum::<i64>(), 0);
    assert_eq!(truth.gross.values().sum::<i64>(), 3_000);
}

#[test]
fn a_disputed_payment_is_taken_and_given_back() {
    let shop = shop_with("pm_card_createDispute");
    shop.subscribe("");
    let dispute = shop.get("disputes", "limit=1")["data"][0].clone();
    assert_eq!((&dispute["status"], &dispute["amount"]), (&"needs_response".into(), &3_000.into()));
    let charge = dispute["charge"].as_str().unwrap();
    assert_eq!(shop.refused("refunds", &format!("charge={charge}")).1["code"], "charge_disputed");
    let path = format!("disputes/{}", id(&dispute));
    let won = shop.post(&path, "evidence[uncategorized_text]=winning_evidence&submit=true");
    assert_eq!(
        (&won["status"], won["balance_transactions"].as_array().map(Vec::len)),
        (&"won".into(), Some(2))
    );
    assert_eq!(shop.refused(&format!("{path}/close"), "").0, 400);
}

#[test]
fn payments_without_an_invoice_are_sales() {
    let shop = shop();
    let form = format!("amount=500&currency=usd&customer={}&confirm=true", shop.customer);
    let paid = shop.post("payment_intents", &form);
    assert_eq!((&paid["status"], &paid["amount_received"]), (&"succeeded".into(), &500.into()));
    let form = "amount=500&currency=usd&payment_method=pm_card_chargeDeclined&confirm=true";
    let (status, error) = shop.refused("payment_intents", form);
    assert_eq!((status, &error["decline_code"]), (402, &"generic_decline".into()));
    let intent = error["payment_intent"]["id"].as_str().unwrap();
    let again =
        shop.post(&format!("payment_intents/{intent}/confirm"), "payment_method=pm_card_visa");
    assert_eq!(again["status"], "succeeded");
    assert_eq!(shop.refused(&format!("payment_intents/{intent}/cancel"), "").0, 400);
    assert_eq!(shop.stripe.truth().gross.values().sum::<i64>(), 1_000);
}

#[test]
fn checkout_sells_subscriptions_and_single_payments() {
    let shop = shop();
    let form = format!(
        "mode=subscription&success_url=https://example.com&line_items[0][price]={}&client_reference_id=visit_1&metadata[campaign]=spring",
        shop.price
    );
    let session = shop.post("checkout/sessions", &form);
    assert_eq!(
        (&session["status"], &session["payment_status"]),
        (&"open".into(), &"unpaid".into())
    );
    let lines = shop.get(&format!("checkout/sessions/{}/line_items", id(&session)), "");
    assert_eq!(lines["data"][0]["price"]["id"], shop.price.as_str());
    let form = "expand[]=line_items.data.price.product";
    let expanded = shop.get(&format!("checkout/sessions/{}", id(&session)), form);
    assert_eq!(expanded["line_items"]["data"][0]["price"]["product"]["name"], "Pro");
    let (status, done) = shop.stripe.complete_checkout(&id(&session), "pm_card_visa");
    assert_eq!(
        (status, &done["status"], &done["payment_status"]),
        (200, &"complete".into(), &"paid".into())
    );
    assert_eq!(done["client_reference_id"], "visit_1");
    let sub = done["subscription"].as_str().unwrap();
    assert_eq!(shop.get(&format!("subscriptions/{sub}"), "")["status"], "active");
    assert_eq!(shop.stripe.complete_checkout(&id(&session), "pm_card_visa").0, 400);
    let form = "mode=payment&success_url=https://example.com&line_items[0][price_data][currency]=eur&line_items[0][price_data][unit_amount]=700&line_items[0][price_data][product_data][name]=Book";
    let session = shop.post("checkout/sessions", form);
    let (_, done) = shop.stripe.complete_checkout(&id(&session), "pm_card_visa");
    assert!(done["payment_intent"].as_str().unwrap().starts_with("pi_"));
    assert_eq!((&done["amount_total"], &done["currency"]), (&700.into(), &"eur".into()));
    let invoiced = format!("{form}&invoice_creation[enabled]=true");
    let session = shop.post("checkout/sessions", &invoiced);
    let (_, done) = shop.stripe.complete_checkout(&id(&session), "pm_card_visa");
    let invoice = shop.get(&format!("invoices/{}", done["invoice"].as_str().unwrap()), "");
    assert_eq!((&invoice["status"], &invoice["amount_paid"]), (&"paid".into(), &700.into()));
    let dropped = id(&shop.post("checkout/sessions", form));
    let expired = shop.post(&format!("checkout/sessions/{dropped}/expire"), "");
    assert_eq!(expired["status"], "expired");
}

#[test]
fn payouts_take_what_is_available_and_arrive_later() {
    let shop = shop();
    shop.subscribe("");
    let form = "amount=2000&currency=usd";
    assert_eq!(shop.refused("payouts", form).1["code"], "balance_insufficient");
    shop.passes(3 * 86_400);
    let payout = shop.post("payouts", form);
    assert_eq!((&payout["status"], &payout["automatic"]), (&"pending".into(), &false.into()));
    let balance = shop.get("balance", "");
    assert_eq!(balance["pending"][0]["amount"], -2_000);
    shop.passes(2 * 86_400);
    let path = format!("payouts/{}", id(&payout));
    assert_eq!(shop.get(&path, "")["status"], "paid");
    assert_eq!(shop.refused(&format!("{path}/cancel"), "").0, 400);
    let bank = ("bank".to_owned(), "usd".to_owned());
    assert_eq!(shop.stripe.truth().balances[&bank], 2_000);
}
