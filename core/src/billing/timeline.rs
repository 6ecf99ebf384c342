//! A subscription's timeline: its settled versions folded into points of MRR.

use super::definition::Definition;
use super::discount::OwnDiscounts;
use super::evaluate::{Findings, Rules, Version, has_ended, in_trial, is_ending};
use super::facts::{Item, Seconds, State, Subscription, SubscriptionStatus};
use super::mrr::Overflow;
use super::period::expiry;
use super::point::{Context, Point};
use super::tax;
use crate::unconfirmed::Reason;
use crate::version::Moment;
use std::collections::{BTreeMap, BTreeSet};

/// Where a fold goes on from: the last point before its range, and the last moment before it,
/// which is the version in force at that point.
#[derive(Clone, Copy, Debug)]
pub struct Carry<'a> {
    /// The point.
    pub point: &'a Point,
    /// The moment.
    pub moment: &'a Moment,
}

/// What a fold finds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Folded {
    /// The points, ascending, one an instant; later ones may lie in the future.
    pub points: Vec<Point>,
    /// Facts that would settle more, by the id of their object: a coupon's body, the terms of a
    /// coupon or of a price.
    pub needs: BTreeSet<String>,
}

/// Why a fold was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// An amount left its range.
    #[error(transparent)]
    Overflow(#[from] Overflow),
    /// A moment takes effect at or before the carry: the range must begin earlier, here.
    #[error("a version takes effect at second {0}, at or before the point the fold goes on from")]
    BeforeCarry(Seconds),
}

/// The effective instant of a moment, given the moment before it: the end for the version that
/// ends a subscription, the trial's end for the first version after it, else its own second.
/// Never after its second.
pub fn effective(definition: &Definition, previous: Option<&Moment>, moment: &Moment) -> Seconds {
    let Some(state) = subscription(moment) else { return moment.second };
    let before = previous.and_then(|previous| Some((previous, subscription(previous)?)));
    let stated = if has_ended(moment, state) {
        end(definition, before, state)
    } else if definition.churn_at_cancellation && is_ending(state) {
        asked(before, state)
    } else {
        trial_over(before, moment, state).or_else(|| item_trial_over(before, moment, state))
    };
    stated.map_or(moment.second, |stated| stated.min(moment.second))
}

/// The earliest effective instant of some successive moments, given the moment before them. A
/// range that begins at `from` is whole when this, of all moments from `from` on, is not before
/// `from`; otherwise it must begin here.
pub fn earliest(
    definition: &Definition,
    previous: Option<&Moment>,
    moments: &[Moment],
) -> Option<Seconds> {
    let befores = std::iter::once(previous).chain(moments.iter().map(Some));
    moments.iter().zip(befores).map(|(moment, before)| effective(definition, before, moment)).min()
}

/// A moment and the subscription it shows.
type Shown<'a> = (&'a Moment, &'a Subscription);

/// The end of a subscription, unless the version before had ended likewise.
fn end(
    definition: &Definition,
    before: Option<Shown<'_>>,
    state: &Subscription,
) -> Option<Seconds> {
    let likewise = |(moment, it): Shown<'_>| has_ended(moment, it) && it.ended_at == state.ended_at;
    if before.is_some_and(likewise) {
        return None;
    }
    let asked = asked(before, state).filter(|_| definition.churn_at_cancellation);
    asked.or(state.ended_at)
}

/// When the end was asked for, unless the version before already knew.
fn asked(before: Option<Shown<'_>>, state: &Subscription) -> Option<Seconds> {
    let knew = |(_, it): Shown<'_>| is_ending(it) && it.canceled_at == state.canceled_at;
    state.canceled_at.filter(|_| !before.is_some_and(knew))
}

/// The trial's end, for the first version that is no longer trialing.
fn trial_over(before: Option<Shown<'_>>, moment: &Moment, state: &Subscription) -> Option<Seconds> {
    let end = state.trial_end.filter(|end| *end <= moment.second)?;
    if state.status == SubscriptionStatus::Trialing {
        return None;
    }
    match before {
        None => Some(end.max(state.created)),
        Some((_, it)) => (it.status == SubscriptionStatus::Trialing).then_some(end),
    }
}

/// The end of the last trial of an item's own that is over in this version and was not before.
fn item_trial_over(
    before: Option<Shown<'_>>,
    moment: &Moment,
    state: &Subscription,
) -> Option<Seconds> {
    let (earlier, before) = before?;
    let second = moment.second;
    let over = |id: &str| state.items.iter().any(|item| item.id == id && !in_trial(item, second));
    let tried = before.items.iter().filter(|item| in_trial(item, earlier.second) && over(&item.id));
    tried.filter_map(|item| item.trial_end).filter(|end| *end <= second).max()
}

