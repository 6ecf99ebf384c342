//! Lists that a payload cut, made whole by what the API showed of the same object.

use super::Version;
use crate::billing::facts::{Invoice, State, Subscription};
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
        (State::Invoice(Invoice { lines, lines_cut, .. }), State::Invoice(whole)) if *lines_cut => {
            continued(lines, &whole.lines, lines_cut)
        }
        (
            State::Subscription(Subscription { items, items_cut, .. }),
            State::Subscription(whole),
        ) if *items_cut => continued(items, &whole.items, items_cut),
        _ => false,
    }
}

fn continued<T: Clone + PartialEq>(list: &mut Vec<T>, whole: &[T], cut: &mut bool) -> bool {
    let begins = whole.starts_with(list) && whole.len() > list.len();
    if begins {
        list.extend_from_slice(&whole[list.len()..]);
        *cut = false;
    }
    begins
}
