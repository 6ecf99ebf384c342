//! What an account holds: the played world, and what only commands and look-ups know.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::Value;

use super::kind::Kind;
use super::params::Params;
use super::webhook::Letter;
use crate::dice::Dice;
use crate::plan::{ApiVersion, Plan};
use crate::world::{Task, World};

/// A signing secret, and when it ends, if it was rolled.
type Secret = (String, Option<i64>);

/// Sets the ids of requests and secrets apart from those of the story.
const ASIDE: u64 = 0x5eed_0a51;

pub(super) struct Account {
    pub(super) world: World,
    /// Chance that the story knows nothing of.
    pub(super) dice: Dice,
    /// Objects that are kept as they were last told, oldest first.
    kept: BTreeMap<Kind, Vec<Value>>,
    index: HashMap<String, (Kind, usize)>,
    indexed: BTreeMap<Kind, usize>,
    /// The world's events by `created`.
    pub(super) log: Vec<usize>,
    logged: usize,
    /// Events that no endpoint was told of yet, by `created`.
    pub(super) untold: BTreeMap<(i64, usize), ()>,
    /// Whether the story goes on as the clock does.
    story: bool,
    /// The signing secrets of webhook endpoints.
    pub(super) secrets: HashMap<String, Vec<Secret>>,
    /// What is on its way to webhook endpoints.
    pub(super) outbox: VecDeque<Letter>,
    /// What checkout sessions sell, and how they were asked for.
    pub(super) baskets: HashMap<String, (Vec<Value>, Params)>,
    /// The version in which `/v1/events` tells events.
    pub(super) version: ApiVersion,
    /// What look-ups were answered with since anything happened.
    pub(super) pages: HashMap<String, String>,
    /// The account's time; that of test clocks is theirs.
    now: i64,
}

impl Account {
    /// The account of a business, played up to a second.
    pub(super) fn played(plan: &Plan, until: i64) -> Self {
        let mut world = World::new(plan);
        world.open_book = true;
        world.open();
        let mut account = Self::around(world, true);
        account.advance(until);
        account.untold.clear();
        account
    }

    /// An account without a story, its clock at the plan's start.
    pub(super) fn empty(plan: &Plan) -> Self {
        let mut world = World::new(plan);
        world.open_book = true;
        world.repeats = false;
        world.catalog = crate::catalog::Catalog::default();
        Self::around(world, false)
    }

    fn around(world: World, story: bool) -> Self {
        let mut account = Self {
            dice: Dice::new(world.plan.seed ^ ASIDE),
            world,
            kept: BTreeMap::new(),
            index: HashMap::new(),
            indexed: BTreeMap::new(),
            log: Vec::new(),
            logged: 0,
            untold: BTreeMap::new(),
            story,
            secrets: HashMap::new(),
            outbox: VecDeque::new(),
            baskets: HashMap::new(),
            version: ApiVersion::Endive,
            pages: HashMap::new(),
            now: 0,
        };
        account.now = account.world.now;
        account.version = account.world.plan.version;
        account.sync();
        account
    }

    pub(super) fn now(&self) -> i64 {
        self.now
    }

    /// Lets everything happen that lies before the instant, that second included.
    pub(super) fn advance(&mut self, to: i64) {
        self.world.request = None;
        let mut clocked = Vec::new();
        while let Some(task) = self.world.next_task(to + 1) {
            let over = self.world.is_full() || self.world.now >= self.world.plan.end();
            if self.clock_of(task).is_some() {
                clocked.push((self.world.now, task));
            } else if self.world.is_commanded(task) || self.story && !over {
                self.world.act(task);
            }
        }
        for (at, task) in clocked {
            self.world.later(at, task);
        }
        self.now = self.now.max(to);
        self.world.now = self.now;
        self.sync();
    }

    /// The test clock of whom a task concerns.
    pub(super) fn clock_of(&self, task: Task) -> Option<&str> {
        clock(&self.world, task)
    }

    /// Takes notice of what the world has done.
    pub(super) fn sync(&mut self) {
        self.pages.clear();
        for kind in Kind::OF_WORLD {
            let known = self.indexed.get(&kind).copied().unwrap_or(0);
            let count = self.count(kind);
            for index in known..count {
                self.keep_card(kind, index);
                let id = self.id_of(kind, index);
                self.index.insert(id, (kind, index));
            }
            self.indexed.insert(kind, count);
        }
        let told: Vec<String> =
            self.world.events[self.logged..].iter().map(|event| event.object.clone()).collect();
        for (place, object) in told.iter().enumerate() {
            self.log_event(self.logged + place);
            if let (Some(kind), Some(body)) = (Kind::kept(object), self.world.shown.get(object)) {
                self.keep(kind, body.clone());
            }
        }
        self.logged = self.world.events.len();
        self.post();
    }

