//! Lists that a payload cut, made whole by what the API showed of the same object.

use super::Version;
use crate::billing::facts::{Item, State};
use std::borrow::Cow;

/// The versions, with every cut list lengthened that begins as one the API showed whole.
pub(super) fn whole(versions: &[Version]) -> Cow<'_, [Version]> {
    let cut =
        |version: &Version| is_cut(&version.state) || version.before.as_ref().is_some_and(is_cut);
    let mut shown: Vec<&Version> =
        versions.iter().filter(|version| version.fetched && !is_cut(&version.state)).collect();
    if shown.is_empty() || !versions.iter().any(cut) {
        return Cow::Borrowed(versions);
    }
    shown.sort_by(|a, b| (b.second, &b.event).cmp(&(a.second, &a.event)));
    let mut versions = versions.to_vec();
    let mut lengthened = |state: &mut State| {
        for whole in &shown {
            if lengthen(state, &whole.state) {
                return;
            }
        }
    };
    for version in &mut versions {
        lengthened(&mut version.state);
        version.before.as_mut().map(&mut lengthened);
    }
    Cow::Owned(versions)
}

fn is_cut(state: &State) -> bool {
    match state {
        State::Invoice(it) => it.lines_cut,
        State::Subscription(it) => it.items_cut,
        _ => false,
    }
}

/// Takes the end of the list from `whole`, if the list is its beginning.
fn lengthen(state: &mut State, whole: &State) -> bool {
    match (state, whole) {
        (State::Invoice(invoice), State::Invoice(whole)) if invoice.lines_cut => {
            let Some(hidden) = hidden(&invoice.lines, &whole.lines, PartialEq::eq) else {
                return false;
            };
            invoice.lines.extend_from_slice(hidden);
            invoice.lines_cut = false;
        }
        (State::Subscription(it), State::Subscription(whole)) if it.items_cut => {
            let Some(hidden) = hidden(&it.items, &whole.items, same_item) else { return false };
            let hidden: Vec<Item> =
                hidden.iter().map(|item| in_period(item, &whole.items, &it.items)).collect();
            it.items.extend(hidden);
            it.items_cut = false;
        }
        _ => return false,
    }
    true
}

/// What of `whole` is not shown, if it begins as the list does.
fn hidden<'a, T>(shown: &[T], whole: &'a [T], same: fn(&T, &T) -> bool) -> Option<&'a [T]> {
    let (begin, hidden) = whole.split_at_checked(shown.len())?;
    let begins = begin.iter().zip(shown).all(|(a, b)| same(a, b));
    (begins && !hidden.is_empty()).then_some(hidden)
}

/// Whether they are the same but for their periods: renewals change nothing else.
fn same_item(a: &Item, b: &Item) -> bool {
    let (period_start, period_end) = (a.period_start, a.period_end);
    *a == Item { period_start, period_end, ..b.clone() }
}

/// A hidden item in the period of the shown one with which it shares one where all are shown.
fn in_period(item: &Item, whole: &[Item], shown: &[Item]) -> Item {
    let period = |it: &Item| (it.period_start, it.period_end);
    let like = whole.iter().zip(shown).find(|(whole, _)| period(whole) == period(item));
    let (period_start, period_end) = like.map_or(period(item), |(_, shown)| period(shown));
    Item { period_start, period_end, ..item.clone() }
}
