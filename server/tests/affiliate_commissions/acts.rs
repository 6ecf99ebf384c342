//! Acts on commissions, and sales outside Stripe.

use crate::desk::{Desk, places, uuid, why};
use crate::lives::Life;
use crate::shop;
use takings::v1::*;
use tonic::Code;

async fn ids(life: &mut Life) -> Vec<String> {
    let found = life.list(ListCommissionsRequest::default()).await;
    found.into_iter().map(|it| it.commission_id).collect()
}

fn approval() -> ApproveCommissionsRequest {
    ApproveCommissionsRequest { request_id: uuid(), ..Default::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commission_is_held_approved_and_rejected() {
    use CommissionKind::{Adjustment, Clawback, Earned};
    use CommissionState::{Approved, Held, Rejected};
    for place in places("affiliate_decisions") {
        let mut life = Life::open(&place).await;
        life.buy().await;
        let id = ids(&mut life).await.remove(0);
        let request_id = uuid();
        let hold = HoldCommissionRequest {
            commission_id: id.clone(),
            reason: "looks odd".into(),
            request_id: request_id.clone(),
        };
        let first = life.desk.client.hold_commission(hold.clone()).await.unwrap().into_inner();
        let again = life.desk.client.hold_commission(hold).await.unwrap().into_inner();
        assert_eq!(first, again, "a repeat is answered as the first was");
        let held = first.commission.unwrap();
        assert_eq!((held.state(), held.state_reason.as_str()), (Held, "looks odd"));
        assert_eq!(
            shop::count(&life.desk.database, "select count(*) as n from decisions").await,
            1
        );

        let approve = ApproveCommissionsRequest { commission_ids: vec![id.clone()], ..approval() };
        let answer = life.desk.client.approve_commissions(approve).await.unwrap().into_inner();
        assert_eq!(answer.commissions[0].state(), Approved);

        let reject = RejectCommissionRequest {
            commission_id: id.clone(),
            reason: "self-referral".into(),
            request_id: uuid(),
        };
        life.desk.client.reject_commission(reject).await.unwrap();
        assert_eq!(life.all().await, [(Earned, Rejected, 2_000), (Clawback, Rejected, -2_000)]);
        assert_eq!(shop::payable(&life.desk.database, &life.link.partner_id).await, 0);

        let settled = (Code::FailedPrecondition, "COMMISSION_SETTLED".into());
        let hold = HoldCommissionRequest {
            commission_id: id.clone(),
            reason: "looks odd".into(),
            request_id: uuid(),
        };
        let refused = life.desk.client.hold_commission(hold).await.unwrap_err();
        assert_eq!(why(&refused), settled, "what was rejected is kept back already");
        let approve = ApproveCommissionsRequest { commission_ids: vec![id], ..approval() };
        let refused = life.desk.client.approve_commissions(approve.clone()).await.unwrap_err();
        assert_eq!(why(&refused), settled, "and comes back with a word alone");
        assert!(refused.message().contains("`reason`"), "{}", refused.message());
        let reasoned = ApproveCommissionsRequest {
            reason: "it was a cousin".into(),
            request_id: uuid(),
            ..approve
        };
        life.desk.client.approve_commissions(reasoned).await.unwrap();
        let expected = [
            (Earned, Approved, 2_000),
            (Clawback, Approved, -2_000),
            (Adjustment, Approved, 2_000),
        ];
        assert_eq!(life.all().await, expected, "on {}", place.kind());
        shop::hash(&life.desk.database).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_decided_about_what_a_payout_has() {
    for place in places("affiliate_claimed") {
        let mut life = Life::open(&place).await;
        life.buy().await;
        let id = ids(&mut life).await.remove(0);
        shop::claim(&life.desk.database, &life.link).await;
        let hold =
            HoldCommissionRequest { commission_id: id, reason: "late".into(), request_id: uuid() };
        let status = life.desk.client.hold_commission(hold).await.unwrap_err();
        assert_eq!(why(&status), (Code::FailedPrecondition, "COMMISSION_SETTLED".into()));
        let unknown = ApproveCommissionsRequest {
            commission_ids: vec!["com_0190f3c1a2b47c3d8e5f60718293a4b5".into()],
            ..approval()
        };
        let status = life.desk.client.approve_commissions(unknown).await.unwrap_err();
        assert_eq!(why(&status), (Code::NotFound, "COMMISSION_NOT_FOUND".into()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_posts_nothing_and_shows_what_would_be() {
    for place in places("affiliate_dry_run") {
        let mut life = Life::open(&place).await;
        life.buy().await;
        let calculate = |dry_run| CalculateCommissionsRequest {
            program_id: life.link.program_id.clone(),
            dry_run,
            request_id: uuid(),
            ..Default::default()
        };
        let (dry, again, post) = (calculate(true), calculate(true), calculate(false));
        let client = &mut life.desk.client;
        let nothing = client.calculate_commissions(dry).await.unwrap().into_inner();
        assert_eq!((nothing.commission_count, nothing.sale_count), (0, 1), "{nothing:?}");
        shop::reject_by_hand(&life.desk.database, &life.link.program_id, "inpay_1", life.at + 5)
            .await;
        let shown = client.calculate_commissions(again).await.unwrap().into_inner();
        let usd = |amount_minor| Money { amount_minor, currency_code: "USD".into() };
        assert_eq!(shown.totals, [usd(-2_000)]);
        assert_eq!(shown.commissions[0].commission_id, "", "it is not stored");
        let count = "select count(*) as n from commissions";
        assert_eq!(shop::count(&life.desk.database, count).await, 1);
        let posted = client.calculate_commissions(post).await.unwrap().into_inner();
        assert_eq!(posted.totals, shown.totals);
        assert_eq!(shop::count(&life.desk.database, count).await, 2, "on {}", place.kind());
        shop::hash(&life.desk.database).await;
    }
}

fn conversion(program: &str, id: &str, click: &str) -> ProcessConversionRequest {
    ProcessConversionRequest {
        program_id: program.into(),
        conversion_id: id.into(),
        customer_id: "shop-customer-7".into(),
        click_id: click.into(),
        paid_amount: Some(Money { amount_minor: 12_000, currency_code: "USD".into() }),
        tax_amount: Some(Money { amount_minor: 2_000, currency_code: "USD".into() }),
        paid_time: Some(prost_types::Timestamp {
            seconds: crate::common::door::now() + 1,
            nanos: 0,
        }),
        request_id: uuid(),
        ..Default::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sale_outside_stripe_earns_once_whoever_tells_it_how_often() {
    for place in places("affiliate_conversion") {
        let mut life = Life::open(&place).await;
        let (program, click) = (life.link.program_id.clone(), life.click.clone());
        let mut told = conversion(&program, "order-1", &click);
        for _ in 0..2 {
            told.request_id = uuid();
            let answer = life.desk.client.process_conversion(told.clone()).await.unwrap();
            let answer = answer.into_inner();
            assert_eq!(answer.partner_id, life.link.partner_id);
            assert_eq!(answer.commissions.len(), 1);
            let earned = &answer.commissions[0];
            assert_eq!(earned.amount.as_ref().unwrap().amount_minor, 2_000, "a fifth, without tax");
            assert_eq!((earned.sale_id.as_str(), earned.source.as_str()), ("order-1", ""));
        }
        told.request_id = uuid();
        told.refunded_amount = Some(Money { amount_minor: 6_000, currency_code: "USD".into() });
        told.refunded_time =
            told.paid_time.map(|it| prost_types::Timestamp { seconds: it.seconds + 30, nanos: 0 });
        let answer = life.desk.client.process_conversion(told).await.unwrap().into_inner();
        let amounts = answer.commissions.iter().map(|it| it.amount.as_ref().unwrap().amount_minor);
        assert_eq!(amounts.collect::<Vec<_>>(), [2_000, -1_000], "on {}", place.kind());
        shop::hash(&life.desk.database).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conversion_without_a_known_click_or_amount_is_refused() {
    for place in places("affiliate_conversion_refused") {
        let mut desk = Desk::open(&place).await;
        let program = desk.program().await.program_id;
        let unknown = conversion(&program, "order-1", "clk_0190f3c1a2b47c3d8e5f60718293a4b5");
        let status = desk.client.process_conversion(unknown).await.unwrap_err();
        assert_eq!(why(&status), (Code::NotFound, "CLICK_NOT_FOUND".into()));
        let nothing = ProcessConversionRequest {
            paid_amount: Some(Money { amount_minor: 0, currency_code: "USD".into() }),
            ..conversion(&program, "order-1", "")
        };
        let status = desk.client.process_conversion(nothing).await.unwrap_err();
        assert_eq!(why(&status).0, Code::InvalidArgument);
        let plain = conversion(&program, "order-1", "");
        let answer = desk.client.process_conversion(plain).await.unwrap().into_inner();
        assert_eq!((answer.partner_id.as_str(), answer.commissions.len()), ("", 0));
    }
}
