//! A partner whose customers come without a click that a person made is looked at.

use crate::desk::{Desk, NOW, desks, fresh};
use crate::earned::at_once;
use takings::v1::affiliate_service_server::AffiliateService;
use takings::v1::*;
use tonic::Request;

/// So many customers may come without a click.
fn at_most(max_leads_without_click: Option<i64>) -> ProgramTerms {
    ProgramTerms { max_leads_without_click, ..at_once() }
}

impl Desk {
    /// A customer's sale; how what it earns stands.
    async fn stands(&self, customer: &str, partner: &str) -> CommissionState {
        let sale = self.sale(&format!("of-{customer}"), customer, partner);
        self.convert(sale).await.unwrap().commissions[0].state()
    }

    /// A sale of a customer with a click that was taken for this; whose the customer is.
    async fn comes(&self, customer: &str, (link, partner): (&str, &str), outcome: &str) -> String {
        let sale = ProcessConversionRequest {
            click_id: self.click(link, partner, NOW - 20 * 86_400, outcome).await,
            partner_id: String::new(),
            ..self.sale(&format!("of-{customer}"), customer, partner)
        };
        self.convert(sale).await.unwrap().partner_id
    }

    /// Signals of customers without a click.
    async fn clickless(&self) -> Vec<FraudSignal> {
        let kind = FraudKind::LeadsWithoutClicks.into();
        let asked = ListFraudSignalsRequest { kind, ..Default::default() };
        self.api.list_fraud_signals(Request::new(asked)).await.unwrap().into_inner().signals
    }
}

#[tokio::test]
async fn one_customer_too_many_without_a_click_is_held_and_so_is_who_follows() {
    for (mut desk, place) in desks("clickless").await {
        desk.program = desk.make_program(at_most(Some(2))).await;
        let anna = desk.partner("Anna").await;
        for customer in ["b-1", "b-2"] {
            assert_eq!(desk.stands(customer, &anna).await, CommissionState::Approved);
        }
        assert_eq!(desk.stands("b-3", &anna).await, CommissionState::Held, "on {}", place.kind());
        let [signal] = &desk.clickless().await[..] else { panic!("there is one signal") };
        assert_eq!((&signal.partner_id, signal.customer_id.as_str()), (&anna, ""));
        assert_eq!(
            signal.evidence,
            "3 leads and customers came without a valid click, and the terms allow 2"
        );
        // As if another source had told of the sale before.
        desk.run("update fraud_signals set source_id = source_id + 1").await;
        assert_eq!(desk.stands("b-4", &anna).await, CommissionState::Held);
        let found = desk.clickless().await;
        assert_eq!(found.len(), 1, "it is raised once a partner");
        assert_eq!(found[0].commission_ids.len(), 2);
        let dismiss = ResolveFraudSignalRequest {
            signal_id: signal.signal_id.clone(),
            resolution: FraudState::Dismissed.into(),
            note: "they phone".into(),
            request_id: fresh(),
        };
        desk.api.resolve_fraud_signal(Request::new(dismiss)).await.unwrap();
        assert_eq!(desk.stands("b-5", &anna).await, CommissionState::Approved);
        assert_eq!(desk.only_payout().await.amount.unwrap().amount_minor, 5 * 2_000);
    }
}

#[tokio::test]
async fn a_persons_click_and_a_coupon_speak_for_a_customer_and_a_robots_click_does_not() {
    for (mut desk, _place) in desks("clickless_kinds").await {
        desk.program = desk.make_program(at_most(Some(0))).await;
        let anna = desk.partner("Anna").await;
        let link = desk.link(&anna).await;
        for (customer, outcome) in
            [("b-1", "valid"), ("b-2", "duplicate"), ("b-3", "dedup_unknown")]
        {
            assert_eq!(desk.comes(customer, (&link, &anna), outcome).await, anna);
        }
        let at = (NOW - 20 * 86_400) * 1_000_000;
        desk.run(&format!(
            "update affiliate_links set coupon = 'ANNA10', created_at = {at} where id = '{link}'"
        ))
        .await;
        let coupon = ProcessConversionRequest {
            coupon_id: "ANNA10".into(),
            partner_id: String::new(),
            ..desk.sale("of-b-4", "b-4", &anna)
        };
        assert_eq!(desk.convert(coupon).await.unwrap().partner_id, anna);
        assert_eq!(desk.comes("b-5", (&link, &anna), "bot_ua").await, "", "a robot brings nobody");
        assert_eq!(desk.clickless().await, []);
        desk.comes("b-6", (&link, &anna), "valid").await;
        let found = desk.clickless().await;
        assert!(found[0].evidence.starts_with("1 leads"), "{found:?}");
    }
}

#[tokio::test]
async fn without_a_number_in_the_terms_nobody_is_looked_at() {
    for (mut desk, _place) in desks("clickless_unset").await {
        desk.program = desk.make_program(at_most(None)).await;
        let anna = desk.partner("Anna").await;
        for customer in ["b-1", "b-2", "b-3", "b-4"] {
            assert_eq!(desk.stands(customer, &anna).await, CommissionState::Approved);
        }
        assert_eq!(desk.clickless().await, []);
    }
}
