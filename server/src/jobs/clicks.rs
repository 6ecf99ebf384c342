//! Clicks that are too old to bring anybody: counted by link and day, and dropped.

use crate::affiliate::sales::lock_settlements;
use crate::db::Type::{Int, Text};
use crate::db::{Database, Query, Rows};
use crate::error::Error;
use crate::ingest::{Trouble, transact};
use takings_core::affiliate::Terms;
use takings_core::time::{DAY_MICROS, Day, Timestamp};

/// A click that was stored less long ago stays, however old it is: whoever stores one now is not
/// overtaken.
const SETTLED: i64 = 3_600_000_000;

/// Links that have clicks to drop, after one. A click that a touch or a lead names stays: from it the
/// touch is derived again, explained, and looked at for signs of fraud.
static LINKS: Query = Query::new(
    "links_of_old_clicks",
    "select l.id from {0} cross join affiliate_links l
     where l.id > t0.since and exists (
         select 1 from clicks c
         where c.link = l.id and c.clicked_at < t0.until and c.recorded_at < t0.settled
           and not exists (select 1 from touches t where t.id = c.id)
           and not exists (select 1 from leads n where n.click = c.id))
     order by l.id limit 100",
    &[("since", Text), ("until", Int), ("settled", Int)],
);

static OLDEST: Query = Query::new(
    "oldest_click",
    "select min(c.clicked_at) from {0} cross join clicks c
     where c.link = t0.wanted and c.clicked_at < t0.until and c.recorded_at < t0.settled
       and not exists (select 1 from touches t where t.id = c.id)
       and not exists (select 1 from leads n where n.click = c.id)",
    &[("wanted", Text), ("until", Int), ("settled", Int)],
);

static COUNT: Query = Query::new(
    "count_old_clicks",
    "insert into click_counts (link, day, outcome, clicks, visitors)
     select c.link, t0.day, c.outcome, count(*), count(distinct coalesce(c.visitor, c.id))
     from {0} cross join clicks c
     where c.link = t0.wanted and c.clicked_at >= t0.low and c.clicked_at < t0.high
       and c.recorded_at < t0.settled and not exists (select 1 from touches t where t.id = c.id)
       and not exists (select 1 from leads n where n.click = c.id)
     group by c.link, t0.day, c.outcome
     on conflict (link, day, outcome) do update set
         clicks = click_counts.clicks + excluded.clicks,
         visitors = click_counts.visitors + excluded.visitors",
    &[("wanted", Text), ("day", Int), ("low", Int), ("high", Int), ("settled", Int)],
);

static DROP: Query = Query::new(
    "drop_old_clicks",
    "delete from clicks where id in (
         select c.id from {0} cross join clicks c
         where c.link = t0.wanted and c.clicked_at >= t0.low and c.clicked_at < t0.high
           and c.recorded_at < t0.settled
           and not exists (select 1 from touches t where t.id = c.id)
           and not exists (select 1 from leads n where n.click = c.id))
     returning id",
    &[("wanted", Text), ("low", Int), ("high", Int), ("settled", Int)],
);

static TERMS: Query = Query::new(
    "every_terms",
    "select distinct terms from program_terms where terms <> 'null'",
    &[],
);

/// Counts and drops the clicks of whole days that are older than `keep` days, and than every window in
/// which a click can bring a customer; answers how many were dropped. A transaction holds one day of
/// one link.
///
/// # Errors
///
/// If the database does not answer, or holds what this binary cannot read.
pub async fn drop_clicks(database: &Database, keep: u32, now: Timestamp) -> Result<usize, Error> {
    let keep = i64::from(keep).max(longest_window(database).await?);
    let until = Day(now.day().0.saturating_sub(i32::try_from(keep).unwrap_or(i32::MAX))).start().0;
    let settled = now.0 - SETTLED;
    let (mut dropped, mut last) = (0, String::new());
    loop {
        let mut after = Rows::default();
        after.push([last.as_str().into(), until.into(), settled.into()]);
        let links = transact(database, async |tx| {
            let rows = tx.fetch(&LINKS, &after).await?;
            rows.iter().map(|row| Ok(row.text(0)?)).collect::<Result<Vec<String>, Trouble>>()
        })
        .await?;
        let Some(end) = links.last().cloned() else { return Ok(dropped) };
        for link in &links {
            dropped += drop_of_link(database, link, (until, settled)).await?;
        }
        last = end;
    }
}

/// The most days in which a click can bring a customer, by any terms there ever were.
async fn longest_window(database: &Database) -> Result<i64, Error> {
    let windows = transact(database, async |tx| {
        let rows = tx.fetch(&TERMS, &Rows::default()).await?;
        let read = rows.iter().map(|row| {
            let terms: Terms = serde_json::from_str(&row.text(0)?)
                .map_err(|it| Trouble::Unreadable { what: "terms", why: it.to_string() })?;
            Ok(terms.attribution.window_days)
        });
        read.collect::<Result<Vec<i64>, Trouble>>()
    });
    Ok(windows.await?.into_iter().max().unwrap_or(0))
}

async fn drop_of_link(
    database: &Database,
    link: &str,
    (until, settled): (i64, i64),
) -> Result<usize, Error> {
    let mut dropped = 0;
    loop {
        let found = transact(database, async |tx| {
            lock_settlements(tx).await?;
            let mut row = Rows::default();
            row.push([link.into(), until.into(), settled.into()]);
            let oldest = tx.fetch(&OLDEST, &row).await?;
            let oldest = oldest.first().map(|row| row.opt_int(0)).transpose()?.flatten();
            let Some(oldest) = oldest else { return Ok(None) };
            let day = oldest.div_euclid(DAY_MICROS);
            let (low, high) = (day * DAY_MICROS, ((day + 1) * DAY_MICROS).min(until));
            let mut row = Rows::default();
            row.push([link.into(), day.into(), low.into(), high.into(), settled.into()]);
            tx.fetch(&COUNT, &row).await?;
            let mut row = Rows::default();
            row.push([link.into(), low.into(), high.into(), settled.into()]);
            Ok::<_, Trouble>(Some(tx.fetch(&DROP, &row).await?.len()))
        });
        match found.await? {
            Some(count) => dropped += count,
            None => return Ok(dropped),
        }
    }
}
