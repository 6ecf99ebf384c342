//! What the ledger holds of Stripe's accounts, and the reports that were made.

use super::{Asked, Reconciliation};
use crate::app::App;
use crate::error::Error;
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement, Value};
use std::collections::{BTreeMap, BTreeSet};
use takings_core::billing::facts::{BalanceTransaction, Fact, State};
use takings_core::money::Currency;
use takings_core::reconcile::{Account, Books, MARGIN, Posted};
use takings_core::time::{Day, Timestamp};

/// The settlements of a source that moved Stripe's accounts between two instants.
const TOUCHED: &str = "select o.settlement from revenue_entries e
    join objects o on o.source_id = e.source_id and o.id = e.object
    where e.source_id = $1 and e.occurred_at >= $2 and e.occurred_at < $3
      and (e.debit in ('stripe_balance', 'stripe_pending')
           or e.credit in ('stripe_balance', 'stripe_pending'))";

/// Reads everything of the settlements that moved Stripe's accounts on the days.
pub(super) async fn read(
    app: &App,
    source: i64,
    asked: &Asked,
    books: &mut Books,
) -> Result<(), Error> {
    let since = Day(asked.first.0 - MARGIN);
    let values = [source.into(), since.start().0.into(), asked.end.start().0.into()];
    members(app, values.clone(), books).await?;
    books.posted = posted(app, values).await?;
    Ok(())
}

/// The balance transactions of those settlements, every object of them that was seen, and whose
/// money their refunds name.
async fn members(app: &App, values: [Value; 3], books: &mut Books) -> Result<(), Error> {
    let members = format!(
        "select m.id, f.content from objects m
         left join facts f on f.source_id = m.source_id and f.object = m.id
              and m.kind in ('balance_transaction', 'refund')
         where m.source_id = $1 and m.kind is not null and m.settlement in ({TOUCHED})
         order by m.id, f.second"
    );
    let mut known: BTreeMap<String, BalanceTransaction> = BTreeMap::new();
    (books.seen, books.charges) = Default::default();
    for row in rows(app, &members, values).await? {
        let id: String = row.try_get_by_index(0)?;
        if let Some(content) = row.try_get_by_index::<Option<String>>(1)? {
            match serde_json::from_str::<Fact>(&content).map_err(Error::internal)?.state {
                State::BalanceTransaction(it) => drop(known.insert(id.clone(), it)),
                State::Refund(it) => {
                    books.charges.extend(it.charge.map(|charge| (id.clone(), charge)));
                }
                _ => {}
            }
        }
        books.seen.insert(id);
    }
    books.known = known.into_values().collect();
    Ok(())
}

/// What those settlements have posted to Stripe's accounts, by day.
async fn posted(app: &App, values: [Value; 3]) -> Result<Vec<Posted>, Error> {
    let side = |side: &str, sign: &str| {
        format!(
            "select e.object, e.{side}, e.currency, e.occurred_at / 86400000000,
                    cast(sum({sign}e.amount) as bigint)
             from objects m join revenue_entries e
                  on e.source_id = m.source_id and e.object = m.id
             where m.source_id = $1 and m.settlement in ({TOUCHED})
               and e.{side} in ('stripe_balance', 'stripe_pending')
             group by e.object, e.{side}, e.currency, e.occurred_at / 86400000000"
        )
    };
    let posted = format!("{} union all {}", side("debit", ""), side("credit", "-"));
    rows(app, &posted, values).await?.iter().map(posting).collect()
}

fn posting(row: &QueryResult) -> Result<Posted, Error> {
    let account: String = row.try_get_by_index(1)?;
    let currency: String = row.try_get_by_index(2)?;
    let day: i64 = row.try_get_by_index(3)?;
    Ok(Posted {
        object: row.try_get_by_index(0)?,
        account: match account.as_str() {
            "stripe_balance" => Account::StripeBalance,
            _ => Account::StripePending,
        },
        currency: Currency::parse(&currency).map_err(Error::internal)?,
        day: Day(i32::try_from(day).map_err(Error::internal)?),
        amount: row.try_get_by_index(4)?,
    })
}

/// What is known of some objects.
#[derive(Default)]
pub(super) struct Known {
    /// Those that were seen themselves.
    pub(super) seen: BTreeSet<String>,
    /// What the API has shown of them: the object and the observation's key.
    pub(super) shown: BTreeSet<(String, String)>,
}

/// What is known of the objects of those ids.
pub(super) async fn known(app: &App, source: i64, ids: &[&str]) -> Result<Known, Error> {
    if ids.is_empty() {
        return Ok(Known::default());
    }
    let places: Vec<String> = (0..ids.len()).map(|place| format!("${}", place + 2)).collect();
    let select = format!(
        "select o.id, f.event from objects o
         left join facts f on f.source_id = o.source_id and f.object = o.id and f.fetched = 1
         where o.source_id = $1 and o.kind is not null and o.id in ({})",
        places.join(", ")
    );
    let values = std::iter::once(source.into()).chain(ids.iter().map(|id| (*id).into()));
    let mut known = Known::default();
    for row in rows(app, &select, values).await? {
        let id: String = row.try_get_by_index(0)?;
        known.seen.insert(id.clone());
        known.shown.extend(row.try_get_by_index::<Option<String>>(1)?.map(|key| (id, key)));
    }
    Ok(known)
}

/// The report of an id.
pub(super) async fn find(app: &App, id: &str) -> Result<Option<Reconciliation>, Error> {
    let select = "select r.id, s.name, r.first_day, r.end_day, r.ran_at, r.content
                  from reconciliations r join sources s on s.id = r.source_id where r.id = $1";
    let found = rows(app, select, [id.into()]).await?;
    let Some(row) = found.first() else { return Ok(None) };
    let day =
        |place| Ok::<_, Error>(Day(i32::try_from(int(row, place)?).map_err(Error::internal)?));
    let content: String = row.try_get_by_index(5)?;
    Ok(Some(Reconciliation {
        id: row.try_get_by_index(0)?,
        source: row.try_get_by_index(1)?,
        first: day(2)?,
        end: day(3)?,
        ran_at: Timestamp(int(row, 4)?),
        report: serde_json::from_str(&content).map_err(Error::internal)?,
    }))
}

fn int(row: &QueryResult, place: usize) -> Result<i64, DbErr> {
    row.try_get_by_index(place)
}

/// Stores a report, unless there is one of its id.
pub(super) async fn insert(app: &App, it: &Reconciliation) -> Result<(), Error> {
    let insert = "insert into reconciliations
                  (id, source_id, first_day, end_day, ran_at, green, content)
                  values ($1, $2, $3, $4, $5, $6, $7) on conflict (id) do nothing";
    let source = app.sources.number(&it.source).await?;
    let content = serde_json::to_string(&it.report).map_err(Error::internal)?;
    let values: [Value; 7] = [
        it.id.as_str().into(),
        source.into(),
        i64::from(it.first.0).into(),
        i64::from(it.end.0).into(),
        it.ran_at.0.into(),
        i64::from(it.report.is_green()).into(),
        content.into(),
    ];
    let statement = Statement::from_sql_and_values(app.database.kind.into(), insert, values);
    app.database.execute(statement).await?;
    Ok(())
}

/// What was just written must be seen, so the database that is written to is asked.
async fn rows(
    app: &App,
    select: &str,
    values: impl IntoIterator<Item = Value>,
) -> Result<Vec<QueryResult>, DbErr> {
    let statement = Statement::from_sql_and_values(app.database.kind.into(), select, values);
    app.database.write.query_all_raw(statement).await
}
