//! What a rebuild walks over, and what the state hash reads.

use crate::db::{Database, Query, Type};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, Statement};

/// Settlements after a key.
pub(super) static SETTLEMENTS: Query = Query::new(
    "walk_settlements",
    "select distinct o.source_id, o.settlement from {0} cross join objects o
     where o.settlement is not null
       and (o.source_id > t0.source_id
            or (o.source_id = t0.source_id and o.settlement > t0.settlement))
     order by o.source_id, o.settlement limit 100",
    &[("source_id", Type::Int), ("settlement", Type::Text)],
);

/// Customers after a key: those seen, and those only named by their subscriptions.
pub(super) static CUSTOMERS: Query = Query::new(
    "walk_customers",
    "select c.source_id, c.id from (
        select source_id, id from customers
        union select source_id, customer from subscriptions where customer is not null
     ) c cross join {0}
     where c.source_id > t0.source_id or (c.source_id = t0.source_id and c.id > t0.id)
     order by c.source_id, c.id limit 100",
    &[("source_id", Type::Int), ("id", Type::Text)],
);

/// Settlements after a key whose sales were derived since they changed.
pub(super) static SALES: Query = Query::new(
    "walk_sales",
    "select distinct o.source_id, o.settlement from {0} cross join objects o
     where o.settlement is not null
       and (o.source_id > t0.source_id
            or (o.source_id = t0.source_id and o.settlement > t0.settlement))
       and not exists (select 1 from changed_sales c
                       where c.source_id = o.source_id and c.settlement = o.settlement)
     order by o.source_id, o.settlement limit 100",
    &[("source_id", Type::Int), ("settlement", Type::Text)],
);

/// Customers after a key who are bound to a partner.
pub(super) static BOUND: Query = Query::new(
    "walk_bindings",
    "select distinct b.source_id, b.customer from {0} cross join bindings b
     where b.source_id > t0.source_id
        or (b.source_id = t0.source_id and b.customer > t0.customer)
     order by b.source_id, b.customer limit 100",
    &[("source_id", Type::Int), ("customer", Type::Text)],
);

/// Everything the state hash covers but facts: what each line begins with, and its query.
pub(super) const LINES: [(&str, &str); 9] = [
    (
        "mark",
        "select s.name, u.object, u.reason, cast(u.since as text)
         from unconfirmed u join sources s on s.id = u.source_id",
    ),
    (
        "quarantined",
        "select s.name, e.event_id, e.api_version, coalesce(e.reason, '')
         from webhook_events e join sources s on s.id = e.source_id
         where e.outcome = 'quarantined'",
    ),
    (
        "transfer",
        "select s.name, e.object, e.kind, e.currency, cast(e.day as text), e.low, e.high,
                cast(sum(e.amount) as text)
         from (select source_id, object, kind, currency,
                      (occurred_at - ((occurred_at % 86400000000) + 86400000000) % 86400000000)
                        / 86400000000 as day,
                      case when debit < credit then debit else credit end as low,
                      case when debit < credit then credit else debit end as high,
                      case when debit < credit then amount else -amount end as amount
               from revenue_entries) e
         join sources s on s.id = e.source_id
         group by s.name, e.object, e.kind, e.currency, e.day, e.low, e.high
         having sum(e.amount) <> 0",
    ),
    (
        "measure",
        "select s.name, m.object, m.kind, m.currency, cast(m.day as text),
                cast(sum(m.amount) as text)
         from (select source_id, object, kind, currency, amount,
                      (occurred_at - ((occurred_at % 86400000000) + 86400000000) % 86400000000)
                        / 86400000000 as day
               from measures) m
         join sources s on s.id = m.source_id
         group by s.name, m.object, m.kind, m.currency, m.day
         having sum(m.amount) <> 0",
    ),
    (
        "movement",
        "select s.name, m.customer, m.definition, m.currency, m.kind, cast(m.day as text),
                cast(sum(m.units) as text), cast(sum(m.movements) as text)
         from (select source_id, customer, definition, currency, kind, units, movements,
                      (occurred_at - ((occurred_at % 86400000000) + 86400000000) % 86400000000)
                        / 86400000000 as day
               from mrr_movements) m
         join sources s on s.id = m.source_id
         group by s.name, m.customer, m.definition, m.currency, m.kind, m.day
         having sum(m.units) <> 0 or sum(m.movements) <> 0",
    ),
    (
        "binding",
        "select b.program, s.name, b.customer, b.partner, coalesce(b.link, ''),
                cast(b.terms_version as text), b.rule, cast(b.bound_at as text)
         from bindings b join sources s on s.id = b.source_id",
    ),
    (
        "commission",
        "select c.program, s.name, c.sale, c.partner, c.kind, c.currency,
                cast(c.occurred_at as text), cast(sum(c.amount) as text)
         from commissions c join sources s on s.id = c.source_id
         group by c.program, s.name, c.sale, c.partner, c.kind, c.currency, c.occurred_at
         having sum(c.amount) <> 0",
    ),
    (
        "earning",
        "select e.program, s.name, e.sale, e.partner, e.currency, e.state, e.reason,
                cast(e.amount as text), cast(e.due_at as text)
         from earnings e join sources s on s.id = e.source_id
         where e.reason not in ('other_partner', 'sale_gone')",
    ),
    ("closed", "select cast(coalesce(max(month), -1) as text) from closes"),
];

