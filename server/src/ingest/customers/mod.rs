//! Customers and their subscriptions: change points, movements, and what is counted of them.

mod context;
mod counts;
mod movements;
mod rows;
mod trials;
mod window;

use super::links::Links;
use super::output::{Batch, Output};
use super::{Key, Trouble, store};
use crate::db::{Rows, Tx};
use crate::privacy::{self, Keys, Names};
pub(super) use context::used_again;
use context::{Catalogue, Contexts};
use rows::{mark_changes, mirror, own, status_of, write_points};
pub(super) use rows::{word, write_marks};
use std::collections::{BTreeMap, BTreeSet};
use takings_core::billing::facts::{Fact, Invoice, Seconds, State};
use takings_core::billing::{Carry, Context, Definition, FoldError, Point, fold};
use takings_core::version::Moment;
use window::Window;

/// As many items as a payload lists of a subscription.
const LISTED: usize = 10;

/// Before every instant.
const EVER: Seconds = i64::MIN / 2_000_000;

/// What of a customer is to be derived again.
#[derive(Clone, Debug, Default)]
pub(super) struct CustomerScope {
    /// The customer object itself, from a second on.
    own: Option<Seconds>,
    /// Subscriptions, each from a second on.
    subscriptions: BTreeMap<String, Seconds>,
    /// Subscriptions of which something was billed.
    billed: BTreeSet<String>,
    /// Every subscription, from a second on.
    all: Option<Seconds>,
    /// The observation that asks for it.
    event: String,
}

impl CustomerScope {
    /// Everything of the customer.
    pub(super) fn whole(event: &str) -> CustomerScope {
        CustomerScope {
            own: Some(EVER),
            all: Some(EVER),
            event: event.into(),
            ..Default::default()
        }
    }
}

/// The customers of a unit of work.
#[derive(Default)]
pub(super) struct Customers {
    scopes: BTreeMap<Key, CustomerScope>,
    /// Those of customers of whom something new is said.
    keys: Keys,
}

impl Customers {
    /// The keys of customers that are held already.
    pub(super) fn holding(keys: Keys) -> Customers {
        Customers { keys, ..Customers::default() }
    }

    /// Takes a customer in.
    pub(super) fn add(&mut self, key: Key, scope: CustomerScope) {
        self.scopes.insert(key, scope);
    }

    /// Whether there is nothing to do.
    pub(super) fn is_empty(&self) -> bool {
        self.scopes.is_empty()
    }

    /// Takes in what a fact may change.
    pub(super) fn touch(
        &mut self,
        links: &Links,
        source: i64,
        second: Seconds,
        event: &str,
        fact: &Fact,
    ) {
        let key = (source, fact.object.clone());
        let customer = match &fact.state {
            State::Customer(_) => fact.object.clone(),
            _ => links.customer(&key).unwrap_or(&fact.object).to_owned(),
        };
        let mut scope = |change: &dyn Fn(&mut CustomerScope)| {
            let scope = self.scopes.entry((source, customer.clone())).or_default();
            scope.event = event.to_owned();
            change(scope);
        };
        match &fact.state {
            State::Customer(_) => scope(&|scope| earliest(&mut scope.own, second)),
            State::Subscription(it) => scope(&|scope| {
                // A list this long may complete one that an earlier payload cut.
                let start = if it.items.len() > LISTED { EVER } else { second };
                let from = scope.subscriptions.entry(fact.object.clone()).or_insert(start);
                *from = start.min(*from);
            }),
            State::Discount(it) => {
                let start = if it.start > 0 { it.start.min(second) } else { second };
                scope(&|scope| earliest(&mut scope.all, start));
            }
            State::ItemTax(_) => scope(&|scope| earliest(&mut scope.all, EVER)),
            // The customer that the invoice names is locked.
            State::Invoice(Invoice { subscription: Some(it), customer: Some(_), .. }) => {
                scope(&|scope| scope.billed.extend([it.clone()]));
            }
            _ => {}
        }
    }

    /// Derives everything touched, and puts the differences into `output`.
    pub(super) async fn derive(
        mut self,
        tx: &mut Tx<'_>,
        output: &mut Output,
        batch: Batch,
    ) -> Result<(), Trouble> {
        let mut keys = std::mem::take(&mut self.keys);
        self.find_subscriptions(tx).await?;
        let folded = self.scopes.iter().filter(|(_, scope)| !scope.subscriptions.is_empty());
        let mut contexts = Contexts::load(tx, folded.map(|(key, _)| key)).await?;
        loop {
            let windows = window::load(tx, &self.froms()).await?;
            contexts.load_prices(tx, &windows).await?;
            let mut works = self.works(&windows);
            let mut points = load_points(tx, &works).await?;
            let mut earlier: Vec<(Key, String, Seconds)> = Vec::new();
            for work in &mut works {
                work.stored = points.remove(work.key).unwrap_or_default();
                let too_late = work.fold(&contexts)?.into_iter();
                earlier.extend(too_late.map(|(id, from)| (work.key.clone(), id, from)));
            }
            if earlier.is_empty() {
                for (source, coupon, customer) in contexts.holders() {
                    output.holders.push([source.into(), coupon.into(), customer.into()]);
                }
                reload_earlier(tx, &mut works).await?;
                keys.hold_more(tx, told(&works)).await?;
                return write(tx, &mut works, &keys, output, batch).await;
            }
            for (key, subscription, from) in earlier {
                if let Some(scope) = self.scopes.get_mut(&key) {
                    scope.subscriptions.insert(subscription, from);
                }
            }
        }
    }

