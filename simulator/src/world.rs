//! The stage: the state of the business, the queue of what comes next, and what has been said.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap};

use serde_json::{Value, json};

use crate::books::Books;
use crate::catalog::Catalog;
use crate::crowd::Crowd;
use crate::dice::Dice;
use crate::diff;
use crate::model::{
    Card, Charge, Credit, Customer, Discount, Dispute, Invoice, Note, Payout, Pending, Refund, Sub,
    Txn,
};
use crate::plan::Plan;
use crate::steps::Steps;
use crate::truth::{Truth, Unsettled};

/// One event as Stripe would send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimEvent {
    /// The event's id.
    pub id: String,
    /// The event's `created`, in Unix seconds.
    pub created: i64,
    /// The event's `type`.
    pub kind: String,
    /// The id of the object it tells of.
    pub object: String,
    /// The customer the payload names, if it names one.
    pub customer: Option<String>,
    /// The raw JSON that would be posted.
    pub body: Vec<u8>,
}

/// Something that will be tried at its time; it looks first whether it still makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Task {
    Arrive,
    Walk,
    Erase(usize),
    TrialNotice(usize),
    Upcoming(usize),
    OneOff,
    PayOut(usize),
    Subscribe(usize),
    Activate(usize),
    Expire(usize),
    EndTrial(usize),
    Renew(usize),
    Live(usize),
    Unpause(usize),
    EndAt(usize),
    Resume(usize),
    Finalize(usize),
    Collect(usize),
    Transfer(usize),
    SecondPart(usize),
    Write(usize),
    Late(usize),
    VoidNote(usize),
    NoteOn(usize),
    RefundOf(usize),
    RefundEnds(usize),
    DisputeOf(usize),
    DisputeMoves(usize),
    Capture(usize),
    Clear(usize),
    PayoutMoves(usize),
}

pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) dice: Dice,
    pub(crate) now: i64,
    pub(crate) catalog: Catalog,
    pub(crate) customers: Vec<Customer>,
    pub(crate) subs: Vec<Sub>,
    pub(crate) invoices: Vec<Invoice>,
    pub(crate) charges: Vec<Charge>,
    pub(crate) refunds: Vec<Refund>,
    pub(crate) disputes: Vec<Dispute>,
    pub(crate) notes: Vec<Note>,
    pub(crate) payouts: Vec<Payout>,
    pub(crate) credits: Vec<Credit>,
    pub(crate) discounts: Vec<Discount>,
    pub(crate) cards: Vec<Card>,
    pub(crate) txns: Vec<Txn>,
    pub(crate) pending: Vec<Pending>,
    /// What no payload tells can be looked up, so the truth counts it.
    pub(crate) open_book: bool,
    /// Now and then two events tell of the same change.
    pub(crate) repeats: bool,
    /// When events happen, where that is not the time that is simulated.
    pub(crate) told_at: Option<i64>,
    /// The request that acts now: its id, and its idempotency key.
    pub(crate) request: Option<(String, Option<String>)>,
    pub(crate) books: Books,
    pub(crate) steps: Steps,
    pub(crate) crowds: Vec<Crowd>,
    pub(crate) unsettled: BTreeMap<String, BTreeSet<Unsettled>>,
    pub(crate) events: Vec<SimEvent>,
    /// The last rendering of each object, for what an update changed.
    pub(crate) shown: HashMap<String, Value>,
    queue: BinaryHeap<Reverse<(i64, u64, Task)>>,
    queued: u64,
}

impl World {
    pub(crate) fn new(plan: &Plan) -> Self {
        let mut dice = Dice::new(plan.seed);
        Self {
            plan: plan.clone(),
            now: plan.start,
            catalog: Catalog::new(&mut dice, plan.start),
            dice,
            customers: Vec::new(),
            subs: Vec::new(),
            invoices: Vec::new(),
            charges: Vec::new(),
            refunds: Vec::new(),
            disputes: Vec::new(),
            notes: Vec::new(),
            payouts: Vec::new(),
            credits: Vec::new(),
            discounts: Vec::new(),
            cards: Vec::new(),
            txns: Vec::new(),
            pending: Vec::new(),
            open_book: false,
            repeats: true,
            told_at: None,
            request: None,
            books: Books::default(),
            steps: Steps::default(),
            crowds: Vec::new(),
            unsettled: BTreeMap::new(),
            events: Vec::new(),
            shown: HashMap::new(),
            queue: BinaryHeap::new(),
            queued: 0,
        }
    }

    /// Short stories live faster, so that as much happens in them.
    const fn haste(&self) -> i64 {
        match self.plan.days {
            0..=60 => 4,
            61..=200 => 2,
            _ => 1,
        }
    }

    /// A chance in basis points, in a short story a better one.
    pub(crate) fn often(&mut self, basis_points: u64) -> bool {
        let haste = self.haste().unsigned_abs();
        self.dice.chance(basis_points * haste)
    }

