//! The whole way: a click, a sale told by a call, a commission, its explanation, a payout.

use crate::desk::{Desk, NOW, desks, fresh, reason, terms, usd};
use prost_types::Timestamp;
use takings::v1::affiliate_service_server::AffiliateService;
use takings::v1::*;
use tonic::{Code, Request, Status};

const DAY: i64 = 86_400;

pub(crate) fn at(seconds: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds, nanos: 0 })
}

impl Desk {
    /// A sale outside Stripe, 100.00 paid ten days ago.
    pub(crate) fn sale(&self, id: &str, customer: &str, partner: &str) -> ProcessConversionRequest {
        ProcessConversionRequest {
            program_id: self.program.clone(),
            conversion_id: id.into(),
            customer_id: customer.into(),
            partner_id: partner.into(),
            paid_amount: Some(usd(10_000)),
            paid_time: at(NOW - 10 * DAY),
            request_id: fresh(),
            ..ProcessConversionRequest::default()
        }
    }

    pub(crate) async fn convert(
        &self,
        asked: ProcessConversionRequest,
    ) -> Result<ProcessConversionResponse, Status> {
        Ok(self.api.process_conversion(Request::new(asked)).await?.into_inner())
    }

    /// A link of a partner.
    pub(crate) async fn link(&self, partner: &str) -> String {
        let asked = CreateAffiliateLinkRequest {
            partner_id: partner.into(),
            request_id: fresh(),
            ..CreateAffiliateLinkRequest::default()
        };
        let answer = self.api.create_affiliate_link(Request::new(asked)).await.unwrap();
        answer.into_inner().link.unwrap().link_id
    }

    /// A stored click.
    pub(crate) async fn click(
        &self,
        link: &str,
        partner: &str,
        second: i64,
        outcome: &str,
    ) -> String {
        let id = format!("clk_{}", uuid::Uuid::now_v7().simple());
        let (program, at) = (&self.program, second * 1_000_000);
        self.run(&format!(
            "insert into clicks (id, link, program, partner, clicked_at, recorded_at, outcome, \
             signals, visitor) values ('{id}', '{link}', '{program}', '{partner}', {at}, {at}, \
             '{outcome}', '', 'visitor-1')"
        ))
        .await;
        id
    }

    /// A customer of whom two sources tell touches.
    async fn named_by_two_sources(&self, customer: &str, partner: &str) {
        for mode in ["live", "test"] {
            let (name, program) = (format!("stripe:default:{mode}"), &self.program);
            self.run(&format!(
                "insert into sources (name) values ('{name}') on conflict do nothing"
            ))
            .await;
            self.run(&format!(
                "insert into touches
                 select '{program}', id, '{customer}', 'touch-{mode}', '{partner}', null, 'click', 1, 'x', 1
                 from sources where name = '{name}'"
            ))
            .await;
        }
    }

    pub(crate) async fn explain(
        &self,
        asked: ExplainAttributionRequest,
    ) -> Result<ExplainAttributionResponse, Status> {
        Ok(self.api.explain_attribution(Request::new(asked)).await?.into_inner())
    }

    async fn analytics(&self, asked: GetPartnerAnalyticsRequest) -> GetPartnerAnalyticsResponse {
        self.api.get_partner_analytics(Request::new(asked)).await.unwrap().into_inner()
    }
}

/// 20 % without a hold.
pub(crate) fn at_once() -> ProgramTerms {
    ProgramTerms { hold_days: Some(0), ..terms() }
}

/// A desk where one partner's click brought a customer, who bought for 100.00 and got 25.00 back.
async fn sold(desk: &mut Desk) -> (String, String) {
    desk.program = desk.make_program(at_once()).await;
    let anna = desk.partner("Anna").await;
    let link = desk.link(&anna).await;
    let click = desk.click(&link, &anna, NOW - 12 * DAY, "valid").await;
    desk.click(&link, &anna, NOW - 12 * DAY, "bot_ua").await;
    let sale = ProcessConversionRequest {
        partner_id: String::new(),
        click_id: click,
        ..desk.sale("order-1", "buyer-1", &anna)
    };
    desk.convert(sale.clone()).await.unwrap();
    let refunded = ProcessConversionRequest {
        refunded_amount: Some(usd(2_500)),
        refunded_time: at(NOW - 5 * DAY),
        request_id: fresh(),
        ..sale
    };
    let answer = desk.convert(refunded).await.unwrap();
    assert_eq!(answer.partner_id, anna);
    (anna, link)
}

