//! A partner's own terms: by when a customer was bound, whenever that is derived.

use crate::common::place::Place;
use crate::common::rows;
use crate::desk::{Desk, NOW, desks, fresh, terms, usd};
use crate::earned::at;
use sea_orm::ConnectionTrait;
use takings::v1::affiliate_service_server::AffiliateService;
use takings::v1::program_terms::Rate;
use takings::v1::*;
use takings_migrations::{Migrator, MigratorTrait};
use takings_server::db::Database;
use tonic::Request;

const DAY: i64 = 86_400;

/// Half of everything.
fn half() -> ProgramTerms {
    ProgramTerms { rate: Some(Rate::RateBps(5_000)), ..terms() }
}

impl Desk {
    /// Gives a partner own terms, or ends them, so many days ago.
    async fn agree(&self, partner: &str, own_terms: Option<ProgramTerms>, days: i64) {
        let asked = UpdatePartnerRequest {
            partner_id: partner.into(),
            own_terms,
            update_mask: Some(prost_types::FieldMask { paths: vec!["own_terms".into()] }),
            request_id: fresh(),
            ..UpdatePartnerRequest::default()
        };
        self.api.update_partner(Request::new(asked)).await.unwrap();
        let then = (NOW - days * DAY) * 1_000_000;
        self.run(&format!(
            "update program_terms set created_at = {then} where version =
                 (select newest_version from programs where id = '{}')
             and program = '{}'",
            self.program, self.program
        ))
        .await;
    }

    /// What a sale of 100.00 so many days ago has earned.
    async fn earns(&self, partner: &str, customer: &str, days: i64) -> i64 {
        let id = format!("{customer}-{days}");
        let sale = ProcessConversionRequest {
            paid_time: at(NOW - days * DAY),
            ..self.sale(&id, customer, partner)
        };
        let told = self.convert(sale).await.unwrap();
        told.commissions[0].amount.as_ref().unwrap().amount_minor
    }
}

#[tokio::test]
async fn own_terms_that_have_ended_hold_for_those_who_were_bound_under_them() {
    for (desk, place) in desks("own_ended").await {
        let anna = desk.partner("Anna").await;
        desk.agree(&anna, Some(half()), 20).await;
        let told_before = desk.earns(&anna, "early", 11).await;
        desk.agree(&anna, None, 5).await;
        let told_after = desk.earns(&anna, "late", 10).await;
        assert_eq!([told_before, told_after], [5_000; 2], "on {}", place.kind());
        assert_eq!(desk.earns(&anna, "late", 2).await, 5_000, "bound under the own terms");
        assert_eq!(desk.earns(&anna, "before", 25).await, 2_000);
        assert_eq!(desk.earns(&anna, "after", 3).await, 2_000);
        let asked = GetProgramRequest { program_id: desk.program.clone(), terms_version: 3 };
        let refused = desk.api.get_program(Request::new(asked)).await.unwrap_err();
        assert_eq!(crate::desk::reason(&refused), "PROGRAM_NOT_FOUND", "an end is no version");
    }
}

#[tokio::test]
async fn own_terms_that_migrate_take_the_place_of_the_programs() {
    for (desk, place) in desks("own_migrate").await {
        let anna = desk.partner("Anna").await;
        assert_eq!(desk.earns(&anna, "buyer", 10).await, 2_000);
        desk.agree(&anna, Some(ProgramTerms { migrate_bindings: true, ..half() }), 5).await;
        assert_eq!(desk.earns(&anna, "buyer", 3).await, 5_000, "on {}", place.kind());
        assert_eq!(desk.earns(&anna, "buyer", 9).await, 2_000, "paid before them");
    }
}

