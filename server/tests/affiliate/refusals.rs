//! What is refused, by which reason and which field, and that nothing is stored then.

use crate::common::story::table_counts;
use crate::desk::{Desk, fields, link, partner, places, program, terms, uuid, why};
use takings::v1::program_terms::Rate;
use takings::v1::*;
use tonic::Code;

fn usd(amount_minor: i64) -> Money {
    Money { amount_minor, currency_code: "USD".into() }
}

/// Terms that cannot stand, and the fields to blame.
fn unsound() -> Vec<(ProgramTerms, Vec<&'static str>)> {
    let step = |threshold, rate_bps| CommissionTier { threshold, rate_bps };
    let tiers = |steps| {
        Some(CommissionTiers {
            method: TierMethod::Slab.into(),
            measure: TierMeasure::Sales.into(),
            period: TierPeriod::CalendarMonth.into(),
            steps,
        })
    };
    let with = |change: fn(&mut ProgramTerms)| {
        let mut changed = terms();
        change(&mut changed);
        changed
    };
    let overlapping = ProgramTerms {
        tiers: tiers(vec![step(0, 1_000), step(10, 1_200), step(10, 1_500)]),
        ..terms()
    };
    let unsorted = ProgramTerms {
        tiers: tiers(vec![step(0, 10_001), step(30, -1), step(11, 1_500)]),
        ..terms()
    };
    let no_method = ProgramTerms { tiers: Some(CommissionTiers::default()), ..terms() };
    let fixed = |money: Money| ProgramTerms { rate: Some(Rate::FixedAmount(money)), ..terms() };
    let euros = Money { amount_minor: 500, currency_code: "EUR".into() };
    vec![
        (with(|it| it.rate = None), vec!["terms.rate"]),
        (with(|it| it.rate = Some(Rate::RateBps(-1))), vec!["terms.rate_bps"]),
        (with(|it| it.rate = Some(Rate::RateBps(10_001))), vec!["terms.rate_bps"]),
        (fixed(usd(0)), vec!["terms.fixed_amount"]),
        (fixed(euros), vec!["terms.fixed_amount"]),
        (overlapping, vec!["terms.tiers.steps[2].threshold"]),
        (
            unsorted,
            vec![
                "terms.tiers.steps[0].rate_bps",
                "terms.tiers.steps[1].rate_bps",
                "terms.tiers.steps[2].threshold",
            ],
        ),
        (no_method, vec!["terms.tiers.method", "terms.tiers.measure", "terms.tiers.period"]),
        (with(|it| it.attribution_window_days = Some(0)), vec!["terms.attribution_window_days"]),
        (with(|it| it.hold_days = Some(-1)), vec!["terms.hold_days"]),
        (with(|it| it.duration_months = Some(-1)), vec!["terms.duration_months"]),
        (with(|it| it.sale_cap = Some(usd(0))), vec!["terms.sale_cap"]),
        (with(|it| it.minimum_payouts = vec![usd(1), usd(2)]), vec!["terms.minimum_payouts"]),
        (with(|it| it.banned_referrers = vec!["*".into()]), vec!["terms.banned_referrers[0]"]),
        (with(|it| it.attribution_model = 9), vec!["terms.attribution_model"]),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn terms_that_cannot_stand_are_refused_with_every_field() {
    for place in places("affiliate_unsound") {
        let mut desk = Desk::open(&place).await;
        let kept = desk.program().await;
        let before = table_counts(&desk.database).await;
        for (terms, expected) in unsound() {
            let asked = CreateProgramRequest { terms: Some(terms.clone()), ..program() };
            let status = desk.client.create_program(asked).await.unwrap_err();
            assert_eq!(why(&status), (Code::InvalidArgument, "INVALID_TERMS".into()));
            assert_eq!(fields(&status), expected);
            let asked = UpdateProgramRequest {
                program_id: kept.program_id.clone(),
                terms: Some(terms),
                request_id: uuid(),
                ..Default::default()
            };
            let status = desk.client.update_program(asked).await.unwrap_err();
            assert_eq!(fields(&status), expected);
        }
        let euros = ProgramTerms { currency_code: "EUR".into(), ..terms() };
        let asked = UpdateProgramRequest {
            program_id: kept.program_id.clone(),
            terms: Some(euros.clone()),
            request_id: uuid(),
            ..Default::default()
        };
        let status = desk.client.update_program(asked).await.unwrap_err();
        assert_eq!(fields(&status), ["terms.currency_code"], "a program's currency never changes");
        let asked = CreatePartnerRequest {
            own_terms: Some(euros),
            ..partner(&kept.program_id, "anna@example.com")
        };
        let status = desk.client.create_partner(asked).await.unwrap_err();
        assert_eq!(fields(&status), ["own_terms.currency_code"]);
        assert_eq!(table_counts(&desk.database).await, before, "on {}", place.kind());
    }
}

type Case = (CreateProgramRequest, &'static str, &'static str);

fn programs() -> Vec<Case> {
    let with = |change: fn(&mut CreateProgramRequest)| {
        let mut changed = program();
        change(&mut changed);
        changed
    };
    vec![
        (with(|it| it.name = String::new()), "INVALID_FIELD", "name"),
        (with(|it| it.name = "a\nb".into()), "INVALID_FIELD", "name"),
        (with(|it| it.name = "x".repeat(201)), "INVALID_FIELD", "name"),
        (with(|it| it.destination_url = "/start".into()), "DESTINATION_REFUSED", "destination_url"),
        (
            with(|it| it.destination_url = "javascript:alert(1)".into()),
            "DESTINATION_REFUSED",
            "destination_url",
        ),
        (with(|it| it.allowed_hosts = vec!["*".into()]), "DESTINATION_REFUSED", "allowed_hosts"),
        (
            with(|it| it.allowed_hosts = vec!["*.com".into()]),
            "DESTINATION_REFUSED",
            "allowed_hosts",
        ),
        (with(|it| it.request_id = "1".into()), "INVALID_REQUEST_ID", "request_id"),
        (with(|it| it.request_id = String::new()), "INVALID_REQUEST_ID", "request_id"),
        (
            with(|it| it.terms.as_mut().unwrap().currency_code = "usd".into()),
            "UNKNOWN_CURRENCY",
            "currency_code",
        ),
        (
            with(|it| it.terms.as_mut().unwrap().time_zone = "Mars/Olympus".into()),
            "UNKNOWN_TIME_ZONE",
            "time_zone",
        ),
        (with(|it| it.terms = None), "INVALID_TERMS", "terms"),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn programs_and_partners_are_refused_by_the_field_that_is_wrong() {
    for place in places("affiliate_refused") {
        let mut desk = Desk::open(&place).await;
        let kept = desk.program().await;
        for (asked, reason, field) in programs() {
            let status = desk.client.create_program(asked).await.unwrap_err();
            assert_eq!(why(&status), (Code::InvalidArgument, reason.into()), "{field}");
            assert_eq!(fields(&status), [field]);
        }
        let good = partner(&kept.program_id, "anna@example.com");
        let paypal = PayoutMethod::Paypal.into();
        let cases = [
            (CreatePartnerRequest { email: "anna".into(), ..good.clone() }, "email"),
            (CreatePartnerRequest { email: String::new(), ..good.clone() }, "email"),
            (CreatePartnerRequest { payout_method: paypal, ..good.clone() }, "payout_account"),
            (
                CreatePartnerRequest {
                    payout_method: paypal,
                    payout_account: "DE89".into(),
                    ..good.clone()
                },
                "payout_account",
            ),
            (CreatePartnerRequest { payout_method: 77, ..good.clone() }, "payout_method"),
            (CreatePartnerRequest { tax_profile: 77, ..good.clone() }, "tax_profile"),
        ];
        for (asked, field) in cases {
            let status = desk.client.create_partner(asked).await.unwrap_err();
            assert_eq!(why(&status), (Code::InvalidArgument, "INVALID_FIELD".into()));
            assert_eq!(fields(&status), [field]);
        }
        for program_id in ["prg_typo", "prt_00000000000000000000000000000000", "prg_\u{430}"] {
            let asked = CreatePartnerRequest { program_id: program_id.into(), ..good.clone() };
            let status = desk.client.create_partner(asked).await.unwrap_err();
            assert_eq!(why(&status), (Code::NotFound, "PROGRAM_NOT_FOUND".into()));
        }
        let status = desk.client.update_program(UpdateProgramRequest {
            program_id: format!("prg_{}", "0".repeat(32)),
            name: "X".into(),
            request_id: uuid(),
            ..Default::default()
        });
        assert_eq!(why(&status.await.unwrap_err()).1, "PROGRAM_NOT_FOUND");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_that_could_mislead_are_refused() {
    for place in places("affiliate_links_refused") {
        let mut desk = Desk::open(&place).await;
        let program = desk.program().await;
        let anna = desk.partner(&program.program_id, "anna@example.com").await.partner_id;
        let long = "a".repeat(65);
        let codes =
            ["ab", "a/b", "../etc", "a b", "a\u{7}bc", "\u{430}nna", "anna\u{301}", "admin", &long];
        for code in codes {
            let status = desk.client.create_affiliate_link(link(&anna, code)).await.unwrap_err();
            assert_eq!(
                why(&status),
                (Code::InvalidArgument, "INVALID_LINK_CODE".into()),
                "{code:?}"
            );
        }
        for address in [
            "https://evil.example/",
            "https://shop.example@evil.example/",
            "https://shop.example.evil.example/",
            "https://evilshop.example/",
            "//evil.example",
            "/\\evil.example",
            "javascript:alert(1)",
            "https://shop.example\\@evil.example/",
            "https://shop.example/\r\nSet-Cookie: a=b",
            "https://sh\u{43e}p.example/",
            "https://shop.example/?email=anna@example.com",
        ] {
            let destination_url = address.to_owned();
            let asked = CreateAffiliateLinkRequest { destination_url, ..link(&anna, "anna") };
            let status = desk.client.create_affiliate_link(asked).await.unwrap_err();
            assert_eq!(
                why(&status),
                (Code::InvalidArgument, "DESTINATION_REFUSED".into()),
                "{address}"
            );
        }
        let nobody = link(&format!("prt_{}", "0".repeat(32)), "anna");
        let status = desk.client.create_affiliate_link(nobody).await.unwrap_err();
        assert_eq!(why(&status), (Code::NotFound, "PARTNER_NOT_FOUND".into()));
    }
}
