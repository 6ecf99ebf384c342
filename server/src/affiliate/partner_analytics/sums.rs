//! What rows add up to.

use super::Point;
use super::store::Earned;
use crate::error::{Error, Reason};
use takings_core::affiliate::sale::Sale;
use takings_core::time::Timestamp;

/// How many came, and how far they went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Funnel {
    /// Clicks that count.
    pub(super) clicks: i64,
    /// Visitors of each day who made them.
    pub(super) visitors: i64,
    /// Clicks that do not count.
    pub(super) rejected: i64,
    pub(super) leads: i64,
    pub(super) trials: i64,
    pub(super) conversions: i64,
}

/// What was sold and earned in one currency, in minor units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Amounts {
    pub(super) sold: i64,
    pub(super) refunded: i64,
    pub(super) earned: i64,
    pub(super) pending: i64,
    pub(super) due: i64,
    pub(super) paid: i64,
    pub(super) reversed: i64,
    /// What a customer has paid on average; of totals only.
    pub(super) lifetime: Option<i64>,
}

impl Amounts {
    /// Adds commissions. Everything earned is paid, due or pending: what a payout has that is not
    /// paid yet is due; so is what lowers a later payout, because all of its sale has gone back.
    pub(super) fn earn(&mut self, row: &Earned) -> Result<(), Error> {
        let gone = ["reversed", "rejected"].contains(&row.state.as_str());
        let approved = row.state == "approved";
        let part = match row.payout.as_deref() {
            Some("paid") => &mut self.paid,
            Some(_) => &mut self.due,
            None if gone || (row.over && approved) => &mut self.due,
            None => &mut self.pending,
        };
        *part = part.checked_add(row.amount).ok_or_else(too_large)?;
        self.earned = self.earned.checked_add(row.amount).ok_or_else(too_large)?;
        self.reversed = self.reversed.checked_add(row.reversed).ok_or_else(too_large)?;
        Ok(())
    }
}

/// Adds what went back of a sale, when it did, to the total, which is the first point, and to the
/// points of the series.
pub(super) fn give_back(points: &mut [Point], sale: &Sale) -> Result<(), Error> {
    let mut before = 0;
    for at in sale.instants() {
        let returned = sale.returned_at(at).map_err(Error::internal)?;
        add(points, sale, at, returned - before)?;
        before = returned;
    }
    Ok(())
}

fn add(points: &mut [Point], sale: &Sale, at: Timestamp, refunded: i64) -> Result<(), Error> {
    if refunded == 0 {
        return Ok(());
    }
    let Some((totals, series)) = points.split_first_mut() else { return Ok(()) };
    let place = series.partition_point(|point| point.range.end <= at);
    for point in std::iter::once(totals).chain(series.get_mut(place)) {
        if point.range.start <= at && at < point.range.end {
            let amounts = point.amounts.entry(sale.currency).or_default();
            amounts.refunded = amounts.refunded.checked_add(refunded).ok_or_else(too_large)?;
        }
    }
    Ok(())
}

pub(super) fn too_large() -> Error {
    let message = "a sum leaves 64 bits: ask for a shorter range".to_owned();
    Error::Precondition { reason: Reason::AmountOverflow, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(state: &str, payout: Option<&str>, over: bool, amount: i64) -> Earned {
        Earned {
            place: 0,
            currency: takings_core::money::Currency::parse("usd").unwrap(),
            state: state.into(),
            over,
            payout: payout.map(str::to_owned),
            amount,
            reversed: 0,
        }
    }

    #[test]
    fn everything_earned_is_paid_due_or_pending() {
        let mut sums = Amounts::default();
        for row in [
            row("approved", Some("paid"), true, 1),
            row("approved", Some("sent"), true, 20),
            row("approved", None, true, 300),
            row("pending", None, true, 50_000),
            row("approved", None, false, 600_000),
            row("held", None, true, 7_000_000),
            row("reversed", None, true, -1),
        ] {
            sums.earn(&row).unwrap();
        }
        assert_eq!((sums.paid, sums.due, sums.pending), (1, 319, 7_650_000));
        assert_eq!(sums.earned, sums.paid + sums.due + sums.pending);
    }
}
