//! Test clocks: customers whose time is moved by hand.

use serde_json::{Value, json};

use super::Command;
use crate::stripe::account::{Account, clock};
use crate::stripe::kind::Kind;
use crate::stripe::params::Params;
use crate::stripe::problem::{Answer, Problem};

/// A clock is deleted after so long.
const LIFE: i64 = 30 * crate::calendar::DAY;

pub(super) fn run(account: &mut Account, command: &Command<'_>) -> Option<Answer> {
    let Command { method, path, params } = *command;
    Some(match (method, path) {
        ("POST", ["test_helpers", "test_clocks"]) => create(account, params),
        ("POST", ["test_helpers", "test_clocks", id, "advance"]) => advance(account, id, params),
        ("DELETE", ["test_helpers", "test_clocks", id]) => delete(account, id),
        _ => return None,
    })
}

fn create(account: &mut Account, params: &Params) -> Answer {
    params.only(&["frozen_time", "name"])?;
    let frozen = params.integer("frozen_time")?.ok_or_else(|| Problem::missing("frozen_time"))?;
    let body = json!({
        "id": account.dice.id("clock"),
        "object": "test_helpers.test_clock",
        "created": account.now(),
        "deletes_after": account.now() + LIFE,
        "frozen_time": frozen,
        "livemode": account.world.plan.livemode,
        "name": params.text("name"),
        "status": "ready",
        "status_details": {},
    });
    account.tell(Kind::Clock, "test_helpers.test_clock.created", body)
}

fn advance(account: &mut Account, id: &str, params: &Params) -> Answer {
    params.only(&["frozen_time"])?;
    let place = account.living(Kind::Clock, id, "id")?;
    let mut body = account.shown(Kind::Clock, place)?;
    let to = params.integer("frozen_time")?.ok_or_else(|| Problem::missing("frozen_time"))?;
    if body["frozen_time"].as_i64().is_some_and(|from| to <= from) {
        let message = "Test clock cannot be advanced to a time before or equal to its frozen time.";
        return Err(Problem::invalid(message).param("frozen_time"));
    }
    account.world.told_at = Some(account.now());
    let request = account.world.request.take();
    while let Some(task) = account.world.take_task(to, |world, task| clock(world, task) == Some(id))
    {
        account.world.act(task);
    }
    account.world.request = request;
    account.world.now = account.now();
    body["frozen_time"] = to.into();
    account.tell(Kind::Clock, "test_helpers.test_clock.ready", body)
}

/// Stripe deletes a clock together with its customers.
fn delete(account: &mut Account, id: &str) -> Answer {
    let place = account.living(Kind::Clock, id, "id")?;
    let mut body = account.shown(Kind::Clock, place)?;
    body["deleted"] = true.into();
    for customer in &mut account.world.customers {
        customer.gone |= customer.set.get("test_clock").and_then(Value::as_str) == Some(id);
    }
    account.tell(Kind::Clock, "test_helpers.test_clock.deleted", body)
}

impl Account {
    /// The time that a test clock shows, or else the account's.
    pub(super) fn time_of(&self, clock: Option<&str>) -> i64 {
        let place = clock.and_then(|id| self.place(Kind::Clock, id));
        let shown = place.and_then(|place| self.shelf(Kind::Clock)[place]["frozen_time"].as_i64());
        shown.unwrap_or(self.now())
    }

    /// Lets a command act at the time of the customer it concerns.
    pub(super) fn enter_time(&mut self, command: &Command<'_>) {
        let customer = command.params.text("customer");
        let invoice = command.params.text("invoice");
        let named = command.path.iter().copied().chain(customer).chain(invoice);
        let owner = named.filter_map(|id| self.owner(id)).next();
        let clock = owner.and_then(|owner| self.world.customers[owner].set.get("test_clock"));
        if let Some(clock) = clock.and_then(Value::as_str) {
            self.world.now = self.time_of(Some(clock));
            self.world.told_at = Some(self.now());
        }
    }

    /// Back to the account's own time.
    pub(super) fn leave_time(&mut self) {
        self.world.now = self.now();
        self.world.told_at = None;
    }

    /// Whose an object is.
    fn owner(&self, id: &str) -> Option<usize> {
        let (kind, index) = self.find(id)?;
        match kind {
            Kind::Customer => Some(index),
            Kind::Subscription => Some(self.world.subs[index].customer),
            Kind::Invoice => Some(self.world.invoices[index].customer),
            Kind::Charge => self.world.charges[index].customer,
            _ => None,
        }
    }
}
