//! Customers.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Command, fields};
use crate::model::Customer;
use crate::stripe::account::Account;
use crate::stripe::kind::Kind;
use crate::stripe::params::Params;
use crate::stripe::problem::{Answer, Problem};

/// Fields that are kept as they are given.
const KEPT: [&str; 7] =
    ["address", "description", "email", "phone", "preferred_locales", "shipping", "tax_exempt"];
const KNOWN: [&str; 14] = [
    "address",
    "balance",
    "description",
    "email",
    "invoice_prefix",
    "invoice_settings",
    "metadata",
    "name",
    "payment_method",
    "phone",
    "preferred_locales",
    "shipping",
    "tax_exempt",
    "test_clock",
];

pub(super) fn run(account: &mut Account, command: &Command<'_>) -> Option<Answer> {
    let Command { method, path, params } = *command;
    Some(match (method, path) {
        ("POST", ["customers"]) => create(account, params),
        ("POST", ["customers", id]) => update(account, id, params),
        ("DELETE", ["customers", id]) => delete(account, id),
        ("DELETE", ["customers", id, "discount"]) => drop_discount(account, id),
        ("POST", ["customers", id, "balance_transactions"]) => adjust(account, id, params),
        _ => return None,
    })
}

fn create(account: &mut Account, params: &Params) -> Answer {
    params.only(&KNOWN)?;
    let index = add(account, params)?;
    // A card that refuses to be attached leaves no customer behind.
    let named = params.text("payment_method");
    let attached = named.map(|card| account.attach(card, index)).transpose()?;
    let customer = account.world.customer_json(index);
    account.world.say("customer.created", customer);
    // Named by a test card's name, it has another id now that it is attached.
    let card = default_card(params);
    let card = if card.as_deref() == named { attached } else { card };
    set_default_card(account, index, card.as_deref())?;
    account.shown(Kind::Customer, index)
}

/// A customer of whom nothing has been said yet.
pub(super) fn add(account: &mut Account, params: &Params) -> Answer<usize> {
    let clock = params.text("test_clock").map(|id| account.living(Kind::Clock, id, "test_clock"));
    let clock = clock.transpose()?.map(|_| params.text("test_clock"));
    let empty = ["address", "email"].map(|key| (key.to_owned(), Value::Null));
    let mut set = Map::from_iter(empty);
    set.insert("name".to_owned(), json!(params.text("name")));
    set.insert("test_clock".to_owned(), json!(clock));
    fields::keep(params, &KEPT, &mut set);
    let mut metadata = BTreeMap::new();
    fields::metadata(params, &mut metadata);
    let now = account.time_of(params.text("test_clock"));
    let world = &mut account.world;
    world.now = now;
    world.customers.push(Customer {
        id: world.dice.id("cus"),
        name: params.text("name").unwrap_or_default().to_owned(),
        created: now,
        currency: None,
        balance: params.integer("balance")?.unwrap_or(0),
        delinquent: false,
        discount: None,
        card: String::new(),
        prefix: world.dice.token(8).to_uppercase(),
        invoices: 0,
        tax: None,
        gone: false,
        commanded: true,
        metadata,
        set,
    });
    account.sync();
    Ok(account.world.customers.len() - 1)
}

fn update(account: &mut Account, id: &str, params: &Params) -> Answer {
    params.only(&KNOWN)?;
    let index = account.living(Kind::Customer, id, "id")?;
    let balance = params.integer("balance")?;
    check_default_card(account, index, default_card(params).as_deref())?;
    account.change(Kind::Customer, index, |world| {
        let customer = &mut world.customers[index];
        fields::keep(params, &KEPT, &mut customer.set);
        fields::metadata(params, &mut customer.metadata);
        if let Some(name) = params.text("name") {
            customer.name = name.to_owned();
            customer.set.insert("name".to_owned(), name.into());
        }
        if let Some(card) = default_card(params) {
            customer.card = card;
        }
        let change = balance.map_or(0, |balance| balance - customer.balance);
        if change != 0 {
            world.credit(index, change, "adjustment", None, None);
        }
    });
    account.shown(Kind::Customer, index)
}

/// The card that pays from now on.
fn default_card(params: &Params) -> Option<String> {
    params.hash("invoice_settings").text("default_payment_method").map(str::to_owned)
}

fn check_default_card(account: &Account, index: usize, card: Option<&str>) -> Answer<()> {
    match card {
        Some(card) => account.check_card(card, index, "invoice_settings[default_payment_method]"),
        None => Ok(()),
    }
}

fn set_default_card(account: &mut Account, index: usize, card: Option<&str>) -> Answer<()> {
    check_default_card(account, index, card)?;
    if let Some(card) = card {
        account.world.customers[index].card = card.to_owned();
        let customer = account.world.customer_json(index);
        account.world.say_change("customer.updated", customer);
    }
    Ok(())
}

fn delete(account: &mut Account, id: &str) -> Answer {
    let index = account.living(Kind::Customer, id, "id")?;
    let world = &mut account.world;
    let living =
        |sub: &usize| world.subs[*sub].customer == index && !world.subs[*sub].status.is_over();
    let subs: Vec<usize> = (0..world.subs.len()).filter(living).collect();
    for sub in subs {
        world.subs[sub].commanded = true;
        world.end(sub, world.now, "cancellation_requested");
    }
    world.customers[index].gone = true;
    world.say("customer.deleted", world.customer_json(index));
    Ok(json!({ "id": id, "object": "customer", "deleted": true }))
}

fn drop_discount(account: &mut Account, id: &str) -> Answer {
    let index = account.living(Kind::Customer, id, "id")?;
    let world = &mut account.world;
    let none = || Problem::invalid(format!("No active discount for customer: {id}"));
    let discount = world.customers[index].discount.take().ok_or_else(none)?;
    let mut body = world.discount_json(&discount, id);
    world.say("customer.discount.deleted", body.clone());
    world.say_change("customer.updated", world.customer_json(index));
    body["deleted"] = true.into();
    Ok(body)
}

fn adjust(account: &mut Account, id: &str, params: &Params) -> Answer {
    params.only(&["amount", "currency", "description", "metadata"])?;
    let index = account.living(Kind::Customer, id, "id")?;
    let missing = || Problem::missing("amount");
    let amount = params.integer("amount")?.ok_or_else(missing)?;
    let currency = fields::currency(params, "currency")?;
    account.change(Kind::Customer, index, |world| {
        let known = &mut world.customers[index].currency;
        *known = known.or(Some(currency));
        world.credit(index, amount, "adjustment", None, None);
    });
    Ok(account.world.credit_json(account.world.credits.len() - 1))
}
