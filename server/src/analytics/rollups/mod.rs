//! What everything before an instant adds up to, by kind and currency, as it was known.
//!
//! The sum before an instant is made of whole months and days, and of the rows between the
//! instant and the nearer edge of its day ([`cut`]). What a range holds is the difference of two
//! such sums. What may be known is made the same way: whole recorded days, and the rows of the
//! transactions between an instant and the nearer edge of its recorded day.

mod cut;
mod store;

use crate::db::Database;
use crate::error::{Error, Reason};
use cut::{Cut, Run, merged};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range as Indices;
use store::Part;
use takings_core::money::Currency;
use takings_core::time::{Day, Range, Timestamp};

/// What some rows add up to. Of measures there are only amounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    /// Units of MRR, or a measure's amount.
    pub(super) amount: i128,
    /// Movements.
    pub(super) events: i128,
    /// By how much the number of subscribers in the currency changes.
    pub(super) subscribers: i128,
    /// By how much the number of customers with any MRR changes.
    pub(super) customers: i128,
}

/// The sums before some instants, by kind and currency.
#[derive(Debug)]
pub(super) struct Totals {
    cuts: Vec<Cut>,
    places: BTreeMap<String, BTreeMap<String, usize>>,
    before: Vec<Vec<Sums>>,
}

/// What has to be read.
#[derive(Debug)]
struct Plan {
    /// Months before this one.
    months: i64,
    /// Runs of days.
    days: Vec<(i64, i64)>,
    /// Runs of instants.
    parts: Vec<(i64, i64)>,
    /// Everything is before this.
    end: Timestamp,
    known: Option<Known>,
}

/// Which recorded instants may be used.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// The last recorded day that is taken whole.
    through: Day,
    /// Recorded instants besides: the first, and the first after.
    edge: (Timestamp, Timestamp),
    /// Whether their rows are added to the whole days, or taken out of them.
    sign: i128,
}

impl Totals {
    /// Reads the sums of all movements, and of the measures of some kinds, before some instants.
    pub(super) async fn read(
        database: &Database,
        instants: &[Timestamp],
        known: Option<Timestamp>,
        kinds: &[&str],
    ) -> Result<Totals, Error> {
        let known = match known {
            Some(known) => Some(Known::read(database, known).await?),
            None => None,
        };
        let mut totals = Totals::new(instants);
        let plan = totals.plan(known);
        let sign = known.map_or(0, |known| known.sign);
        let mut grown: Vec<Vec<Sums>> = Vec::new();
        for (part, lines) in store::lines(database, &plan, kinds).await? {
            for line in lines.split(';') {
                totals.add(&mut grown, part, sign, line).ok_or_else(|| unreadable(line))?;
            }
        }
        totals.gather(&grown);
        Ok(totals)
    }

    fn new(instants: &[Timestamp]) -> Totals {
        let sorted: BTreeSet<Timestamp> = instants.iter().copied().collect();
        let cuts = sorted.into_iter().map(Cut::new).collect();
        Totals { cuts, places: BTreeMap::new(), before: Vec::new() }
    }

    fn plan(&self, known: Option<Known>) -> Plan {
        Plan {
            months: self.cuts.last().map_or(i64::MIN, |cut| cut.months),
            days: merged(self.cuts.iter().filter_map(|cut| cut.days)),
            parts: merged(self.cuts.iter().filter_map(|cut| cut.part)),
            end: self.cuts.last().map_or(Timestamp(i64::MIN), |cut| cut.at),
            known,
        }
    }

    /// Takes in one line. `grown` is by how much a sum is more than the sum at the cut before.
    fn add(
        &mut self,
        grown: &mut Vec<Vec<Sums>>,
        part: Part,
        sign: i128,
        line: &str,
    ) -> Option<()> {
        let mut fields = line.split(',');
        let at: i64 = fields.next()?.parse().ok()?;
        let place = self.place(fields.next()?, fields.next()?);
        let mut next = || fields.next().map_or(Some(0), |field| field.parse().ok());
        let sums =
            Sums { amount: next()?, events: next()?, subscribers: next()?, customers: next()? };
        grown.resize_with(self.before.len(), || vec![Sums::default(); self.cuts.len()]);
        let from = match part {
            Part::Months => Some((self.cuts.partition_point(|cut| cut.months <= at), 1)),
            Part::Edges => Some((self.cuts.partition_point(|cut| cut.at.0 <= at), sign)),
            Part::Days | Part::Instants => None,
        };
        if let Some((first, sign)) = from {
            grown[place].get_mut(first)?.add(sums, sign);
            return Some(());
        }
        for index in self.cuts_near(part, at) {
            let cut = &self.cuts[index];
            let run = if part == Part::Days { cut.days } else { cut.part };
            if let Some(Run { sign, .. }) = run.filter(|run| (run.from..run.until).contains(&at)) {
                self.before[place][index].add(sums, sign);
            }
        }
        Some(())
    }

