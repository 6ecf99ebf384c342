//! Readers may read a replica that lags: whoever acts reads what is.

use crate::common::door::now;
use crate::common::place::Place;
use crate::consents::{ask, open_with};
use crate::conversions::{customer, purchase, tell};
use crate::desk::until;
use crate::smtp::Smtp;
use std::time::Duration;
use takings::v1::*;
use tonic::Code;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_a_replica_that_lags_for_ever_mails_leave_once_and_leads_convert() {
    let places = (Place::postgres("leads_primary"), Place::postgres("leads_replica"));
    let (Some(place), Some(replica)) = places else { return };
    drop(replica.open().await);
    let smtp = Smtp::open().await;
    let lags = [("TAKINGS__DATABASE__READ_URL", replica.url.as_str())];
    let mut desk = open_with(&place, &smtp, &lags).await;
    let lead_id = ask(&mut desk, "anna@shop.example").await;
    let asked = GetLeadRequest { lead_id: lead_id.clone(), ..Default::default() };
    let found = desk.client.get_lead(asked).await;
    assert_eq!(found.unwrap_err().code(), Code::NotFound, "readers read the replica");
    let at = now() + 60;
    tell(&desk, &[customer("cus_1", "anna@shop.example", at)]).await;
    tell(&desk, &purchase("1", "cus_1", at).whole(None)).await;
    let customers = "select count(*) as n from leads where stage = 'customer'";
    until("the lead converts", async || desk.count(customers).await == 1).await;
    until("a mail arrives", async || !smtp.mails().is_empty()).await;
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(smtp.mails().len(), 1);
}
