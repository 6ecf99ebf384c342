//! Which sales have to be compared: those of the customers affected, and, where terms look at a
//! partner's whole period, all sales of the periods that are touched.

use super::held::{Held, agreed};
use crate::affiliate::agreement::{Agreed, Agreement};
use crate::affiliate::sales::Affected;
use crate::ingest::Key;
use std::collections::{BTreeMap, BTreeSet};
use takings_core::affiliate::commission::{PeriodKey, period};
use takings_core::affiliate::sale::Sale;
use takings_core::time::{DAY_MICROS, Timestamp};

/// Periods that are derived as a whole, by partner and version of the terms.
#[derive(Debug, Default)]
pub(super) struct Scope {
    periods: BTreeMap<(String, i64), BTreeSet<PeriodKey>>,
}

impl Scope {
    /// The periods that affected customers' changes touch, with partners of before and of now.
    pub(super) fn of(agreement: &Agreement, held: &[Held], affected: &Affected) -> Scope {
        let mut scope = Scope::default();
        for it in held {
            let moved = it.bound != it.was;
            let since = if moved { Timestamp(i64::MIN) } else { affected.since(&it.customer) };
            let of_sales = it.sales.iter().map(|sale| sale.paid_at).filter(|at| *at >= since);
            let instants: BTreeSet<Timestamp> =
                of_sales.chain(affected.instants(&it.customer)).collect();
            let before = it.was.as_ref().filter(|_| moved);
            for bound in it.bound.iter().chain(before) {
                let partner = &bound.binding.partner;
                for at in &instants {
                    let agreed = agreement.at(Some(partner), (bound.at, *at));
                    scope.touch(partner, agreed, *at);
                }
            }
        }
        scope
    }

    fn touch(&mut self, partner: &str, agreed: Option<&Agreed>, at: Timestamp) {
        if let Some(agreed) = agreed.filter(|agreed| agreed.terms.by_period()) {
            let key = (partner.to_owned(), agreed.number);
            self.periods.entry(key).or_default().insert(period(&agreed.terms, &agreed.zone, at));
        }
    }

    /// The partners and versions that are derived by period.
    pub(super) fn groups(&self) -> impl Iterator<Item = (&str, i64)> {
        self.periods.keys().map(|(partner, version)| (partner.as_str(), *version))
    }

    /// Ranges that hold the periods, in whichever time zone, by partner.
    pub(super) fn ranges(&self) -> Vec<(String, i64, i64)> {
        let mut ranges = BTreeSet::new();
        for ((partner, _), periods) in &self.periods {
            for period in periods {
                let (low, high) = match period {
                    PeriodKey::Lifetime => (i64::MIN, i64::MAX),
                    PeriodKey::Month(month) => (
                        month.first().start().0 - DAY_MICROS,
                        month.last().start().0 + 2 * DAY_MICROS,
                    ),
                };
                ranges.insert((partner.clone(), low, high));
            }
        }
        ranges.into_iter().collect()
    }

    /// Whether a sale by such terms is of a period that is derived.
    pub(super) fn holds(&self, partner: &str, agreed: &Agreed, sale: &Sale) -> bool {
        let periods = self.periods.get(&(partner.to_owned(), agreed.number));
        periods.is_some_and(|it| it.contains(&period(&agreed.terms, &agreed.zone, sale.paid_at)))
    }

    /// The sales that are compared, with those that are no more.
    pub(super) fn sales(
        &self,
        agreement: &Agreement,
        held: &[Held],
        affected: &Affected,
    ) -> BTreeSet<Key> {
        let of_affected: BTreeSet<&Key> = affected.customers().collect();
        let mut sales: BTreeSet<Key> = affected.gone_sales().clone();
        for it in held {
            for sale in &it.sales {
                let by_period = it
                    .bound
                    .as_ref()
                    .and_then(|bound| Some((bound, agreed(agreement, bound, sale)?)))
                    .filter(|(_, agreed)| agreed.terms.by_period());
                let compared = match by_period {
                    Some((bound, agreed)) => self.holds(&bound.binding.partner, agreed, sale),
                    None => of_affected.contains(&it.customer),
                };
                if compared {
                    sales.insert(it.key(sale));
                }
            }
        }
        sales
    }
}