#[tokio::test]
async fn what_a_sale_earned_is_paid_out_and_owed_no_more() {
    for (mut desk, _place) in desks("earned").await {
        let (anna, _) = sold(&mut desk).await;
        let payout = desk.only_payout().await;
        assert_eq!((payout.partner_id.as_str(), payout.amount), (anna.as_str(), Some(usd(1_500))));
        desk.settle(&payout.payout_id, PayoutState::Paid).await.unwrap();
        let owed = "select cast(sum(case when credit like 'partner_payable%' then amount \
                    when debit like 'partner_payable%' then -amount else 0 end) as bigint) \
                    from revenue_entries";
        assert_eq!(desk.number(owed).await, 0);
        let asked = ListCommissionsRequest {
            payout_id: payout.payout_id.clone(),
            ..ListCommissionsRequest::default()
        };
        let listed = desk.api.list_commissions(Request::new(asked)).await.unwrap().into_inner();
        let states: Vec<_> = listed.commissions.iter().map(Commission::state).collect();
        assert_eq!(states, [CommissionState::Paid; 2]);
        assert_eq!(reason(&desk.create(desk.all()).await.unwrap_err()), "NOTHING_DUE");
    }
}

#[tokio::test]
async fn a_binding_and_a_commission_are_explained() {
    for (mut desk, _place) in desks("explained").await {
        let (anna, link) = sold(&mut desk).await;
        let customer = ExplainAttributionRequest {
            customer_id: "buyer-1".into(),
            program_id: desk.program.clone(),
            ..ExplainAttributionRequest::default()
        };
        let told = desk.explain(customer.clone()).await.unwrap();
        assert_eq!((told.bound_partner_id.as_str(), told.terms_version), (anna.as_str(), 1));
        assert_eq!(told.bound_time, at(NOW - 10 * DAY));
        let [touch] = told.touches.as_slice() else { panic!("{told:?}") };
        assert!(touch.winner && touch.eligible && touch.link_id == link, "{touch:?}");
        let shares = [touch.linear_share_bps, touch.time_decay_share_bps, touch.position_share_bps];
        assert_eq!(shares, [10_000; 3]);
        assert!(told.rule.contains("as the latest of 1 touches"), "{}", told.rule);
        assert!(told.arithmetic.is_empty());
        let amounts: Vec<i64> =
            told.commissions.iter().map(|it| it.amount.as_ref().unwrap().amount_minor).collect();
        assert_eq!(amounts, [2_000, -500]);
        let clawback = ExplainAttributionRequest {
            commission_id: told.commissions[1].commission_id.clone(),
            ..ExplainAttributionRequest::default()
        };
        let told = desk.explain(clawback).await.unwrap();
        assert_eq!(told.commissions.len(), 1);
        let lines: Vec<(&str, &str, i64)> = told
            .arithmetic
            .iter()
            .map(|it| (it.label.as_str(), it.expression.as_str(), it.result))
            .collect();
        assert_eq!(lines[2], ("rate", "the rate of the terms", 2_000));
        assert_eq!(lines[3], ("earned", "10000 * 2000 / 10000", 2_000));
        assert_eq!(lines[5], ("reversed", "2000 * 2500 / 10000", 500));
        assert_eq!(lines.last().unwrap().2, -500);
        desk.named_by_two_sources("buyer-2", &anna).await;
        let both = ExplainAttributionRequest { customer_id: "buyer-2".into(), ..customer.clone() };
        let refused = desk.explain(both).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::FailedPrecondition, "SOURCE_AMBIGUOUS")
        );
        let other = ExplainAttributionRequest { customer_id: "nobody".into(), ..customer };
        assert_eq!(reason(&desk.explain(other).await.unwrap_err()), "CUSTOMER_NOT_FOUND");
        let none = ExplainAttributionRequest::default();
        assert_eq!(reason(&desk.explain(none).await.unwrap_err()), "INVALID_FIELD");
        let unknown = ExplainAttributionRequest {
            commission_id: format!("com_{}", "0".repeat(32)),
            ..ExplainAttributionRequest::default()
        };
        assert_eq!(reason(&desk.explain(unknown).await.unwrap_err()), "COMMISSION_NOT_FOUND");
    }
}

