//! What Stripe lists, taken in page by page.

use super::store;
use crate::app::App;
use crate::error::Error;
use crate::revenue::observe::observed;
use crate::stripe::lists::{self, Created, Page, Question};
use std::collections::BTreeSet;
use takings_core::billing::facts::{BalanceTransaction, State};
use takings_core::reconcile::{Cause, Recovered, Report};
use takings_core::stripe::{Observed, observe};
use takings_core::time::Day;

const TRANSACTIONS: &str = "/balance_transactions";

/// Every balance transaction of the days.
pub(super) async fn transactions(
    app: &App,
    source: i64,
    since: Day,
    until: Day,
) -> Result<Vec<BalanceTransaction>, Error> {
    let mut all = Vec::new();
    let mut pages = Pages::of(TRANSACTIONS, since, until);
    while let Some(page) = pages.next(app).await? {
        for (seen, _) in take_in(app, source, &page).await? {
            if let Some(State::BalanceTransaction(it)) = state(seen) {
                all.push(it);
            }
        }
    }
    Ok(all)
}

/// Takes in every payout of the days; answers those of which no event had come.
pub(super) async fn payouts(
    app: &App,
    source: i64,
    since: Day,
    until: Day,
) -> Result<Vec<Recovered>, Error> {
    let mut recovered = Vec::new();
    let mut pages = Pages::of("/payouts", since, until);
    while let Some(page) = pages.next(app).await? {
        for (seen, new) in take_in(app, source, &page).await? {
            let payout = seen.object.clone();
            if let Some(State::Payout(it)) = state(seen)
                && let (Some(currency), true) = (it.currency, new)
            {
                let (amount, created) = (it.amount, it.created);
                recovered.push(Recovered { payout, amount, currency, created });
            }
        }
    }
    Ok(recovered)
}

/// Takes a page in, but for what the API has shown in the same words before: each run reads the same
/// days again. Answers what it holds, and whether it was new.
async fn take_in(app: &App, source: i64, page: &Page) -> Result<Vec<(Observed, bool)>, Error> {
    let read = page.objects.iter().map(observe).collect::<Result<Vec<_>, _>>();
    let read = read.map_err(|refusal| Error::internal(refusal.message()))?;
    let ids: Vec<&str> = read.iter().map(|seen| seen.object.as_str()).collect();
    let known = store::known(app, source, &ids).await?;
    let shown = |seen: &Observed| known.shown.contains(&(seen.object.clone(), seen.key()));
    let fresh = page.objects.iter().zip(&read).filter(|(_, seen)| !shown(seen));
    let fresh: Vec<_> = fresh.map(|(object, _)| object.clone()).collect();
    observed(app, page.second, &fresh).await?;
    let new = |seen: &Observed| !known.seen.contains(&seen.object);
    Ok(read
        .into_iter()
        .map(|seen| {
            let new = new(&seen);
            (seen, new)
        })
        .collect())
}

/// The most objects that are looked up one by one.
const LOOK_UPS: usize = 200;

/// Takes in what a report misses of objects that were settled on days that were not listed.
/// Answers whether there was anything to look up.
pub(super) async fn look_up(app: &App, source: i64, report: &Report) -> Result<bool, Error> {
    use Cause::{AmountMismatch, EventMissed, NotInStripe};
    let open = report
        .lines
        .iter()
        .filter(|line| matches!(line.cause, AmountMismatch | EventMissed | NotInStripe));
    let open: BTreeSet<&str> = open.map(|line| line.object.as_str()).collect();
    for object in open.iter().take(LOOK_UPS) {
        let question = Question { source: Some(object), ..Question::ALL };
        let page = lists::page(&app.stripe()?.client, TRANSACTIONS, &question).await?;
        take_in(app, source, &page).await?;
    }
    Ok(!open.is_empty())
}

/// The pages of a list.
struct Pages {
    list: &'static str,
    created: Created,
    after: Option<String>,
    over: bool,
}

impl Pages {
    fn of(list: &'static str, since: Day, until: Day) -> Pages {
        let created = Created { gte: Some(since.start().secs()), lt: Some(until.start().secs()) };
        Pages { list, created, after: None, over: false }
    }

    async fn next(&mut self, app: &App) -> Result<Option<Page>, Error> {
        if self.over {
            return Ok(None);
        }
        let question =
            Question { starting_after: self.after.as_deref(), ..Question::made(self.created) };
        let page = lists::page(&app.stripe()?.client, self.list, &question).await?;
        self.after.clone_from(&page.next);
        self.over = page.next.is_none();
        Ok(Some(page))
    }
}

fn state(seen: Observed) -> Option<State> {
    seen.facts.into_iter().next().map(|fact| fact.state)
}
