//! Analytics: what became of leads, counted by hand.

use crate::common::door::now;
use crate::conversions::{customer, purchase, tell};
use crate::desk::{Desk, capture, places, until, why};
use takings::v1::*;
use tonic::Code;

const DAY: i64 = 86_400;

fn time(seconds: i64) -> Option<prost_types::Timestamp> {
    Some(prost_types::Timestamp { seconds, nanos: 0 })
}

fn share(rate: Option<&LeadRate>) -> (i64, i64) {
    rate.map_or((0, 0), |it| (it.part, it.whole))
}

/// Ten leads of a hundred days ago: seven of ads, three of a webinar; of the ads two convert, after ten
/// and twenty days.
async fn tell_of_ten(desk: &mut Desk, at: i64) {
    for number in 0..10_i64 {
        let (source, campaign) = if number < 7 { ("ads", "spring") } else { ("webinar", "") };
        let asked = CaptureLeadRequest {
            source: source.into(),
            campaign: Some(Campaign { name: campaign.into(), ..Default::default() }),
            occurred_time: time(at - 100 * DAY),
            ..capture(&format!(
                "lead{number}@{}",
                if number == 6 { "gmail.com" } else { "shop.example" }
            ))
        };
        desk.client.capture_lead(asked).await.unwrap();
    }
    for (place, days) in [(0, 10), (1, 20)] {
        let (n, id) = [("1", "cus_1"), ("2", "cus_2")][place];
        let paid = at - (100 - days) * DAY;
        tell(desk, &[customer(id, &format!("lead{place}@shop.example"), paid)]).await;
        tell(desk, &purchase(n, id, paid).whole(None)).await;
    }
    tell(desk, &[purchase("1", "cus_1", at - 90 * DAY).refund(DAY, 2_500)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cohorts_are_counted_by_source_and_campaign() {
    for place in places("leads_analytics") {
        let mut desk = Desk::open(&place).await;
        let at = now();
        tell_of_ten(&mut desk, at).await;
        until("both have converted", async || {
            let n = "select count(*) as n from lead_conversions where converted_at is not null";
            desk.count(n).await == 2
        })
        .await;
        tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
        let asked = GetLeadAnalyticsRequest { window_days: Some(30), ..Default::default() };
        let answer = desk.client.get_lead_analytics(asked).await.unwrap().into_inner();
        let total = answer.total.unwrap();
        assert_eq!((total.captured_count, total.ok_count), (10, 10));
        assert_eq!(share(total.converted.as_ref()), (2, 10));
        let converted = total.converted.unwrap();
        assert_eq!(converted.rate, Some(0.2));
        // Wilson, 2 of 10.
        assert!((converted.low.unwrap() - 0.0567).abs() < 1e-4, "{converted:?}");
        assert!((converted.high.unwrap() - 0.5098).abs() < 1e-4, "{converted:?}");
        let reached: Vec<(i64, i64, i64)> = total
            .funnel
            .iter()
            .map(|it| (it.reached.as_ref().unwrap().part, it.open_count, it.lost_count))
            .collect();
        assert_eq!(reached[1], (10, 0, 0), "all are leads");
        assert_eq!(reached[5], (2, 0, 8), "customers");
        let names: Vec<(&str, &str, i64)> = answer
            .cohorts
            .iter()
            .map(|it| (it.source.as_str(), it.campaign.as_str(), it.captured_count))
            .collect();
        assert_eq!(names, [("ads", "spring", 7), ("webinar", "", 3)]);
        let ads = &answer.cohorts[0];
        assert_eq!(share(ads.converted.as_ref()), (2, 7));
        let spent = &ads.revenue[0];
        let amounts = [&spent.net_amount, &spent.lifetime_value].map(|it| it.as_ref().unwrap());
        assert_eq!(amounts.map(|it| it.amount_minor), [17_500, 8_750]);
        assert_eq!((spent.currency_code.as_str(), spent.customer_count), ("USD", 2));
        let waited = ads.time_to_convert.unwrap();
        // Of seven, two of whom converted: a quarter after twenty days, half not seen.
        assert_eq!((waited.quarter.unwrap().seconds, waited.half), (20 * DAY, None));
        let told = answer.calibration.unwrap();
        assert_eq!((told.lead_count, told.converted_count), (10, 2));
        // The one of a free provider has the lowest score and did not convert; all others tie.
        assert_eq!(told.auc, Some((2.0 * 1.0 + 2.0 * 7.0 * 0.5) / 16.0));
        assert_eq!(told.deciles.iter().map(|it| it.lead_count).sum::<i64>(), 10);
        let early = GetLeadAnalyticsRequest {
            window_days: Some(30),
            as_of_time: time(at - 85 * DAY),
            source: "ads".into(),
            ..Default::default()
        };
        let early =
            desk.client.get_lead_analytics(early).await.unwrap().into_inner().total.unwrap();
        assert_eq!(share(early.converted.as_ref()), (1, 7));
        let customers = &early.funnel[5];
        assert_eq!((customers.open_count, customers.lost_count), (6, 0), "they still may");
        let wrong = GetLeadAnalyticsRequest { window_days: Some(0), ..Default::default() };
        let status = desk.client.get_lead_analytics(wrong).await.unwrap_err();
        assert_eq!(why(&status), (Code::InvalidArgument, "INVALID_FIELD".into()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_earlier_range_forecasts_and_is_held_against_what_happened() {
    let place = &places("leads_forecast")[0];
    let mut desk = Desk::open(place).await;
    let at = now();
    for email in ["early1@shop.example", "early2@shop.example"] {
        let asked = CaptureLeadRequest { occurred_time: time(at - 102 * DAY), ..capture(email) };
        desk.client.capture_lead(asked).await.unwrap();
    }
    tell_of_ten(&mut desk, at).await;
    until("both have converted", async || {
        let n = "select count(*) as n from lead_conversions where converted_at is not null";
        desk.count(n).await == 2
    })
    .await;
    let captured = TimeRange { start_time: time(at - 101 * DAY), end_time: time(at - 99 * DAY) };
    let asked = GetLeadAnalyticsRequest {
        captured: Some(captured),
        window_days: Some(30),
        ..Default::default()
    };
    let answer = desk.client.get_lead_analytics(asked.clone()).await.unwrap().into_inner();
    let told = answer.calibration.unwrap();
    assert_eq!((told.lead_count, told.forecast_lead_count), (10, 2));
    // Nobody of the earlier two has converted, so nobody was forecast to; two of ten have.
    assert!((told.brier.unwrap() - 0.2).abs() < 1e-12, "{told:?}");
    let alone = GetLeadAnalyticsRequest { captured: None, ..asked };
    let told = desk.client.get_lead_analytics(alone).await.unwrap().into_inner();
    assert_eq!(told.calibration.unwrap().brier, None, "there is no range before");
}
