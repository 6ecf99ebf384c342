//! Subscriptions begin, and end.

use serde_json::{Map, json};

use super::{Command, fields};
use crate::calendar::DAY;
use crate::catalog::{Off, Scheme};
use crate::model::{Fate, Item, Sub};
use crate::stripe::account::Account;
use crate::stripe::kind::Kind;
use crate::stripe::params::Params;
use crate::stripe::problem::{Answer, Problem};
use crate::world::Task;

/// What is kept as it is given.
pub(super) const KEPT: [&str; 3] = ["description", "payment_settings", "trial_settings"];
const KNOWN: [&str; 22] = [
    "automatic_tax",
    "billing_mode",
    "cancel_at",
    "cancel_at_period_end",
    "collection_method",
    "coupon",
    "currency",
    "customer",
    "days_until_due",
    "default_payment_method",
    "description",
    "discounts",
    "items",
    "metadata",
    "off_session",
    "payment_behavior",
    "payment_settings",
    "promotion_code",
    "proration_behavior",
    "trial_end",
    "trial_period_days",
    "trial_settings",
];
pub(super) const BEHAVIORS: [&str; 4] =
    ["allow_incomplete", "default_incomplete", "error_if_incomplete", "pending_if_incomplete"];

pub(super) fn run(account: &mut Account, command: &Command<'_>) -> Option<Answer> {
    let Command { method, path, params } = *command;
    Some(match (method, path) {
        ("POST", ["subscriptions"]) => create(account, params),
        ("DELETE", ["subscriptions", id]) => cancel(account, id, params),
        _ => return None,
    })
}

fn create(account: &mut Account, params: &Params) -> Answer {
    params.only(&KNOWN)?;
    let sub = account.subscribe(params)?;
    account.shown(Kind::Subscription, sub)
}

/// What a new subscription is made of, all of it checked.
struct Wanted {
    customer: usize,
    items: Vec<(usize, i64)>,
    currency: &'static str,
    coupons: Vec<usize>,
    card: Option<String>,
    trial_end: Option<i64>,
    by_invoice: bool,
    behavior: &'static str,
}

impl Account {
    /// Makes a subscription, and charges for it; gives its place.
    pub(super) fn subscribe(&mut self, params: &Params) -> Answer<usize> {
        let wanted = self.wanted(params)?;
        self.refuse_unpayable(&wanted)?;
        let sub = self.add_sub(&wanted, params)?;
        let attempt = wanted.behavior != "default_incomplete";
        // A first payment that fails leaves an incomplete subscription: the answer is no error.
        let _ = self.world.begin_commanded(sub, attempt);
        if let Some(at) = self.world.subs[sub].cancel_at {
            self.world.later(at, Task::EndAt(sub));
        }
        self.sync();
        Ok(sub)
    }

    fn wanted(&mut self, params: &Params) -> Answer<Wanted> {
        let customer = self.living(Kind::Customer, params.required("customer")?, "customer")?;
        let items = self.items_in(params)?;
        let currency = self.currency_of(customer, &items, params)?;
        let methods = ["charge_automatically", "send_invoice"];
        Ok(Wanted {
            customer,
            currency,
            coupons: self.coupons_in(params, currency)?.unwrap_or_default(),
            card: self.card_in(params, "default_payment_method", customer)?,
            trial_end: self.trial_end(params)?,
            by_invoice: params.choice("collection_method", &methods)? == Some("send_invoice"),
            behavior: params.choice("payment_behavior", &BEHAVIORS)?.unwrap_or("allow_incomplete"),
            items,
        })
    }

    /// Prices and quantities of a new subscription.
    fn items_in(&mut self, params: &Params) -> Answer<Vec<(usize, i64)>> {
        let given = params.hashes("items");
        if given.is_empty() {
            return Err(Problem::missing("items"));
        }
        let mut items = Vec::new();
        for (place, item) in given.iter().enumerate() {
            item.only(&["metadata", "plan", "price", "price_data", "quantity"])?;
            let param = format!("items[{place}][price]");
            let price = self.price_of(item, &param)?.ok_or_else(|| Problem::missing(&param))?;
            items.push((price, fields::at_least(item, "quantity", 0)?.unwrap_or(1)));
        }
        self.refuse_mixed(&items.iter().map(|(price, _)| *price).collect::<Vec<_>>())?;
        Ok(items)
    }

    /// The price of an item, or a new one as the item describes it.
    pub(super) fn price_of(&mut self, item: &Params, param: &str) -> Answer<Option<usize>> {
        let id = item.text("price").or_else(|| item.text("plan")).map(str::to_owned);
        let id = match id {
            None if !item.has("price_data") => return Ok(None),
            None => {
                let price = self.add_price(&item.hash("price_data"))?;
                self.id_of(Kind::Price, price)
            }
            Some(id) => id,
        };
        self.recurring(&id, param).map(Some)
    }

