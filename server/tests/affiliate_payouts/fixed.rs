//! A fixed commission is in the program's currency, whatever the sale's is.

use crate::desk::{desks, usd};
use crate::earned::at_once;
use takings::v1::affiliate_service_server::AffiliateService;
use takings::v1::program_terms::Rate;
use takings::v1::*;
use tonic::Request;

#[tokio::test]
async fn what_a_fixed_commission_was_earned_on_is_said_in_the_sales_currency() {
    for (mut desk, place) in desks("fixed").await {
        let fixed = ProgramTerms { rate: Some(Rate::FixedAmount(usd(500))), ..at_once() };
        desk.program = desk.make_program(fixed).await;
        let anna = desk.partner("Anna").await;
        let yen = Some(Money { amount_minor: 10_000, currency_code: "JPY".into() });
        let sale = ProcessConversionRequest {
            paid_amount: yen.clone(),
            ..desk.sale("order-1", "buyer", &anna)
        };
        let told = desk.convert(sale).await.unwrap().commissions;
        let asked = ListCommissionsRequest { partner_id: anna, ..Default::default() };
        let listed = desk.api.list_commissions(Request::new(asked)).await.unwrap().into_inner();
        for it in told.iter().chain(&listed.commissions) {
            let amounts = (it.amount.clone(), it.base_amount.clone());
            assert_eq!(amounts, (Some(usd(500)), yen.clone()), "on {}", place.kind());
        }
        assert_eq!((told.len(), listed.commissions.len()), (1, 1));
    }
}
