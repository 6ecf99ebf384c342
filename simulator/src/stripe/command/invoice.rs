//! Invoices by hand: items, drafts, finalising, paying, voiding.

use super::{Command, fields};
use crate::model::{InvoiceStatus, Pending};
use crate::stripe::account::Account;
use crate::stripe::kind::Kind;
use crate::stripe::params::Params;
use crate::stripe::problem::{Answer, Problem};

pub(super) fn run(account: &mut Account, command: &Command<'_>) -> Option<Answer> {
    let Command { method, path, params } = *command;
    Some(match (method, path) {
        ("POST", ["invoiceitems"]) => new_item(account, params),
        ("POST", ["invoices"]) => create(account, params),
        ("POST", ["invoices", id]) => update(account, id, params),
        ("POST", ["invoices", id, "finalize"]) => finalize(account, id),
        ("POST", ["invoices", id, "pay"]) => pay(account, id, params),
        ("POST", ["invoices", id, "void"]) => void(account, id),
        ("POST", ["invoices", id, "mark_uncollectible"]) => write_off(account, id),
        _ => return None,
    })
}

fn new_item(account: &mut Account, params: &Params) -> Answer {
    params.only(&[
        "amount",
        "currency",
        "customer",
        "description",
        "metadata",
        "price",
        "pricing",
        "quantity",
        "subscription",
    ])?;
    let customer = account.living(Kind::Customer, params.required("customer")?, "customer")?;
    let sub = params.text("subscription").map(|id| account.running(id)).transpose()?;
    let quantity = fields::at_least(params, "quantity", 0)?.unwrap_or(1);
    let pricing = params.hash("pricing");
    let price = match params.text("price").or_else(|| pricing.text("price")) {
        Some(id) => account.living(Kind::Price, id, "price")?,
        None => account.price_of_amount(params)?,
    };
    let world = &mut account.world;
    let currency = world.catalog.prices[price].currency;
    let amount = world.catalog.prices[price].charge(quantity, currency);
    let item = world.dice.id("ii");
    let period = (world.now, world.now);
    let mut line = world.line(price, quantity, amount, period, Err(item.clone()));
    if let Some(description) = params.text("description") {
        line.description = description.to_owned();
    }
    account.add_pending(Pending { customer, sub, currency, line });
    account.get(Kind::InvoiceItem, &item, "id")
}

impl Account {
    /// A price for one amount, which nobody else may use.
    pub(super) fn price_of_amount(&mut self, params: &Params) -> Answer<usize> {
        let amount = params.integer("amount")?.ok_or_else(|| Problem::missing("amount"))?;
        let currency = fields::currency(params, "currency")?;
        let form = format!(
            "currency={currency}&unit_amount={}&active=false&product_data[name]=Item",
            amount.max(0)
        );
        self.add_price(&Params::parse(&form))
    }

    /// An invoice in a state in which a command makes sense.
    fn invoice_in(&self, id: &str, states: &[InvoiceStatus], word: &str) -> Answer<usize> {
        let index = self.living(Kind::Invoice, id, "id")?;
        let status = self.world.invoices[index].status;
        if states.contains(&status) {
            return Ok(index);
        }
        let problem = if status == InvoiceStatus::Paid && word == "paid" {
            Problem::invalid("Invoice is already paid")
        } else {
            let status = status.name();
            Problem::invalid(format!("This invoice cannot be {word}: its status is {status}."))
        };
        Err(problem.code("invoice_not_editable"))
    }

    /// Pays an open invoice with a card; says what the card said.
    pub(super) fn pay_invoice(&mut self, index: usize, card: Option<String>) -> Answer<()> {
        let bill = &self.world.invoices[index];
        let (customer, sub) = (bill.customer, bill.sub);
        let own = self.world.paying_card(customer, sub).map(str::to_owned);
        let card = card.or(own);
        if card.is_none() {
            let message = "Cannot charge a customer that has no active card.";
            return Err(Problem::new(402, "card_error", message).code("missing"));
        }
        if let Err(code) = self.world.try_card(index, card.clone()) {
            self.world.say_failed(index, card, code);
            self.sync();
            let intent = self.world.invoices[index].intent.clone().unwrap_or_default();
            let intent = self.get(Kind::PaymentIntent, &intent, "id");
            let problem = Problem::declined(code);
            return Err(problem.with("payment_intent", intent.unwrap_or_default()));
        }
        if let Some(sub) = sub {
            self.world.complete(sub);
        }
        Ok(())
    }
}

