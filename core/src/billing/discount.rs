//! Which discounts lower an item's amount at an instant, and by how much.

use super::definition::Definition;
use super::evaluate::Findings;
use super::facts::{Coupon, CouponTerms, Discount, Duration, Item, Off, Seconds, State};
use super::fraction::Fraction;
use super::mrr::Overflow;
use super::period::expiry;
use super::point::Context;
use crate::money::{Currency, split};
use crate::unconfirmed::Reason;
use crate::version::Moment;
use rust_decimal::Decimal;

/// One item with its amount while discounts are taken off.
pub(crate) struct Line<'a> {
    pub(crate) item: &'a Item,
    /// What one period bills, before discounts.
    pub(crate) list: Fraction,
    /// The same after the discounts taken so far.
    pub(crate) left: Fraction,
    /// An input is missing: the amount cannot be said.
    pub(crate) open: bool,
}

impl Line<'_> {
    /// Whether a discount can still change the amount.
    fn discountable(&self) -> bool {
        !self.open && self.left.is_positive()
    }
}

/// What is known of one listed discount.
#[derive(Clone, Copy)]
pub(crate) enum Terms<'a> {
    /// It does not count: for one invoice only.
    Ignored,
    /// Its coupon, what that is limited to, and when it ends.
    Known(&'a Coupon, Limits<'a>, Option<Seconds>),
    /// Its coupon's terms have not been seen; its end may have been.
    Unknown(Option<Seconds>),
}

/// What a coupon is limited to, once the API has shown it.
#[derive(Clone, Copy)]
pub(crate) struct Limits<'a> {
    coupon: &'a str,
    shown: Option<&'a CouponTerms>,
}

impl Limits<'_> {
    /// What must be shown before more can be said.
    fn need(self, found: &mut Findings) {
        if self.shown.is_none() {
            found.needs.insert(CouponTerms::id(self.coupon));
        }
    }
}

impl Terms<'_> {
    /// When it ends, if it does.
    pub(crate) fn end(self) -> Option<Seconds> {
        match self {
            Terms::Ignored => None,
            Terms::Known(_, _, end) | Terms::Unknown(end) => end,
        }
    }

    /// Whether it counts for an item at an instant: until the item's first period start that is
    /// not before its end.
    pub(crate) fn counts(self, item: &Item, at: Seconds) -> bool {
        match self {
            Terms::Ignored => false,
            terms => terms.end().is_none_or(|end| at < expiry(item, end)),
        }
    }
}

/// The body of a discount at an instant: the newest seen by then, else the first seen after.
fn body(moments: &[Moment], at: Seconds) -> Option<&Discount> {
    let by_then = moments.iter().rev().find(|moment| moment.second <= at);
    discount(by_then.or(moments.first())?)
}

fn discount(moment: &Moment) -> Option<&Discount> {
    match &moment.state {
        State::Discount(discount) => Some(discount),
        _ => None,
    }
}

/// What is known of discount `id` at an instant; a coupon not seen is added to the needs.
pub(crate) fn terms<'a>(
    definition: &Definition,
    context: &Context<'a>,
    id: &str,
    at: Seconds,
    found: &mut Findings,
) -> Terms<'a> {
    let Some(body) = context.discounts.get(id).and_then(|moments| body(moments, at)) else {
        return Terms::Unknown(None);
    };
    let Some(coupon) = context.coupons.of(id, body) else {
        found.needs.insert(body.coupon.clone());
        return Terms::Unknown(body.end);
    };
    let limits = Limits { coupon: &body.coupon, shown: context.coupon_terms.get(&body.coupon) };
    match coupon.duration {
        Duration::Forever => Terms::Known(coupon, limits, None),
        Duration::Repeating => Terms::Known(coupon, limits, body.end),
        Duration::Once if definition.count_once_coupons => {
            Terms::Known(coupon, limits, Some(body.start.saturating_add(1)))
        }
        Duration::Once => Terms::Ignored,
    }
}

/// Takes one discount off the lines it covers. `lines` is one item for an item's discount, all
/// for a subscription's or a customer's.
pub(crate) fn take_off(
    lines: &mut [Line<'_>],
    terms: Terms<'_>,
    currency: Option<Currency>,
    at: Seconds,
    found: &mut Findings,
) -> Result<(), Overflow> {
    let covered: Vec<&mut Line<'_>> = lines
        .iter_mut()
        .filter(|line| line.discountable() && terms.counts(line.item, at))
        .filter(|line| covers(terms, line.item))
        .collect();
    if covered.is_empty() {
        return Ok(());
    }
    let Terms::Known(coupon, limits, _) = terms else {
        keep(covered, Reason::CouponUnknown, found);
        return Ok(());
    };
    if scope_unknown(limits, &covered) {
        limits.need(found);
        found.marks.insert(Reason::CouponScope);
    }
    let option = || limits.shown?.amounts.get(&currency?).copied();
    match coupon.off {
        Off::Percent(percent) => take_percent(covered, percent),
        Off::Amount(amount, own) if Some(own) == currency => take_amount(covered, amount.max(0)),
        Off::Amount(..) => match option() {
            Some(amount) => take_amount(covered, amount.max(0)),
            None => {
                limits.need(found);
                keep(covered, Reason::CurrencyOption, found);
                Ok(())
            }
        },
    }
}

/// Whether a discount concerns an item: an empty list of products, or an unknown one, means all.
fn covers(terms: Terms<'_>, item: &Item) -> bool {
    let Terms::Known(_, Limits { shown: Some(CouponTerms { products, .. }), .. }, _) = terms else {
        return true;
    };
    let contains = |product| products.is_empty() || products.contains(product);
    item.price.product.as_ref().is_none_or(contains)
}

/// Whether it is not known which of the covered items the coupon applies to.
fn scope_unknown(limits: Limits<'_>, covered: &[&mut Line<'_>]) -> bool {
    match limits.shown {
        None => true,
        Some(CouponTerms { products, .. }) => {
            !products.is_empty() && covered.iter().any(|line| line.item.price.product.is_none())
        }
    }
}