/// The rows of one kind of line.
pub(super) async fn lines(database: &Database, query: &str) -> Result<Vec<QueryResult>, DbErr> {
    let statement = Statement::from_string(database.kind.into(), query);
    database.write.query_all_raw(statement).await
}

/// A page of stored facts after a key, with their sources' names.
pub(super) static FACTS: Query = Query::new(
    "walk_facts",
    "select f.source_id, f.object, f.second, f.event, f.api_version, f.normaliser, f.fetched,
            f.content, s.name
     from {0} cross join facts f cross join sources s
     where s.id = f.source_id
       and (f.source_id > t0.source_id
            or (f.source_id = t0.source_id and f.object > t0.object))
       and (f.source_id, f.object) in (
            select g.source_id, g.object from facts g
            where g.source_id > t0.source_id
               or (g.source_id = t0.source_id and g.object > t0.object)
            group by g.source_id, g.object order by g.source_id, g.object limit 500)",
    &[("source_id", Type::Int), ("object", Type::Text)],
);

/// Roll-ups that differ from the rows they sum.
pub(super) async fn rollup_differences(database: &Database) -> Result<Vec<String>, DbErr> {
    let day =
        "(occurred_at - ((occurred_at % 86400000000) + 86400000000) % 86400000000) / 86400000000";
    let query = format!(
        "select family, name, currency, cast(period as text) as period,
                cast(sum(amount) as text) as amount
         from (
            select family, name, currency, period, amount from rollups where grain = 0
            union all select 'measure', kind, currency, {day}, -amount from measures
            union all select 'ledger', debit, currency, {day}, -amount from revenue_entries
            union all select 'ledger', credit, currency, {day}, amount from revenue_entries
            union all select 'mrr:' || definition, kind, currency, {day}, -units from mrr_movements
         ) as parts
         group by family, name, currency, period having sum(amount) <> 0
         order by 1, 2, 3, 4 limit 20"
    );
    let rows = lines(database, &query).await?;
    rows.iter()
        .map(|row| {
            let field = |place| row.try_get_by_index::<String>(place);
            Ok(format!(
                "{} {} {} day {}: off by {}",
                field(0)?,
                field(1)?,
                field(2)?,
                field(3)?,
                field(4)?
            ))
        })
        .collect()
}

/// Partners whom the ledger owes something else than their commissions less their payouts.
pub(super) async fn payable_differences(database: &Database) -> Result<Vec<String>, DbErr> {
    let query = "select partner, currency, cast(sum(amount) as text) as amount
         from (
            select partner, currency, amount from commissions
            union all select partner, currency, -amount from payouts where state = 'paid'
            union all select substr(debit, 17), currency, amount from revenue_entries
                where debit like 'partner_payable:%'
            union all select substr(credit, 17), currency, -amount from revenue_entries
                where credit like 'partner_payable:%'
         ) as parts
         group by partner, currency having sum(amount) <> 0
         order by 1, 2 limit 20";
    let rows = lines(database, query).await?;
    rows.iter()
        .map(|row| {
            let field = |place| row.try_get_by_index::<String>(place);
            Ok(format!("partner {} {}: off by {}", field(0)?, field(1)?, field(2)?))
        })
        .collect()
}