    /// A pause between two bounds, in a short story a shorter one.
    pub(crate) fn pause(&mut self, low: i64, high: i64) -> i64 {
        self.dice.range(low, high) / self.haste()
    }

    pub(crate) fn later(&mut self, at: i64, task: Task) {
        self.queue.push(Reverse((at, self.queued, task)));
        self.queued += 1;
    }

    /// The next task before an instant, the clock set to it.
    pub(crate) fn next_task(&mut self, before: i64) -> Option<Task> {
        let Reverse((at, _, task)) = *self.queue.peek()?;
        if at >= before {
            return None;
        }
        self.queue.pop();
        self.now = at;
        Some(task)
    }

    /// Takes a task out of the queue: the earliest that is picked and due by an instant.
    pub(crate) fn take_task(
        &mut self,
        by: i64,
        picks: impl Fn(&Self, Task) -> bool,
    ) -> Option<Task> {
        let due =
            self.queue.iter().filter(|Reverse((at, _, task))| *at <= by && picks(self, *task));
        let Reverse(found) = *due.max()?;
        self.queue.retain(|Reverse(entry)| *entry != found);
        self.now = found.0;
        Some(found.2)
    }

    /// Notes what no payload settles, unless a look-up does.
    pub(crate) fn label(&mut self, object: &str, why: Unsettled) {
        if self.open_book && why != Unsettled::InclusiveTaxUnknown {
            return;
        }
        self.unsettled.entry(object.to_owned()).or_default().insert(why);
    }

    /// Says that something happened to an object that now looks like this.
    pub(crate) fn say(&mut self, kind: &str, object: Value) {
        self.say_at(self.now, kind, object);
    }

    pub(crate) fn say_at(&mut self, at: i64, kind: &str, object: Value) {
        self.push(at, kind, &object, None);
        if let Some(id) = object["id"].as_str() {
            self.shown.insert(id.to_owned(), object);
        }
    }

    /// Says what changed in an object, if anything did.
    pub(crate) fn say_change(&mut self, kind: &str, object: Value) {
        self.say_change_at(self.now, kind, object);
    }

    pub(crate) fn say_change_at(&mut self, at: i64, kind: &str, object: Value) {
        let id = object["id"].as_str().unwrap_or_default().to_owned();
        let before = self.shown.get(&id).unwrap_or(&Value::Null);
        let Some(changes) = diff::previous(before, &object) else { return };
        self.push(at, kind, &object, Some(changes.clone()));
        if self.repeats && self.request.is_none() && self.dice.chance(25) {
            self.push(at, kind, &object, Some(changes));
        }
        self.shown.insert(id, object);
    }

    /// What an event says of the request behind it.
    fn asked(&mut self) -> (Option<String>, Option<String>) {
        match &self.request {
            Some((id, key)) => (Some(id.clone()), key.clone()),
            None => (self.dice.chance(5_000).then(|| self.dice.id("req")), None),
        }
    }

    fn push(&mut self, at: i64, kind: &str, object: &Value, previous: Option<Value>) {
        let id = self.dice.id("evt");
        let at = self.told_at.unwrap_or(at);
        let request = self.asked();
        let mut data = json!({ "object": object });
        if let Some(previous) = previous {
            data["previous_attributes"] = previous;
        }
        let envelope = json!({
            "id": id,
            "object": "event",
            "api_version": self.plan.version.name(),
            "created": at,
            "data": data,
            "livemode": self.plan.livemode,
            "pending_webhooks": 1,
            "request": { "id": request.0, "idempotency_key": request.1 },
            "type": kind,
        });
        let is_customer = object["object"] == "customer";
        let customer = if is_customer { &object["id"] } else { &object["customer"] };
        self.events.push(SimEvent {
            id,
            created: at,
            kind: kind.to_owned(),
            object: object["id"].as_str().unwrap_or_default().to_owned(),
            customer: customer.as_str().map(str::to_owned),
            body: envelope.to_string().into_bytes(),
        });
    }

    /// Closes the story.
    pub(crate) fn finish(mut self) -> (Vec<SimEvent>, Truth) {
        let end = self.plan.end();
        self.events.retain(|event| event.created < end);
        self.events.sort_by_key(|event| event.created);
        let truth = self.truth();
        (self.events, truth)
    }

    /// What is true by now.
    pub(crate) fn truth(&self) -> Truth {
        let (mut steps, mut unsettled) = (self.steps.clone(), self.unsettled.clone());
        self.retell_crowds(&mut steps, &mut unsettled);
        for charge in self.charges_refunded_unseen() {
            unsettled.entry(charge).or_default().insert(Unsettled::RefundUnseen);
        }
        let (mrr, movements) = steps.tell();
        let [gross, net] = self.books.revenue();
        let balances = self.books.balances();
        Truth { mrr, movements, balances, gross, net, unsettled }
    }
}
