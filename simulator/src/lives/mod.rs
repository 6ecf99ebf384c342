//! Short lives: at most seven events with ties within a second, for trying every order of arrival.

mod money;
mod subscriptions;

use crate::Story;
use crate::plan::{ApiVersion, Plan};
use crate::world::{SimEvent, World};

/// A script, and the kinds of events that are kept of what it says.
pub(crate) struct Life {
    pub(crate) script: fn(&mut World),
    pub(crate) keep: &'static [&'static str],
    /// The oldest version in which the script makes sense.
    pub(crate) since: ApiVersion,
}

/// The most events a life has.
const LONGEST: usize = 7;

/// The events of so many short lives, each of one customer and at most seven events.
pub fn short_lives(seed: u64, count: usize) -> Vec<Vec<SimEvent>> {
    short_stories(seed, count).into_iter().map(|story| story.events).collect()
}

/// So many short lives with what is true of each. Scripts and API versions take turns.
pub fn short_stories(seed: u64, count: usize) -> Vec<Story> {
    let lives: Vec<&Life> = subscriptions::LIVES.iter().chain(&money::LIVES).collect();
    let tell = |number: usize| {
        let life = lives[number % lives.len()];
        let round = number / lives.len();
        let versions: Vec<ApiVersion> =
            ApiVersion::ALL.into_iter().rev().filter(|version| *version >= life.since).collect();
        let version = versions[round % versions.len()];
        tell_life(life, seed.wrapping_add(number as u64 * 7_919), version)
    };
    (0..count).map(tell).collect()
}

/// Tells a life; where a repeated event made it too long, it is told again from another seed.
fn tell_life(life: &Life, seed: u64, version: ApiVersion) -> Story {
    let mut attempt = seed;
    loop {
        let plan = Plan { days: 800, ..Plan::two_years(attempt).in_version(version) };
        let mut world = World::new(&plan);
        world.now += 40_000;
        (life.script)(&mut world);
        let (mut events, truth) = world.finish();
        events.retain(|event| life.keep.contains(&event.kind.as_str()));
        if (2..=LONGEST).contains(&events.len()) {
            return Story { events, truth };
        }
        attempt = attempt.wrapping_add(1_000_003);
    }
}

impl World {
    /// A customer with an active subscription to a price, said and settled.
    pub(crate) fn born(&mut self, price: usize, quantity: i64) -> usize {
        let customer = self.new_customer();
        self.joined(customer, price, quantity)
    }

    /// One more subscription of a customer.
    pub(crate) fn joined(&mut self, customer: usize, price: usize, quantity: i64) -> usize {
        let currency = self.catalog.prices[price].currency;
        let sub = self.blank_sub(customer, price, quantity, currency);
        self.customers[customer].currency = Some(currency);
        self.say("customer.subscription.created", self.sub_json(sub));
        self.settle(sub, self.now);
        sub
    }

    /// A finalised invoice of a new customer, of whose subscription nothing is said.
    pub(crate) fn billed(&mut self, price: usize) -> usize {
        let customer = self.new_customer();
        let currency = self.catalog.prices[price].currency;
        let sub = self.blank_sub(customer, price, 1, currency);
        let lines = self.lines_for(sub, None);
        let invoice = self.draft(sub, "subscription_cycle", lines);
        self.finalize(invoice);
        invoice
    }

    pub(crate) fn set_quantity(&mut self, sub: usize, quantity: i64) {
        self.subs[sub].items[0].quantity = quantity;
        self.changed(sub);
    }
}
