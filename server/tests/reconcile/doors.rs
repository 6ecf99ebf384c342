//! The RPCs and the command: what they refuse, what they keep, what they exit with.

use crate::common::place::Place;
use crate::common::process::command;
use crate::common::stripe::{Account, Scripted, answer};
use crate::common::{ingest, sqlite};
use crate::desk::{self, Desk, reason};
use serde_json::json;
use std::time::Duration;
use takings::v1 as pb;
use takings::v1::revenue_service_server::RevenueService;
use takings_simulator::{Fault, Faults, Plan};
use tonic::Request;
use uuid::Uuid;

const DAY: i64 = 86_400;
const START: i64 = 1_727_740_800;

fn request() -> String {
    Uuid::new_v4().to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_compared_is_refused_by_name() {
    let account = Account::empty().await;
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::at(sqlite(folder.path()).await, &account.url()).await;
    let far = START + 500 * DAY;
    for (start, end) in [
        (far, far + DAY),
        (START + DAY, START),
        (START, START),
        (START, START + 367 * DAY),
        (START + 1, START + DAY),
        (START, START + DAY - 1),
        (i64::MAX, i64::MAX),
    ] {
        let refused = desk.refused(start, end, &request()).await;
        assert_eq!(refused, "INVALID_RANGE", "{start} to {end}");
    }
    let open = pb::RunReconciliationRequest { range: None, request_id: request() };
    let refused = desk.api.run_reconciliation(Request::new(open)).await.unwrap_err();
    assert_eq!(reason(&refused), "INVALID_RANGE");
    assert_eq!(desk.refused(START, START + DAY, "soon").await, "INVALID_REQUEST_ID");
    assert_eq!(account.asked("GET /v1/balance_transactions"), 0, "nothing was asked for");

    let keyless = Desk::with(sqlite(folder.path()).await, &[]).await;
    assert_eq!(keyless.refused(START, START + DAY, &request()).await, "STRIPE_NOT_CONFIGURED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stripe_refuses_is_told_and_leaves_no_report() {
    let refusal = r#"{"error":{"type":"invalid_request_error","message":"no right to do this"}}"#;
    let html = answer(200, &["content-type: text/html"], "<html>a proxy</html>");
    for (said, expected) in [
        (answer(403, &[], refusal), "STRIPE_KEY_REFUSED"),
        (answer(401, &[], refusal), "STRIPE_KEY_REFUSED"),
        (html, "STRIPE_UNAVAILABLE"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let stripe = Scripted::start(&[&said]).await;
        let desk = Desk::at(sqlite(folder.path()).await, &stripe.url).await;
        let id = request();
        assert_eq!(desk.refused(START, START + DAY, &id).await, expected);
        assert_eq!(desk.count("select count(*) from reconciliations").await, 0);
        let report_id = format!("rec_{id}");
        let asked = Request::new(pb::GetReconciliationReportRequest { report_id });
        let missing = desk.api.get_reconciliation_report(asked).await.unwrap_err();
        assert_eq!(reason(&missing), "RECONCILIATION_REPORT_NOT_FOUND");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_report_is_kept_and_answered_again() {
    let plan = desk::quarter();
    let (stripe, server) = desk::serve(&plan).await;
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::at(sqlite(folder.path()).await, &server.url()).await;
    let (id, end) = (request(), plan.end());
    let first = desk.ask(plan.start, end, &id).await.unwrap();
    assert!(!first.reconciled, "no event has arrived");
    let unseen = pb::ReconciliationCause::ObjectUnseen;
    assert!(first.lines.iter().any(|line| line.cause() == unseen && !line.explained));
    assert_eq!(
        (first.report_id.as_str(), first.source.as_str()),
        (format!("rec_{id}").as_str(), "stripe:default:live",)
    );
    desk.hear(&desk::told(&stripe)).await;
    assert_eq!(desk.ask(plan.start, end, &id).await.unwrap(), first, "a repeat runs nothing");
    let other = desk.ask(plan.start, end - DAY, &id).await.unwrap_err();
    assert_eq!(reason(&other), "REQUEST_ID_REUSED");
    let asked = pb::GetReconciliationReportRequest { report_id: first.report_id.clone() };
    let kept = desk.api.get_reconciliation_report(Request::new(asked)).await.unwrap();
    assert_eq!(kept.into_inner().report.unwrap(), first);

    let now = desk.ask(plan.start, end, &request()).await.unwrap();
    assert!(now.reconciled, "the events have arrived since");
    for total in &now.totals {
        assert_eq!(total.unexplained.as_ref().unwrap().amount_minor, 0);
        assert_eq!(total.stripe, total.ledger);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_outlives_its_caller_and_a_repeat_waits_for_it() {
    let plan = desk::quarter();
    let (stripe, server) = desk::serve(&plan).await;
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::at(sqlite(folder.path()).await, &server.url()).await;
    desk.hear(&desk::told(&stripe)).await;
    let list = "GET /v1/balance_transactions";
    let slow = Fault::Slow(Duration::from_millis(400));
    stripe.fail(Faults::default().then(list, &[slow]));
    let id = request();
    let call = desk.ask(plan.start, plan.end(), &id);
    assert!(tokio::time::timeout(Duration::from_millis(100), call).await.is_err(), "it left");
    let report = desk.ask(plan.start, plan.end(), &id).await.unwrap();
    assert!(report.reconciled);
    let pages = u64::try_from(report.balance_transactions).unwrap().div_ceil(100);
    assert_eq!(stripe.requests()[list].total, pages, "one run has read every page once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_commands_exit_code_is_for_scripts() {
    let plan = Plan::small(3);
    let (stripe, server) = desk::serve(&plan).await;
    let place = Place::sqlite();
    let database = place.open().await;
    let events = desk::told(&stripe);
    let bodies: Vec<Vec<u8>> = events.iter().map(|it| it.to_string().into_bytes()).collect();
    let bodies: Vec<&[u8]> = bodies.iter().map(Vec::as_slice).collect();
    ingest(&database, &bodies, 100).await;
    let url = server.url();
    let run = |key: &str, days: [&str; 2]| {
        let environment =
            [("TAKINGS__STRIPE__API_KEY", key), ("TAKINGS__STRIPE__API_URL", url.as_str())];
        let arguments = ["reconcile", "--from", days[0], "--through", days[1]];
        let output = command(&place.url, &environment).args(arguments).output().unwrap();
        let said = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
        (output.status.code(), said.concat())
    };
    let days = ["2024-10-01", "2024-11-09"];
    let (code, said) = run("sk_live_1", days);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("every difference is explained"), "{said}");

    let charge = json!({
        "id": "evt_ghost", "object": "event", "api_version": "2026-10-28.endive",
        "created": plan.start + 9 * DAY, "livemode": true, "type": "charge.succeeded",
        "data": { "object": {
            "id": "ch_ghost", "object": "charge", "amount": 4200, "amount_captured": 4200,
            "captured": true, "created": plan.start + 9 * DAY, "currency": "usd",
            "livemode": true, "status": "succeeded",
        }},
    });
    ingest(&database, &[charge.to_string().as_bytes()], 1).await;
    let (code, said) = run("sk_live_1", days);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("! 2024-10-10  not_in_stripe"), "{said}");
    assert!(said.contains("42.00 USD  ch_ghost"), "{said}");

    for (key, days, told) in [
        ("", days, "TAKINGS__STRIPE__API_KEY"),
        ("pk_live_1", days, "stripe.api_key"),
        ("sk_live_1", ["2024-10-01", "2024-02-30"], "YYYY-MM-DD"),
        ("sk_live_1", ["2024-10-02", "2024-10-01"], "holds no day"),
        ("sk_live_1", ["2999-01-01", "2999-01-02"], "not over"),
    ] {
        let (code, said) = run(key, days);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(told), "{said}");
    }
}
