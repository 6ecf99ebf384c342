//! Rows of `look_ups`, and the marks that are due.

use super::{A_TURN, Asked, Point};
use crate::db::{Database, Query, Rows, Type};
use crate::error::Error;
use crate::ingest::{Trouble, transact};
use takings_core::billing::facts::{Charge, State};
use takings_core::stripe::Question;
use takings_core::time::Timestamp;
use takings_core::unconfirmed::Reason;

/// The name under which a fact that customers wait for is asked.
const NEEDED: &str = "needed";
/// The name under which an object is asked that a thin event named.
const NAMED: &str = "named";

/// Marks that stand since `known`, facts waited for and objects named since then, that are due
/// now; the oldest first. What is named or needed comes by no event, so it does not wait. A fact
/// that came in is waited for until its customers are derived again.
const DUE: &str = "
    select u.object, u.reason, u.batch, coalesce(l.tries, 0) as tries, p.content
    from (select object, reason, min(batch) as batch from unconfirmed
          where source_id = $1
            and reason not in ('coupon_scope', 'tiered_price', 'currency_option')
          group by object, reason
          union all
          select needs, 'needed', min(batch) from waiting w
          where source_id = $1
            and not exists (select 1 from facts f
                            where f.source_id = w.source_id and f.object = w.needs)
          group by needs
          union all
          select object, 'named', batch from wanted where source_id = $1) u
    join batches b on b.id = u.batch
    left join payments p on p.source_id = $1 and p.id = u.object
    left join look_ups l on l.source_id = $1 and l.object = u.object and l.reason = u.reason
    where (b.recorded_at <= $2 or u.reason in ('needed', 'named'))
      and coalesce(l.next_at, 0) <= $3
    order by u.batch, u.object limit $4";

static ASKED: Query = Query::new(
    "look_ups_asked",
    "insert into look_ups (source_id, object, reason, tries, next_at, failure)
     select t0.source_id, t0.object, t0.reason, t0.tries, t0.next_at, t0.failure from {0}
     where true
     on conflict (source_id, object, reason) do update set tries = excluded.tries,
     next_at = excluded.next_at, failure = excluded.failure",
    &[
        ("source_id", Type::Int),
        ("object", Type::Text),
        ("reason", Type::Text),
        ("tries", Type::Int),
        ("next_at", Type::Int),
        ("failure", Type::Text),
    ],
);

/// What no longer stands is asked at once when it is marked again.
static SETTLED: Query = Query::new(
    "look_ups_settled",
    "delete from look_ups
     where not exists (select 1 from unconfirmed u where u.source_id = look_ups.source_id
                       and u.object = look_ups.object and u.reason = look_ups.reason)
       and not exists (select 1 from waiting w where w.source_id = look_ups.source_id
                       and w.needs = look_ups.object and look_ups.reason = 'needed')
       and not exists (select 1 from wanted n where n.source_id = look_ups.source_id
                       and n.object = look_ups.object and look_ups.reason = 'named')",
    &[],
);

/// An object that was shown is no longer wanted, unless it was named again meanwhile.
static SHOWN: Query = Query::new(
    "look_ups_shown",
    "delete from wanted where exists (
        select 1 from {0} where t0.source_id = wanted.source_id and t0.object = wanted.object
          and wanted.batch <= t0.batch)",
    &[("source_id", Type::Int), ("object", Type::Text), ("batch", Type::Int)],
);

/// The points of a source that are due, each with the question that settles it.
pub(super) async fn due(
    database: &Database,
    source: i64,
    now: Timestamp,
    known: Timestamp,
) -> Result<Vec<(Option<Question>, Point)>, Error> {
    let values = vec![source.into(), known.0.into(), now.0.into(), A_TURN.into()];
    let rows = database.primary().fetch("look_ups_due", DUE, values).await?;
    let mut due = Vec::with_capacity(rows.len());
    for row in rows {
        let object: String = row.try_get("", "object")?;
        let reason: String = row.try_get("", "reason")?;
        let content: Option<String> = row.try_get("", "content")?;
        let charge = content.and_then(|content| serde_json::from_str(&content).ok());
        let charge: Option<Charge> = charge.and_then(|state| match state {
            State::Charge(charge) => Some(charge),
            _ => None,
        });
        let question = match Reason::parse(&reason) {
            None if reason == NEEDED => Some(Question::needed(&object)),
            None => Question::newest(&object),
            Some(reason) => Question::about(&object, reason, charge.as_ref()),
        };
        let (batch, tries) = (row.try_get("", "batch")?, row.try_get("", "tries")?);
        due.push((question, Point { object, reason, batch, tries }));
    }
    Ok(due)
}

/// Writes down what was asked, and forgets what no longer stands.
pub(super) async fn record(database: &Database, source: i64, asked: &[Asked]) -> Result<(), Error> {
    let (mut rows, mut shown) = (Rows::default(), Rows::default());
    for Asked { point, next, failure } in asked {
        if point.reason == NAMED && failure.is_none() {
            shown.push([source.into(), point.object.as_str().into(), point.batch.into()]);
        }
        rows.push([
            source.into(),
            point.object.as_str().into(),
            point.reason.as_str().into(),
            (point.tries + 1).into(),
            next.0.into(),
            failure.as_deref().into(),
        ]);
    }
    if rows.is_empty() {
        return Ok(());
    }
    transact(database, async |tx| {
        tx.fetch(&ASKED, &rows).await?;
        tx.fetch(&SHOWN, &shown).await?;
        tx.fetch(&SETTLED, &Rows::default()).await?;
        Ok::<(), Trouble>(())
    })
    .await?;
    Ok(())
}
