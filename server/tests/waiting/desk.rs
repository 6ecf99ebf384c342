//! A process over a database of its own, and acts to do on it.

use crate::common::place::Place;
use std::collections::BTreeMap;
use std::sync::Arc;
use takings::v1::affiliate_service_server::AffiliateService;
use takings::v1::program_terms::Rate;
use takings::v1::{CreateProgramRequest, ProgramTerms};
use takings_server::affiliate::AffiliateApi;
use takings_server::app::App;
use takings_server::config::Config;
use takings_server::db::Database;
use takings_server::ingest::{Writer, WriterOptions};
use tokio::task::JoinSet;
use tokio::time::Instant;
use tonic::{Request, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

/// A process.
pub(crate) struct Desk {
    pub(crate) api: Arc<AffiliateApi>,
    pub(crate) database: Database,
    pub(crate) writer: Writer,
    _work: JoinSet<()>,
}

impl Desk {
    /// Starts one on a place.
    pub(crate) async fn open(place: &Place) -> Desk {
        let database = place.open().await;
        let (writer, work) = Writer::new(database.clone(), WriterOptions::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(work);
        let app = App::new(Config::default(), database.clone(), writer.clone()).unwrap();
        Desk { api: AffiliateApi::new(app).into(), database, writer, _work: tasks }
    }

    /// Does so many acts at once; answers how many ended how, by the reason or `done`, and when the
    /// last did.
    pub(crate) async fn acts(&self, count: usize) -> (BTreeMap<String, usize>, f64) {
        let started = Instant::now();
        let mut acts = JoinSet::new();
        for _ in 0..count {
            let api = self.api.clone();
            acts.spawn(async move { api.create_program(Request::new(program())).await.map(drop) });
        }
        let mut ends: BTreeMap<String, usize> = BTreeMap::new();
        for ended in acts.join_all().await {
            *ends.entry(ended.map_or_else(told, |()| "done".into())).or_default() += 1;
        }
        (ends, started.elapsed().as_secs_f64())
    }
}

/// The reason of a refusal, which must say when to try again.
fn told(status: Status) -> String {
    assert!(status.get_details_retry_info().is_some(), "{status:?}");
    status.get_details_error_info().unwrap().reason
}

fn program() -> CreateProgramRequest {
    CreateProgramRequest {
        name: "Friends".into(),
        destination_url: "https://shop.example/".into(),
        terms: Some(ProgramTerms {
            currency_code: "USD".into(),
            rate: Some(Rate::RateBps(2_000)),
            ..ProgramTerms::default()
        }),
        request_id: Uuid::new_v4().to_string(),
        ..CreateProgramRequest::default()
    }
}
