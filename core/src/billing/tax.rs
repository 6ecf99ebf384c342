//! The tax inside an item's price, as invoice lines showed it.

use super::facts::{ItemTax, Seconds, State};
use super::fraction::Fraction;
use crate::version::Moment;

/// What is left of an amount without its tax, by the latest line at or before `at`, else by the
/// first line after. `None`: no line has shown it.
///
/// A line that agrees with the one before it within the rounding of both says nothing new: the
/// earlier one stands, so that the cents of a proration never move MRR.
pub(crate) fn without_tax(moments: &[Moment], at: Seconds) -> Option<Fraction> {
    let mut standing: Option<&ItemTax> = None;
    for (second, line) in moments.iter().filter_map(line) {
        if standing.is_some() && second > at {
            break;
        }
        if standing.is_none_or(|standing| !agree(standing, line)) {
            standing = Some(line);
        }
    }
    let ItemTax { amount, tax, .. } = standing?;
    Some(Fraction::new(i128::from(*amount) - i128::from(*tax), i128::from(*amount)))
}

/// The seconds at which lines showed a tax, and the observations.
pub(crate) fn seen(moments: &[Moment]) -> impl Iterator<Item = (Seconds, &str)> {
    moments.iter().map(|moment| (moment.second, moment.event.as_str()))
}

/// A line that can tell a rate.
fn line(moment: &Moment) -> Option<(Seconds, &ItemTax)> {
    match &moment.state {
        State::ItemTax(line) if line.amount > 0 && (0..line.amount).contains(&line.tax) => {
            Some((moment.second, line))
        }
        _ => None,
    }
}

/// Whether one rate explains both lines, each tax being rounded to a whole minor unit.
fn agree(a: &ItemTax, b: &ItemTax) -> bool {
    let (a_amount, b_amount) = (i128::from(a.amount), i128::from(b.amount));
    let apart = i128::from(b.tax) * a_amount - b_amount * i128::from(a.tax);
    2 * apart.abs() <= a_amount + b_amount
}
