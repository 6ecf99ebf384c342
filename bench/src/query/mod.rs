//! `bench query`: answers over businesses of different sizes, on both databases.

mod books;
mod house;
mod questions;

use crate::load::start;
use crate::verdict;
use house::House;
use questions::{Call, Question};
use takings_testkit::{Dice, PostgresServer};

const FACTS: [i64; 3] = [10_000, 100_000, 1_000_000];
/// The p99 of the largest may be so many times that of the smallest.
const GROWTH: f64 = 1.5;
/// And no more than so many milliseconds.
const MOST: f64 = 5.0;

/// Each question is asked in so many rounds, and the best one counts: in the others somebody else
/// used the machine.
const ROUNDS: usize = 4;
const TURNS: usize = 200;
const WARM_UP: usize = 20;

pub(crate) async fn run() -> anyhow::Result<()> {
    println!(
        "Through the gRPC door of a server in this process, one call at a time; no two questions \
         are the\nsame (`as_of` and `known_at` fall on any microsecond), so no answer can come \
         from a cache. Best of\n{ROUNDS} rounds of {TURNS} calls; limits: p99 at {} facts <= \
         {GROWTH} x p99 at {}, and <= {MOST} ms.",
        FACTS[2], FACTS[0]
    );
    let folder = tempfile::tempdir()?;
    let file = |facts: i64| folder.path().join(format!("query_{facts}.db"));
    if !crate::asked("--postgres") {
        measure("SQLite", |facts| format!("sqlite://{}", file(facts).display())).await?;
    }
    if crate::asked("--sqlite") {
        return Ok(());
    }
    match PostgresServer::start(true) {
        Some(server) => {
            measure("PostgreSQL", |facts| server.database(&format!("query_{facts}"))).await
        }
        None => {
            println!("PostgreSQL: skipped, its server is not installed");
            Ok(())
        }
    }
}

async fn measure(name: &str, url: impl Fn(i64) -> String) -> anyhow::Result<()> {
    println!("\n{name}{:>27} | p50, p99 ms at {FACTS:?} facts", "");
    let mut houses = Vec::new();
    for facts in FACTS {
        houses.push(House::open(url(facts), facts).await?);
    }
    for question in Question::all() {
        line(question, &mut houses).await?;
    }
    Ok(())
}

/// Measures one question in every house in turn, so that all see the same weather.
async fn line(question: Question, houses: &mut [House]) -> anyhow::Result<()> {
    let mut best = vec![(f64::MAX, f64::MAX); houses.len()];
    let mut dice = Dice(77);
    for _ in 0..ROUNDS {
        for (house, best) in houses.iter_mut().zip(&mut best) {
            let (p50, p99) = round(question, house, &mut dice).await?;
            *best = (best.0.min(p50), best.1.min(p99));
        }
    }
    let shown: Vec<String> =
        best.iter().map(|(p50, p99)| format!("{p50:>7.2} {p99:>7.2}")).collect();
    let (small, large) = (best[0].1, best[best.len() - 1].1);
    let judged = match question.limited() {
        true => format!(
            "{:.2} x {}, {large:.2} ms {}",
            large / small,
            verdict(large <= GROWTH * small),
            verdict(large <= MOST)
        ),
        false => format!("{:.2} x, reported only", large / small),
    };
    println!("  {:<34} | {} | {judged}", question.name(), shown.join(" | "));
    Ok(())
}

/// The p50 and p99 of one round, in milliseconds.
async fn round(
    question: Question,
    house: &mut House,
    dice: &mut Dice,
) -> anyhow::Result<(f64, f64)> {
    let (warm_up, turns) = match question.call {
        Call::Metrics => (1, TURNS / 20),
        _ => (WARM_UP, TURNS),
    };
    let mut times = Vec::new();
    for turn in 0..warm_up + turns {
        let started = start();
        question.ask(&mut house.client, dice).await?;
        if turn >= warm_up {
            times.push(started.elapsed().as_secs_f64() * 1e3);
        }
    }
    times.sort_by(f64::total_cmp);
    Ok((times[times.len() / 2], times[times.len() * 99 / 100]))
}