    /// A price that subscriptions may be on.
    pub(super) fn recurring(&self, id: &str, param: &str) -> Answer<usize> {
        let index = self.living(Kind::Price, id, param)?;
        let price = &self.world.catalog.prices[index];
        if price.once {
            let message = "The price specified is set to `type=one_time` but this field only \
                accepts prices with `type=recurring`.";
            return Err(Problem::invalid(message).param(param));
        }
        if price.set.get("active").is_some_and(|active| active == false) {
            let message = format!(
                "The price specified is inactive. This field only accepts active prices: {id}"
            );
            return Err(Problem::invalid(message).param(param));
        }
        Ok(index)
    }

    /// All items of a subscription are billed at once.
    pub(super) fn refuse_mixed(&self, prices: &[usize]) -> Answer<()> {
        let rhythm = |index: &usize| {
            let price = &self.world.catalog.prices[*index];
            (price.interval, price.count)
        };
        if prices.windows(2).all(|pair| rhythm(&pair[0]) == rhythm(&pair[1])) {
            return Ok(());
        }
        let message = "Currency and interval fields must match across all plans on this \
            subscription. Found mismatch in interval field.";
        Err(Problem::invalid(message).param("items"))
    }

    fn currency_of(
        &self,
        customer: usize,
        items: &[(usize, i64)],
        params: &Params,
    ) -> Answer<&'static str> {
        let prices = &self.world.catalog.prices;
        let first = prices[items[0].0].currency;
        let wanted = match params.text("currency") {
            Some(_) => fields::currency(params, "currency")?,
            None => first,
        };
        let sold = |index: usize| {
            let price = &prices[index];
            price.currency == wanted
                || wanted == "eur" && matches!(price.scheme, Scheme::AlsoEuro(_))
        };
        if let Some((strange, _)) = items.iter().find(|(price, _)| !sold(*price)) {
            let message = format!(
                "The price specified supports currencies of `{}`. This doesn't match the \
                 expected currency: `{wanted}`.",
                prices[*strange].currency
            );
            return Err(Problem::invalid(message).param("items"));
        }
        let owner = &self.world.customers[customer];
        let living = |sub: &&Sub| sub.customer == customer && !sub.status.is_over();
        match self.world.subs.iter().find(living).map(|sub| sub.currency) {
            Some(known) if known != wanted => Err(Problem::invalid(format!(
                "You cannot combine currencies on a single customer. This customer has an active \
                 subscription, subscription schedule, discount, quote, or invoice item with \
                 currency {known}: {}",
                owner.id
            ))),
            _ => Ok(wanted),
        }
    }

    /// The coupons a request names; nothing where it names none.
    pub(super) fn coupons_in(&self, params: &Params, currency: &str) -> Answer<Option<Vec<usize>>> {
        let mut given = params.hashes("discounts");
        if params.has("coupon") || params.has("promotion_code") {
            given.push(params.clone());
        } else if !params.has("discounts") {
            return Ok(None);
        }
        let mut coupons = Vec::new();
        for entry in given {
            let id = match (entry.text("coupon"), entry.text("promotion_code")) {
                (Some(coupon), _) => coupon.to_owned(),
                (None, Some(code)) => self.coupon_of_code(code)?,
                (None, None) => continue,
            };
            let index = self.living(Kind::Coupon, &id, "coupon")?;
            match self.world.catalog.coupons[index].off {
                Off::Amount(_, of) if of != currency => {
                    let message = format!(
                        "The coupon {id} is in {of} and cannot be applied to a subscription in \
                         {currency}."
                    );
                    return Err(Problem::invalid(message).param("coupon"));
                }
                _ => coupons.push(index),
            }
        }
        Ok(Some(coupons))
    }

    fn coupon_of_code(&self, id: &str) -> Answer<String> {
        let code = self.get(Kind::PromotionCode, id, "promotion_code")?;
        Ok(code["promotion"]["coupon"].as_str().unwrap_or_default().to_owned())
    }

    fn trial_end(&self, params: &Params) -> Answer<Option<i64>> {
        if let Some(days) = fields::at_least(params, "trial_period_days", 1)? {
            return Ok(Some(self.world.now + days * DAY));
        }
        match params.text("trial_end") {
            None | Some("now") => Ok(None),
            Some(_) => {
                let at = params.integer("trial_end")?;
                if at.is_some_and(|at| at <= self.world.now) {
                    let message =
                        "Invalid timestamp: must be an integer Unix timestamp in the future.";
                    return Err(Problem::invalid(message).param("trial_end"));
                }
                Ok(at)
            }
        }
    }

    /// Refuses before anything is done what cannot or must not go on without being paid.
    fn refuse_unpayable(&self, wanted: &Wanted) -> Answer<()> {
        let free = |coupon: &usize| self.world.catalog.coupons[*coupon].off == Off::Percent(10_000);
        let prices = &self.world.catalog.prices;
        let billed = |(price, quantity): &(usize, i64)| {
            let price = &prices[*price];
            !price.is_metered() && price.charge(*quantity, wanted.currency) > 0
        };
        let due = wanted.items.iter().any(billed) && !wanted.coupons.iter().any(free);
        if !due || wanted.trial_end.is_some() || wanted.by_invoice {
            return Ok(());
        }
        let card = wanted.card.as_deref().or(self.world.customers[wanted.customer].shown_card());
        match card.map(|card| self.world.fate(card)) {
            None if wanted.behavior != "default_incomplete" => {
                let message = "This customer has no attached payment source or default payment \
                    method. Please consider adding a default payment method.";
                Err(Problem::invalid(message).code("resource_missing"))
            }
            Some(Fate::Declines(code)) if wanted.behavior == "error_if_incomplete" => {
                Err(Problem::declined(code))
            }
            _ => Ok(()),
        }
    }

    fn add_sub(&mut self, wanted: &Wanted, params: &Params) -> Answer<usize> {
        let cancel_at = params.integer("cancel_at")?;
        let at_end = params.flag("cancel_at_period_end")?.unwrap_or(false);
        let mut set =
            Map::from_iter([("test_clock".to_owned(), json!(self.clock_at(wanted.customer)))]);
        fields::keep(params, &KEPT, &mut set);
        let world = &mut self.world;
        let (price, quantity) = wanted.items[0];
        let sub = world.blank_sub(wanted.customer, price, quantity, wanted.currency);
        let more: Vec<Item> = wanted.items[1..]
            .iter()
            .map(|(price, quantity)| world.new_item(*price, *quantity))
            .collect();
        let state = &mut world.subs[sub];
        state.items.extend(more);
        state.commanded = true;
        state.by_invoice = wanted.by_invoice;
        state.card.clone_from(&wanted.card);
        state.trial = wanted.trial_end.map(|until| (world.now, until));
        state.cancel_at = cancel_at;
        state.cancel_at_period_end = at_end;
        state.canceled_at = (at_end || cancel_at.is_some()).then_some(world.now);
        state.set = set;
        state.metadata.clear();
        fields::metadata(params, &mut state.metadata);
        for coupon in &wanted.coupons {
            world.add_discount(sub, *coupon, false);
        }
        let known = &mut world.customers[wanted.customer].currency;
        *known = known.or(Some(wanted.currency));
        Ok(sub)
    }

    fn clock_at(&self, customer: usize) -> Option<String> {
        let clock = self.world.customers[customer].set.get("test_clock")?;
        clock.as_str().map(str::to_owned)
    }

    /// A subscription that a command may still change.
    pub(super) fn running(&self, id: &str) -> Answer<usize> {
        let sub = self.living(Kind::Subscription, id, "id")?;
        if self.world.subs[sub].status.is_over() {
            return Err(Problem::no_such("subscription", id, "id"));
        }
        Ok(sub)
    }
}

