//! Commissions of a whole period: marginal and retroactive tiers.
//!
//! Everything that happens to the period's sales is gone through in order. After each step the
//! period has a target; what changed of it is a row of the sale that moved it, dated at the step.

use super::super::decision::{Acts, Log};
use super::super::sale::Sale;
use super::super::terms::{Measure, Method, Terms, Tiers};
use super::exchange::{from_program, to_program};
use super::tiers::marginal;
use super::{Book, Kind};
use crate::ledger::LedgerError;
use crate::ledger::amount::{add, part, sub, sum};
use crate::money::Currency;
use crate::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// What one sale adds to its period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Share {
    /// What is left of its base.
    native: i64,
    /// The same in the program's currency.
    program: i64,
    /// Whether it counts as a sale: as long as not all of it went back.
    counts: bool,
}

/// What a period's sales add up to.
#[derive(Debug, Default)]
struct Totals<'a> {
    orders: BTreeMap<&'a str, usize>,
    new_orders: BTreeMap<&'a str, usize>,
    revenue: i64,
    bases: BTreeMap<Currency, i64>,
}

impl<'a> Totals<'a> {
    fn replace(&mut self, sale: &'a Sale, old: Share, new: Share) -> Result<(), LedgerError> {
        self.revenue = add(self.revenue, sub(new.program, old.program)?)?;
        let base = self.bases.entry(sale.currency).or_default();
        *base = add(*base, sub(new.native, old.native)?)?;
        if old.counts != new.counts {
            count(&mut self.orders, &sale.order, new.counts);
            if sale.new_customer {
                count(&mut self.new_orders, &sale.order, new.counts);
            }
        }
        Ok(())
    }

    fn measure(&self, measure: Measure) -> i64 {
        match measure {
            Measure::Sales => self.orders.len() as i64,
            Measure::NewCustomers => self.new_orders.len() as i64,
            Measure::NetRevenue => self.revenue,
        }
    }
}

/// One part more or less of an order, which counts as long as one of its parts does.
fn count<'a>(orders: &mut BTreeMap<&'a str, usize>, order: &'a str, counts: bool) {
    let parts = orders.entry(order).or_default();
    *parts = if counts { *parts + 1 } else { parts.saturating_sub(1) };
    if *parts == 0 {
        orders.remove(order);
    }
}

/// A sale under way.
struct Course<'a> {
    sale: &'a Sale,
    acts: Acts<'a>,
    share: Share,
    returned: i64,
    rejected: bool,
}

/// Posts the rows of one period's sales, in order.
pub(super) fn post(
    terms: &Terms,
    tiers: &Tiers,
    sales: &[&Sale],
    log: &Log<'_>,
    book: &mut Book,
) -> Result<(), LedgerError> {
    let mut courses: Vec<Course<'_>> = Vec::new();
    let mut steps: BTreeSet<(Timestamp, usize)> = BTreeSet::new();
    for (place, sale) in sales.iter().copied().enumerate() {
        let acts = Acts::on(sale, log);
        let acted = acts.instants().map(|at| at.max(sale.paid_at));
        steps.extend(sale.instants().into_iter().chain(acted).map(|at| (at, place)));
        let share = Share::default();
        courses.push(Course { sale, acts, share, returned: 0, rejected: false });
    }
    let mut period = Posted::new(terms, tiers, sales);
    for (at, place) in steps {
        let course = &mut courses[place];
        let sale = course.sale;
        let rejected = course.acts.is_rejected(at);
        let (base, returned) = (sale.base_at(at)?, sale.returned_at(at)?);
        // First what came in, then what of it went back.
        let came = share(terms, sale, base, course.returned, course.rejected)?;
        let fell = came.native < course.share.native;
        let kind = if fell { Kind::Reversed } else { Kind::Earned };
        for (currency, amount) in period.step(place, course.share, came)? {
            book.add(sale, kind, at, currency, amount)?;
        }
        let left = share(terms, sale, base, returned, rejected)?;
        for (currency, amount) in period.step(place, came, left)? {
            book.returned(sale, rejected, at, currency, amount)?;
        }
        (course.share, course.returned, course.rejected) = (left, returned, rejected);
    }
    Ok(())
}

fn share(
    terms: &Terms,
    sale: &Sale,
    base: i64,
    returned: i64,
    rejected: bool,
) -> Result<Share, LedgerError> {
    if rejected {
        return Ok(Share::default());
    }
    let native = sub(base, part(base, returned, sale.captured)?)?;
    let program = to_program(terms, native, sale.currency)?.unwrap_or(0);
    Ok(Share { native, program, counts: base > 0 && returned < sale.captured })
}

