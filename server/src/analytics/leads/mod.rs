//! What became of leads: funnels, time to convert, revenue, and how well the score told.

pub(crate) mod convert;
mod store;

pub(super) use store::counts;

use crate::app::App;
use crate::error::{Error, Reason};
use crate::ingest::Key;
use crate::lead::{Cohort, Member, cohort};
use std::collections::{BTreeMap, BTreeSet};
use takings_core::lead::funnel::hits;
use takings_core::lead::stage::LADDER;
use takings_core::metrics::funnel::{Funnel, FunnelStep, Hit};
use takings_core::metrics::interval::Proportion;
use takings_core::metrics::ranking::{Deciles, Ranking, Scored, brier};
use takings_core::metrics::survival::{Watched, kaplan_meier};
use takings_core::money::Currency;
use takings_core::time::{DAY_MICROS, Range, Timestamp};

/// What is asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    cohort: Cohort,
    window_days: i64,
}

/// What became of the leads.
#[derive(Debug)]
pub(crate) struct Answer {
    total: Group,
    /// By source and campaign.
    groups: BTreeMap<(String, String), Group>,
    calibration: Calibration,
}

/// What became of one group.
#[derive(Debug)]
struct Group {
    captured: i64,
    /// Of those who were asked.
    confirmed: (i64, i64),
    /// By verdict.
    verdicts: BTreeMap<String, i64>,
    funnel: Vec<FunnelStep>,
    /// Of those who were no customers before.
    converted: (i64, i64),
    /// After how many seconds a quarter, half, three quarters had converted.
    time: [Option<u64>; 3],
    revenue: BTreeMap<Currency, Revenue>,
}

/// What converted leads paid in one currency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Revenue {
    customers: i64,
    net: i64,
}

/// How well the score told apart who would convert.
#[derive(Debug)]
struct Calibration {
    leads: i64,
    converted: i64,
    auc: Option<f64>,
    lift: Option<f64>,
    deciles: Option<Deciles>,
    /// How far what an earlier cohort forecast was from what happened, and of how many leads that was.
    brier: Option<f64>,
    forecast_by: i64,
}

/// Answers.
async fn answer(app: &App, asked: &Asked) -> Result<Answer, Error> {
    let members = cohort(app, &asked.cohort).await?;
    let earlier = match asked.cohort.before() {
        Some(before) => cohort(app, &before).await?,
        None => Vec::new(),
    };
    let customers: BTreeSet<Key> = members.iter().filter_map(|it| it.customer.clone()).collect();
    let paid = store::paid(&app.database, &customers, asked.cohort.as_of).await?;
    let all: Vec<&Member> = members.iter().collect();
    let mut parts: BTreeMap<(String, String), Vec<&Member>> = BTreeMap::new();
    for member in &members {
        parts.entry((member.source.clone(), member.campaign.clone())).or_default().push(member);
    }
    let groups = parts.into_iter().map(|(key, part)| Ok((key, group(&part, &paid, asked)?)));
    Ok(Answer {
        total: group(&all, &paid, asked)?,
        groups: groups.collect::<Result<_, Error>>()?,
        calibration: calibration(&members, &earlier, asked)?,
    })
}

/// What customers have paid, by currency.
type Paid = BTreeMap<Key, BTreeMap<Currency, i64>>;

fn group(members: &[&Member], paid: &Paid, asked: &Asked) -> Result<Group, Error> {
    let count = |holds: fn(&Member) -> bool| members.iter().filter(|it| holds(it)).count() as i64;
    let mut verdicts = BTreeMap::new();
    members.iter().for_each(|it| *verdicts.entry(it.verdict.clone()).or_insert(0) += 1);
    let converted = count(|it| it.converted_at.is_some());
    Ok(Group {
        captured: members.len() as i64,
        confirmed: (count(|it| it.confirmed), count(|it| it.asked)),
        verdicts,
        funnel: funnel(members, asked),
        converted: (converted, members.len() as i64 - count(|it| it.was_customer)),
        time: time_to_convert(members),
        revenue: revenue(members, paid)?,
    })
}