    /// The card of a played customer, of which hardly any event tells.
    fn keep_card(&mut self, kind: Kind, index: usize) {
        if kind == Kind::Customer && !self.world.customers[index].commanded {
            self.keep(Kind::PaymentMethod, self.world.card_json(index));
        }
    }

    fn log_event(&mut self, index: usize) {
        let created = self.world.events[index].created;
        let after = self.log.partition_point(|i| self.world.events[*i].created <= created);
        self.log.insert(after, index);
        self.untold.insert((created, index), ());
        self.index.insert(self.world.events[index].id.clone(), (Kind::Event, index));
    }

    /// Keeps an object, or its newer state.
    pub(super) fn keep(&mut self, kind: Kind, body: Value) {
        let id = body["id"].as_str().unwrap_or_default().to_owned();
        let known = self.index.get(&id).filter(|(known, _)| *known == kind);
        let shelf = self.kept.entry(kind).or_default();
        match known {
            Some((_, index)) => shelf[*index] = body,
            None => {
                self.index.insert(id, (kind, shelf.len()));
                shelf.push(body);
            }
        }
    }

    /// Objects kept as they were last told.
    pub(super) fn shelf(&self, kind: Kind) -> &[Value] {
        self.kept.get(&kind).map_or(&[], Vec::as_slice)
    }

    /// Where an id leads.
    pub(super) fn find(&self, id: &str) -> Option<(Kind, usize)> {
        self.index.get(id).copied()
    }

    /// The place of an object of a kind.
    pub(super) fn place(&self, kind: Kind, id: &str) -> Option<usize> {
        self.find(id).filter(|(found, _)| *found == kind).map(|(_, index)| index)
    }

    /// How many of a kind there are, those that are not shown included.
    pub(super) fn count(&self, kind: Kind) -> usize {
        let world = &self.world;
        match kind {
            Kind::Customer => world.customers.len(),
            Kind::Product => world.catalog.products.len(),
            Kind::Price => world.catalog.prices.len(),
            Kind::Coupon => world.catalog.coupons.len(),
            Kind::Discount => world.discounts.len(),
            Kind::Subscription => world.subs.len(),
            Kind::Invoice => world.invoices.len(),
            Kind::Charge => world.charges.len(),
            Kind::Refund => world.refunds.len(),
            Kind::CreditNote => world.notes.len(),
            Kind::Dispute => world.disputes.len(),
            Kind::Transaction => world.txns.len(),
            Kind::CustomerTransaction => world.credits.len(),
            Kind::Payout => world.payouts.len(),
            Kind::Event => world.events.len(),
            _ => self.shelf(kind).len(),
        }
    }

    pub(super) fn id_of(&self, kind: Kind, index: usize) -> String {
        let world = &self.world;
        let id: &str = match kind {
            Kind::Customer => &world.customers[index].id,
            Kind::Product => &world.catalog.products[index].id,
            Kind::Price => &world.catalog.prices[index].id,
            Kind::Coupon => &world.catalog.coupons[index].id,
            Kind::Discount => &world.discounts[index].id,
            Kind::Subscription => &world.subs[index].id,
            Kind::Invoice => &world.invoices[index].id,
            Kind::Charge => &world.charges[index].id,
            Kind::Refund => &world.refunds[index].id,
            Kind::CreditNote => &world.notes[index].id,
            Kind::Dispute => &world.disputes[index].id,
            Kind::Transaction => &world.txns[index].id,
            Kind::CustomerTransaction => &world.credits[index].id,
            Kind::Payout => &world.payouts[index].id,
            Kind::Event => &world.events[index].id,
            _ => self.shelf(kind)[index]["id"].as_str().unwrap_or_default(),
        };
        id.to_owned()
    }

    /// When an object was made, for the order of lists.
    pub(super) fn created(&self, kind: Kind, index: usize) -> i64 {
        let world = &self.world;
        match kind {
            Kind::Customer => world.customers[index].created,
            Kind::Product => world.catalog.products[index].created,
            Kind::Price => world.catalog.prices[index].created,
            Kind::Coupon => world.catalog.coupons[index].created,
            Kind::Discount => world.discounts[index].start,
            Kind::Subscription => world.subs[index].created,
            Kind::Invoice => world.invoices[index].created,
            Kind::Charge => world.charges[index].created,
            Kind::Refund => world.refunds[index].created,
            Kind::CreditNote => world.notes[index].created,
            Kind::Dispute => world.disputes[index].created,
            Kind::Transaction => world.txns[index].created,
            Kind::CustomerTransaction => world.credits[index].created,
            Kind::Payout => world.payouts[index].created,
            Kind::Event => world.events[index].created,
            _ => self.shelf(kind)[index]["created"].as_i64().unwrap_or_default(),
        }
    }
}

/// The test clock of whom a task concerns.
pub(super) fn clock(world: &World, task: Task) -> Option<&str> {
    let customer = world.concerned(task).0?;
    world.customers[customer].set.get("test_clock")?.as_str()
}
