//! Lives through the real doors: a click, a purchase, its end.

use crate::common::door::{Door, now};
use crate::desk::{Desk, link, places, uuid};
use crate::events::Purchase;
use crate::shop;
use sea_orm::ConnectionTrait;
use takings::v1::program_terms::Rate;
use takings::v1::*;

/// A desk with a partner's link, one click on it, and a door for webhooks.
pub struct Life {
    pub desk: Desk,
    pub door: Door,
    pub link: AffiliateLink,
    pub click: String,
    pub at: i64,
}

impl Life {
    pub async fn open(place: &crate::common::place::Place) -> Life {
        let mut desk = Desk::open(place).await;
        let program = desk.program().await;
        let partner = desk.partner(&program.program_id, "anna@example.com").await;
        let asked = link(&partner.partner_id, "anna");
        let made = desk.client.create_affiliate_link(asked).await.unwrap();
        let page = desk.follow("anna", &[]).await;
        desk.outcomes(1).await;
        let door = Door::connect(desk.server.http).await.unwrap();
        let (link, click) = (made.into_inner().link.unwrap(), page.click().to_owned());
        // Who buys within 5 seconds of a click looks like a fraud, and is held.
        let earlier = "update clicks set clicked_at = clicked_at - 60000000";
        desk.database.write.execute_unprepared(earlier).await.unwrap();
        Life { desk, door, link, click, at: now() }
    }

    pub async fn tell(&mut self, events: &[Vec<u8>]) {
        for event in events {
            assert!(self.door.post(event).await.unwrap().acknowledges());
        }
        shop::settle(&self.desk.database).await;
    }

    /// The first purchase, brought by the click.
    pub async fn buy(&mut self) -> Purchase<'static> {
        let purchase = Purchase { n: "1", customer: "cus_1", at: self.at, amount: 10_000 };
        let events = purchase.whole(Some(&self.click));
        self.tell(&events).await;
        purchase
    }

    pub async fn list(&mut self, asked: ListCommissionsRequest) -> Vec<Commission> {
        self.desk.client.list_commissions(asked).await.unwrap().into_inner().commissions
    }

    /// All commissions, the oldest first: kind, state, amount.
    pub async fn all(&mut self) -> Vec<(CommissionKind, CommissionState, i64)> {
        let mut found = self.list(ListCommissionsRequest::default()).await;
        found.reverse();
        let read = |it: &Commission| {
            (it.kind(), it.state(), it.amount.as_ref().map_or(0, |it| it.amount_minor))
        };
        found.iter().map(read).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sale_earns_its_rate_and_a_refund_takes_its_part_back() {
    use CommissionKind::{Clawback, Earned};
    use CommissionState::Pending;
    for place in places("affiliate_life") {
        let mut life = Life::open(&place).await;
        let purchase = life.buy().await;
        let found = life.list(ListCommissionsRequest::default()).await;
        assert_eq!(found.len(), 1, "on {}", place.kind());
        let usd = |amount_minor| Some(Money { amount_minor, currency_code: "USD".into() });
        let earned = &found[0];
        assert_eq!((earned.kind(), earned.state()), (Earned, Pending));
        assert_eq!(
            (&earned.amount, &earned.base_amount, earned.rate_bps),
            (&usd(2_000), &usd(10_000), Some(2_000))
        );
        assert_eq!(
            (&earned.link_id, &earned.partner_id),
            (&life.link.link_id, &life.link.partner_id)
        );
        assert_eq!((earned.sale_id.as_str(), earned.customer_id.as_str()), ("inpay_1", "cus_1"));
        assert_eq!((earned.source.as_str(), earned.terms_version), ("stripe:default:live", 1));
        let hold = earned.due_time.unwrap().seconds - earned.occurred_time.unwrap().seconds;
        assert_eq!(hold, 30 * 86_400);

        life.tell(&[purchase.refund(10, 3_000)]).await;
        assert_eq!(life.all().await, [(Earned, Pending, 2_000), (Clawback, Pending, -600)]);
        assert_eq!(shop::payable(&life.desk.database, &life.link.partner_id).await, 1_400);
        shop::hash(&life.desk.database).await;

        life.tell(&[purchase.dispute(100, 7_000, "needs_response")]).await;
        let held =
            ListCommissionsRequest { state: CommissionState::Held.into(), ..Default::default() };
        let held = life.list(held).await;
        assert_eq!(
            held.iter().map(|it| it.state_reason.as_str()).collect::<Vec<_>>(),
            ["dispute"; 2]
        );
        life.tell(&[purchase.dispute(200, 7_000, "lost")]).await;
        assert_eq!(shop::payable(&life.desk.database, &life.link.partner_id).await, 0);
        shop::hash(&life.desk.database).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_terms_are_for_other_bindings() {
    for place in places("affiliate_new_terms") {
        let mut life = Life::open(&place).await;
        life.buy().await;
        let change = UpdateProgramRequest {
            program_id: life.link.program_id.clone(),
            terms: Some(ProgramTerms { rate: Some(Rate::RateBps(500)), ..crate::desk::terms() }),
            request_id: uuid(),
            ..Default::default()
        };
        life.desk.client.update_program(change).await.unwrap();
        let again = Purchase { n: "2", customer: "cus_1", at: life.at + 3_600, amount: 10_000 };
        life.tell(&again.whole(None)).await;
        let found = life.list(ListCommissionsRequest::default()).await;
        let read = |it: &Commission| (it.terms_version, it.rate_bps, it.sale_id.clone());
        let expected =
            [(1, Some(2_000), "inpay_2".to_owned()), (1, Some(2_000), "inpay_1".to_owned())];
        assert_eq!(found.iter().map(read).collect::<Vec<_>>(), expected, "on {}", place.kind());
        shop::hash(&life.desk.database).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_commissions_are_newest_first_and_filtered() {
    for place in places("affiliate_commission_pages") {
        let mut life = Life::open(&place).await;
        life.buy().await;
        for n in ["2", "3", "4"] {
            let at = life.at + 60 * n.parse::<i64>().unwrap();
            let next = Purchase { n, customer: "cus_1", at, amount: 10_000 };
            life.tell(&next.whole(None)).await;
        }
        let (mut token, mut sales) = (String::new(), Vec::new());
        loop {
            let asked = ListCommissionsRequest {
                customer_id: "cus_1".into(),
                page_size: 3,
                page_token: token,
                ..Default::default()
            };
            let page = life.desk.client.list_commissions(asked).await.unwrap().into_inner();
            sales.extend(page.commissions.into_iter().map(|it| it.sale_id));
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(sales, ["inpay_4", "inpay_3", "inpay_2", "inpay_1"], "on {}", place.kind());
        let nobody = ListCommissionsRequest { customer_id: "cus_2".into(), ..Default::default() };
        assert_eq!(life.list(nobody).await, []);
        let time = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let range = TimeRange { start_time: time(life.at + 1), end_time: time(life.at + 150) };
        let asked = ListCommissionsRequest { occurred_range: Some(range), ..Default::default() };
        assert_eq!(life.list(asked).await.len(), 1);
    }
}
