//! `bench leads`: captures over gRPC, next to the bare inserts of the same rows under the same seals;
//! a lead with many activities, and what judging an address and scoring take alone.

mod alone;
mod limit;

use crate::load::{Went, start};
use crate::place::Place;
use crate::target::Target;
use crate::verdict;
use anyhow::Context;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use takings::v1::lead_service_client::LeadServiceClient;
use takings::v1::{CaptureLeadRequest, LeadProfile, RecordLeadActivityRequest, ScoreLeadRequest};
use tokio::task::JoinSet;
use tonic::transport::Channel;
use uuid::Uuid;

/// Callers at once.
const CALLERS: usize = 64;
/// Captures go at least so fast, next to the inserts in as large batches as there are callers.
const SHARE: f64 = 0.7;

pub(crate) async fn run() -> anyhow::Result<()> {
    let quick = crate::asked("--quick");
    alone::measure();
    let (leads, activities) = if quick { (500, 500) } else { (5_000, 10_000) };
    if let Some(sqlite) = Place::sqlite()? {
        measure(sqlite, leads, activities).await?;
    }
    if let Some(postgres) = Place::postgres()? {
        measure(postgres, leads, activities).await?;
    }
    Ok(())
}

async fn measure(mut place: Place, leads: usize, activities: usize) -> anyhow::Result<()> {
    println!("\n{}", place.name);
    let url = place.url();
    let configuration = [("TAKINGS__LEADS__DNS", "false".to_owned())];
    let server = Target::takings_with(&url, &configuration)?;
    let before = place.used(&server);
    let went = calls(&server, leads, capture).await?;
    let cost = (place.used(&server) - before) * 1000.0 / leads as f64;
    let ours = rate(&went);
    println!(
        "  CaptureLead, {CALLERS} callers: {ours:.0}/s, p50 {:.1} ms, p99 {:.1} ms, {cost:.3} \
         CPU-s per 1,000",
        went.percentile(0.5),
        went.percentile(0.99)
    );
    for batch in [1, CALLERS] {
        let bare = limit::inserts(&url, &place.url(), batch).await?;
        let share = ours / bare;
        let kept =
            if batch == 1 { String::new() } else { format!(" ({})", verdict(share >= SHARE)) };
        println!(
            "    the bare inserts and seals, {batch} a transaction: {bare:.0}/s; ours is {share:.2} \
             of that{kept}"
        );
    }
    score(&server, activities).await
}

/// A lead that has done much is asked for its score.
async fn score(server: &Target, activities: usize) -> anyhow::Result<()> {
    let mut client = server.leads().await?;
    let lead = client.capture_lead(capture_of(usize::MAX)).await?.into_inner().lead;
    let lead_id = lead.context("no lead")?.lead_id;
    let of = lead_id.clone();
    let went =
        calls(server, activities, move |client, number| record(client, of.clone(), number)).await?;
    println!("  RecordLeadActivity on one lead: {:.0}/s", rate(&went));
    let mut latencies = Vec::new();
    let begun = start();
    for _ in 0..20 {
        let asked = start();
        let request = ScoreLeadRequest { lead_id: lead_id.clone(), ..Default::default() };
        client.score_lead(request).await?;
        latencies.push(asked.elapsed());
    }
    latencies.sort();
    let went = Went { took: begun.elapsed(), latencies };
    println!("  ScoreLead with {activities} activities: p50 {:.1} ms", went.percentile(0.5));
    Ok(())
}

async fn capture(mut client: LeadServiceClient<Channel>, number: usize) -> anyhow::Result<()> {
    client.capture_lead(capture_of(number)).await?;
    Ok(())
}

fn capture_of(number: usize) -> CaptureLeadRequest {
    let profile = LeadProfile { name: format!("Anna Example {number}"), ..Default::default() };
    CaptureLeadRequest {
        email: format!("anna{number}@shop.example"),
        profile: Some(profile),
        source: "ads".into(),
        request_id: Uuid::new_v4().to_string(),
        ..Default::default()
    }
}

async fn record(
    mut client: LeadServiceClient<Channel>,
    lead_id: String,
    number: usize,
) -> anyhow::Result<()> {
    let kind = if number == 0 { "form" } else { "page" }.to_owned();
    let request_id = Uuid::new_v4().to_string();
    let request = RecordLeadActivityRequest { lead_id, kind, request_id, ..Default::default() };
    client.record_lead_activity(request).await?;
    Ok(())
}

/// Makes calls 0 to `count` from several callers at once.
async fn calls<F, C>(server: &Target, count: usize, call: C) -> anyhow::Result<Went>
where
    F: Future<Output = anyhow::Result<()>> + Send + 'static,
    C: Fn(LeadServiceClient<Channel>, usize) -> F + Send + Sync + 'static,
{
    let (next, call, mut tasks) = (Arc::new(AtomicUsize::new(0)), Arc::new(call), JoinSet::new());
    let begun = start();
    for _ in 0..CALLERS {
        let (next, call, client) = (next.clone(), call.clone(), server.leads().await?);
        tasks.spawn(async move {
            let mut latencies = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return anyhow::Ok(latencies);
                }
                let asked = start();
                call(client.clone(), number).await?;
                latencies.push(asked.elapsed());
            }
        });
    }
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        latencies.extend(done??);
    }
    latencies.sort();
    Ok(Went { took: begun.elapsed(), latencies })
}

fn rate(went: &Went) -> f64 {
    went.latencies.len() as f64 / went.took.as_secs_f64()
}
