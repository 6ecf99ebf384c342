//! Commands: what changes the account, and tells of it.

mod card;
mod catalog;
mod checkout;
mod clock;
mod customer;
mod dispute;
mod endpoint;
mod fields;
mod intent;
mod invoice;
mod item;
mod note;
mod payout;
mod refund;
mod subscribe;
mod update;

use serde_json::Value;

use super::account::Account;
use super::kind::Kind;
use super::params::Params;
use super::problem::{Answer, Problem};
use super::route::Request;
use crate::world::World;

/// A command: its method, the segments of its path, its parameters.
pub(super) struct Command<'a> {
    pub(super) method: &'a str,
    pub(super) path: &'a [&'a str],
    pub(super) params: &'a Params,
}

/// Tries to understand a command; nothing where it belongs to somebody else.
type Desk = fn(&mut Account, &Command<'_>) -> Option<Answer>;

const DESKS: [Desk; 15] = [
    customer::run,
    card::run,
    catalog::run,
    subscribe::run,
    update::run,
    item::run,
    invoice::run,
    intent::run,
    refund::run,
    note::run,
    dispute::run,
    payout::run,
    checkout::run,
    endpoint::run,
    clock::run,
];

/// Does what is asked; nothing where there is no such command.
pub(super) fn run(account: &mut Account, request: &Request<'_>) -> Answer<Option<Value>> {
    let Request { method, path, params } = request;
    let command = Command { method, path, params };
    account.enter_time(&command);
    let answer = DESKS.iter().find_map(|desk| desk(account, &command));
    account.leave_time();
    account.sync();
    answer.transpose()
}

impl Account {
    /// Changes an object of the world, and tells what changed in it.
    fn change(&mut self, kind: Kind, index: usize, act: impl FnOnce(&mut World)) {
        let id = self.id_of(kind, index);
        // Some objects were never told of, or another of the same id was: what they were must be
        // known to tell the change.
        if let Some(body) = self.body(kind, index)
            && self.world.shown.get(&id).is_none_or(|told| told["object"] != body["object"])
        {
            self.world.shown.insert(id, body);
        }
        act(&mut self.world);
        if let Some(body) = self.body(kind, index) {
            let noun = match kind {
                Kind::Subscription => "customer.subscription".to_owned(),
                _ => body["object"].as_str().unwrap_or_default().to_owned(),
            };
            self.world.say_change(&format!("{noun}.updated"), body);
        }
    }

    /// The body of an object that is certainly there.
    fn shown(&self, kind: Kind, index: usize) -> Answer {
        let gone = || Problem::no_such(kind.noun(), &self.id_of(kind, index), "id");
        self.body(kind, index).ok_or_else(gone)
    }

    /// Keeps an object, and tells what happened to it.
    fn tell(&mut self, kind: Kind, event: &str, body: Value) -> Answer {
        self.keep(kind, body.clone());
        self.world.say(event, body.clone());
        Ok(body)
    }
}
