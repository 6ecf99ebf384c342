//! Subscriptions with more items than a payload shows, for one who looks them up once the story is
//! told.
//!
//! What the API shows whole tells of every earlier version whose shown items are the same. Where one
//! of them has changed since, a hidden one may have, too: its hidden items keep the last MRR that
//! could be told, 0 where there was none.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Item;
use crate::render::SHOWN;
use crate::steps::Steps;
use crate::truth::Unsettled;
use crate::world::World;

/// How such a subscription was seen from a second on.
pub(crate) struct Crowd {
    sub: usize,
    at: i64,
    counts: bool,
    items: Vec<Item>,
}

impl World {
    /// Keeps how a subscription is seen now, if a payload cannot show it whole.
    pub(crate) fn see_crowd(&mut self, sub: usize, at: i64, counts: bool) {
        let items = &self.subs[sub].items;
        if self.open_book && items.len() > SHOWN {
            self.crowds.push(Crowd { sub, at, counts, items: items.clone() });
        }
    }

    /// What was seen of them as `steps` and labels, where it is not what was so.
    pub(crate) fn retell_crowds(
        &self,
        steps: &mut Steps,
        unsettled: &mut BTreeMap<String, BTreeSet<Unsettled>>,
    ) {
        let mut told: BTreeMap<&str, i128> = BTreeMap::new();
        for crowd in &self.crowds {
            let sub = &self.subs[crowd.sub];
            let (shown, hidden) = crowd.items.split_at(SHOWN);
            let known = shown.iter().zip(&sub.items).all(|(then, now)| looks_like(then, now));
            if known && crowd.counts {
                told.extend(hidden.iter().map(|item| (item.id.as_str(), item.settled)));
            }
            let last = |item: &Item| told.get(item.id.as_str()).copied().unwrap_or(0);
            let units: i128 =
                shown.iter().map(|item| item.settled).chain(hidden.iter().map(last)).sum();
            let key = (self.customers[sub.customer].id.as_str(), sub.currency, sub.id.as_str());
            steps.set(key, crowd.at, if crowd.counts { units } else { 0 });
            if crowd.counts && !known {
                unsettled.entry(sub.id.clone()).or_default().insert(Unsettled::CutList);
            }
        }
    }
}

fn looks_like(then: &Item, now: &Item) -> bool {
    let discounts = |item: &Item| item.discounts.iter().map(|it| it.id.clone()).collect::<Vec<_>>();
    (&then.id, then.price, then.quantity) == (&now.id, now.price, now.quantity)
        && discounts(then) == discounts(now)
}
