//! Links: a code is one link's for good, whatever its case, and a disabled one brings nothing.

use crate::desk::{Desk, link, places, uuid, why};
use takings::v1::*;
use tonic::Code;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_one_links_whatever_its_case() {
    for place in places("affiliate_codes") {
        let mut desk = Desk::open(&place).await;
        let made = desk.link("Anna-2026").await;
        assert_eq!(made.code, "Anna-2026");
        assert_eq!(made.destination_url, "https://shop.example/start?from=friends");
        let asked = GetAffiliateLinkRequest { code: "aNNA-2026".into(), ..Default::default() };
        let found = desk.client.get_affiliate_link(asked).await.unwrap().into_inner().link;
        assert_eq!(found, Some(made.clone()));
        let again = link(&made.partner_id, "ANNA-2026");
        let status = desk.client.create_affiliate_link(again).await.unwrap_err();
        assert_eq!(why(&status), (Code::AlreadyExists, "LINK_CODE_TAKEN".into()));

        let disable =
            DisableAffiliateLinkRequest { link_id: made.link_id.clone(), request_id: uuid() };
        let disabled = desk.client.disable_affiliate_link(disable).await.unwrap().into_inner();
        let disabled = disabled.link.unwrap();
        assert!(disabled.disabled_time.is_some());
        let disable = DisableAffiliateLinkRequest { link_id: made.link_id, request_id: uuid() };
        let again = desk.client.disable_affiliate_link(disable).await.unwrap().into_inner();
        assert_eq!(again.link, Some(disabled), "what is disabled stays as it is");
        let same = link(&made.partner_id, "anna-2026");
        let status = desk.client.create_affiliate_link(same).await.unwrap_err();
        assert_eq!(why(&status).1, "LINK_CODE_TAKEN", "a code is never given again");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_coupon_is_one_links_until_that_is_disabled() {
    for place in places("affiliate_coupons") {
        let mut desk = Desk::open(&place).await;
        let anna = desk.link("anna").await.partner_id;
        let with_coupon = |code: &str| CreateAffiliateLinkRequest {
            coupon_id: "ANNA20".into(),
            ..link(&anna, code)
        };
        let first = desk.client.create_affiliate_link(with_coupon("first")).await.unwrap();
        let first = first.into_inner().link.unwrap();
        let status = desk.client.create_affiliate_link(with_coupon("second")).await.unwrap_err();
        assert_eq!(why(&status), (Code::AlreadyExists, "COUPON_TAKEN".into()));
        let disable = DisableAffiliateLinkRequest { link_id: first.link_id, request_id: uuid() };
        desk.client.disable_affiliate_link(disable).await.unwrap();
        let second = desk.client.create_affiliate_link(with_coupon("second")).await.unwrap();
        assert_eq!(second.into_inner().link.unwrap().coupon_id, "ANNA20");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_are_made_and_links_listed_by_partner_and_campaign() {
    for place in places("affiliate_list_links") {
        let mut desk = Desk::open(&place).await;
        let first = desk.link("anna").await;
        let asked = CreateAffiliateLinkRequest {
            destination_url: "https://www.shop.example/sale#now".into(),
            campaign: "autumn".into(),
            ..link(&first.partner_id, "")
        };
        let made =
            desk.client.create_affiliate_link(asked).await.unwrap().into_inner().link.unwrap();
        assert_eq!(
            (made.code.len(), made.destination_url.as_str()),
            (8, "https://www.shop.example/sale#now")
        );
        let list = |campaign: &str| ListAffiliateLinksRequest {
            partner_id: first.partner_id.clone(),
            campaign: campaign.into(),
            ..Default::default()
        };
        let all = desk.client.list_affiliate_links(list("")).await.unwrap().into_inner().links;
        assert_eq!(all, [made.clone(), first.clone()]);
        let autumn = desk.client.list_affiliate_links(list("autumn")).await.unwrap().into_inner();
        assert_eq!(autumn.links, [made]);
        let none = GetAffiliateLinkRequest { code: "nobody".into(), ..Default::default() };
        let status = desk.client.get_affiliate_link(none).await.unwrap_err();
        assert_eq!(why(&status), (Code::NotFound, "LINK_NOT_FOUND".into()));
        let both = GetAffiliateLinkRequest { code: "anna".into(), link_id: first.link_id };
        let status = desk.client.get_affiliate_link(both).await.unwrap_err();
        assert_eq!(why(&status), (Code::InvalidArgument, "INVALID_FIELD".into()));
    }
}
