//! Checkout and the billing portal: pages nobody opens, completed by a helper.

use serde_json::{Value, json};

use super::card::with_metadata;
use super::{Command, customer, fields, subscribe};
use crate::model::Fate;
use crate::render::Session;
use crate::stripe::account::Account;
use crate::stripe::kind::Kind;
use crate::stripe::params::Params;
use crate::stripe::problem::{Answer, Problem};

const KNOWN: [&str; 20] = [
    "allow_promotion_codes",
    "automatic_tax",
    "billing_address_collection",
    "cancel_url",
    "client_reference_id",
    "customer",
    "customer_creation",
    "customer_email",
    "discounts",
    "expires_at",
    "invoice_creation",
    "line_items",
    "locale",
    "metadata",
    "mode",
    "payment_method_types",
    "return_url",
    "subscription_data",
    "success_url",
    "ui_mode",
];

pub(super) fn run(account: &mut Account, command: &Command<'_>) -> Option<Answer> {
    let Command { method, path, params } = *command;
    Some(match (method, path) {
        ("POST", ["checkout", "sessions"]) => create(account, params),
        ("POST", ["checkout", "sessions", id, "expire"]) => expire(account, id),
        ("POST", ["test_helpers", "checkout", "sessions", id, "complete"]) => {
            complete(account, id, params)
        }
        ("POST", ["billing_portal", "sessions"]) => open_portal(account, params),
        _ => return None,
    })
}

fn create(account: &mut Account, params: &Params) -> Answer {
    params.only(&KNOWN)?;
    let mode = params.choice("mode", &["payment", "subscription"])?;
    let mode = mode.ok_or_else(|| Problem::missing("mode"))?;
    let customer = params.text("customer");
    let customer = customer.map(|id| account.living(Kind::Customer, id, "customer")).transpose()?;
    if params.text("success_url").is_none() && params.text("ui_mode").is_none() {
        return Err(Problem::missing("success_url"));
    }
    if mode == "payment" && params.has("discounts") {
        let message = "This account plays with discounts on subscriptions only.";
        return Err(Problem::invalid(message).param("discounts"));
    }
    let lines = wanted_lines(account, mode, params)?;
    let prices = &account.world.catalog.prices;
    let currency = prices[lines[0].0].currency;
    let total = lines.iter().map(|(price, quantity)| prices[*price].charge(*quantity, currency));
    let total: i64 = total.sum();
    let places: Vec<Value> = lines
        .iter()
        .map(|(price, quantity)| json!({ "price": prices[*price].id, "quantity": quantity }))
        .collect();
    let kind = if account.world.plan.livemode { "live" } else { "test" };
    let id = format!("cs_{kind}_{}", account.world.dice.token(48));
    let mut body = account.world.session_json(&Session {
        id: &id,
        opened: account.world.now,
        paid: false,
        mode,
        customer,
        currency,
        amount: total,
        tax: 0,
        intent: None,
        subscription: None,
        invoice: None,
    });
    body["status"] = "open".into();
    body["metadata"] = json!({});
    body["customer_details"] = Value::Null;
    body["url"] = format!("https://checkout.stripe.com/c/pay/{id}").into();
    for key in ["cancel_url", "client_reference_id", "customer_email", "success_url"] {
        body[key] = json!(params.text(key));
    }
    with_metadata(params, &mut body);
    account.keep(Kind::Session, body.clone());
    account.baskets.insert(id, (places, params.clone()));
    Ok(body)
}

