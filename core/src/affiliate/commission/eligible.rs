//! Which sales of a customer earn at all.

use super::super::calendar::Calendar;
use super::super::sale::Sale;
use super::super::terms::{Duration, Terms};
use std::collections::{BTreeMap, BTreeSet};

/// The sales that earn, by payment and id: through Stripe unless the terms count others too, within
/// the duration, up to the greatest number of orders. One that came to nothing is among them, so
/// that its rows stay, and is counted nowhere.
pub(super) fn eligible<'a>(
    terms: &Terms,
    calendar: &impl Calendar,
    sales: &'a [Sale],
) -> Vec<&'a Sale> {
    let mut customers: BTreeMap<&str, Vec<&Sale>> = BTreeMap::new();
    for sale in sales.iter().filter(|sale| terms.count_out_of_band || !sale.out_of_band) {
        customers.entry(sale.owner()).or_default().push(sale);
    }
    let mut eligible = Vec::new();
    for mut sales in customers.into_values() {
        sales.sort_by_key(|sale| sale.place());
        let first = sales.iter().find(|sale| sale.stands()).copied().unwrap_or(sales[0]);
        let mut orders: BTreeSet<&str> = BTreeSet::new();
        for sale in sales {
            let inside = match terms.duration {
                Duration::FirstSale => sale.order == first.order || sale.place() < first.place(),
                Duration::Forever => true,
                Duration::Months(months) => {
                    calendar.whole_months(first.period_start, sale.period_start) < months
                }
            };
            if !inside {
                continue;
            }
            let counted = !sale.stands() || orders.contains(sale.order.as_str());
            let most = terms.max_sales.and_then(|most| usize::try_from(most).ok());
            if counted || most.is_none_or(|most| orders.len() < most) {
                eligible.push(sale);
            }
            if sale.stands() {
                orders.insert(&sale.order);
            }
        }
    }
    eligible.sort_by_key(|sale| sale.place());
    eligible
}