/// How far leads who were no customers before came from their capture on, in order and in the window.
fn funnel(members: &[&Member], asked: &Asked) -> Vec<FunnelStep> {
    let entered = members.iter().filter(|it| !it.was_customer);
    let hits: Vec<Vec<Hit>> = entered.map(|it| hits(&it.reached, &LADDER)).collect();
    let funnel = Funnel {
        steps: LADDER.len(),
        window_days: asked.window_days,
        entered: Range { start: Timestamp(i64::MIN), end: Timestamp(i64::MAX) },
        as_of: asked.cohort.as_of,
    };
    funnel.count(hits.iter().map(Vec::as_slice))
}

/// After how many seconds a quarter, half, three quarters had converted. Those who were customers
/// before are not watched.
fn time_to_convert(members: &[&Member]) -> [Option<u64>; 3] {
    let watched: Vec<Watched> = members
        .iter()
        .filter(|it| !it.was_customer)
        .map(|it| {
            let end = it.converted_at.unwrap_or(it.watched_until);
            let time = end.0.saturating_sub(it.captured_at.0).max(0) / 1_000_000;
            Watched { time: time.unsigned_abs(), ended: it.converted_at.is_some() }
        })
        .collect();
    kaplan_meier(&watched).quartiles()
}

fn revenue(members: &[&Member], paid: &Paid) -> Result<BTreeMap<Currency, Revenue>, Error> {
    let mut revenue: BTreeMap<Currency, Revenue> = BTreeMap::new();
    let customers: BTreeSet<&Key> = members.iter().filter_map(|it| it.customer.as_ref()).collect();
    for (currency, net) in customers.into_iter().filter_map(|it| paid.get(it)).flatten() {
        let sum = revenue.entry(*currency).or_default();
        sum.customers += 1;
        sum.net = sum.net.checked_add(*net).ok_or_else(overflow)?;
    }
    Ok(revenue)
}

impl Revenue {
    /// The mean a customer, rounded half away from zero.
    fn mean(self) -> i64 {
        let (net, count) = (i128::from(self.net), i128::from(self.customers.max(1)));
        let rounded = (2 * net.abs() + count) / (2 * count) * net.signum();
        i64::try_from(rounded).unwrap_or(self.net)
    }
}

/// Compares the score with who converted, and with what an earlier cohort forecasts.
fn calibration(
    members: &[Member],
    earlier: &[Member],
    asked: &Asked,
) -> Result<Calibration, Error> {
    let subjects = closed(members, asked);
    let rank = |subjects: &[Scored]| Ranking::new(subjects).map_err(Error::internal);
    let (ranking, before) = (rank(&subjects)?, rank(&closed(earlier, asked))?);
    let deciles = before.deciles();
    let forecast = |it: &Scored| Some(Scored { score: deciles.forecast(it.score)?, ..*it });
    let forecasts: Vec<Scored> = subjects.iter().filter_map(forecast).collect();
    Ok(Calibration {
        leads: ranking.count(),
        converted: ranking.converted(),
        auc: ranking.auc(),
        lift: ranking.lift(10),
        deciles: (ranking.count() > 0).then(|| ranking.deciles()),
        brier: brier(&forecasts).map_err(Error::internal)?,
        forecast_by: before.count(),
    })
}

/// The score, taken some time after the capture, and who converted after that within the window; of
/// leads whose window is over.
fn closed(members: &[Member], asked: &Asked) -> Vec<Scored> {
    let (after, window) = (asked.cohort.score_after, asked.window_days.saturating_mul(DAY_MICROS));
    let scored = |it: &Member| Timestamp(it.captured_at.0.saturating_add(after));
    let end = |it: &Member| Timestamp(scored(it).0.saturating_add(window));
    let counts = |it: &&Member| {
        !it.was_customer
            && end(it) <= asked.cohort.as_of
            && it.converted_at.is_none_or(|at| at > scored(it))
    };
    let subject = |it: &Member| Scored {
        score: points(it.score),
        converted: it.converted_at.is_some_and(|at| at < end(it)),
    };
    members.iter().filter(counts).map(subject).collect()
}

/// Points of billionths: for display, and to be compared.
#[expect(clippy::float_arithmetic, reason = "a score that is shown, never posted")]
fn points(billionths: i64) -> f64 {
    billionths as f64 / 1e9
}

/// A share, where there is a whole.
fn share((part, whole): (i64, i64)) -> Option<Proportion> {
    Proportion::new(part, whole)
}

fn overflow() -> Error {
    let message = "what these leads paid does not fit 64 bits: ask for parts of them";
    Error::Precondition { reason: Reason::AmountOverflow, message: message.into() }
}