    /// The cuts in the month of a day, or in the day of an instant. Those at its end need neither.
    fn cuts_near(&self, part: Part, at: i64) -> Indices<usize> {
        let (start, end) = if part == Part::Days {
            let month = Day(i32::try_from(at).unwrap_or(i32::MAX)).month();
            (month.first().start(), month.next().first().start())
        } else {
            let day = Timestamp(at).day();
            (day.start(), Day(day.0 + 1).start())
        };
        let first_from = |instant| self.cuts.partition_point(|cut| cut.at < instant);
        first_from(start)..first_from(end)
    }

    fn place(&mut self, kind: &str, currency: &str) -> usize {
        if let Some(place) = self.places.get(kind).and_then(|it| it.get(currency)) {
            return *place;
        }
        let place = self.before.len();
        self.before.push(vec![Sums::default(); self.cuts.len()]);
        self.places.entry(kind.to_owned()).or_default().insert(currency.to_owned(), place);
        place
    }

    fn gather(&mut self, grown: &[Vec<Sums>]) {
        for (before, grown) in self.before.iter_mut().zip(grown) {
            let mut running = Sums::default();
            for (sums, growth) in before.iter_mut().zip(grown) {
                running.add(*growth, 1);
                sums.add(running, 1);
            }
        }
    }

    /// The sum before an instant, which must be one of those read.
    pub(super) fn before(&self, at: Timestamp, kind: &str, currency: &str) -> Sums {
        let place = self.places.get(kind).and_then(|it| it.get(currency));
        let index = self.cuts.binary_search_by_key(&at, |cut| cut.at);
        debug_assert!(index.is_ok(), "{at:?} was not read");
        place.zip(index.ok()).map_or(Sums::default(), |(place, index)| self.before[*place][index])
    }

    /// The sum inside a range, whose ends must be among the instants read.
    pub(super) fn inside(&self, range: Range, kind: &str, currency: &str) -> Sums {
        let mut sums = self.before(range.end, kind, currency);
        sums.add(self.before(range.start, kind, currency), -1);
        sums
    }

    /// The sum of all kinds given, in all currencies, before an instant.
    pub(super) fn before_all(&self, at: Timestamp, kinds: &[&str]) -> Sums {
        let mut all = Sums::default();
        for kind in kinds {
            for currency in self.places.get(*kind).into_iter().flat_map(|it| it.keys()) {
                all.add(self.before(at, kind, currency), 1);
            }
        }
        all
    }

    /// The sum of one kind, in all currencies, inside a range.
    pub(super) fn inside_all(&self, range: Range, kind: &str) -> Sums {
        let mut all = self.before_all(range.end, &[kind]);
        all.add(self.before_all(range.start, &[kind]), -1);
        all
    }

    /// The currencies in which there is anything of the kinds given.
    pub(super) fn currencies(&self, kinds: &[&str]) -> BTreeSet<Currency> {
        let of_kinds = kinds.iter().filter_map(|kind| self.places.get(*kind)).flatten();
        let any = |place: &usize| self.before[*place].iter().any(|sums| *sums != Sums::default());
        let named = of_kinds.filter(|(_, place)| any(place));
        named.filter_map(|(currency, _)| Currency::parse(currency).ok()).collect()
    }
}

impl Known {
    /// Goes to the edge of the recorded day with fewer transactions in between.
    async fn read(database: &Database, known: Timestamp) -> Result<Known, Error> {
        let day = known.day();
        let (start, end) = (day.start(), Day(day.0 + 1).start());
        let after = Timestamp(known.0 + 1);
        let (before_count, after_count) =
            store::batches_around(database, (start, end), after).await?;
        Ok(if before_count < after_count {
            Known { through: Day(day.0 - 1), edge: (start, after), sign: 1 }
        } else {
            Known { through: day, edge: (after, end), sign: -1 }
        })
    }
}

impl Sums {
    fn add(&mut self, other: Sums, sign: i128) {
        self.amount += sign * other.amount;
        self.events += sign * other.events;
        self.subscribers += sign * other.subscribers;
        self.customers += sign * other.customers;
    }
}

/// A sum as the contract can hold it.
pub(super) fn narrow(sum: i128) -> Result<i64, Error> {
    i64::try_from(sum).map_err(|_| {
        let message = "a sum of amounts does not fit 64 bits: ask for less at a time".into();
        Error::Precondition { reason: Reason::AmountOverflow, message }
    })
}

fn unreadable(line: &str) -> Error {
    Error::internal(format!("a line of roll-ups cannot be read: `{line}`"))
}