#[tokio::test]
async fn what_a_partner_brought_adds_up_in_totals_and_in_the_series() {
    for (mut desk, _place) in desks("brought").await {
        let (anna, link) = sold(&mut desk).await;
        let asked = GetPartnerAnalyticsRequest {
            partner_id: anna,
            range: Some(TimeRange { start_time: at(NOW - 20 * DAY), end_time: at(NOW) }),
            time_zone: "Europe/Berlin".into(),
            granularity: Granularity::Day.into(),
            ..GetPartnerAnalyticsRequest::default()
        };
        let answer = desk.analytics(asked.clone()).await;
        let funnel = answer.totals.unwrap();
        let counts = [
            funnel.click_count,
            funnel.unique_click_count,
            funnel.rejected_click_count,
            funnel.lead_count,
            funnel.trial_count,
            funnel.conversion_count,
        ];
        assert_eq!(counts, [1, 1, 1, 1, 0, 1]);
        assert_eq!(funnel.conversion_rate, Some(1.0));
        let [sums] = answer.currencies.as_slice() else { panic!("{:?}", answer.currencies) };
        assert_eq!(sums.sales_amount, Some(usd(10_000)));
        assert_eq!(sums.refunded_amount, Some(usd(2_500)));
        assert_eq!(sums.refund_rate, Some(0.25));
        assert_eq!(sums.customer_lifetime_value, Some(usd(7_500)));
        assert_eq!(
            (sums.earned_amount.clone(), sums.due_amount.clone()),
            (Some(usd(1_500)), Some(usd(1_500)))
        );
        assert_eq!(sums.reversed_amount, Some(usd(500)));
        let of = |pick: fn(&PartnerEarnings) -> &Option<Money>| -> i64 {
            let rows = answer.points.iter().flat_map(|point| &point.earnings);
            rows.filter_map(|row| pick(row).as_ref()).map(|it| it.amount_minor).sum()
        };
        assert_eq!(answer.points.len(), 21, "days of Berlin, cut at both ends");
        assert_eq!(of(|row| &row.sales_amount), 10_000);
        assert_eq!(of(|row| &row.refunded_amount), 2_500);
        assert_eq!(of(|row| &row.earned_amount), 1_500);
        let clicks: i64 =
            answer.points.iter().map(|it| it.funnel.as_ref().unwrap().click_count).sum();
        assert_eq!(clicks, 1);
        let payout = desk.only_payout().await.payout_id;
        desk.settle(&payout, PayoutState::Paid).await.unwrap();
        let by_link = GetPartnerAnalyticsRequest { link_id: link, granularity: 0, ..asked };
        let answer = desk.analytics(by_link).await;
        assert_eq!(answer.currencies[0].paid_amount, Some(usd(1_500)));
        assert_eq!(
            (answer.currencies[0].due_amount.clone(), answer.points.len()),
            (Some(usd(0)), 0)
        );
        let whole = GetPartnerAnalyticsRequest {
            program_id: desk.program.clone(),
            ..GetPartnerAnalyticsRequest::default()
        };
        let answer = desk.analytics(whole).await;
        assert_eq!(answer.totals.unwrap().click_count, 1, "from the beginning");
        assert_eq!(answer.currencies[0].sales_amount, Some(usd(10_000)));
    }
}

#[tokio::test]
async fn questions_about_nobody_are_refused() {
    for (desk, _place) in desks("nobody").await {
        let anna = desk.partner("Anna").await;
        let good = GetPartnerAnalyticsRequest { partner_id: anna, ..Default::default() };
        let both = GetPartnerAnalyticsRequest { program_id: desk.program.clone(), ..good.clone() };
        let unknown = format!("prt_{}", "0".repeat(32));
        let link = format!("lnk_{}", "0".repeat(32));
        let turned = TimeRange { start_time: at(5), end_time: at(4) };
        let long = TimeRange { start_time: at(0), end_time: at(NOW) };
        for (asked, wanted) in [
            (both, "INVALID_FIELD"),
            (GetPartnerAnalyticsRequest::default(), "INVALID_FIELD"),
            (
                GetPartnerAnalyticsRequest { partner_id: unknown, ..Default::default() },
                "PARTNER_NOT_FOUND",
            ),
            (GetPartnerAnalyticsRequest { link_id: link, ..good.clone() }, "LINK_NOT_FOUND"),
            (GetPartnerAnalyticsRequest { range: Some(turned), ..good.clone() }, "INVALID_RANGE"),
            (
                GetPartnerAnalyticsRequest { time_zone: "Mars".into(), ..good.clone() },
                "UNKNOWN_TIME_ZONE",
            ),
            (GetPartnerAnalyticsRequest { granularity: 9, ..good.clone() }, "INVALID_FIELD"),
            (
                GetPartnerAnalyticsRequest { range: Some(long), granularity: 1, ..good.clone() },
                "RANGE_TOO_LONG",
            ),
        ] {
            let refused = desk.api.get_partner_analytics(Request::new(asked.clone())).await;
            assert_eq!(reason(&refused.unwrap_err()), wanted, "{asked:?}");
        }
        let answer = desk.analytics(good).await;
        assert_eq!(answer.currencies, []);
        assert_eq!(answer.totals.unwrap().conversion_rate, None);
    }
}