fn cancel(account: &mut Account, id: &str, params: &Params) -> Answer {
    params.only(&["cancellation_details", "invoice_now", "prorate"])?;
    let sub = account.running(id)?;
    let details = params.hash("cancellation_details");
    let credited = params.flag("prorate")? == Some(true);
    let billed = params.flag("invoice_now")? == Some(true);
    account.take_over(sub);
    account.say_why(sub, &details);
    if credited {
        account.credit_rest(sub);
    }
    let world = &mut account.world;
    world.end(sub, world.now, "cancellation_requested");
    if billed {
        account.bill_pending(sub);
    }
    account.shown(Kind::Subscription, sub)
}

impl Account {
    /// From now on the subscription acts only as told.
    pub(super) fn take_over(&mut self, sub: usize) {
        let world = &mut self.world;
        let state = &mut world.subs[sub];
        if state.commanded {
            return;
        }
        state.commanded = true;
        // What was left to chance may lie later than the period's end, so it is set anew.
        if !state.status.is_over() && state.trial.is_none_or(|(_, end)| end <= world.now) {
            let end = state.period.1.max(world.now);
            world.later(end, Task::Renew(sub));
        }
    }

    pub(super) fn say_why(&mut self, sub: usize, details: &Params) {
        let said = &mut self.world.subs[sub].said;
        if let Some(comment) = details.text("comment") {
            said.0 = Some(comment.to_owned());
        }
        if let Some(feedback) = details.text("feedback") {
            said.1 = Some(feedback.to_owned());
        }
    }
}
