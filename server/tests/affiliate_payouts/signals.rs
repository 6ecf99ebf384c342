//! A partner who refers himself is found, held, and decided about.

use crate::common::ingest_as;
use crate::desk::{Desk, desks, fresh, reason};
use crate::earned::at_once;
use serde_json::json;
use takings::v1::affiliate_service_server::AffiliateService;
use takings::v1::*;
use tonic::{Request, Status};

impl Desk {
    async fn signals(&self, asked: ListFraudSignalsRequest) -> Vec<FraudSignal> {
        self.api.list_fraud_signals(Request::new(asked)).await.unwrap().into_inner().signals
    }

    async fn resolve(&self, signal: &str, resolution: FraudState) -> Result<FraudSignal, Status> {
        let asked = ResolveFraudSignalRequest {
            signal_id: signal.into(),
            resolution: resolution.into(),
            note: "looked at it".into(),
            request_id: fresh(),
        };
        let answer = self.api.resolve_fraud_signal(Request::new(asked)).await?;
        Ok(answer.into_inner().signal.unwrap())
    }

    /// A customer of the program's own source, with an email address.
    async fn customer(&self, id: &str, email: &str) {
        let body = json!({
            "id": format!("evt_{id}"), "object": "event", "type": "customer.created",
            "livemode": true, "created": 1_736_467_200, "api_version": "2026-10-28.endive",
            "data": {"object": {
                "id": id, "object": "customer", "created": 1_736_467_200, "email": email,
            }},
        });
        let (source, body) = (format!("direct:{}:live", self.program), body.to_string());
        ingest_as(&source, &self.database, &[body.as_bytes()], 1).await;
    }
}

fn all() -> ListFraudSignalsRequest {
    ListFraudSignalsRequest::default()
}

/// A partner whose own second mailbox bought, and the two signals about it: email, then domain.
async fn referred_himself(desk: &mut Desk) -> (String, Vec<FraudSignal>) {
    desk.program = desk.make_program(at_once()).await;
    let own = |it: &mut CreatePartnerRequest| it.email = "Anna@anna.example".into();
    let anna = desk.partner_with("Anna", own).await;
    desk.customer("buyer-1", "anna@ANNA.example").await;
    let answer = desk.convert(desk.sale("order-1", "buyer-1", &anna)).await.unwrap();
    assert_eq!(answer.commissions[0].state(), CommissionState::Held);
    let mut signals = desk.signals(all()).await;
    signals.sort_by_key(|it| it.kind);
    (anna, signals)
}

#[tokio::test]
async fn a_sale_to_oneself_is_held_until_every_signal_is_dismissed() {
    for (mut desk, _place) in desks("himself").await {
        let (anna, signals) = referred_himself(&mut desk).await;
        let kinds: Vec<FraudKind> = signals.iter().map(FraudSignal::kind).collect();
        assert_eq!(kinds, [FraudKind::SameEmail, FraudKind::SameDomain]);
        for signal in &signals {
            assert_eq!((&signal.partner_id, signal.state()), (&anna, FraudState::Open));
            assert_eq!(signal.customer_id, "buyer-1");
            assert_eq!(signal.commission_ids.len(), 1);
            assert!(!signal.evidence.contains("anna"), "{}", signal.evidence);
        }
        assert_eq!(reason(&desk.create(desk.all()).await.unwrap_err()), "NOTHING_DUE");
        let first = desk.resolve(&signals[0].signal_id, FraudState::Dismissed).await.unwrap();
        assert_eq!((first.state(), first.note.as_str()), (FraudState::Dismissed, "looked at it"));
        assert_eq!(reason(&desk.create(desk.all()).await.unwrap_err()), "NOTHING_DUE");
        desk.resolve(&signals[1].signal_id, FraudState::Dismissed).await.unwrap();
        assert_eq!(desk.only_payout().await.amount.unwrap().amount_minor, 2_000);
        desk.convert(desk.sale("order-2", "buyer-1", &anna)).await.unwrap();
        assert_eq!(desk.only_payout().await.amount.unwrap().amount_minor, 2_000, "not held again");
        assert_eq!(desk.signals(all()).await.len(), 2);
    }
}

#[tokio::test]
async fn what_is_confirmed_is_rejected_and_so_is_what_follows() {
    for (mut desk, _place) in desks("confirmed").await {
        let (anna, signals) = referred_himself(&mut desk).await;
        let id = &signals[0].signal_id;
        let confirmed = desk.resolve(id, FraudState::Confirmed).await.unwrap();
        assert!(confirmed.resolved_time.is_some());
        assert_eq!(desk.resolve(id, FraudState::Confirmed).await.unwrap(), confirmed);
        let otherwise = desk.resolve(id, FraudState::Dismissed).await.unwrap_err();
        assert_eq!(reason(&otherwise), "FRAUD_SIGNAL_RESOLVED");
        desk.resolve(&signals[1].signal_id, FraudState::Dismissed).await.unwrap();
        let answer = desk.convert(desk.sale("order-2", "buyer-1", &anna)).await.unwrap();
        assert_eq!(answer.commissions[0].state(), CommissionState::Rejected);
        assert_eq!(reason(&desk.create(desk.all()).await.unwrap_err()), "NOTHING_DUE");
        assert_eq!(desk.number("select cast(sum(amount) as bigint) from commissions").await, 0);
    }
}

#[tokio::test]
async fn partners_paid_into_one_account_are_told() {
    for (mut desk, _place) in desks("one_account").await {
        desk.program = desk.make_program(at_once()).await;
        let same = |it: &mut CreatePartnerRequest| it.payout_account = "same@example.com".into();
        let (anna, _bob) = (desk.partner_with("A", same).await, desk.partner_with("B", same).await);
        desk.convert(desk.sale("order-1", "buyer-1", &anna)).await.unwrap();
        let asked = ListFraudSignalsRequest {
            kind: FraudKind::SamePayoutMethod.into(),
            state: FraudState::Open.into(),
            partner_id: anna,
            ..all()
        };
        assert_eq!(desk.signals(asked.clone()).await.len(), 1);
        let others = ListFraudSignalsRequest { kind: FraudKind::TooFast.into(), ..asked };
        assert_eq!(desk.signals(others).await, []);
    }
}

#[tokio::test]
async fn unknown_signals_and_half_decisions_are_refused() {
    for (desk, _place) in desks("signal_refused").await {
        let unknown = format!("frd_{}", "0".repeat(32));
        for (id, resolution, wanted) in [
            (unknown.as_str(), FraudState::Confirmed, "FRAUD_SIGNAL_NOT_FOUND"),
            ("frd_1", FraudState::Confirmed, "FRAUD_SIGNAL_NOT_FOUND"),
            (&unknown, FraudState::Open, "INVALID_FIELD"),
            (&unknown, FraudState::Unspecified, "INVALID_FIELD"),
        ] {
            let refused = desk.resolve(id, resolution).await.unwrap_err();
            assert_eq!(reason(&refused), wanted, "{id} {resolution:?}");
        }
    }
}