    fn works<'a>(&'a self, windows: &'a BTreeMap<Key, Window>) -> Vec<Work<'a>> {
        let work = |(key, scope): (&'a Key, &'a CustomerScope)| {
            let mut work = Work::new(key, scope);
            work.own = windows.get(key).filter(|_| scope.own.is_some());
            for subscription in scope.subscriptions.keys() {
                if let Some(window) = windows.get(&(key.0, subscription.clone())) {
                    work.start = work.start.min(window.begin());
                    work.windows.insert(subscription, window);
                }
            }
            for subscription in scope.subscriptions.keys().chain(&scope.billed) {
                let window = windows.get(&(key.0, subscription.clone()));
                work.trials.extend(window.map(|window| (subscription.as_str(), window)));
            }
            work
        };
        self.scopes.iter().map(work).collect()
    }

    /// Names the subscriptions of customers that are derived as a whole.
    async fn find_subscriptions(&mut self, tx: &mut Tx<'_>) -> Result<(), Trouble> {
        let mut keys = Rows::default();
        for ((source, customer), _) in self.scopes.iter().filter(|(_, scope)| scope.all.is_some()) {
            keys.push([(*source).into(), customer.as_str().into()]);
        }
        if keys.is_empty() {
            return Ok(());
        }
        for row in tx.fetch(&store::SUBSCRIPTIONS_OF, &keys).await? {
            let Some(scope) = self.scopes.get_mut(&(row.int(0)?, row.text(1)?)) else { continue };
            let all = scope.all.unwrap_or(EVER);
            let from = scope.subscriptions.entry(row.text(2)?).or_insert(all);
            *from = all.min(*from);
        }
        Ok(())
    }

    /// Every object to be looked at, from a second on.
    fn froms(&self) -> BTreeMap<Key, Seconds> {
        let mut froms: BTreeMap<Key, Seconds> = BTreeMap::new();
        for ((source, customer), scope) in &self.scopes {
            if let Some(from) = scope.own {
                froms.insert((*source, customer.clone()), from);
            }
            // Of what was billed only the newest moment is looked at.
            let billed = scope.billed.iter().map(|id| (id, &Seconds::MAX));
            let subscriptions = billed.chain(&scope.subscriptions);
            froms.extend(subscriptions.map(|(id, from)| ((*source, id.clone()), *from)));
        }
        froms
    }
}

fn earliest(from: &mut Option<Seconds>, second: Seconds) {
    *from = Some(from.map_or(second, |known| known.min(second)));
}

/// Stored change points, by subscription and instant.
type Timelines = BTreeMap<String, BTreeMap<Seconds, Point>>;

/// One customer's work.
struct Work<'a> {
    key: &'a Key,
    event: &'a str,
    own: Option<&'a Window>,
    windows: BTreeMap<&'a str, &'a Window>,
    /// Subscriptions whose trials may have ended.
    trials: BTreeMap<&'a str, &'a Window>,
    /// Stored points are loaded from here on, and the last ones before.
    start: Seconds,
    stored: Timelines,
    folded: BTreeMap<&'a str, Vec<Point>>,
    /// What would settle more.
    needs: BTreeSet<String>,
    /// The timelines as they should be.
    target: Timelines,
}