/// The lines keep their last settled MRR, for that reason.
fn keep(lines: Vec<&mut Line<'_>>, reason: Reason, found: &mut Findings) {
    found.marks.insert(reason);
    for line in lines {
        line.open = true;
    }
}

fn take_percent(lines: Vec<&mut Line<'_>>, percent: Decimal) -> Result<(), Overflow> {
    let percent = percent.clamp(Decimal::ZERO, Decimal::ONE_HUNDRED);
    let rest = Fraction::from_decimal((Decimal::ONE_HUNDRED - percent) / Decimal::ONE_HUNDRED);
    for line in lines {
        line.left = line.left.times(rest)?;
    }
    Ok(())
}

/// Splits an amount over the lines by what is left of each (largest remainder), never below zero.
fn take_amount(lines: Vec<&mut Line<'_>>, amount: i64) -> Result<(), Overflow> {
    let whole = lines.iter().all(|line| line.left.is_whole());
    let scale = if whole { 1 } else { 1_000 };
    let weights: Result<Vec<i64>, Overflow> =
        lines.iter().map(|line| line.left.floor_times(scale)).collect();
    let weights = weights?;
    let left: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    let all = i128::from(amount) * scale > left;
    let parts = split(amount, &weights);
    for (line, part) in lines.into_iter().zip(parts) {
        line.left = if all { Fraction::ZERO } else { line.left.less(part)? };
    }
    Ok(())
}

/// One change of a customer's own discount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Step<'a> {
    at: Seconds,
    ends: bool,
    discount: &'a str,
}

/// A customer's own discount through time: a later one replaces an earlier for good.
#[derive(Debug, Default)]
pub(crate) struct OwnDiscounts<'a> {
    /// From when on which discount, ascending.
    spans: Vec<(Seconds, Option<&'a str>)>,
    /// Every instant at which one was seen, and the observation.
    seen: Vec<(Seconds, &'a str)>,
}

impl<'a> OwnDiscounts<'a> {
    pub(crate) fn of(context: &Context<'a>) -> OwnDiscounts<'a> {
        let mut steps = Vec::new();
        let mut seen = Vec::new();
        for (id, moments) in context.discounts.iter().filter(|(_, moments)| is_customers(moments)) {
            let Some(start) = discount_start(moments) else { continue };
            steps.push(Step { at: start, ends: false, discount: id });
            seen.push((start, moments[0].event.as_str()));
            for moment in moments {
                seen.push((moment.second, moment.event.as_str()));
                if moment.deleted && !expired(moment) {
                    steps.push(Step { at: moment.second, ends: true, discount: id });
                }
            }
        }
        steps.sort_by_key(|step| (step.at, step.ends, step.discount));
        OwnDiscounts { spans: spans(steps), seen }
    }

    /// The discount the customer has at an instant.
    pub(crate) fn at(&self, at: Seconds) -> Option<&'a str> {
        let begun = self.spans.partition_point(|(start, _)| *start <= at);
        self.spans[..begun].last().and_then(|(_, discount)| *discount)
    }

    /// Every discount the customer had at some time.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &'a str> {
        self.spans.iter().filter_map(|(_, discount)| *discount)
    }

    /// Instants at which something was seen of it, and the observations.
    pub(crate) fn seen(&self) -> &[(Seconds, &'a str)] {
        &self.seen
    }
}

fn spans(steps: Vec<Step<'_>>) -> Vec<(Seconds, Option<&str>)> {
    let mut spans: Vec<(Seconds, Option<&str>)> = Vec::with_capacity(steps.len());
    for step in steps {
        let current = spans.last().and_then(|(_, discount)| *discount);
        if !step.ends {
            spans.push((step.at, Some(step.discount)));
        } else if current == Some(step.discount) {
            spans.push((step.at, None));
        }
    }
    spans
}

/// Whether a discount was given to the whole customer.
fn is_customers(moments: &[Moment]) -> bool {
    moments
        .last()
        .and_then(discount)
        .is_some_and(|body| body.subscription.is_none() && body.subscription_item.is_none())
}

/// Whether a deletion is only the discount's end, which items feel at their next period.
fn expired(moment: &Moment) -> bool {
    discount(moment).and_then(|body| body.end).is_some_and(|end| end <= moment.second)
}

/// From when on a discount of the whole customer counts: its own start, else its first second.
///
/// A change of such a discount moves the MRR of the customer's subscriptions from here on.
pub fn discount_start(moments: &[Moment]) -> Option<Seconds> {
    let first = moments.first()?;
    let start = discount(first)?.start;
    Some(if start > 0 { start } else { first.second })
}