fn create(account: &mut Account, params: &Params) -> Answer {
    params.only(&[
        "auto_advance",
        "collection_method",
        "currency",
        "customer",
        "days_until_due",
        "description",
        "metadata",
        "pending_invoice_items_behavior",
    ])?;
    let customer = account.living(Kind::Customer, params.required("customer")?, "customer")?;
    let known = account.world.customers[customer].currency;
    let excluded = params.text("pending_invoice_items_behavior") == Some("exclude");
    let waiting = |pending: &&Pending| pending.customer == customer && pending.sub.is_none();
    let currency = match account.world.pending.iter().find(waiting) {
        Some(pending) => pending.currency,
        None if params.has("currency") => fields::currency(params, "currency")?,
        None => known.unwrap_or("usd"),
    };
    let world = &mut account.world;
    let lines = if excluded { Vec::new() } else { world.take_pending(customer, None) };
    let index = world.sale_invoice(customer, currency, lines);
    let known = &mut world.customers[customer].currency;
    *known = known.or(Some(currency));
    let bill = &mut world.invoices[index];
    bill.by_invoice = params.text("collection_method") == Some("send_invoice");
    fields::keep(params, &["description"], &mut bill.set);
    fields::set_metadata(params, &mut bill.set);
    world.say("invoice.created", world.invoice_json(index));
    account.bill_items(index);
    account.shown(Kind::Invoice, index)
}

fn update(account: &mut Account, id: &str, params: &Params) -> Answer {
    params.only(&["auto_advance", "description", "metadata"])?;
    let index = account.living(Kind::Invoice, id, "id")?;
    account.change(Kind::Invoice, index, |world| {
        let set = &mut world.invoices[index].set;
        fields::keep(params, &["description"], set);
        fields::set_metadata(params, set);
    });
    account.shown(Kind::Invoice, index)
}

fn finalize(account: &mut Account, id: &str) -> Answer {
    let index = account.invoice_in(id, &[InvoiceStatus::Draft], "finalized")?;
    account.world.finalize(index);
    account.shown(Kind::Invoice, index)
}

fn pay(account: &mut Account, id: &str, params: &Params) -> Answer {
    params.only(&["forgive", "off_session", "paid_out_of_band", "payment_method"])?;
    let states = [InvoiceStatus::Draft, InvoiceStatus::Open, InvoiceStatus::Uncollectible];
    let index = account.invoice_in(id, &states, "paid")?;
    let customer = account.world.invoices[index].customer;
    let card = account.card_in(params, "payment_method", customer)?;
    if account.world.invoices[index].status == InvoiceStatus::Draft {
        account.world.finalize(index);
    }
    if account.world.invoices[index].status == InvoiceStatus::Uncollectible {
        account.world.reopen(index);
    }
    let open = account.world.invoices[index].status == InvoiceStatus::Open;
    if open && params.flag("paid_out_of_band")? == Some(true) {
        account.world.pay_out_of_band(index);
        if let Some(sub) = account.world.invoices[index].sub {
            account.world.complete(sub);
        }
    } else if open {
        account.pay_invoice(index, card)?;
    }
    account.shown(Kind::Invoice, index)
}

fn void(account: &mut Account, id: &str) -> Answer {
    let index = account.invoice_in(id, &[InvoiceStatus::Open], "voided")?;
    if !account.world.can_void(index) {
        let message = "This invoice cannot be voided: part of it was paid or credited.";
        return Err(Problem::invalid(message));
    }
    account.world.void(index);
    account.shown(Kind::Invoice, index)
}

fn write_off(account: &mut Account, id: &str) -> Answer {
    let index = account.invoice_in(id, &[InvoiceStatus::Open], "marked uncollectible")?;
    account.world.write_off(index);
    account.shown(Kind::Invoice, index)
}
