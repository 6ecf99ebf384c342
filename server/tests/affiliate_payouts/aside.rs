//! What cannot be computed holds up nobody else, and what is known counts before it is paid out.

use crate::common::process::run;
use crate::desk::{Desk, NOW, desks, fresh, reason, usd};
use crate::earned::{at, at_once};
use serde_json::json;
use takings::v1::affiliate_service_server::AffiliateService;
use takings::v1::*;
use takings_server::jobs::settle_commissions;
use takings_server::rebuild::rebuild;
use tonic::Request;

impl Desk {
    /// Somebody rejects a sale, and nothing is derived from that yet.
    async fn reject_by_hand(&self, sale: &str) {
        self.run(&format!(
            "insert into decisions (id, program, source_id, sale, act, reason, decided_at)
             select 'dec_' || s.id, '{}', s.source_id, s.id, 'reject', 'by hand', s.paid_at + 1
             from sales s where s.id = '{sale}'",
            self.program
        ))
        .await;
        self.mark(sale).await;
    }

    /// The customer of a sale is to be derived again.
    async fn mark(&self, sale: &str) {
        self.run(&format!(
            "insert into changed_customers (source_id, customer, batch)
             select s.source_id, s.customer, 1 from sales s where s.id = '{sale}'"
        ))
        .await;
    }

    /// A sale whose sums leave 64 bits.
    async fn break_sale(&self, sale: &str) -> String {
        let found = self.texts(&format!("select content from sales where id = '{sale}'")).await;
        let mut content: serde_json::Value = serde_json::from_str(&found[0]).unwrap();
        let paid_at = content["paid_at"].clone();
        let change = json!({ "at": paid_at, "amount": i64::MAX });
        content["base"] = json!([change, change]);
        self.run(&format!("update sales set content = '{content}' where id = '{sale}'")).await;
        found[0].clone()
    }

    async fn left_of(&self, sale: &str) -> i64 {
        let sum =
            format!("select cast(sum(amount) as bigint) from commissions where sale = '{sale}'");
        self.number(&sum).await
    }
}

#[tokio::test]
async fn a_sale_that_cannot_be_computed_is_set_aside_until_it_can_be() {
    for (mut desk, place) in desks("set_aside").await {
        desk.program = desk.make_program(at_once()).await;
        let anna = desk.partner("Anna").await;
        for id in ["bad", "good"] {
            desk.convert(desk.sale(id, &format!("a-{id}"), &anna)).await.unwrap();
        }
        let whole = desk.break_sale("bad").await;
        desk.mark("bad").await;
        desk.reject_by_hand("good").await;
        settle_commissions(&desk.database).await.unwrap();
        assert_eq!((desk.left_of("bad").await, desk.left_of("good").await), (2_000, 0));
        let aside = "select count(*) from changed_customers where set_aside_at is not null";
        assert_eq!(desk.number(aside).await, 1, "on {}", place.kind());
        assert_eq!(desk.number("select count(*) from changed_customers").await, 1);
        desk.run(&format!("update sales set content = '{whole}' where id = 'bad'")).await;
        desk.run("update changed_customers set set_aside_at = null").await;
        settle_commissions(&desk.database).await.unwrap();
        assert_eq!(desk.number("select count(*) from changed_customers").await, 0);
    }
}