/// Prices and quantities of a session.
fn wanted_lines(account: &mut Account, mode: &str, params: &Params) -> Answer<Vec<(usize, i64)>> {
    let mut lines = Vec::new();
    for (place, line) in params.hashes("line_items").iter().enumerate() {
        line.only(&["price", "price_data", "quantity"])?;
        let param = format!("line_items[{place}][price]");
        let price = match line.text("price") {
            Some(id) if mode == "subscription" => account.recurring(id, &param)?,
            Some(id) => account.living(Kind::Price, id, &param)?,
            None => account.add_price(&line.hash("price_data"))?,
        };
        if mode == "payment" && !account.world.catalog.prices[price].once {
            let message = "You specified `payment` mode but passed a recurring price. Either \
                switch to `subscription` mode or use only one-time prices.";
            return Err(Problem::invalid(message).param("line_items"));
        }
        lines.push((price, fields::at_least(line, "quantity", 1)?.unwrap_or(1)));
    }
    if lines.is_empty() { Err(Problem::missing("line_items")) } else { Ok(lines) }
}

fn open_session(account: &Account, id: &str) -> Answer {
    let body = account.get(Kind::Session, id, "id")?;
    if body["status"] == "open" {
        return Ok(body);
    }
    let message = format!(
        "Only Checkout Sessions with a status in [\"open\"] can be changed. This Checkout Session \
         has a status of {}.",
        body["status"]
    );
    Err(Problem::invalid(message))
}

fn expire(account: &mut Account, id: &str) -> Answer {
    let mut body = open_session(account, id)?;
    body["status"] = "expired".into();
    body["url"] = Value::Null;
    account.tell(Kind::Session, "checkout.session.expired", body)
}

/// What the customer does on the page: a card, and perhaps an address.
fn complete(account: &mut Account, id: &str, params: &Params) -> Answer {
    params.only(&["email", "payment_method"])?;
    let mut body = open_session(account, id)?;
    let (lines, wanted) = account.baskets.get(id).cloned().unwrap_or_default();
    let card = params.text("payment_method").unwrap_or("pm_card_visa");
    let customer = payer(account, &body, &wanted, params)?;
    let card = account.attach(card, customer)?;
    if let Fate::Declines(code) = account.world.fate(&card) {
        return Err(Problem::declined(code));
    }
    let owner = account.world.customers[customer].id.clone();
    if body["mode"] == "subscription" {
        let sub = begin(account, &owner, &card, &lines, &wanted)?;
        let state = &account.world.subs[sub];
        body["subscription"] = state.id.as_str().into();
        let invoice =
            state.latest_invoice.map(|invoice| account.world.invoices[invoice].id.clone());
        body["invoice"] = json!(invoice);
    } else if wanted.hash("invoice_creation").flag("enabled")? == Some(true) {
        let invoice = invoice_for(account, customer, &card, &lines)?;
        body["invoice"] = account.world.invoices[invoice].id.as_str().into();
        body["payment_intent"] = json!(account.world.invoices[invoice].intent);
    } else {
        let form = format!(
            "amount={}&currency={}&customer={owner}&payment_method={card}&confirm=true",
            body["amount_total"],
            body["currency"].as_str().unwrap_or_default()
        );
        let params = Params::parse(&form);
        let path = ["payment_intents"];
        let command = Command { method: "POST", path: &path, params: &params };
        let paid = super::intent::run(account, &command).transpose()?.unwrap_or_default();
        body["payment_intent"] = paid["id"].clone();
    }
    let shown = &account.world.customers[customer];
    body["customer_details"] = json!({
        "address": null, "email": shown.email(), "name": shown.set.get("name"), "phone": null,
        "tax_exempt": "none", "tax_ids": [],
    });
    body["customer"] = owner.into();
    body["status"] = "complete".into();
    body["payment_status"] = "paid".into();
    body["url"] = Value::Null;
    account.tell(Kind::Session, "checkout.session.completed", body)
}

