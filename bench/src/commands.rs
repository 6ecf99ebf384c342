//! `bench commands`: what a command takes beyond the call to Stripe that it makes.

use crate::load::{Went, start};
use crate::make_believe::Account;
use crate::place::{Place, options};
use crate::target::Target;
use crate::wire::Wire;
use sea_orm::{ConnectionTrait, Statement, Value};
use std::net::SocketAddr;
use std::time::Duration;
use takings::v1::CreateCustomerRequest;
use takings::v1::revenue_service_client::RevenueServiceClient;
use takings_server::db::Database;
use tokio::task::JoinSet;
use tonic::transport::Channel;
use uuid::Uuid;

/// Far more than is asked for here.
const RATE: u32 = 100_000;
/// An intent is stored before a call, and its outcome after it.
const COMMITS: f64 = 2.0;
/// About the size of an intent.
const ROW: usize = 600;
const WARM_UP: usize = 10;
const ROUNDS: usize = 5;

pub(crate) async fn run() -> anyhow::Result<()> {
    println!(
        "CreateCustomer through the gRPC door of a server of its own; the raw call is the same \
         form, posted to the\nmake-believe Stripe over a kept connection; a commit is one row of \
         {ROW} bytes through the same driver."
    );
    if let Some(sqlite) = Place::sqlite()? {
        measure(sqlite).await?;
    }
    if let Some(postgres) = Place::postgres()? {
        measure(postgres).await?;
    }
    Ok(())
}

async fn measure(mut place: Place) -> anyhow::Result<()> {
    println!("\n{}", place.name);
    let turns = if crate::asked("--quick") { 400 } else { 2_000 };
    let account = Account::empty()?;
    let server = Target::takings_with(&place.url(), &account.configuration((RATE, RATE)))?;
    let client = server.revenue().await?;
    let beside = commits_of(&place.url()).await?;
    for callers in [1, 8] {
        let calls = turns / ROUNDS / callers;
        let (mut raw, mut commit, mut ours) = (Vec::new(), Vec::new(), Vec::new());
        // In turns, so that all see the same weather.
        for _ in 0..ROUNDS {
            raw.push(raw_calls(account.http, callers, calls).await?);
            commit.push(commits(&beside, callers, calls).await?);
            ours.push(commands(&client, callers, calls).await?);
        }
        line(callers, [raw, commit, ours].map(Went::together));
    }
    Ok(())
}

fn line(callers: usize, [raw, commit, ours]: [Went; 3]) {
    let shown = |went: &Went| format!("{:.2}/{:.2}", went.percentile(0.5), went.percentile(0.99));
    let added = |share| ours.percentile(share) - raw.percentile(share);
    let floor = |share| COMMITS * commit.percentile(share);
    println!(
        "  {callers} callers, p50/p99 ms: raw call {}, command {} ({:.0}/s), added {:.2}/{:.2}; \
         one commit {}: added is {:.2}/{:.2} of two commits",
        shown(&raw),
        shown(&ours),
        callers as f64 * ours.latencies.len() as f64
            / ours.latencies.iter().sum::<Duration>().as_secs_f64(),
        added(0.5),
        added(0.99),
        shown(&commit),
        added(0.5) / floor(0.5),
        added(0.99) / floor(0.99)
    );
}

/// The latencies of callers that do something over and over, once each has warmed up.
async fn timed<F, D>(callers: usize, calls: usize, caller: F) -> anyhow::Result<Went>
where
    F: AsyncFn() -> anyhow::Result<D>,
    D: Caller + Send + 'static,
{
    let mut tasks = JoinSet::new();
    let begun = start();
    for _ in 0..callers {
        let mut caller = caller().await?;
        tasks.spawn(async move {
            let mut latencies = Vec::with_capacity(calls);
            for turn in 0..WARM_UP + calls {
                let begun = start();
                caller.call().await?;
                if turn >= WARM_UP {
                    latencies.push(begun.elapsed());
                }
            }
            anyhow::Ok(latencies)
        });
    }
    let mut latencies: Vec<Duration> = Vec::new();
    while let Some(done) = tasks.join_next().await {
        latencies.extend(done??);
    }
    latencies.sort();
    Ok(Went { took: begun.elapsed(), latencies })
}

/// Who does one thing over and over.
trait Caller {
    fn call(&mut self) -> impl Future<Output = anyhow::Result<()>> + Send;
}

struct Raw(Wire);

impl Caller for Raw {
    async fn call(&mut self) -> anyhow::Result<()> {
        let key = Uuid::new_v4().to_string();
        self.0.post("/v1/customers", &key, "email=ada%40example.com&name=Ada").await
    }
}

async fn raw_calls(address: SocketAddr, callers: usize, calls: usize) -> anyhow::Result<Went> {
    timed(callers, calls, async || Ok(Raw(Wire::connect(address).await?))).await
}

struct Ours(RevenueServiceClient<Channel>);

impl Caller for Ours {
    async fn call(&mut self) -> anyhow::Result<()> {
        let request = CreateCustomerRequest {
            name: "Ada".into(),
            email: "ada@example.com".into(),
            request_id: Uuid::new_v4().to_string(),
            ..Default::default()
        };
        self.0.create_customer(request).await?;
        Ok(())
    }
}

async fn commands(
    client: &RevenueServiceClient<Channel>,
    callers: usize,
    calls: usize,
) -> anyhow::Result<Went> {
    timed(callers, calls, async || Ok(Ours(client.clone()))).await
}

struct Commit(Database);

impl Caller for Commit {
    async fn call(&mut self) -> anyhow::Result<()> {
        let text = "insert into commits (id, row) values ($1, $2)";
        let values = [Uuid::new_v4().to_string(), "x".repeat(ROW)].map(Value::from);
        let insert = Statement::from_sql_and_values(self.0.kind.into(), text, values);
        self.0.execute(insert).await?;
        Ok(())
    }
}

/// A database beside the server's, opened as the server opens it.
async fn commits_of(url: &str) -> anyhow::Result<Database> {
    let options = options(url);
    let database = Database::open(&options).await?;
    let create = "create table commits (id text primary key, row text not null)";
    database.write.execute_unprepared(create).await?;
    Ok(database)
}

async fn commits(database: &Database, callers: usize, calls: usize) -> anyhow::Result<Went> {
    timed(callers, calls, async || Ok(Commit(database.clone()))).await
}
