//! Programs and partners: what is stored is what is read, and terms have versions.

use crate::desk::{Desk, partner, places, program, terms, uuid, why};
use takings::v1::program_terms::Rate;
use takings::v1::*;
use tonic::Code;

/// Terms that say everything that can be said.
fn rich() -> ProgramTerms {
    let usd = |amount_minor| Money { amount_minor, currency_code: "USD".into() };
    let step = |threshold, rate_bps| CommissionTier { threshold, rate_bps };
    ProgramTerms {
        currency_code: "USD".into(),
        time_zone: "Europe/Berlin".into(),
        rate: Some(Rate::RateBps(1_000)),
        tiers: Some(CommissionTiers {
            method: TierMethod::Slab.into(),
            measure: TierMeasure::Sales.into(),
            period: TierPeriod::CalendarMonth.into(),
            steps: vec![step(0, 1_000), step(11, 1_200), step(31, 1_500)],
        }),
        duration_months: Some(12),
        max_sale_count: Some(24),
        sale_cap: Some(usd(50_000)),
        customer_cap: None,
        period_cap: Some(usd(1_000_000)),
        attribution_model: AttributionModel::First.into(),
        attribution_window_days: Some(30),
        coupon_policy: CouponPolicy::ClickWins.into(),
        hold_days: Some(45),
        manual_approval: true,
        minimum_payouts: vec![usd(5_000)],
        minimum_customer_count: 2,
        count_out_of_band_payments: true,
        ban_paid_traffic: true,
        banned_referrers: vec!["*.coupons.example".into()],
        exchange_rates: vec![ProgramExchangeRate {
            currency_code: "EUR".into(),
            rate_micros: 1_080_000,
        }],
        migrate_bindings: true,
        max_leads_without_click: Some(20),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn terms_are_read_as_they_were_written_and_every_version_is_kept() {
    for place in places("affiliate_terms") {
        let mut desk = Desk::open(&place).await;
        let made = desk.program().await;
        assert_eq!(made.terms_version, 1);
        assert_eq!(made.terms.as_ref().unwrap().attribution_window_days, Some(90));
        let id = made.program_id.clone();
        let change = |terms| UpdateProgramRequest {
            program_id: id.clone(),
            terms: Some(terms),
            request_id: uuid(),
            ..Default::default()
        };
        let second = desk.client.update_program(change(rich())).await.unwrap().into_inner();
        let second = second.program.unwrap();
        assert_eq!((second.terms_version, second.terms.clone()), (2, Some(rich())));
        assert_eq!(second.name, made.name, "what is not named stays");
        let same = desk.client.update_program(change(rich())).await.unwrap().into_inner();
        assert_eq!(same.program.unwrap().terms_version, 2, "equal terms make no version");
        for (version, expected) in [(0, &second.terms), (1, &made.terms), (2, &second.terms)] {
            let asked = GetProgramRequest { program_id: id.clone(), terms_version: version };
            let read = desk.client.get_program(asked).await.unwrap().into_inner().program.unwrap();
            assert_eq!(&read.terms, expected, "version {version} on {}", place.kind());
        }
        let asked = GetProgramRequest { program_id: id.clone(), terms_version: 3 };
        let status = desk.client.get_program(asked).await.unwrap_err();
        assert_eq!(why(&status), (Code::NotFound, "PROGRAM_NOT_FOUND".into()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_may_have_own_terms_and_go_back_to_the_programs() {
    for place in places("affiliate_own_terms") {
        let mut desk = Desk::open(&place).await;
        let program = desk.program().await;
        let asked = CreatePartnerRequest {
            payout_method: PayoutMethod::Bank.into(),
            payout_account: "DE89 3704 0044 0532 0130 00".into(),
            tax_profile: TaxProfile::W8benE.into(),
            own_terms: Some(rich()),
            ..partner(&program.program_id, "anna@example.com")
        };
        let made = desk.client.create_partner(asked).await.unwrap().into_inner().partner.unwrap();
        assert_eq!((made.terms_version, made.own_terms.clone()), (2, Some(rich())));
        assert_eq!(
            (made.payout_method(), made.tax_profile()),
            (PayoutMethod::Bank, TaxProfile::W8benE)
        );
        let get = GetPartnerRequest { partner_id: made.partner_id.clone() };
        let read = desk.client.get_partner(get).await.unwrap().into_inner().partner.unwrap();
        assert_eq!(read, made);
        let change = UpdatePartnerRequest {
            partner_id: made.partner_id.clone(),
            update_mask: Some(prost_types::FieldMask { paths: vec!["own_terms".into()] }),
            request_id: uuid(),
            ..Default::default()
        };
        let back = desk.client.update_partner(change).await.unwrap().into_inner().partner.unwrap();
        assert_eq!((back.terms_version, back.own_terms), (1, None));
        assert_eq!(back.payout_account, made.payout_account);
        let asked = GetProgramRequest { program_id: program.program_id, terms_version: 2 };
        let kept = desk.client.get_program(asked).await.unwrap().into_inner().program.unwrap();
        assert_eq!(kept.terms, Some(rich()), "bindings keep their version");
        assert_eq!(terms().hold_days, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_mailbox_is_one_partner_of_a_program() {
    for place in places("affiliate_mailbox") {
        let mut desk = Desk::open(&place).await;
        let (first, second) = (desk.program().await, desk.program().await);
        let anna = desk.partner(&first.program_id, "anna@gmail.com").await;
        let bert = desk.partner(&first.program_id, "bert@example.com").await;
        desk.partner(&second.program_id, "anna@gmail.com").await;
        let again = partner(&first.program_id, "An.Na+x@googlemail.com");
        let status = desk.client.create_partner(again).await.unwrap_err();
        assert_eq!(why(&status), (Code::AlreadyExists, "PARTNER_EMAIL_TAKEN".into()));
        let change = UpdatePartnerRequest {
            partner_id: bert.partner_id,
            email: "ANNA@gmail.com".into(),
            request_id: uuid(),
            ..Default::default()
        };
        let status = desk.client.update_partner(change).await.unwrap_err();
        assert_eq!(why(&status), (Code::AlreadyExists, "PARTNER_EMAIL_TAKEN".into()));
        let asked = ListPartnersRequest {
            program_id: first.program_id,
            email: "anna@GMAIL.com".into(),
            ..Default::default()
        };
        let found = desk.client.list_partners(asked).await.unwrap().into_inner().partners;
        assert_eq!(found, [anna]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_newest_first_and_their_tokens_bound_to_the_filters() {
    for place in places("affiliate_pages") {
        let mut desk = Desk::open(&place).await;
        let program = desk.program().await;
        let mut made = Vec::new();
        for number in 0..5 {
            let email = format!("partner{number}@example.com");
            made.push(desk.partner(&program.program_id, &email).await);
        }
        made.reverse();
        let mut asked = ListPartnersRequest {
            program_id: program.program_id.clone(),
            page_size: 2,
            ..Default::default()
        };
        let mut read = Vec::new();
        loop {
            let page = desk.client.list_partners(asked.clone()).await.unwrap().into_inner();
            read.extend(page.partners);
            asked.page_token = page.next_page_token;
            if asked.page_token.is_empty() {
                break;
            }
            let other = ListPartnersRequest { program_id: String::new(), ..asked.clone() };
            let status = desk.client.list_partners(other).await.unwrap_err();
            assert_eq!(why(&status), (Code::InvalidArgument, "INVALID_PAGE_TOKEN".into()));
        }
        assert_eq!(read, made);
        desk.client.create_program(program_named("Second")).await.unwrap();
        let list = ListProgramsRequest { page_size: 1, ..Default::default() };
        let page = desk.client.list_programs(list).await.unwrap().into_inner();
        assert_eq!(page.programs[0].name, "Second");
        assert!(!page.next_page_token.is_empty());
    }
}

fn program_named(name: &str) -> CreateProgramRequest {
    CreateProgramRequest { name: name.into(), ..program() }
}
