//! Payment methods: test cards that do as they are called.

use serde_json::{Value, json};

use super::{Command, fields};
use crate::model::{Card, Fate};
use crate::stripe::account::Account;
use crate::stripe::kind::Kind;
use crate::stripe::params::Params;
use crate::stripe::problem::{Answer, Problem};

/// Name, brand, last digits, what it does. Unlike with Stripe every one of them can be attached:
/// they refuse when they are charged.
const CARDS: [(&str, &str, &str, Fate); 15] = [
    ("pm_card_visa", "visa", "4242", Fate::Pays),
    ("pm_card_visa_debit", "visa", "5556", Fate::Pays),
    ("pm_card_mastercard", "mastercard", "4444", Fate::Pays),
    ("pm_card_amex", "amex", "8431", Fate::Pays),
    ("pm_card_chargeCustomerFail", "visa", "0341", Fate::Declines("generic_decline")),
    ("pm_card_chargeDeclined", "visa", "0002", Fate::Declines("generic_decline")),
    (
        "pm_card_chargeDeclinedInsufficientFunds",
        "visa",
        "9995",
        Fate::Declines("insufficient_funds"),
    ),
    ("pm_card_chargeDeclinedLostCard", "visa", "9987", Fate::Declines("lost_card")),
    ("pm_card_chargeDeclinedStolenCard", "visa", "9979", Fate::Declines("stolen_card")),
    ("pm_card_chargeDeclinedExpiredCard", "visa", "0069", Fate::Declines("expired_card")),
    ("pm_card_chargeDeclinedIncorrectCvc", "visa", "0127", Fate::Declines("incorrect_cvc")),
    ("pm_card_chargeDeclinedFraudulent", "visa", "0019", Fate::Declines("fraudulent")),
    ("pm_card_chargeDeclinedProcessingError", "visa", "0119", Fate::Declines("processing_error")),
    ("pm_card_createDispute", "visa", "0259", Fate::Disputes { inquiry: false }),
    ("pm_card_createDisputeInquiry", "visa", "1976", Fate::Disputes { inquiry: true }),
];

pub(super) fn run(account: &mut Account, command: &Command<'_>) -> Option<Answer> {
    let Command { method, path, params } = *command;
    Some(match (method, path) {
        ("POST", ["payment_methods"]) => create(account, params),
        ("POST", ["payment_methods", id, "attach"]) => attach(account, id, params),
        ("POST", ["payment_methods", id, "detach"]) => detach(account, id),
        ("POST", ["setup_intents"]) => set_up(account, params),
        _ => return None,
    })
}

/// A test card by its name, with or without the brand in it, or by its number's end.
fn named(name: &str) -> Option<&'static (&'static str, &'static str, &'static str, Fate)> {
    let plain = name.replace("pm_card_visa_charge", "pm_card_charge");
    CARDS.iter().find(|card| card.0 == plain)
}

fn create(account: &mut Account, params: &Params) -> Answer {
    params.only(&["type", "card", "billing_details", "metadata", "allow_redisplay"])?;
    params.choice("type", &["card"])?.ok_or_else(|| Problem::missing("type"))?;
    let card = params.hash("card");
    let token = card.text("token").map(|token| token.replace("tok_", "pm_card_"));
    let by_number = |end: &&(&str, &str, &str, Fate)| {
        card.text("number").is_some_and(|number| number.ends_with(end.2))
    };
    let found = match token {
        Some(token) => named(&token),
        None => CARDS.iter().find(by_number),
    };
    let (name, ..) = found.ok_or_else(|| {
        Problem::new(402, "card_error", "Your card number is incorrect.").code("incorrect_number")
    })?;
    let index = account.new_card(name)?;
    let body = account.world.card_body(index);
    account.keep(Kind::PaymentMethod, body.clone());
    Ok(body)
}

fn attach(account: &mut Account, id: &str, params: &Params) -> Answer {
    params.only(&["customer"])?;
    let customer = account.living(Kind::Customer, params.required("customer")?, "customer")?;
    let id = account.attach(id, customer)?;
    account.get(Kind::PaymentMethod, &id, "id")
}

