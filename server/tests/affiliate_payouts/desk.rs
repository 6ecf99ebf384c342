//! A program over a database of its own, and commissions made by hand.

use crate::common::place::Place;
use crate::common::rows;
use sea_orm::ConnectionTrait;
use std::sync::Arc;
use takings::v1::affiliate_service_server::AffiliateService;
use takings::v1::program_terms::Rate;
use takings::v1::*;
use takings_core::time::Timestamp;
use takings_server::affiliate::AffiliateApi;
use takings_server::app::App;
use takings_server::config::Config;
use takings_server::db::Database;
use takings_server::ingest::{Writer, WriterOptions};
use tonic::{Request, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

/// What every process here takes for now.
pub(crate) const NOW: i64 = 1_800_000_000;
/// When a hold has long been over.
pub(crate) const LONG_AGO: i64 = NOW - 40 * 86_400;

/// A process with a program.
pub(crate) struct Desk {
    pub(crate) api: AffiliateApi,
    pub(crate) database: Database,
    pub(crate) program: String,
    _writer: tokio::task::JoinSet<()>,
}

/// A commission made by hand.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) partner: String,
    pub(crate) id: String,
    pub(crate) sale: String,
    pub(crate) amount: i64,
    pub(crate) source: i64,
    pub(crate) currency: &'static str,
    pub(crate) state: &'static str,
    pub(crate) due: i64,
}

impl Made {
    /// An approved one in dollars, long due.
    pub(crate) fn new(partner: &str, sale: &str, amount: i64) -> Made {
        Made {
            partner: partner.to_owned(),
            id: format!("com_{}", Uuid::now_v7().simple()),
            sale: sale.to_owned(),
            amount,
            source: 1,
            currency: "usd",
            state: "approved",
            due: LONG_AGO,
        }
    }
}

/// A process on a place; its program is made by the first one.
pub(crate) async fn process(place: &Place) -> Desk {
    let database = place.open().await;
    let (writer, work) = Writer::new(database.clone(), WriterOptions::default());
    let mut tasks = tokio::task::JoinSet::new();
    tasks.spawn(work);
    let app = App::new(Config::default(), database.clone(), writer).unwrap();
    let mut app = Arc::into_inner(app).unwrap();
    app.clock = || Timestamp::from_secs(NOW);
    for source in ["stripe:default:live", "stripe:acct_2:live"] {
        app.sources.number(source).await.unwrap();
    }
    let api = AffiliateApi::new(Arc::new(app));
    Desk { api, database, program: String::new(), _writer: tasks }
}

/// A desk on SQLite, and one on PostgreSQL where that is installed, each with a program.
pub(crate) async fn desks(name: &str) -> Vec<(Desk, Place)> {
    let places = [Some(Place::sqlite()), Place::postgres(name)];
    let mut desks = Vec::new();
    for place in places.into_iter().flatten() {
        let mut desk = process(&place).await;
        desk.program = desk.make_program(terms()).await;
        desks.push((desk, place));
    }
    desks
}

/// 20 % for ever, approved by rule.
pub(crate) fn terms() -> ProgramTerms {
    ProgramTerms {
        currency_code: "USD".into(),
        rate: Some(Rate::RateBps(2_000)),
        ..ProgramTerms::default()
    }
}

/// A new id of a request.
pub(crate) fn fresh() -> String {
    Uuid::new_v4().to_string()
}