/// The subscription a moment shows.
pub(crate) fn subscription(moment: &Moment) -> Option<&Subscription> {
    match &moment.state {
        State::Subscription(subscription) => Some(subscription),
        _ => None,
    }
}

/// Folds the moments of one subscription into points of MRR.
///
/// `moments` are all settled moments from some second on, ascending; without a carry, from the
/// first. With a carry they may be empty: what other facts and time alone change after its point
/// is found all the same. From an effective instant on the later version wins. Every moment makes
/// a point, unless a later one displaces it; between them stand points for what other facts and
/// time cause, where they change anything, also in the future.
///
/// The points of a range from second R on are those of the whole timeline where no moment of the
/// range takes effect before R (see [`earliest`]), nothing in the context changed before R, and
/// the carry is the last point before R. A moment that takes effect at or before the carry's
/// point is refused with the instant that R must not exceed.
pub fn fold(
    definition: &Definition,
    carry: Option<Carry<'_>>,
    moments: &[Moment],
    context: &Context<'_>,
) -> Result<Folded, FoldError> {
    let rules = Rules { definition, context: *context, own: OwnDiscounts::of(context) };
    let standing = standing(definition, carry, moments)?;
    let mut folded = Folded::default();
    let mut last = carry.map(|carry| carry.point.clone());
    let mut before = carry.and_then(|carry| subscription(carry.moment));
    let first = standing.first().map(|(at, ..)| *at);
    if let Some((carry, state)) = carry.zip(before) {
        let version = inherited(carry, state);
        rules.ticks(&version, first, &mut last, &mut folded)?;
    }
    for (place, (at, moment, state)) in standing.iter().enumerate() {
        let version = rules.version(*at, moment, state, before, last.as_ref());
        let point =
            rules.evaluate(&version, *at, &moment.event, last.as_ref(), &mut folded.needs)?;
        folded.points.push(point.clone());
        last = Some(point);
        let next = standing.get(place + 1).map(|(at, ..)| *at);
        rules.ticks(&version, next, &mut last, &mut folded)?;
        before = Some(state);
    }
    Ok(folded)
}

/// A moment that no later one displaces, with its effective instant and state.
type Standing<'a> = (Seconds, &'a Moment, &'a Subscription);

fn standing<'a>(
    definition: &Definition,
    carry: Option<Carry<'a>>,
    moments: &'a [Moment],
) -> Result<Vec<Standing<'a>>, FoldError> {
    let mut standing: Vec<Standing<'a>> = Vec::with_capacity(moments.len());
    let mut previous = carry.map(|carry| carry.moment);
    for (moment, state) in moments.iter().filter_map(|it| Some((it, subscription(it)?))) {
        let at = effective(definition, previous, moment);
        if carry.is_some_and(|carry| at <= carry.point.at) {
            return Err(FoldError::BeforeCarry(at));
        }
        while standing.last().is_some_and(|(earlier, ..)| *earlier >= at) {
            standing.pop();
        }
        standing.push((at, moment, state));
        previous = Some(moment);
    }
    Ok(standing)
}

/// The marks that a moment may have of its own. A carry's are read from its point: its moment may
/// have been settled without those before it.
const OF_ORDER: [Reason; 2] = [Reason::Tie, Reason::MissedUpdate];

/// The version that a carry stands for.
fn inherited<'a>(carry: Carry<'a>, state: &'a Subscription) -> Version<'a> {
    let of_items = carry.point.items.iter().filter(|item| !item.lingering.is_empty());
    Version {
        at: carry.point.at,
        moment: carry.moment,
        state,
        marks: carry.point.marks.intersection(&OF_ORDER.into()).copied().collect(),
        past_due_since: carry.point.past_due_since,
        lingering: carry.point.lingering.clone(),
        item_lingering: of_items.map(|it| (it.id.as_str(), it.lingering.clone())).collect(),
    }
}

