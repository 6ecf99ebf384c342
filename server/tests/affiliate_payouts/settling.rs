//! How payouts end.

use crate::desk::{Made, NOW, desks, fresh, reason, usd};
use prost_types::Timestamp;
use takings::v1::*;
use takings_server::rebuild::rebuild;

#[tokio::test]
async fn a_paid_payout_is_posted_once_from_each_source_and_the_roll_ups_agree() {
    for (desk, _place) in desks("posted").await {
        let anna = desk.partner("Anna").await;
        desk.earn(&[
            Made::new(&anna, "in_1", 2_000),
            Made { source: 2, ..Made::new(&anna, "in_1", 500) },
        ])
        .await;
        let payout = desk.only_payout().await;
        assert_eq!((payout.amount.clone(), payout.settled_time), (Some(usd(2_500)), None));
        let paid = desk.settle(&payout.payout_id, PayoutState::Paid).await.unwrap();
        assert_eq!((paid.state(), paid.reference.as_str()), (PayoutState::Paid, "TX-1"));
        assert_eq!(paid.settled_time, Some(Timestamp { seconds: NOW, nanos: 0 }));
        let again = desk.settle(&payout.payout_id, PayoutState::Paid).await.unwrap();
        assert_eq!(again, paid);
        let posted = desk
            .texts(
                "select source_id || ' ' || object || ' ' || kind || ' ' || debit || ' ' || credit \
                 || ' ' || currency || ' ' || amount || ' ' || occurred_at \
                 from revenue_entries order by source_id",
            )
            .await;
        let line = |source: i64, amount: i64| {
            format!(
                "{source} {} partner_payout partner_payable:{anna} paid_out usd {amount} {}",
                payout.payout_id,
                NOW * 1_000_000
            )
        };
        assert_eq!(posted, [line(1, 2_000), line(2, 500)]);
        assert_eq!(rebuild(&desk.database, true).await.unwrap().rollups, [] as [String; 0]);
        let open = desk.number("select count(*) from commissions where payout is null").await;
        assert_eq!(open, 0);
    }
}

#[tokio::test]
async fn a_failed_payout_gives_its_commissions_back() {
    for (desk, _place) in desks("failed").await {
        let anna = desk.partner("Anna").await;
        desk.earn(&[Made::new(&anna, "in_1", 2_000), Made::new(&anna, "in_2", -300)]).await;
        let first = desk.only_payout().await;
        let failed = desk.settle(&first.payout_id, PayoutState::Failed).await.unwrap();
        assert_eq!(failed.failure_reason, "account closed");
        assert_eq!(desk.settle(&first.payout_id, PayoutState::Failed).await.unwrap(), failed);
        let second = desk.only_payout().await;
        assert_eq!((second.amount.clone(), second.commission_count), (Some(usd(1_700)), 2));
        assert_ne!(second.payout_id, first.payout_id);
        assert_eq!(desk.number("select count(*) from revenue_entries").await, 0);
    }
}

#[tokio::test]
async fn a_payout_ends_once() {
    for (desk, _place) in desks("ends_once").await {
        let anna = desk.partner("Anna").await;
        desk.earn(&[Made::new(&anna, "in_1", 2_000)]).await;
        let first = desk.only_payout().await;
        desk.settle(&first.payout_id, PayoutState::Failed).await.unwrap();
        let otherwise = desk.settle(&first.payout_id, PayoutState::Paid).await.unwrap_err();
        assert_eq!(reason(&otherwise), "PAYOUT_SETTLED");
        let second = desk.only_payout().await;
        desk.settle(&second.payout_id, PayoutState::Paid).await.unwrap();
        let otherwise = desk.settle(&second.payout_id, PayoutState::Failed).await.unwrap_err();
        assert_eq!(reason(&otherwise), "PAYOUT_SETTLED");
        let paid = desk.number("select count(*) from commissions where payout is not null").await;
        assert_eq!(paid, 1, "what is paid stays claimed");
    }
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    for (desk, _place) in desks("settle_refused").await {
        let anna = desk.partner("Anna").await;
        desk.earn(&[Made::new(&anna, "in_1", 2_000)]).await;
        let payout = desk.only_payout().await;
        let good = SettlePayoutRequest {
            payout_id: payout.payout_id.clone(),
            outcome: PayoutState::Paid.into(),
            request_id: fresh(),
            ..SettlePayoutRequest::default()
        };
        let unknown = format!("pay_{}", "0".repeat(32));
        let id = |id: &str| SettlePayoutRequest { payout_id: id.into(), ..good.clone() };
        let outcome = |outcome: i32| SettlePayoutRequest { outcome, ..good.clone() };
        let at = |seconds, nanos| SettlePayoutRequest {
            settled_time: Some(Timestamp { seconds, nanos }),
            ..good.clone()
        };
        for (asked, wanted) in [
            (id(&unknown), "PAYOUT_NOT_FOUND"),
            (id("po_ABC"), "PAYOUT_NOT_FOUND"),
            (id(""), "INVALID_FIELD"),
            (id(&payout.payout_batch_id), "PAYOUT_NOT_FOUND"),
            (outcome(PayoutState::Sent.into()), "INVALID_FIELD"),
            (outcome(0), "INVALID_FIELD"),
            (outcome(PayoutState::Failed.into()), "INVALID_FIELD"),
            (at(NOW, 1_000), "INVALID_FIELD"),
            (at(i64::MAX, 0), "INVALID_RANGE"),
            (SettlePayoutRequest { reference: "x".repeat(256), ..good.clone() }, "INVALID_FIELD"),
            (SettlePayoutRequest { reference: "\0".into(), ..good.clone() }, "INVALID_FIELD"),
            (SettlePayoutRequest { failure_reason: "no".into(), ..good.clone() }, "INVALID_FIELD"),
            (
                SettlePayoutRequest { request_id: String::new(), ..good.clone() },
                "INVALID_REQUEST_ID",
            ),
        ] {
            let refused = desk.settle_as(asked.clone()).await.unwrap_err();
            assert_eq!(reason(&refused), wanted, "{asked:?}");
        }
        let early = at(NOW - 3_600, 0);
        let refused = desk.settle_as(early.clone()).await.unwrap_err();
        assert_eq!(reason(&refused), "INVALID_FIELD", "no payout ends before it was made");
        let made = (NOW - 3_600) * 1_000_000 + 999;
        desk.run(&format!("update payout_batches set created_at = {made}")).await;
        let paid = desk.settle_as(early.clone()).await.unwrap();
        assert_eq!(paid.settled_time, early.settled_time);
    }
}