/// The paid invoice of a single payment.
fn invoice_for(
    account: &mut Account,
    customer: usize,
    card: &str,
    lines: &[Value],
) -> Answer<usize> {
    let mut billed = Vec::new();
    let mut currency = "usd";
    for line in lines {
        let price =
            account.living(Kind::Price, line["price"].as_str().unwrap_or_default(), "price")?;
        let quantity = line["quantity"].as_i64().unwrap_or(1);
        let world = &mut account.world;
        currency = world.catalog.prices[price].currency;
        let amount = world.catalog.prices[price].charge(quantity, currency);
        let item = world.dice.id("ii");
        billed.push(world.line(price, quantity, amount, (world.now, world.now), Err(item)));
    }
    let world = &mut account.world;
    let invoice = world.sale_invoice(customer, currency, billed);
    world.say("invoice.created", world.invoice_json(invoice));
    world.finalize(invoice);
    account.pay_invoice(invoice, Some(card.to_owned()))?;
    Ok(invoice)
}

/// The session's customer, or a new one.
fn payer(account: &mut Account, body: &Value, wanted: &Params, given: &Params) -> Answer<usize> {
    if let Some(id) = body["customer"].as_str() {
        return account.living(Kind::Customer, id, "customer");
    }
    let email = given.text("email").or_else(|| wanted.text("customer_email"));
    let form = format!("email={}", email.unwrap_or("guest@example.com"));
    let customer = customer::add(account, &Params::parse(&form))?;
    account.world.say("customer.created", account.world.customer_json(customer));
    Ok(customer)
}

/// The subscription a session sells.
fn begin(
    account: &mut Account,
    customer: &str,
    card: &str,
    lines: &[Value],
    wanted: &Params,
) -> Answer<usize> {
    let data = wanted.hash("subscription_data");
    let mut form = format!("customer={customer}&default_payment_method={card}");
    for (place, line) in lines.iter().enumerate() {
        let price = line["price"].as_str().unwrap_or_default();
        form.push_str(&format!("&items[{place}][price]={price}"));
        form.push_str(&format!("&items[{place}][quantity]={}", line["quantity"]));
    }
    let known = subscribe::KEPT.iter().chain(&["metadata", "trial_end", "trial_period_days"]);
    let data = data.picked(&known.copied().collect::<Vec<_>>());
    let params = Params::parse(&form).join(data).join(wanted.picked(&["discounts"]));
    account.subscribe(&params)
}

fn open_portal(account: &mut Account, params: &Params) -> Answer {
    params.only(&["configuration", "customer", "flow_data", "locale", "return_url"])?;
    let customer = params.required("customer")?.to_owned();
    account.living(Kind::Customer, &customer, "customer")?;
    let id = account.dice.id("bps");
    let body = json!({
        "id": id,
        "object": "billing_portal.session",
        "configuration": "bpc_1Pgc74B7WZ01zgkW",
        "created": account.world.now,
        "customer": customer,
        "flow": null,
        "livemode": account.world.plan.livemode,
        "locale": params.text("locale"),
        "on_behalf_of": null,
        "return_url": params.text("return_url"),
        "url": format!("https://billing.stripe.com/p/session/{id}"),
    });
    account.keep(Kind::PortalSession, body.clone());
    Ok(body)
}

impl Account {
    /// What a session sells.
    pub(in crate::stripe) fn basket(&self, session: &str) -> Vec<Value> {
        let lines =
            self.baskets.get(session).map(|(lines, _)| lines.as_slice()).unwrap_or_default();
        let line = |line: &Value| {
            let id = line["price"].as_str()?;
            let price = self.place(Kind::Price, id)?;
            let quantity = line["quantity"].as_i64().unwrap_or(1);
            let known = &self.world.catalog.prices[price];
            let amount = known.charge(quantity, known.currency);
            Some(json!({
                "id": format!("li_{}", &id[6..]),
                "object": "item",
                "amount_discount": 0,
                "amount_subtotal": amount,
                "amount_tax": 0,
                "amount_total": amount,
                "currency": known.currency,
                "description": self.world.catalog.name_of(price),
                "price": self.world.price_json(price),
                "quantity": quantity,
            }))
        };
        lines.iter().filter_map(line).collect()
    }
}
