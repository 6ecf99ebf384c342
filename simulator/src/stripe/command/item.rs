//! Items of subscriptions, and the prorations that follow their changes.

use serde_json::{Value, json};

use super::update::PRORATIONS;
use super::{Command, fields};
use crate::model::{Item, Line, Pending, Status};
use crate::stripe::account::Account;
use crate::stripe::kind::Kind;
use crate::stripe::params::Params;
use crate::stripe::problem::{Answer, Problem};

pub(super) fn run(account: &mut Account, command: &Command<'_>) -> Option<Answer> {
    let Command { method, path, params } = *command;
    Some(match (method, path) {
        ("POST", ["subscription_items"]) => change(account, None, params, false),
        ("POST", ["subscription_items", id]) => change(account, Some(id), params, false),
        ("DELETE", ["subscription_items", id]) => change(account, Some(id), params, true),
        _ => return None,
    })
}

/// A change of one item is a change of its subscription.
fn change(account: &mut Account, id: Option<&str>, params: &Params, delete: bool) -> Answer {
    params.only(&[
        "metadata",
        "payment_behavior",
        "price",
        "proration_behavior",
        "proration_date",
        "quantity",
        "subscription",
    ])?;
    let sub = match id {
        Some(id) => account.sub_of_item(id)?,
        None => account.running(params.required("subscription")?)?,
    };
    let mut form = String::new();
    for (key, value) in params.entries().filter_map(|(key, value)| Some((key, value.as_str()?))) {
        match key.as_str() {
            "price" | "quantity" => form.push_str(&format!("items[0][{key}]={value}&")),
            _ => form.push_str(&format!("{key}={value}&")),
        }
    }
    if let Some(id) = id {
        form.push_str(&format!("items[0][id]={id}&"));
    }
    if delete {
        form.push_str("items[0][deleted]=true");
    }
    account.take_over(sub);
    account.change_prices(sub, &Params::parse(&form))?;
    account.world.changed(sub);
    if let (Some(id), true) = (id, delete) {
        return Ok(json!({ "id": id, "object": "subscription_item", "deleted": true }));
    }
    let state = &account.world.subs[sub];
    let place = id.and_then(|id| state.items.iter().position(|item| item.id == id));
    let items = account.world.items_json(state);
    Ok(items.into_iter().nth(place.unwrap_or(state.items.len() - 1)).unwrap_or(Value::Null))
}

/// What was and what is, item by item.
struct Before {
    items: Vec<Item>,
    worth: Vec<i64>,
}

impl Account {
    fn sub_of_item(&self, id: &str) -> Answer<usize> {
        let mut subs = self.world.subs.iter();
        let holds = |sub: &crate::model::Sub| sub.items.iter().any(|item| item.id == id);
        subs.position(holds).ok_or_else(|| Problem::no_such("subscription_item", id, "id"))
    }

    /// Changes prices and quantities, and bills or notes the difference.
    pub(super) fn change_prices(&mut self, sub: usize, params: &Params) -> Answer<()> {
        let behavior = params.choice("proration_behavior", &PRORATIONS)?;
        let behavior = behavior.unwrap_or("create_prorations");
        let at = params.integer("proration_date")?.unwrap_or(self.world.now);
        let anew = params.text("billing_cycle_anchor") == Some("now");
        if !params.has("items") && !anew {
            return Ok(());
        }
        let items = self.changed_items(sub, params)?;
        self.refuse_mixed(&items.iter().map(|item| item.price).collect::<Vec<_>>())?;
        if params.text("payment_behavior") == Some("error_if_incomplete")
            && let Some(code) = self.refusal(sub).filter(|_| behavior == "always_invoice")
        {
            return Err(Problem::declined(code));
        }
        let worth = self.world.worth(sub);
        let before = Before { items: self.world.subs[sub].items.clone(), worth };
        self.world.subs[sub].items = items;
        let billed = matches!(self.world.subs[sub].status, Status::Active | Status::PastDue);
        let rhythm = |item: &Item| {
            let price = &self.world.catalog.prices[item.price];
            (price.interval, price.count)
        };
        let other = rhythm(&before.items[0]) != rhythm(&self.world.subs[sub].items[0]);
        match (billed, anew || other) {
            (true, true) => self.begin_anew(sub, &before, behavior != "none"),
            (true, false) if behavior != "none" => self.note_difference(sub, &before, at),
            _ => {}
        }
        if billed && behavior == "always_invoice" && !(anew || other) {
            self.bill_pending(sub);
        }
        Ok(())
    }

    /// The items as the request wants them.
    fn changed_items(&mut self, sub: usize, params: &Params) -> Answer<Vec<Item>> {
        let mut items = self.world.subs[sub].items.clone();
        for (place, given) in params.hashes("items").iter().enumerate() {
            given.only(&["deleted", "id", "metadata", "price", "price_data", "quantity"])?;
            let param = format!("items[{place}][price]");
            let price = self.price_of(given, &param)?;
            let quantity = fields::at_least(given, "quantity", 0)?;
            let Some(id) = given.text("id") else {
                let price = price.ok_or_else(|| Problem::missing(&param))?;
                items.push(self.world.new_item(price, quantity.unwrap_or(1)));
                continue;
            };
            let found = items.iter().position(|item| item.id == id);
            let param = format!("items[{place}][id]");
            let found = found.ok_or_else(|| Problem::no_such("subscription_item", id, &param))?;
            if given.flag("deleted")? == Some(true) {
                items.remove(found);
                continue;
            }
            items[found].price = price.unwrap_or(items[found].price);
            items[found].quantity = quantity.unwrap_or(items[found].quantity);
        }
        if items.is_empty() {
            let message = "A subscription must have at least one active plan.";
            return Err(Problem::invalid(message).param("items"));
        }
        Ok(items)
    }

