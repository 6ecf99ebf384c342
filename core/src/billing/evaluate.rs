//! The MRR of a subscription in one state at one instant.

use super::cause;
use super::definition::Definition;
use super::discount::{Line, OwnDiscounts, Terms, take_off, terms};
use super::facts::{Item, PriceTerms, Seconds, Subscription, SubscriptionStatus, TaxBehavior};
use super::fraction::Fraction;
use super::mrr::{Billed, Overflow, billed, monthly};
use super::point::{Cause, Context, ItemPoint, Point};
use super::tax::without_tax;
use crate::money::Currency;
use crate::unconfirmed::Reason;
use crate::version::Moment;
use std::collections::{BTreeMap, BTreeSet};

/// What an evaluation finds missing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    pub(crate) marks: BTreeSet<Reason>,
    pub(crate) needs: BTreeSet<String>,
}

/// One version in force, with what it inherits from the versions before it.
pub(crate) struct Version<'a> {
    /// Its effective instant.
    pub(crate) at: Seconds,
    pub(crate) moment: &'a Moment,
    pub(crate) state: &'a Subscription,
    /// What its own order among the versions leaves open.
    pub(crate) marks: BTreeSet<Reason>,
    /// Since when it is past due.
    pub(crate) past_due_since: Option<Seconds>,
    /// Expired discounts it no longer lists: the subscription's, and by item.
    pub(crate) lingering: Vec<String>,
    pub(crate) item_lingering: BTreeMap<&'a str, Vec<String>>,
}

/// The rules, and everything besides the subscription that they read.
pub(crate) struct Rules<'a> {
    pub(crate) definition: &'a Definition,
    pub(crate) context: Context<'a>,
    pub(crate) own: OwnDiscounts<'a>,
}

impl<'a> Rules<'a> {
    /// The point of a version at an instant it is in force, after the point `before`.
    pub(crate) fn evaluate(
        &self,
        version: &Version<'_>,
        at: Seconds,
        event: &str,
        before: Option<&Point>,
        needs: &mut BTreeSet<String>,
    ) -> Result<Point, Overflow> {
        let (moment, state) = (version.moment, version.state);
        let mut found = Findings::default();
        let counted = self.counts(version, at);
        let currency = currency(state).or(before.and_then(|point| point.currency));
        let lines = self.lines(version, currency, at, &mut found)?;
        if !counted {
            found.marks.clear();
        }
        let mut items = Vec::with_capacity(lines.len());
        for line in &lines {
            items.push(self.item_point(version, line, counted, at, before, &mut found)?);
        }
        if state.items_cut {
            items.extend(cut_off(&items, counted, before));
            found.marks.extend(counted.then_some(Reason::CutList));
        }
        needs.append(&mut found.needs);
        found.marks.extend(&version.marks);
        let mut point = Point {
            at,
            second: moment.second,
            event: event.to_owned(),
            units: total(&items)?,
            currency,
            status: state.status,
            counted,
            ended: has_ended(moment, state),
            collection_paused: state.collection_paused.is_some(),
            ends_at: ends_at(moment, state),
            past_due_since: version.past_due_since,
            items,
            lingering: version.lingering.clone(),
            cause: Cause::Unchanged,
            marks: found.marks,
            reconstructed: moment.reconstructed,
        };
        point.cause = cause::of(before, &point, state);
        Ok(point)
    }

    /// Whether a subscription in this state counts at all.
    fn counts(&self, version: &Version<'_>, at: Seconds) -> bool {
        let (definition, state) = (self.definition, version.state);
        let paying = match state.status {
            SubscriptionStatus::Active => true,
            SubscriptionStatus::PastDue => self.past_due_end(version).is_none_or(|end| at < end),
            _ => false,
        };
        let unpaid_trial = definition.trial_until_first_payment
            && state.trial_end.is_some()
            && self.context.first_paid.is_none_or(|paid| paid > at);
        let paused = !definition.count_collection_paused && state.collection_paused.is_some();
        let ending = definition.churn_at_cancellation && is_ending(state);
        paying && !version.moment.deleted && !unpaid_trial && !paused && !ending
    }

    /// When a past due version stops counting.
    pub(crate) fn past_due_end(&self, version: &Version<'_>) -> Option<Seconds> {
        Some(version.past_due_since?.saturating_add(self.definition.past_due_limit()?))
    }