pub(crate) fn reason(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

pub(crate) fn usd(amount_minor: i64) -> Money {
    Money { amount_minor, currency_code: "USD".into() }
}

impl Desk {
    pub(crate) async fn make_program(&self, terms: ProgramTerms) -> String {
        let asked = CreateProgramRequest {
            name: "Friends".into(),
            destination_url: "https://shop.example/".into(),
            terms: Some(terms),
            request_id: fresh(),
            ..CreateProgramRequest::default()
        };
        let answer = self.api.create_program(Request::new(asked)).await.unwrap();
        answer.into_inner().program.unwrap().program_id
    }

    /// A partner who can be paid by PayPal.
    pub(crate) async fn partner(&self, name: &str) -> String {
        self.partner_with(name, |_| {}).await
    }

    pub(crate) async fn partner_with(
        &self,
        name: &str,
        change: impl FnOnce(&mut CreatePartnerRequest),
    ) -> String {
        let email = format!("{}@partners.example", Uuid::new_v4().simple());
        let mut asked = CreatePartnerRequest {
            program_id: self.program.clone(),
            name: name.into(),
            email: email.clone(),
            payout_method: PayoutMethod::Paypal.into(),
            payout_account: email,
            tax_profile: TaxProfile::W8ben.into(),
            own_terms: None,
            request_id: fresh(),
        };
        change(&mut asked);
        let answer = self.api.create_partner(Request::new(asked)).await.unwrap();
        answer.into_inner().partner.unwrap().partner_id
    }

    /// Stores commissions, each as the only one of its kind of its sale.
    pub(crate) async fn earn(&self, made: &[Made]) {
        for chunk in made.chunks(200) {
            let commissions: Vec<String> = chunk.iter().map(|it| self.commission(it)).collect();
            let earnings: Vec<String> = chunk.iter().map(|it| self.earning(it)).collect();
            self.run(&format!("insert into commissions values {}", commissions.join(", "))).await;
            self.run(&format!(
                "insert into earnings values {} on conflict do nothing",
                earnings.join(", ")
            ))
            .await;
        }
    }

    fn commission(&self, it: &Made) -> String {
        let Made { partner, id, sale, amount, source, currency, due, .. } = it;
        let kind = if *amount < 0 { "reversed" } else { "earned" };
        let at = due * 1_000_000;
        format!(
            "('{id}', '{}', '{partner}', {source}, '{sale}', 'cus_{sale}', null, '{kind}', \
             '{currency}', {at}, 1, {amount}, {}, 2000, 1, null, 1)",
            self.program,
            amount * 5
        )
    }

    fn earning(&self, it: &Made) -> String {
        let Made { partner, sale, amount, source, currency, state, due, .. } = it;
        format!(
            "('{}', {source}, '{sale}', '{partner}', '{currency}', '{state}', '', {amount}, {}, 1)",
            self.program,
            due * 1_000_000
        )
    }

    pub(crate) async fn run(&self, statement: &str) {
        self.database.write.execute_unprepared(statement).await.unwrap();
    }

    /// One number.
    pub(crate) async fn number(&self, query: &str) -> i64 {
        rows(&self.database, query).await[0].try_get_by_index(0).unwrap()
    }

    /// One text a row.
    pub(crate) async fn texts(&self, query: &str) -> Vec<String> {
        let rows = rows(&self.database, query).await;
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    /// A request for everything that is due.
    pub(crate) fn all(&self) -> CreatePayoutBatchRequest {
        CreatePayoutBatchRequest {
            program_id: self.program.clone(),
            request_id: fresh(),
            ..CreatePayoutBatchRequest::default()
        }
    }

    pub(crate) async fn create(
        &self,
        asked: CreatePayoutBatchRequest,
    ) -> Result<PayoutBatch, Status> {
        let answer = self.api.create_payout_batch(Request::new(asked)).await?;
        Ok(answer.into_inner().payout_batch.unwrap())
    }

    pub(crate) async fn payouts(&self, batch: &PayoutBatch) -> Vec<PartnerPayout> {
        let asked = GetPayoutBatchRequest {
            payout_batch_id: batch.payout_batch_id.clone(),
            page_size: 1_000,
            ..GetPayoutBatchRequest::default()
        };
        self.api.get_payout_batch(Request::new(asked)).await.unwrap().into_inner().payouts
    }

    /// The only payout of everything that is due.
    pub(crate) async fn only_payout(&self) -> PartnerPayout {
        let batch = self.create(self.all()).await.unwrap();
        let mut payouts = self.payouts(&batch).await;
        assert_eq!(payouts.len(), 1, "{payouts:?}");
        payouts.remove(0)
    }

    pub(crate) async fn settle(
        &self,
        payout: &str,
        outcome: PayoutState,
    ) -> Result<PartnerPayout, Status> {
        let failed = outcome == PayoutState::Failed;
        let asked = SettlePayoutRequest {
            payout_id: payout.to_owned(),
            outcome: outcome.into(),
            failure_reason: if failed { "account closed".into() } else { String::new() },
            reference: "TX-1".into(),
            request_id: fresh(),
            settled_time: None,
        };
        self.settle_as(asked).await
    }

    pub(crate) async fn settle_as(
        &self,
        asked: SettlePayoutRequest,
    ) -> Result<PartnerPayout, Status> {
        let answer = self.api.settle_payout(Request::new(asked)).await?;
        Ok(answer.into_inner().payout.unwrap())
    }

    pub(crate) async fn export(
        &self,
        batch: &str,
        format: PayoutFormat,
    ) -> Result<ExportPayoutBatchResponse, Status> {
        self.export_only(batch, format, "").await
    }

    pub(crate) async fn export_only(
        &self,
        batch: &str,
        format: PayoutFormat,
        currency: &str,
    ) -> Result<ExportPayoutBatchResponse, Status> {
        let asked = ExportPayoutBatchRequest {
            payout_batch_id: batch.to_owned(),
            format: format.into(),
            currency_code: currency.into(),
            request_id: fresh(),
        };
        Ok(self.api.export_payout_batch(Request::new(asked)).await?.into_inner())
    }
}