impl Rules<'_> {
    /// A version with what it inherits: since when it is past due, and discounts that expired.
    fn version<'v>(
        &self,
        at: Seconds,
        moment: &'v Moment,
        state: &'v Subscription,
        before: Option<&Subscription>,
        last: Option<&Point>,
    ) -> Version<'v> {
        let due = last.and_then(|point| point.past_due_since).unwrap_or(at);
        let mut version = Version {
            at,
            moment,
            state,
            marks: moment.marks.clone(),
            past_due_since: (state.status == SubscriptionStatus::PastDue).then_some(due),
            lingering: vec![],
            item_lingering: BTreeMap::new(),
        };
        let (Some(before), Some(last)) = (before, last) else { return version };
        let all: Vec<_> = state.items.iter().collect();
        let listed = last.lingering.iter().chain(&before.discounts);
        version.lingering = self.lingering(listed, &state.discounts, &all, at, moment.second);
        for item in &state.items {
            let known = last.items.iter().find(|known| known.id == item.id);
            let listed = before.items.iter().find(|known| known.id == item.id);
            let listed = known
                .into_iter()
                .flat_map(|known| &known.lingering)
                .chain(listed.into_iter().flat_map(|listed| &listed.discounts));
            let left = self.lingering(listed, &item.discounts, &[item], at, moment.second);
            if !left.is_empty() {
                version.item_lingering.insert(item.id.as_str(), left);
            }
        }
        version
    }

    /// Of the discounts listed before, those that are not listed now because they expired, and
    /// still count for one of the items.
    fn lingering<'b>(
        &self,
        before: impl Iterator<Item = &'b String>,
        now: &[String],
        items: &[&Item],
        at: Seconds,
        second: Seconds,
    ) -> Vec<String> {
        let unseen = &mut Findings::default();
        let mut left: Vec<String> = Vec::new();
        for id in before.filter(|id| !now.contains(id)) {
            let terms = self.terms(id, at, unseen);
            let expired = terms.end().is_some_and(|end| end <= second);
            let counts = items.iter().any(|item| terms.counts(item, at));
            if expired && counts && !left.contains(id) {
                left.push(id.clone());
            }
        }
        left
    }

    /// Points that a version makes after its first: where anything besides it, or time, changes
    /// what it is worth, until the next version.
    fn ticks(
        &self,
        version: &Version<'_>,
        until: Option<Seconds>,
        last: &mut Option<Point>,
        folded: &mut Folded,
    ) -> Result<(), Overflow> {
        for (at, event) in self.instants(version) {
            if at <= version.at || until.is_some_and(|until| at >= until) {
                continue;
            }
            let event = event.unwrap_or(&version.moment.event);
            let point = self.evaluate(version, at, event, last.as_ref(), &mut folded.needs)?;
            if last.as_ref().is_none_or(|last| differs(last, &point)) {
                folded.points.push(point.clone());
                *last = Some(point);
            }
        }
        Ok(())
    }

    /// Every instant at which a version's worth may change without a new version, and the
    /// observation behind it, if it is not time alone.
    fn instants<'b>(&'b self, version: &'b Version<'_>) -> BTreeMap<Seconds, Option<&'b str>> {
        let mut instants: BTreeMap<Seconds, Option<&str>> = BTreeMap::new();
        let state = version.state;
        if has_ended(version.moment, state) {
            return instants;
        }
        for id in self.discounts_of(version) {
            let unseen = &mut Findings::default();
            let end = self.terms(id, Seconds::MAX, unseen).end();
            let expiries = state.items.iter().filter_map(|item| Some(expiry(item, end?)));
            instants.extend(expiries.map(|at| (at, None)));
        }
        instants.extend(self.past_due_end(version).map(|at| (at, None)));
        let paid = self.context.first_paid.filter(|_| self.definition.trial_until_first_payment);
        instants.extend(paid.map(|at| (at, None)));
        for id in self.discounts_of(version) {
            let moments = self.context.discounts.get(id).map_or(&[][..], Vec::as_slice);
            instants.extend(moments.iter().map(|it| (it.second, Some(it.event.as_str()))));
        }
        for item in &state.items {
            let lines = self.context.item_taxes.get(&item.id).map_or(&[][..], Vec::as_slice);
            instants.extend(tax::seen(lines).map(|(at, event)| (at, Some(event))));
        }
        instants.extend(self.own.seen().iter().map(|(at, event)| (*at, Some(*event))));
        instants
    }

    /// Every discount that may lower a version's amounts at some time.
    fn discounts_of<'b>(&'b self, version: &'b Version<'_>) -> impl Iterator<Item = &'b str> {
        let listed = version.lingering.iter().chain(&version.state.discounts);
        let of_items = version.state.items.iter().flat_map(|item| &item.discounts);
        let lingering = version.item_lingering.values().flatten();
        listed.chain(of_items).chain(lingering).map(String::as_str).chain(self.own.ids())
    }
}

/// Whether a point says anything that the one before it does not.
fn differs(last: &Point, point: &Point) -> bool {
    (last.units, last.counted, &last.items, &last.marks)
        != (point.units, point.counted, &point.items, &point.marks)
}