    /// The items with what is left of their amounts after discounts.
    fn lines<'v>(
        &self,
        version: &Version<'v>,
        currency: Option<Currency>,
        at: Seconds,
        found: &mut Findings,
    ) -> Result<Vec<Line<'v>>, Overflow> {
        let state = version.state;
        let mut lines = Vec::with_capacity(state.items.len());
        for item in &state.items {
            let mut line = self.line(item, currency, at, found)?;
            for id in lingering_of(version, item).iter().chain(&item.discounts) {
                let terms = self.terms(id, at, found);
                take_off(std::slice::from_mut(&mut line), terms, currency, at, found)?;
            }
            lines.push(line);
        }
        for terms in self.of_subscription(version, at, found) {
            take_off(&mut lines, terms, currency, at, found)?;
        }
        Ok(lines)
    }

    /// An item with its amount before discounts.
    fn line<'v>(
        &self,
        item: &'v Item,
        currency: Option<Currency>,
        at: Seconds,
        found: &mut Findings,
    ) -> Result<Line<'v>, Overflow> {
        let nothing = Line { item, list: Fraction::ZERO, left: Fraction::ZERO, open: false };
        if in_trial(item, at) {
            return Ok(nothing);
        }
        let shown = self.context.price_terms.get(&item.price.id);
        match billed(item, currency, shown)? {
            Billed::Nothing => Ok(nothing),
            Billed::Amount(amount) => Ok(Line { item, list: amount, left: amount, open: false }),
            Billed::Unknown(reason) => {
                if shown.is_none() {
                    found.needs.insert(PriceTerms::id(&item.price.id));
                }
                found.marks.insert(reason);
                Ok(Line { open: true, ..nothing })
            }
        }
    }

    /// The discounts of the whole subscription that count for any of its items; the customer's
    /// own where there is none.
    fn of_subscription(
        &self,
        version: &Version<'_>,
        at: Seconds,
        found: &mut Findings,
    ) -> Vec<Terms<'a>> {
        let state = version.state;
        let ids = version.lingering.iter().chain(&state.discounts);
        let mut counting: Vec<Terms<'a>> = ids.map(|id| self.terms(id, at, found)).collect();
        counting.retain(|terms| state.items.iter().any(|item| terms.counts(item, at)));
        if counting.is_empty() {
            counting.extend(self.own.at(at).map(|id| self.terms(id, at, found)));
        }
        counting
    }

    pub(crate) fn terms(&self, id: &str, at: Seconds, found: &mut Findings) -> Terms<'a> {
        terms(self.definition, &self.context, id, at, found)
    }

    /// An item's MRR, or what it keeps where it cannot be said.
    fn item_point(
        &self,
        version: &Version<'_>,
        line: &Line<'_>,
        counted: bool,
        at: Seconds,
        before: Option<&Point>,
        found: &mut Findings,
    ) -> Result<ItemPoint, Overflow> {
        let item = line.item;
        let known = before.and_then(|point| point.items.iter().find(|known| known.id == item.id));
        let kept = known.and_then(|known| known.last_settled);
        let mut point = ItemPoint {
            id: item.id.clone(),
            price: item.price.id.clone(),
            quantity: item.quantity,
            unit_amount: item.price.unit_amount,
            list: 0,
            units: 0,
            settled: true,
            last_settled: kept,
            lingering: lingering_of(version, item).to_vec(),
        };
        if !counted {
            return Ok(point);
        }
        let net = self.net_of_tax(item, at).filter(|_| line.list.is_positive());
        point.list = monthly(taxed(line.list, net)?, &item.price)?;
        point.settled = !line.open && (net.is_some() || !line.list.is_positive());
        if line.list.is_positive() && net.is_none() {
            found.marks.insert(Reason::InclusiveTaxUnknown);
        }
        if point.settled {
            point.last_settled = Some(monthly(taxed(line.left, net)?, &item.price)?);
        }
        point.units = point.last_settled.unwrap_or(0);
        Ok(point)
    }

    /// What is left of the item's amounts without inclusive tax; `None`: not known.
    fn net_of_tax(&self, item: &Item, at: Seconds) -> Option<Fraction> {
        match item.price.tax {
            TaxBehavior::Inclusive => {
                self.context.item_taxes.get(&item.id).and_then(|lines| without_tax(lines, at))
            }
            _ => Some(Fraction::new(1, 1)),
        }
    }
}

fn taxed(amount: Fraction, net: Option<Fraction>) -> Result<Fraction, Overflow> {
    net.map_or(Ok(amount), |net| amount.times(net))
}

/// Whether an item is in a trial of its own.
pub(crate) fn in_trial(item: &Item, at: Seconds) -> bool {
    item.trial_end.is_some_and(|end| end > at)
}

fn lingering_of<'b>(version: &'b Version<'_>, item: &Item) -> &'b [String] {
    version.item_lingering.get(item.id.as_str()).map_or(&[], Vec::as_slice)
}

/// The currency a subscription bills in: its own, else that of its first price.
fn currency(state: &Subscription) -> Option<Currency> {
    state.currency.or_else(|| state.items.first().map(|item| item.price.currency))
}

/// Items that were there before and are not in the cut list: they keep their last settled MRR.
fn cut_off(shown: &[ItemPoint], counted: bool, before: Option<&Point>) -> Vec<ItemPoint> {
    let hidden = |item: &&ItemPoint| shown.iter().all(|shown| shown.id != item.id);
    let keep = |item: &ItemPoint| ItemPoint {
        units: item.last_settled.filter(|_| counted).unwrap_or(0),
        settled: false,
        ..item.clone()
    };
    before.into_iter().flat_map(|point| &point.items).filter(hidden).map(keep).collect()
}

fn total(items: &[ItemPoint]) -> Result<i64, Overflow> {
    items.iter().try_fold(0_i64, |sum, item| sum.checked_add(item.units)).ok_or(Overflow)
}

/// Whether the subscription is over.
pub(crate) fn has_ended(moment: &Moment, state: &Subscription) -> bool {
    let over = [SubscriptionStatus::Canceled, SubscriptionStatus::IncompleteExpired];
    moment.deleted || over.contains(&state.status)
}

/// Whether its end was asked for.
pub(crate) fn is_ending(state: &Subscription) -> bool {
    state.canceled_at.is_some() && (state.cancel_at_period_end || state.cancel_at.is_some())
}

/// When it will end, where that is scheduled.
fn ends_at(moment: &Moment, state: &Subscription) -> Option<Seconds> {
    if has_ended(moment, state) {
        return None;
    }
    let period_end = || state.items.iter().map(|item| item.period_end).max();
    state.cancel_at.or_else(|| period_end().filter(|_| state.cancel_at_period_end))
}