fn detach(account: &mut Account, id: &str) -> Answer {
    let place = account.living(Kind::PaymentMethod, id, "id")?;
    let mut body = account.shown(Kind::PaymentMethod, place)?;
    if body["customer"].is_null() {
        return Err(Problem::invalid(
            "The payment method you provided is not attached to a customer so detachment is \
             impossible.",
        ));
    }
    body["customer"] = Value::Null;
    let world = &mut account.world;
    if let Some(card) = world.cards.iter_mut().find(|card| card.id == id) {
        card.customer = None;
    }
    let owner = world.customers.iter().position(|customer| customer.card == id);
    account.tell(Kind::PaymentMethod, "payment_method.detached", body.clone())?;
    if let Some(owner) = owner {
        account.change(Kind::Customer, owner, |world| world.customers[owner].card.clear());
    }
    Ok(body)
}

fn set_up(account: &mut Account, params: &Params) -> Answer {
    params.only(&[
        "confirm",
        "customer",
        "metadata",
        "payment_method",
        "payment_method_types",
        "usage",
    ])?;
    let customer = account.living(Kind::Customer, params.required("customer")?, "customer")?;
    let id = account.world.dice.id("seti");
    let mut body = account.world.setup_json(customer, &id);
    let card = params.text("payment_method").map(|card| account.attach(card, customer));
    body["payment_method"] = json!(card.transpose()?);
    body["client_secret"] = format!("{id}_secret_Dm43xiq1k0ywrRRj").into();
    if params.flag("confirm")? == Some(true) && !body["payment_method"].is_null() {
        return account.tell(Kind::SetupIntent, "setup_intent.succeeded", body);
    }
    body["status"] = "requires_payment_method".into();
    account.tell(Kind::SetupIntent, "setup_intent.created", body)
}

impl Account {
    /// A new card of a test card's name.
    fn new_card(&mut self, name: &str) -> Answer<usize> {
        let unknown = || Problem::no_such("PaymentMethod", name, "payment_method");
        let (_, brand, last4, fate) = named(name).ok_or_else(unknown)?;
        let world = &mut self.world;
        let id = world.dice.id("pm");
        let created = world.now;
        world.cards.push(Card { id, customer: None, created, brand, last4, fate: *fate });
        Ok(world.cards.len() - 1)
    }

    /// Attaches a card, or a new one of a test card's name; gives its id.
    pub(super) fn attach(&mut self, id: &str, customer: usize) -> Answer<String> {
        let known = self.world.cards.iter().position(|card| card.id == id);
        let index = match known {
            Some(index) => index,
            None if self.place(Kind::PaymentMethod, id).is_some() => {
                self.check_card(id, customer, "payment_method")?;
                return Ok(id.to_owned());
            }
            None => self.new_card(id)?,
        };
        let owner = self.world.cards[index].customer;
        if owner.is_some_and(|owner| owner != customer) {
            return Err(Problem::invalid(
                "The payment method you provided has already been attached to a customer.",
            ));
        }
        self.world.cards[index].customer = Some(customer);
        let body = self.world.card_body(index);
        if owner.is_none() {
            self.tell(Kind::PaymentMethod, "payment_method.attached", body)?;
        }
        Ok(self.world.cards[index].id.clone())
    }

    /// A card for one payment, which is nobody's.
    pub(super) fn loose_card(&mut self, id: &str) -> Answer<String> {
        if self.world.card(id).is_some() {
            return Ok(id.to_owned());
        }
        let index = self.new_card(id)?;
        self.keep(Kind::PaymentMethod, self.world.card_body(index));
        Ok(self.world.cards[index].id.clone())
    }

    /// Refuses a card that is not this customer's.
    pub(super) fn check_card(&self, card: &str, customer: usize, param: &str) -> Answer<()> {
        let owner = &self.world.customers[customer].id;
        let place = self.place(Kind::PaymentMethod, card);
        let place = place.ok_or_else(|| Problem::no_such("PaymentMethod", card, param))?;
        if self.shelf(Kind::PaymentMethod)[place]["customer"] == owner.as_str() {
            return Ok(());
        }
        let message = format!(
            "The customer does not have a payment method with the ID {card}. The payment method \
             must be attached to the customer."
        );
        Err(Problem::invalid(message).code("resource_missing").param(param))
    }

    /// The card a request names, which must be the customer's own.
    pub(super) fn card_in(
        &self,
        params: &Params,
        key: &str,
        customer: usize,
    ) -> Answer<Option<String>> {
        let Some(card) = params.text(key) else { return Ok(None) };
        self.check_card(card, customer, key)?;
        Ok(Some(card.to_owned()))
    }
}

/// Keeps metadata beside the body of an object that is only kept.
pub(super) fn with_metadata(params: &Params, body: &mut Value) {
    if let Some(set) = body.as_object_mut() {
        fields::set_metadata(params, set);
    }
}
