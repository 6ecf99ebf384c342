//! Counts marks, and finds what waits.

use super::Confidence;
use crate::db::Database;
use crate::error::Error;
use std::collections::BTreeMap;
use takings_core::money::Currency;
use takings_core::time::Timestamp;
use takings_core::unconfirmed::Reason;

/// The number of the newest transaction.
pub(super) async fn newest_batch(database: &Database) -> Result<i64, Error> {
    let text = "select coalesce(max(id), 0) as newest from batches";
    let rows = database.fetch("newest_batch", text, Vec::new()).await?;
    Ok(rows.first().map(|row| row.try_get("", "newest")).transpose()?.unwrap_or(0))
}

/// When the oldest customer was recorded that waits for a coupon although it has come in.
pub(super) async fn oldest_waiting(database: &Database) -> Result<Option<Timestamp>, Error> {
    let text = "select min(b.recorded_at) as since
        from waiting w join batches b on b.id = w.batch
        where exists (select 1 from facts f
                      where f.source_id = w.source_id and f.object = w.needs)";
    let rows = database.fetch("settled_through", text, Vec::new()).await?;
    let since: Option<i64> =
        rows.first().map(|row| row.try_get("", "since")).transpose()?.flatten();
    Ok(since.map(Timestamp))
}

/// Counts marked objects, each once a reason, and the MRR they hold now.
pub(super) async fn count(database: &Database, now: Timestamp) -> Result<Confidence, Error> {
    Ok(Confidence { counts: counts(database).await?, held: held(database, now).await? })
}

async fn counts(database: &Database) -> Result<BTreeMap<(Reason, Option<Currency>), i64>, Error> {
    let text = "select u.reason, coalesce(p.currency, s.currency, i.currency, r.currency,
            d.currency, '') as currency, count(*) as objects
        from (select distinct source_id, object, reason from unconfirmed) u
        left join payments p on p.source_id = u.source_id and p.id = u.object
        left join subscriptions s on s.source_id = u.source_id and s.id = u.object
            and p.id is null
        left join invoices i on i.source_id = u.source_id and i.id = u.object
            and p.id is null and s.id is null
        left join refunds r on r.source_id = u.source_id and r.id = u.object
            and p.id is null and s.id is null and i.id is null
        left join disputes d on d.source_id = u.source_id and d.id = u.object
            and p.id is null and s.id is null and i.id is null and r.id is null
        group by u.reason, coalesce(p.currency, s.currency, i.currency, r.currency,
            d.currency, '')";
    let mut counts = BTreeMap::new();
    for row in database.fetch("unconfirmed", text, Vec::new()).await? {
        let (reason, currency): (String, String) =
            (row.try_get("", "reason")?, row.try_get("", "currency")?);
        let reason = Reason::parse(&reason)
            .ok_or_else(|| Error::internal(format!("`{reason}` is no reason this binary knows")))?;
        let count: i64 = row.try_get("", "objects")?;
        *counts.entry((reason, Currency::parse(&currency).ok())).or_default() += count;
    }
    Ok(counts)
}

async fn held(database: &Database, now: Timestamp) -> Result<BTreeMap<Currency, i64>, Error> {
    let text = "select p.currency, cast(sum(p.units) as bigint) as units
        from (select distinct u.source_id, u.object from unconfirmed u) m
        cross join subscriptions s
        cross join subscription_points p
        where s.source_id = m.source_id and s.id = m.object
          and p.source_id = s.source_id and p.customer = s.customer and p.subscription = s.id
          and p.units <> 0
          and p.at = (select max(q.at) from subscription_points q
                      where q.source_id = s.source_id and q.customer = s.customer
                        and q.subscription = s.id and q.at <= $1)
        group by p.currency";
    let mut held = BTreeMap::new();
    for row in database.fetch("unconfirmed_mrr", text, vec![now.secs().into()]).await? {
        let currency: Option<String> = row.try_get("", "currency")?;
        if let Some(currency) = currency.and_then(|it| Currency::parse(&it).ok()) {
            held.insert(currency, row.try_get("", "units")?);
        }
    }
    Ok(held)
}
