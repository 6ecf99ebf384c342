//! Partners are persons too: sealed, found by their mailbox, erased with it.

use crate::cells::{Reader, run};
use crate::common::story::close;
use crate::desk::{files, number, places, seen};
use std::collections::BTreeSet;
use std::fs;
use takings::v1::affiliate_service_server::AffiliateService;
use takings::v1::program_terms::Rate;
use takings::v1::{
    CreatePartnerRequest, CreatePartnerResponse, CreateProgramRequest, GetPartnerRequest,
    ListPartnersRequest, PayoutMethod, ProgramTerms,
};
use takings_core::time::Timestamp;
use takings_server::affiliate::AffiliateApi;
use takings_server::db::Kind;
use takings_server::privacy::{By, erase, export};
use tonic::{Code, Request, Status};
use uuid::Uuid;

const NOW: Timestamp = Timestamp(1_800_000_000_000_000);

fn asked(program: &str, email: &str) -> CreatePartnerRequest {
    CreatePartnerRequest {
        program_id: program.into(),
        name: "Anna Canary-Bird".into(),
        email: email.into(),
        payout_method: PayoutMethod::Paypal.into(),
        payout_account: "Pay.Canary@partners.example".into(),
        request_id: Uuid::new_v4().to_string(),
        ..CreatePartnerRequest::default()
    }
}

async fn program(api: &AffiliateApi) -> String {
    let rate = Some(Rate::RateBps(2_000));
    let terms = ProgramTerms { currency_code: "USD".into(), rate, ..ProgramTerms::default() };
    let asked = CreateProgramRequest {
        name: "Friends".into(),
        destination_url: "https://shop.example/".into(),
        terms: Some(terms),
        request_id: Uuid::new_v4().to_string(),
        ..CreateProgramRequest::default()
    };
    let answer = api.create_program(Request::new(asked)).await.unwrap();
    answer.into_inner().program.unwrap().program_id
}

async fn make(
    api: &AffiliateApi,
    asked: &CreatePartnerRequest,
) -> Result<CreatePartnerResponse, Status> {
    Ok(api.create_partner(Request::new(asked.clone())).await?.into_inner())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_erased_is_gone_from_the_program_and_from_what_was_answered() {
    for place in places("privacy_partners") {
        let database = place.open().await;
        let reader = Reader::new(&database);
        let api = AffiliateApi::new(reader.app.clone());
        let program = program(&api).await;
        let first = asked(&program, "Anna.Canary@partners.example");
        let made = make(&api, &first).await.unwrap();
        let partner = made.partner.clone().unwrap();
        assert_eq!(partner.email, "Anna.Canary@partners.example");
        assert_eq!(make(&api, &first).await.unwrap(), made, "the same act is answered again");
        let taken = make(&api, &asked(&program, "anna.canary@PARTNERS.example")).await.unwrap_err();
        assert_eq!(taken.code(), Code::AlreadyExists);
        let list = ListPartnersRequest {
            email: "ANNA.canary@partners.example".into(),
            ..ListPartnersRequest::default()
        };
        let listed = api.list_partners(Request::new(list.clone())).await.unwrap().into_inner();
        assert_eq!(listed.partners, std::slice::from_ref(&partner));
        run(
            &database,
            &format!(
                "insert into commissions (id, program, partner, source_id, sale, customer, kind,
                     currency, occurred_at, revision, amount, base, terms_version, batch)
                 values ('com_1', '{program}', '{}', 1, 'in_1', 'cus_1', 'earned', 'USD', 5, 1, 700,
                     3500, 1, 5)",
                partner.partner_id
            ),
        )
        .await;
        let held = export(&database, &By::Email(partner.email.clone())).await.unwrap().unwrap();
        assert_eq!(held["earned"][0]["amount_minor"], 700, "{held}");
        assert_eq!(held["partners"][0]["payout_account"], "Pay.Canary@partners.example");

        erase(&database, &By::Email(partner.email.clone()), NOW).await.unwrap().unwrap();
        let one = GetPartnerRequest { partner_id: partner.partner_id.clone() };
        let left = api.get_partner(Request::new(one)).await.unwrap().into_inner().partner.unwrap();
        assert_eq!((left.name, left.email, left.payout_account), Default::default());
        let again = make(&api, &first).await.unwrap_err();
        assert!(again.message().contains("erased"), "{again}");
        assert!(
            api.list_partners(Request::new(list)).await.unwrap().into_inner().partners.is_empty()
        );
        // The mailbox is free again.
        assert!(make(&api, &asked(&program, "anna.canary@partners.example")).await.is_ok());
        assert_eq!(number(&database, "select count(*) from partners").await, 2);
        if database.kind == Kind::Postgres {
            continue;
        }
        close(database).await;
        let canaries = BTreeSet::from(["Canary", "canary"].map(str::to_owned));
        for file in files(&place) {
            let found = seen(&canaries, &fs::read(&file).unwrap());
            assert!(found.is_empty(), "{}: {found:?}", file.display());
        }
    }
}
