//! The make-believe Stripe as a process of its own, so that its CPU time is told apart.

use crate::target::address;
use anyhow::Context;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use takings_server::app::now;
use takings_simulator::{Limits, Plan, Stripe};

/// The name under which this binary serves it.
pub(crate) const SERVER: &str = "make-believe";
/// A key of test mode, as every plan here is.
const KEY: &str = "sk_test_bench";

/// A plan of test mode: two years of at most so many events.
pub(crate) fn plan(events: usize) -> Plan {
    Plan { events, livemode: false, ..Plan::two_years(1) }
}

/// Serves an account until its standard input ends; each line of it is a question. The only
/// argument says how many events it is played through: without any it is empty.
pub(crate) async fn serve() -> anyhow::Result<()> {
    let events: usize = std::env::args().nth(2).context("how many events?")?.parse()?;
    let plan = plan(events);
    let stripe = match events {
        0 => Stripe::empty(&plan),
        _ => Stripe::played(&plan, plan.end()),
    };
    stripe.set_now(now().secs());
    let server = stripe.serve(tokio::net::TcpListener::bind("127.0.0.1:0").await?)?;
    println!("make-believe {}", server.url());
    tokio::task::spawn_blocking(move || {
        for line in std::io::stdin().lines() {
            println!("{}", answer(&stripe, &line?)?);
        }
        anyhow::Ok(())
    })
    .await?
}

fn answer(stripe: &Stripe, question: &str) -> anyhow::Result<Value> {
    let words: Vec<&str> = question.split(' ').collect();
    Ok(match words[..] {
        ["limit", account, endpoint] => {
            let limit = |word: &str| word.parse().map(Some);
            stripe.limit(Limits { account: limit(account)?, endpoint: limit(endpoint)? });
            Value::Null
        }
        ["heard"] => stripe.heard().into_iter().map(|it| it.target).collect(),
        _ => {
            let counted = stripe.requests().into_iter();
            counted.map(|(name, it)| json!([name, it.total, it.refused, it.peak])).collect()
        }
    })
}

/// The account under that process.
pub(crate) struct Account {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    pub(crate) http: SocketAddr,
}

/// How often an endpoint was asked.
pub(crate) struct Counted {
    pub(crate) name: String,
    pub(crate) total: u64,
    pub(crate) refused: u64,
    /// The most in any one second.
    pub(crate) peak: u64,
}

impl Account {
    /// One that was played through so many events.
    pub(crate) fn played(events: usize) -> anyhow::Result<Account> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([SERVER, &events.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("the make-believe Stripe did not start")?;
        let questions = child.stdin.take().context("no input")?;
        let mut answers = BufReader::new(child.stdout.take().context("no output")?);
        let mut line = String::new();
        answers.read_line(&mut line)?;
        Ok(Account { http: address(&line)?, child, questions, answers })
    }

    /// One without any object.
    pub(crate) fn empty() -> anyhow::Result<Account> {
        Account::played(0)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What lets a server act on it, at so many requests a second in all and of an endpoint. The
    /// sweep for lost events rests.
    pub(crate) fn configuration(
        &self,
        (in_all, endpoint): (u32, u32),
    ) -> [(&'static str, String); 5] {
        [
            ("TAKINGS__STRIPE__API_KEY", KEY.to_owned()),
            ("TAKINGS__STRIPE__API_URL", format!("http://{}", self.http)),
            ("TAKINGS__STRIPE__REQUESTS_PER_SECOND", in_all.to_string()),
            ("TAKINGS__STRIPE__ENDPOINT_REQUESTS_PER_SECOND", endpoint.to_string()),
            ("TAKINGS__STRIPE__SWEEP_INTERVAL_SECONDS", "0".to_owned()),
        ]
    }

    /// Refuses what is more than so many requests a second, in all and of an endpoint.
    pub(crate) fn limit(&mut self, in_all: u32, endpoint: u32) -> anyhow::Result<()> {
        self.ask(&format!("limit {in_all} {endpoint}")).map(drop)
    }

    /// Every endpoint that was asked, and all together under `*`.
    pub(crate) fn requests(&mut self) -> anyhow::Result<Vec<Counted>> {
        let answer = self.ask("requests")?;
        let number = |it: &Value| it.as_u64().unwrap_or(0);
        let counted = |it: &Value| Counted {
            name: it[0].as_str().unwrap_or_default().to_owned(),
            total: number(&it[1]),
            refused: number(&it[2]),
            peak: number(&it[3]),
        };
        Ok(answer.as_array().into_iter().flatten().map(counted).collect())
    }

    /// How many requests it has heard.
    pub(crate) fn total(&mut self) -> anyhow::Result<u64> {
        Ok(self.requests()?.iter().find(|it| it.name == "*").map_or(0, |it| it.total))
    }

    /// Path and query of every different request.
    pub(crate) fn heard(&mut self) -> anyhow::Result<Vec<String>> {
        let answer = self.ask("heard")?;
        let targets = answer.as_array().into_iter().flatten();
        Ok(targets.filter_map(|it| it.as_str().map(str::to_owned)).collect())
    }

    fn ask(&mut self, question: &str) -> anyhow::Result<Value> {
        writeln!(self.questions, "{question}")?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
