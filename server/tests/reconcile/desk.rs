//! A business, its Stripe on a port, and a server that has heard its events.

use crate::common;
use serde_json::Value;
use std::sync::Arc;
use takings::v1 as pb;
use takings::v1::revenue_service_server::RevenueService;
use takings_core::time::{Day, Timestamp};
use takings_server::app::App;
use takings_server::config::Config;
use takings_server::db::Database;
use takings_server::ingest::{Writer, WriterOptions};
use takings_server::revenue::RevenueApi;
use takings_server::revenue::reconciliation::{Asked, Reconciliation, run};
use takings_simulator::{Plan, Stripe, StripeServer};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tonic::{Request, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

/// Twenty days after the end of every story here: everything has had its time.
const NOW: i64 = 1_727_740_800 + (365 + 20) * 86_400;

/// A year of business.
pub(crate) fn year() -> Plan {
    Plan { days: 365, events: 6_000, ..Plan::two_years(7) }
}

/// A quarter of it.
pub(crate) fn quarter() -> Plan {
    Plan::quarter(7)
}

/// The bodies of all events, as they were told.
pub(crate) fn told(stripe: &Stripe) -> Vec<Value> {
    let events = stripe.events();
    events.iter().map(|event| serde_json::from_slice(&event.body).unwrap()).collect()
}

/// A server that has heard events.
pub(crate) struct Desk {
    pub(crate) app: Arc<App>,
    pub(crate) api: RevenueApi,
    pub(crate) database: Database,
    _tasks: JoinSet<()>,
}

impl Desk {
    /// A server with a key for a Stripe at a URL.
    pub(crate) async fn at(database: Database, url: &str) -> Desk {
        let flags = [("stripe.api_url", url), ("stripe.api_key", "sk_live_4711")];
        Desk::with(database, &flags).await
    }

    pub(crate) async fn with(database: Database, flags: &[(&str, &str)]) -> Desk {
        let flags: Vec<_> =
            flags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let config = Config::load(None, &flags).unwrap();
        let (writer, work) = Writer::new(database.clone(), WriterOptions::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(work);
        let mut app = Arc::into_inner(App::new(config, database.clone(), writer).unwrap()).unwrap();
        app.clock = || Timestamp::from_secs(NOW);
        let app = Arc::new(app);
        Desk { api: RevenueApi::new(app.clone()), app, database, _tasks: tasks }
    }

    pub(crate) async fn hear(&self, events: &[Value]) {
        let bodies: Vec<Vec<u8>> = events.iter().map(|it| it.to_string().into_bytes()).collect();
        let bodies: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
        common::ingest(&self.database, &bodies, 100).await;
        takings_server::jobs::settle_waiting(&self.database).await.unwrap();
    }

    /// Reconciles the days of a plan.
    pub(crate) async fn reconcile(&self, plan: &Plan) -> Reconciliation {
        let (first, end) = days(plan);
        run(&self.app, &Asked { first, end, request: Uuid::new_v4() }).await.unwrap()
    }

    /// The reason for which a range is refused.
    pub(crate) async fn refused(&self, start: i64, end: i64, request: &str) -> String {
        let answer = self.ask(start, end, request).await;
        reason(&answer.unwrap_err())
    }

    /// Runs a reconciliation by its RPC.
    pub(crate) async fn ask(
        &self,
        start: i64,
        end: i64,
        request: &str,
    ) -> Result<pb::ReconciliationReport, Status> {
        let at = |seconds| Some(prost_types::Timestamp { seconds, nanos: 0 });
        let request = pb::RunReconciliationRequest {
            range: Some(pb::TimeRange { start_time: at(start), end_time: at(end) }),
            request_id: request.to_owned(),
        };
        let answer = self.api.run_reconciliation(Request::new(request)).await?;
        Ok(answer.into_inner().report.unwrap())
    }

    /// A number that a query answers.
    pub(crate) async fn count(&self, query: &str) -> i64 {
        common::rows(&self.database, query).await[0].try_get_by_index(0).unwrap()
    }
}

/// The reason of an error.
pub(crate) fn reason(status: &Status) -> String {
    status.get_details_error_info().unwrap().reason
}

/// The first day of a plan, and the first after it.
pub(crate) fn days(plan: &Plan) -> (Day, Day) {
    (Timestamp::from_secs(plan.start).day(), Timestamp::from_secs(plan.end()).day())
}

/// A make-believe Stripe, played to its end, on a port.
pub(crate) async fn serve(plan: &Plan) -> (Stripe, StripeServer) {
    let stripe = Stripe::played(plan, plan.end());
    let server = stripe.serve(TcpListener::bind(("127.0.0.1", 0)).await.unwrap()).unwrap();
    (stripe, server)
}