#[tokio::test]
async fn new_terms_hold_after_those_before_whatever_the_clocks_say() {
    for (desk, place) in desks("own_clocks").await {
        let anna = desk.partner("Anna").await;
        // A process whose clock is ahead has made the version before.
        let ahead = (NOW + 10) * 1_000_000;
        desk.run(&format!("update program_terms set created_at = {ahead}")).await;
        let change = UpdateProgramRequest {
            program_id: desk.program.clone(),
            terms: Some(half()),
            request_id: fresh(),
            ..UpdateProgramRequest::default()
        };
        desk.api.update_program(Request::new(change)).await.unwrap();
        let paid = at(NOW + 30);
        let sale = ProcessConversionRequest { paid_time: paid, ..desk.sale("1", "new", &anna) };
        let told = desk.convert(sale).await.unwrap().commissions;
        assert_eq!(told[0].amount, Some(usd(5_000)), "on {}", place.kind());
        let third = ProgramTerms { rate: Some(Rate::RateBps(3_000)), ..terms() };
        let own = UpdatePartnerRequest {
            partner_id: anna.clone(),
            own_terms: Some(third),
            request_id: fresh(),
            ..UpdatePartnerRequest::default()
        };
        desk.api.update_partner(Request::new(own)).await.unwrap();
        let sale = ProcessConversionRequest { paid_time: paid, ..desk.sale("2", "newer", &anna) };
        let told = desk.convert(sale).await.unwrap().commissions;
        assert_eq!((told[0].terms_version, &told[0].amount), (3, &Some(usd(3_000))));
    }
}

#[tokio::test]
async fn whose_a_customer_is_follows_from_the_programs_terms_and_is_explained_by_them() {
    for (desk, place) in desks("own_window").await {
        let anna = desk.partner("Anna").await;
        let link = desk.link(&anna).await;
        let click = desk.click(&link, &anna, NOW - 12 * DAY, "valid").await;
        let short = ProgramTerms { attribution_window_days: Some(1), ..half() };
        desk.agree(&anna, Some(short), 20).await;
        let sale = ProcessConversionRequest { click_id: click, ..desk.sale("1", "buyer", "") };
        let told = desk.convert(sale).await.unwrap();
        assert_eq!((told.partner_id, told.commissions[0].terms_version), (anna, 2));
        let asked = ExplainAttributionRequest {
            program_id: desk.program.clone(),
            customer_id: "buyer".into(),
            ..ExplainAttributionRequest::default()
        };
        let told = desk.explain(asked).await.unwrap();
        assert!(told.touches[0].eligible && told.touches[0].winner, "{told:?}");
        assert!(told.rule.contains("90 days"), "{} on {}", told.rule, place.kind());
        assert_eq!(told.terms_version, 2, "by which the sales are judged");
    }
}

#[tokio::test]
async fn own_terms_that_ended_before_ends_were_kept_have_an_end() {
    for place in [Some(Place::sqlite()), Place::postgres("own_upgrade")].into_iter().flatten() {
        let options = crate::common::options(place.url.clone());
        let database = Database::open(&options).await.unwrap();
        Migrator::up(&database.write, Some(16)).await.unwrap();
        let mut text = "insert into programs (id, name, destination, hosts, terms_version,
                            newest_version, created_at, updated_at)
                        values ('prg_1', '', '', '[]', 1, 3, 0, 0);"
            .to_owned();
        for (version, partner) in [(1, "null"), (2, "'a'"), (3, "'b'")] {
            text += &format!(
                "insert into program_terms (program, version, partner, terms, created_at)
                 values ('prg_1', {version}, {partner}, '{{}}', 0);"
            );
        }
        for (partner, own) in [("a", "null"), ("b", "3"), ("c", "null")] {
            text += &format!(
                "insert into partners (id, program, name, email, email_key, own_version, created_at,
                     updated_at) values ('{partner}', 'prg_1', '', '', '{partner}', {own}, 0, 77);"
            );
        }
        database.write.execute_unprepared(&text).await.unwrap();
        Migrator::up(&database.write, None).await.unwrap();
        let ends = rows(
            &database,
            "select t.partner || ' ' || cast(t.version as text) || ' ' || cast(t.created_at as text)
             from program_terms t join programs p on p.newest_version = t.version
             where t.terms = 'null'",
        )
        .await;
        let ends: Vec<String> = ends.iter().map(|it| it.try_get_by_index(0).unwrap()).collect();
        assert_eq!(ends, ["a 4 77"], "on {}", place.kind());
    }
}