impl<'a> Work<'a> {
    fn new(key: &'a Key, scope: &'a CustomerScope) -> Work<'a> {
        Work {
            key,
            event: &scope.event,
            own: None,
            windows: BTreeMap::new(),
            trials: BTreeMap::new(),
            start: Seconds::MAX,
            stored: Timelines::new(),
            folded: BTreeMap::new(),
            needs: BTreeSet::new(),
            target: Timelines::new(),
        }
    }

    /// Folds every window. Answers the subscriptions whose window begins too late, each with
    /// the second it must begin at.
    fn fold(&mut self, contexts: &Contexts) -> Result<Vec<(String, Seconds)>, Trouble> {
        let (none, nothing) = (BTreeMap::new(), Catalogue::default());
        let catalogue = contexts.catalogue(self.key.0).unwrap_or(&nothing);
        let context = Context {
            discounts: contexts.discounts.get(self.key).unwrap_or(&none),
            coupons: &catalogue.coupons,
            coupon_terms: &catalogue.coupon_terms,
            price_terms: &catalogue.price_terms,
            item_taxes: contexts.item_taxes.get(self.key).unwrap_or(&none),
            first_paid: None,
        };
        let mut earlier = Vec::new();
        for (subscription, window) in &self.windows {
            let carry = match &window.anchor {
                None => None,
                Some(moment) => match self.carry(subscription, moment, window) {
                    Some(point) => Some(Carry { point, moment }),
                    None => {
                        earlier.push(((*subscription).to_owned(), moment.second));
                        continue;
                    }
                },
            };
            match fold(&Definition::default(), carry, &window.moments, &context) {
                Ok(folded) => {
                    self.needs.extend(folded.needs);
                    self.folded.insert(subscription, folded.points);
                }
                Err(FoldError::BeforeCarry(from)) => {
                    earlier.push(((*subscription).to_owned(), from));
                }
                Err(overflow) => return Err(Trouble::Data(overflow.to_string())),
            }
        }
        Ok(earlier)
    }

    /// The stored point that the anchor made, or time alone since: where the fold goes on from.
    fn carry(&self, subscription: &str, anchor: &Moment, window: &Window) -> Option<&Point> {
        let points = self.stored.get(subscription)?.range(..window.begin());
        points.rev().map(|(_, point)| point).find(|point| point.second == anchor.second)
    }

    /// The first instant that may change.
    fn earliest(&self) -> Seconds {
        let folded = self.folded.values().flatten().map(|point| point.at);
        let displaced = self.windows.iter().filter_map(|(subscription, window)| {
            let first = window.first();
            let points = self.stored.get(*subscription)?.values();
            points.filter(|point| point.second >= first).map(|point| point.at).min()
        });
        folded.chain(displaced).min().unwrap_or(Seconds::MAX).min(self.start)
    }

    /// Writes down the timelines, marks and mirrors of the subscriptions folded.
    fn subscriptions(&mut self, output: &mut Output, batch: Batch) -> Result<(), Trouble> {
        self.target = self.stored.clone();
        for (subscription, points) in std::mem::take(&mut self.folded) {
            let window = self.windows[subscription];
            let first = window.first();
            let from = points.first().map_or(Seconds::MAX, |point| point.at).min(window.begin());
            let target = self.target.entry(subscription.to_owned()).or_default();
            target.retain(|at, point| *at < from && point.second < first);
            target.extend(points.into_iter().map(|point| (point.at, point)));
            let empty = BTreeMap::new();
            let stored = self.stored.get(subscription).unwrap_or(&empty);
            write_points(output, self.key, subscription, (stored, target), batch)?;
            let marks = (mark_changes(stored, self.start), mark_changes(target, self.start));
            write_marks(output, (self.key.0, subscription), marks, batch);
            mirror(output, self.key, subscription, window, batch);
        }
        Ok(())
    }
}

/// Puts every difference of every customer into `output`.
async fn write(
    tx: &mut Tx<'_>,
    works: &mut [Work<'_>],
    keys: &Keys,
    output: &mut Output,
    batch: Batch,
) -> Result<(), Trouble> {
    let indexes = tx.vault().unlocked_indexes()?;
    for work in works.iter_mut() {
        let (source, customer) = work.key;
        if let Some(window) = work.own {
            own(output, (keys, indexes), work.key, window, batch);
        }
        for needed in &work.needs {
            let (needed, customer) = (needed.as_str().into(), customer.as_str().into());
            output.waiting.push([(*source).into(), needed, customer, batch.id.into()]);
        }
        work.subscriptions(output, batch)?;
    }
    counts::customers(tx, works, output, batch).await?;
    counts::statuses(tx, works, output, batch).await?;
    trials::post(tx, works, output, batch).await?;
    movements::post(tx, works, output, batch).await
}

/// The customers of whom something is known.
fn told(works: &[Work<'_>]) -> Names {
    let told = works.iter().filter(|work| work.own.is_some_and(|own| own.personal.is_some()));
    privacy::customers::names(told.map(|work| (work.key.0, work.key.1.as_str())))
}

/// Loads the points of every customer from its start on.
async fn load_points(
    tx: &mut Tx<'_>,
    works: &[Work<'_>],
) -> Result<BTreeMap<Key, Timelines>, Trouble> {
    let mut wanted = Rows::default();
    for work in works.iter().filter(|work| !work.windows.is_empty()) {
        let (source, customer) = work.key;
        wanted.push([(*source).into(), customer.as_str().into(), work.start.into()]);
    }
    let mut timelines: BTreeMap<Key, Timelines> = BTreeMap::new();
    if wanted.is_empty() {
        return Ok(timelines);
    }
    for row in tx.fetch(&store::POINTS, &wanted).await? {
        let point: Point = serde_json::from_str(&row.text(4)?)
            .map_err(|error| Trouble::Unreadable { what: "point", why: error.to_string() })?;
        let customer = timelines.entry((row.int(0)?, row.text(1)?)).or_default();
        customer.entry(row.text(2)?).or_default().insert(row.int(3)?, point);
    }
    Ok(timelines)
}

/// Where a new or displaced point lies before what was loaded, loads from there.
async fn reload_earlier(tx: &mut Tx<'_>, works: &mut [Work<'_>]) -> Result<(), Trouble> {
    for work in works.iter_mut().filter(|work| !work.windows.is_empty()) {
        while work.earliest() < work.start {
            work.start = work.earliest();
            let mut loaded = load_points(tx, std::slice::from_ref(work)).await?;
            work.stored = loaded.remove(work.key).unwrap_or_default();
        }
    }
    Ok(())
}