/// A period and what was posted of it so far.
struct Posted<'a> {
    terms: &'a Terms,
    tiers: &'a Tiers,
    /// The period's sales in order, each with what is left of it in the program's currency.
    sales: Vec<(&'a Sale, i64)>,
    /// How many of them something has happened to, with those before them.
    reached: usize,
    totals: Totals<'a>,
    /// Of marginal tiers: what each currency's sales make up of `C(V)`, in the program's currency.
    parts: BTreeMap<Currency, i64>,
    posted: BTreeMap<Currency, i64>,
}

impl<'a> Posted<'a> {
    fn new(terms: &'a Terms, tiers: &'a Tiers, sales: &[&'a Sale]) -> Posted<'a> {
        let sales = sales.iter().map(|sale| (*sale, 0)).collect();
        let (totals, parts, posted) = (Totals::default(), BTreeMap::new(), BTreeMap::new());
        Posted { terms, tiers, sales, reached: 0, totals, parts, posted }
    }

    /// Takes in what a sale's share became; answers what that moves of the target, by currency.
    fn step(
        &mut self,
        place: usize,
        old: Share,
        new: Share,
    ) -> Result<Vec<(Currency, i64)>, LedgerError> {
        if old == new {
            return Ok(Vec::new());
        }
        let (sale, before) = (self.sales[place].0, self.totals.revenue);
        self.totals.replace(sale, old, new)?;
        let targets = if self.tiers.method == Method::Marginal {
            self.stack(place, before, new.program)?;
            self.marginal()?
        } else {
            self.retroactive()?
        };
        let mut rows = Vec::new();
        for (currency, target) in targets {
            let posted = self.posted.insert(currency, target).unwrap_or(0);
            rows.push((currency, sub(target, posted)?));
        }
        Ok(rows)
    }

    /// Says anew what each currency's sales make up of `C(V)`: one sale after the other in their
    /// order, `C(v + s) - C(v)`. A sale that changes moves those after it, of whichever currency; so
    /// no order in which money goes back leaves anything of a sale that is wholly gone.
    fn stack(&mut self, place: usize, before: i64, left: i64) -> Result<(), LedgerError> {
        self.reached = self.reached.max(place + 1);
        let whole = |revenue| capped(self.terms, self.tiers, revenue);
        let was = std::mem::replace(&mut self.sales[place].1, left);
        if self.totals.bases.len() == 1 {
            let only = self.sales[place].0.currency;
            self.parts.insert(only, whole(self.totals.revenue)?);
            return Ok(());
        }
        let moved = &self.sales[place..self.reached];
        let above = sum(moved[1..].iter().map(|(_, left)| *left).chain([was]))?;
        let (mut old, mut new) = (sub(before, above)?, sub(before, above)?);
        for (at, (sale, left)) in moved.iter().enumerate() {
            let old_end = add(old, if at == 0 { was } else { *left })?;
            let new_end = add(new, *left)?;
            let (gone, come) =
                (sub(whole(old_end)?, whole(old)?)?, sub(whole(new_end)?, whole(new)?)?);
            let part = self.parts.entry(sale.currency).or_default();
            *part = add(*part, sub(come, gone)?)?;
            (old, new) = (old_end, new_end);
        }
        Ok(())
    }

    /// What each currency's sales make up of `C(V)`, natively. The sum is converted, not the step:
    /// what comes back in parts leaves nothing behind.
    fn marginal(&self) -> Result<Vec<(Currency, i64)>, LedgerError> {
        let natively = |(currency, part): (&Currency, &i64)| {
            Ok((*currency, from_program(self.terms, *part, *currency)?.unwrap_or(0)))
        };
        self.parts.iter().map(natively).collect()
    }

    /// `round(rate(V) * B)` for every currency; the cap is used up by the program's own currency
    /// first, then by the others in the order of their codes.
    fn retroactive(&self) -> Result<Vec<(Currency, i64)>, LedgerError> {
        let rate = self.tiers.rate(self.totals.measure(self.tiers.measure));
        let mut bases: Vec<(Currency, i64)> =
            self.totals.bases.iter().map(|(currency, base)| (*currency, *base)).collect();
        bases.sort_by_key(|(currency, _)| (*currency != self.terms.currency, *currency));
        let mut left = self.terms.caps.period;
        for (currency, amount) in &mut bases {
            *amount = part(*amount, rate, 10_000)?;
            let Some(cap) = left else { continue };
            let Some(most) = from_program(self.terms, cap, *currency)? else { continue };
            *amount = (*amount).min(most);
            let taken = to_program(self.terms, *amount, *currency)?.unwrap_or(0);
            left = Some(sub(cap, taken)?.max(0));
        }
        Ok(bases)
    }
}

/// `C(V)`, at most the cap.
fn capped(terms: &Terms, tiers: &Tiers, revenue: i64) -> Result<i64, LedgerError> {
    let target = marginal(tiers, revenue)?;
    Ok(terms.caps.period.map_or(target, |cap| target.min(cap)))
}
