//! Each test shows that a mistake seen elsewhere does not happen here.

use crate::common::rows;
use crate::desk::{Desk, partner, places, why};
use takings::v1::CreatePartnerRequest;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idempotency_is_claimed_before_the_work() {
    for place in places("affiliate_claimed_before") {
        let mut desk = Desk::open(&place).await;
        let program = desk.program().await.program_id;
        desk.partner(&program, "anna@example.com").await;
        let refused = partner(&program, "anna@example.com");
        let claimed =
            format!("select request_id from intents where request_id = '{}'", refused.request_id);
        let status = desk.client.create_partner(refused.clone()).await.unwrap_err();
        assert_eq!(why(&status).1, "PARTNER_EMAIL_TAKEN");
        assert_eq!(
            rows(&desk.database, &claimed).await.len(),
            0,
            "what was not done is not claimed"
        );
        let mended = CreatePartnerRequest { email: "bert@example.com".into(), ..refused };
        desk.client.create_partner(mended).await.unwrap();
        assert_eq!(rows(&desk.database, &claimed).await.len(), 1, "on {}", place.kind());
    }
}
