//! With tiers of a period, what one sale loses another one makes up for: both are paid.

use crate::desk::{Desk, NOW, desks, fresh, usd};
use crate::earned::{at, at_once};
use takings::v1::*;

const DAY: i64 = 86_400;

/// Tiers over all the time.
fn tiered(method: TierMethod, measure: TierMeasure, steps: [(i64, i64); 2]) -> ProgramTerms {
    let step = |(threshold, rate_bps)| CommissionTier { threshold, rate_bps };
    let tiers = CommissionTiers {
        method: method.into(),
        measure: measure.into(),
        period: TierPeriod::Lifetime.into(),
        steps: steps.map(step).to_vec(),
    };
    ProgramTerms { tiers: Some(tiers), ..at_once() }
}

impl Desk {
    /// A sale of a customer of its own, so many days ago.
    async fn sell(
        &self,
        partner: &str,
        id: &str,
        amount: i64,
        days: i64,
    ) -> ProcessConversionRequest {
        let sale = ProcessConversionRequest {
            paid_amount: Some(usd(amount)),
            paid_time: at(NOW - days * DAY),
            ..self.sale(id, &format!("buyer-{id}"), partner)
        };
        self.convert(sale.clone()).await.unwrap();
        sale
    }

    /// All of a sale goes back.
    async fn refund(&self, sale: ProcessConversionRequest, days: i64) {
        let refunded = ProcessConversionRequest {
            refunded_amount: sale.paid_amount.clone(),
            refunded_time: at(NOW - days * DAY),
            request_id: fresh(),
            ..sale
        };
        self.convert(refunded).await.unwrap();
    }

    /// What is owed is what one payout pays.
    async fn pays(&self, wanted: i64) {
        let earned = "select cast(sum(amount) as bigint) from commissions";
        assert_eq!(self.number(earned).await, wanted);
        assert_eq!(self.only_payout().await.amount, Some(usd(wanted)));
        let open = "select cast(coalesce(sum(amount), 0) as bigint) from commissions
                    where payout is null";
        assert_eq!(self.number(open).await, 0);
    }
}

#[tokio::test]
async fn marginal_tiers_pay_what_is_left_when_the_sales_below_went_back() {
    for (mut desk, _place) in desks("marginal_rest").await {
        let steps = [(0, 1_000), (100_000, 2_000)];
        let terms = tiered(TierMethod::Marginal, TierMeasure::NetRevenue, steps);
        desk.program = desk.make_program(terms).await;
        let anna = desk.partner("Anna").await;
        let a = desk.sell(&anna, "a", 100_000, 9).await;
        let b = desk.sell(&anna, "b", 100_000, 8).await;
        desk.refund(a, 7).await;
        desk.refund(b, 6).await;
        desk.sell(&anna, "c", 100_000, 5).await;
        desk.pays(10_000).await;
    }
}

#[tokio::test]
async fn retroactive_tiers_pay_what_is_left_when_the_sale_that_raised_the_rate_went_back() {
    for (mut desk, _place) in desks("retroactive_rest").await {
        let steps = [(0, 1_000), (11, 1_200)];
        let terms = tiered(TierMethod::Retroactive, TierMeasure::Sales, steps);
        desk.program = desk.make_program(terms).await;
        let anna = desk.partner("Anna").await;
        let mut sales = Vec::new();
        for place in 0..11 {
            sales.push(desk.sell(&anna, &format!("s{place:02}"), 10_000, 30 - place).await);
        }
        desk.refund(sales.remove(0), 10).await;
        desk.refund(sales.remove(9), 9).await;
        desk.pays(9_000).await;
    }
}

#[tokio::test]
async fn a_sale_that_went_back_is_paid_for_only_after_its_hold() {
    for (desk, _place) in desks("rest_on_hold").await {
        let anna = desk.partner("Anna").await;
        let reversed = |sale: &str, amount| crate::desk::Made {
            state: "reversed",
            due: NOW + 1,
            ..crate::desk::Made::new(&anna, sale, amount)
        };
        desk.earn(&[reversed("in_1", 100), crate::desk::Made::new(&anna, "in_2", 7)]).await;
        assert_eq!(desk.only_payout().await.amount, Some(usd(7)));
    }
}