    /// Lines for what was not used and for what comes, which wait for the next invoice.
    fn note_difference(&mut self, sub: usize, before: &Before, at: i64) {
        let worth = self.world.worth(sub);
        let items = self.world.subs[sub].items.clone();
        let same =
            |a: &Item, b: &Item| a.id == b.id && (a.price, a.quantity) == (b.price, b.quantity);
        let mut lines = Vec::new();
        for (item, full) in before.items.iter().zip(&before.worth) {
            if !items.iter().any(|other| same(item, other)) {
                lines.push(self.world.prorate(sub, (item.price, item.quantity), -full, at));
            }
        }
        for (item, full) in items.iter().zip(&worth) {
            if !before.items.iter().any(|other| same(item, other)) {
                lines.push(self.world.prorate(sub, (item.price, item.quantity), *full, at));
            }
        }
        for line in lines.into_iter().filter(|line| line.amount != 0) {
            self.note_line(sub, line);
        }
    }

    fn note_line(&mut self, sub: usize, line: Line) {
        let state = &self.world.subs[sub];
        let (customer, currency) = (state.customer, state.currency);
        self.add_pending(Pending { customer, sub: Some(sub), currency, line });
    }

    /// A line that waits is an invoice item.
    pub(super) fn add_pending(&mut self, pending: Pending) {
        let body = self.invoice_item(&pending);
        self.world.pending.push(pending);
        self.keep(Kind::InvoiceItem, body.clone());
        self.world.say("invoiceitem.created", body);
    }

    fn invoice_item(&self, pending: &Pending) -> Value {
        let world = &self.world;
        let line = &pending.line;
        let price = &world.catalog.prices[line.price];
        let sub = pending.sub.map(|sub| &world.subs[sub].id);
        json!({
            "id": line.item.as_ref().err(),
            "object": "invoiceitem",
            "amount": line.amount,
            "created": world.now,
            "currency": pending.currency,
            "customer": world.customers[pending.customer].id,
            "date": world.now,
            "description": line.description,
            "discountable": !line.proration,
            "discounts": [],
            "invoice": null,
            "livemode": world.plan.livemode,
            "metadata": {},
            "parent": sub.map(|sub| json!({
                "type": "subscription_details",
                "subscription_details": { "subscription": sub },
            })),
            "period": { "start": line.period.0, "end": line.period.1 },
            "pricing": {
                "price_details": {
                    "price": price.id,
                    "product": world.catalog.products[price.product].id,
                },
                "type": "price_details",
                "unit_amount_decimal": price.decimal(),
            },
            "proration": line.proration,
            "quantity": line.quantity,
            "quantity_decimal": line.quantity.to_string(),
            "tax_rates": [],
        })
    }

    /// The unused rest becomes a credit, as when a subscription ends early.
    pub(super) fn credit_rest(&mut self, sub: usize) {
        let items = self.world.subs[sub].items.clone();
        let worth = self.world.worth(sub);
        let now = self.world.now;
        for (item, full) in items.iter().zip(&worth) {
            let line = self.world.prorate(sub, (item.price, item.quantity), -full, now);
            self.note_line(sub, line);
        }
    }

    /// An invoice at once for what waits.
    pub(super) fn bill_pending(&mut self, sub: usize) {
        let world = &mut self.world;
        let lines = world.take_pending(world.subs[sub].customer, Some(sub));
        if lines.is_empty() {
            return;
        }
        let invoice = world.draft(sub, "subscription_update", lines);
        world.say("invoice.created", world.invoice_json(invoice));
        self.bill_items(invoice);
        self.world.finalize_and_collect(invoice);
    }

    /// A new period begins now: the old one is credited, the new one billed.
    fn begin_anew(&mut self, sub: usize, before: &Before, credited: bool) {
        let now = self.world.now;
        if credited {
            for (item, full) in before.items.iter().zip(&before.worth) {
                let line = self.world.prorate(sub, (item.price, item.quantity), -full, now);
                self.note_line(sub, line);
            }
        }
        let world = &mut self.world;
        world.enter_period(sub, now, 0);
        let mut lines = world.lines_for(sub, None);
        lines.extend(world.take_pending(world.subs[sub].customer, Some(sub)));
        let invoice = world.draft(sub, "subscription_update", lines);
        world.say("invoice.created", world.invoice_json(invoice));
        self.bill_items(invoice);
        self.world.finalize_and_collect(invoice);
        self.world.mind_period(sub);
    }

    /// Invoice items name the invoice that took them.
    pub(super) fn bill_items(&mut self, invoice: usize) {
        let bill = &self.world.invoices[invoice];
        let id = bill.id.clone();
        let taken: Vec<String> =
            bill.lines.iter().filter_map(|line| line.item.clone().err()).collect();
        for item in taken {
            if let Some(place) = self.place(Kind::InvoiceItem, &item) {
                let mut body = self.shelf(Kind::InvoiceItem)[place].clone();
                body["invoice"] = id.as_str().into();
                self.keep(Kind::InvoiceItem, body);
            }
        }
    }
}