#[tokio::test]
async fn a_rebuild_sets_aside_whom_it_cannot_compute_and_mends_everybody_else() {
    for (mut desk, place) in desks("rebuild_aside").await {
        desk.program = desk.make_program(at_once()).await;
        let anna = desk.partner("Anna").await;
        for id in ["a-good", "bad", "c-good"] {
            desk.convert(desk.sale(id, &format!("of-{id}"), &anna)).await.unwrap();
        }
        let whole = desk.break_sale("bad").await;
        desk.run("delete from earnings where sale <> 'bad'").await;
        let shown = rebuild(&desk.database, true).await.unwrap();
        assert_eq!((shown.set_aside, shown.agrees()), (1, false), "on {}", place.kind());
        let aside = "select count(*) from changed_customers where set_aside_at is not null";
        assert_eq!(desk.number(aside).await, 0, "a look changes nothing");
        for _ in 0..2 {
            let report = rebuild(&desk.database, false).await.unwrap();
            assert_eq!(report.set_aside, 1);
            assert_eq!(desk.number("select count(*) from earnings").await, 3);
            assert_eq!(desk.number(aside).await, 1);
        }
        let said = run(&place, &["rebuild"]);
        assert!(!said.status.success(), "on {}", place.kind());
        assert!(String::from_utf8_lossy(&said.stdout).contains("set aside    1\n"), "{said:?}");
        let complaint = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(complaint.contains("run `takings rebuild` again"), "{complaint}");
        desk.run(&format!("update sales set content = '{whole}' where id = 'bad'")).await;
        let report = rebuild(&desk.database, false).await.unwrap();
        assert_eq!((report.set_aside, desk.number(aside).await), (0, 0));
        assert!(rebuild(&desk.database, true).await.unwrap().agrees());
    }
}

#[tokio::test]
async fn a_sale_of_too_much_or_of_tomorrow_is_refused() {
    for (desk, _place) in desks("too_much").await {
        let anna = desk.partner("Anna").await;
        let good = desk.sale("most", "buyer", &anna);
        let amount = |amount| ProcessConversionRequest {
            paid_amount: Some(usd(amount)),
            request_id: fresh(),
            ..good.clone()
        };
        let late = ProcessConversionRequest { paid_time: at(NOW + 61), ..good.clone() };
        for refused in [amount(1_000_000_000_000_001), amount(i64::MAX), late] {
            assert_eq!(reason(&desk.convert(refused).await.unwrap_err()), "INVALID_FIELD");
        }
        let answer = desk.convert(amount(1_000_000_000_000_000)).await.unwrap();
        assert_eq!(answer.commissions[0].amount, Some(usd(200_000_000_000_000)));
    }
}

#[tokio::test]
async fn a_batch_is_made_of_what_is_known_when_it_is_asked_for() {
    for (mut desk, _place) in desks("known_first").await {
        desk.program = desk.make_program(at_once()).await;
        let anna = desk.partner("Anna").await;
        desk.convert(desk.sale("order-1", "buyer-1", &anna)).await.unwrap();
        desk.reject_by_hand("order-1").await;
        assert_eq!(reason(&desk.create(desk.all()).await.unwrap_err()), "NOTHING_DUE");
        assert_eq!(desk.left_of("order-1").await, 0);
    }
}

#[tokio::test]
async fn what_was_paid_and_is_rejected_is_taken_back_from_the_next_payout() {
    for (mut desk, place) in desks("rejected_late").await {
        desk.program = desk.make_program(at_once()).await;
        let anna = desk.partner("Anna").await;
        let told = desk.convert(desk.sale("order-1", "buyer-1", &anna)).await.unwrap();
        let payout = desk.only_payout().await;
        desk.settle(&payout.payout_id, PayoutState::Paid).await.unwrap();
        let commission_id = told.commissions[0].commission_id.clone();
        let hold = HoldCommissionRequest {
            commission_id: commission_id.clone(),
            reason: "late".into(),
            request_id: fresh(),
        };
        let held = desk.api.hold_commission(Request::new(hold)).await.unwrap_err();
        assert_eq!(reason(&held), "COMMISSION_SETTLED");
        let reject = RejectCommissionRequest {
            commission_id,
            reason: "self-referral".into(),
            request_id: fresh(),
        };
        desk.api.reject_commission(Request::new(reject)).await.unwrap();
        assert_eq!(desk.left_of("order-1").await, 0);
        let more = ProcessConversionRequest {
            paid_amount: Some(usd(15_000)),
            ..desk.sale("order-2", "buyer-2", &anna)
        };
        desk.convert(more).await.unwrap();
        let paid = desk.only_payout().await.amount;
        assert_eq!(paid, Some(usd(1_000)), "30.00 less 20.00 on {}", place.kind());
    }
}
