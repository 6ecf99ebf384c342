//! The fixed texts of the unit of work: what it loads. What it writes is declared in `tables.rs`.

use crate::db::Type::{Int, Text};
use crate::db::{Kind, Query};

/// Opens a batch: its id and the database's time.
pub(super) fn open_batch(kind: Kind) -> &'static Query {
    static POSTGRES: Query = Query::new(
        "open_batch",
        "insert into batches (recorded_at)
         select cast(extract(epoch from clock_timestamp()) * 1000000 as bigint)
         returning id, recorded_at",
        &[],
    );
    static SQLITE: Query = Query::new(
        "open_batch",
        "insert into batches (recorded_at)
         values (cast(unixepoch('subsec') * 1000000 as integer))
         returning id, recorded_at",
        &[],
    );
    match kind {
        Kind::Postgres => &POSTGRES,
        Kind::Sqlite => &SQLITE,
    }
}

/// What is known of some objects: settlement and customer.
pub(super) static LINKS: Query = Query::new(
    "links",
    "select o.source_id, o.id, o.kind, o.settlement, o.customer
     from {0} cross join objects o
     where o.source_id = t0.source_id and o.id = t0.id",
    &[("source_id", Int), ("id", Text)],
);

/// Locks objects and the settlements they belong to until the transaction ends, in the order of
/// their keys, and says which names it locked. The shared lock keeps the monthly close out, which
/// takes it for itself before it declares a month closed.
pub(super) static LOCK: Query = Query::new(
    "lock",
    "with named as materialized (select t0.source_id, t0.id from {0}),
     names as materialized (
        select named.source_id, named.id from named
        union
        select o.source_id, o.settlement from named cross join objects o
        where o.source_id = named.source_id and o.id = named.id and o.settlement is not null
     )
     select k.source_id, k.id, pg_advisory_xact_lock_shared(7415370617) is null,
            pg_advisory_xact_lock(k.key) is null
     from (select source_id, id, hashtextextended(id, source_id) as key from names
           order by 3) k",
    &[("source_id", Int), ("id", Text)],
);

/// Everything known of some settlements, told apart by the first column: 0 a member with one of
/// its facts, 1 a transfer's net, 2 a measure's net, 3 a mark, 4 the newest month closed.
pub(super) static SETTLEMENTS: Query = Query::new(
    "load_settlements",
    "select cast(0 as bigint), o.source_id, o.id, o.kind, o.settlement, o.customer,
            f.second, f.event, f.api_version, f.normaliser, f.fetched, f.content
     from {0} cross join objects o
     left join facts f on f.source_id = o.source_id and f.object = o.id
     where o.source_id = t0.source_id and o.settlement = t0.root
     union all
     select cast(1 as bigint), e.source_id, e.object, e.kind, e.debit, e.credit,
            e.occurred_at, e.currency, '', max(e.revision), cast(sum(e.amount) as bigint), ''
     from {0} cross join objects o cross join revenue_entries e
     where o.source_id = t0.source_id and o.settlement = t0.root
       and e.source_id = o.source_id and e.object = o.id
     group by e.source_id, e.object, e.kind, e.debit, e.credit, e.currency, e.occurred_at
     union all
     select cast(2 as bigint), m.source_id, m.object, m.kind, '', '',
            m.occurred_at, m.currency, '', max(m.revision), cast(sum(m.amount) as bigint), ''
     from {0} cross join objects o cross join measures m
     where o.source_id = t0.source_id and o.settlement = t0.root
       and m.source_id = o.source_id and m.object = o.id
     group by m.source_id, m.object, m.kind, m.currency, m.occurred_at
     union all
     select cast(3 as bigint), u.source_id, u.object, u.reason, '', '', u.since, '', '', 0, 0, ''
     from {0} cross join objects o cross join unconfirmed u
     where o.source_id = t0.source_id and o.settlement = t0.root
       and u.source_id = o.source_id and u.object = o.id
     union all
     select cast(4 as bigint), max(month), '', '', '', '', cast(0 as bigint), '', '', 0, 0, ''
     from closes",
    &[("source_id", Int), ("root", Text)],
);

/// The objects of some settlements, each with its facts.
pub(super) static MEMBERS: Query = Query::new(
    "load_members",
    "select o.source_id, o.settlement, o.id,
            f.second, f.event, f.api_version, f.normaliser, f.fetched, f.content
     from {0} cross join objects o
     left join facts f on f.source_id = o.source_id and f.object = o.id
     where o.source_id = t0.source_id and o.settlement = t0.root",
    &[("source_id", Int), ("root", Text)],
);

/// Facts of long-lived objects around a second: from the last second before it that holds one
/// event only, and is therefore settled by itself.
pub(super) static WINDOWS: Query = Query::new(
    "load_windows",
    "select f.source_id, f.object, f.second, f.event, f.api_version, f.normaliser, f.fetched,
            f.content, f.personal
     from {0} cross join facts f
     where f.source_id = t0.source_id and f.object = t0.id and f.second >= coalesce(
        (select p.second from facts p
         where p.source_id = t0.source_id and p.object = t0.id and p.second < t0.second
         group by p.second having count(*) = 1 and max(p.fetched) = 0
         order by p.second desc limit 1),
        -9223372036854775807)",
    &[("source_id", Int), ("id", Text), ("second", Int)],
);

/// What a customer's subscriptions depend on besides themselves.
pub(super) static CONTEXTS: Query = Query::new(
    "load_contexts",
    "select f.source_id, f.object, f.second, f.event, f.api_version, f.normaliser, f.fetched,
            f.content, o.customer
     from {0} cross join objects o cross join facts f
     where o.source_id = t0.source_id and o.customer = t0.customer
       and o.kind in ('discount', 'item_tax')
       and f.source_id = o.source_id and f.object = o.id",
    &[("source_id", Int), ("customer", Text)],
);

/// The change points of a customer's subscriptions from an instant on, the last one of each
/// subscription before it, and earlier ones that versions since then have made: `+` keeps SQLite
/// from looking for those by `at`, which would be the whole history.
pub(super) static POINTS: Query = Query::new(
    "load_points",
    "select p.source_id, p.customer, p.subscription, p.at, p.content
     from {0} cross join subscription_points p
     where p.source_id = t0.source_id and p.customer = t0.customer and p.at >= t0.start
     union all
     select p.source_id, p.customer, p.subscription, p.at, p.content
     from {0} cross join subscriptions s cross join subscription_points p
     where s.source_id = t0.source_id and s.customer = t0.customer
       and p.source_id = s.source_id and p.customer = s.customer and p.subscription = s.id
       and p.at = (select max(q.at) from subscription_points q
                   where q.source_id = s.source_id and q.customer = s.customer
                     and q.subscription = s.id and q.at < t0.start)
     union all
     select p.source_id, p.customer, p.subscription, p.at, p.content
     from {0} cross join subscriptions s cross join subscription_points p
     where s.source_id = t0.source_id and s.customer = t0.customer
       and p.source_id = s.source_id and p.customer = s.customer and p.subscription = s.id
       and p.second >= t0.start and +p.at < t0.start",
    &[("source_id", Int), ("customer", Text), ("start", Int)],
);

/// Customers who had MRR before an instant.
pub(super) static EVER: Query = Query::new(
    "load_ever",
    "select t0.source_id, t0.customer from {0}
     where exists (select 1 from subscription_points p
                   where p.source_id = t0.source_id and p.customer = t0.customer
                     and p.at < t0.start and p.units > 0)",
    &[("source_id", Int), ("customer", Text), ("start", Int)],
);

/// The movements stored for customers from an instant on, net of their revisions.
pub(super) static MOVEMENTS: Query = Query::new(
    "load_movements",
    "select m.source_id, m.customer, m.occurred_at, m.definition, m.currency, m.kind,
            cast(sum(m.units) as bigint), cast(sum(m.movements) as bigint),
            cast(sum(m.subscribers) as bigint), cast(sum(m.customers) as bigint), max(m.revision)
     from {0} cross join mrr_movements m
     where m.source_id = t0.source_id and m.customer = t0.customer and m.occurred_at >= t0.start
     group by m.source_id, m.customer, m.occurred_at, m.definition, m.currency, m.kind",
    &[("source_id", Int), ("customer", Text), ("start", Int)],
);

/// The measures stored for objects from an instant on, net per target.
pub(super) static MEASURES: Query = Query::new(
    "load_measures",
    "select m.source_id, m.object, m.kind, m.currency, m.occurred_at,
            cast(sum(m.amount) as bigint), max(m.revision)
     from {0} cross join measures m
     where m.source_id = t0.source_id and m.object = t0.id and m.occurred_at >= t0.start
     group by m.source_id, m.object, m.kind, m.currency, m.occurred_at",
    &[("source_id", Int), ("id", Text), ("start", Int)],
);

/// The facts of some coupons, and of what the API showed of coupons and prices.
pub(super) static CATALOGUE: Query = Query::new(
    "load_catalogue",
    "select f.source_id, f.object, f.content, f.second
     from {0} cross join facts f
     where f.source_id = t0.source_id and f.object = t0.id
     order by f.second, f.event",
    &[("source_id", Int), ("id", Text)],
);

/// The customers whose discounts are of some coupons and do not show them.
pub(super) static HOLDERS: Query = Query::new(
    "load_holders",
    "select h.source_id, h.coupon, h.customer
     from {0} cross join coupon_holders h
     where h.source_id = t0.source_id and h.coupon = t0.coupon",
    &[("source_id", Int), ("coupon", Text)],
);

/// The invoices by which subscriptions were paid for.
pub(super) static PAID_INVOICES: Query = Query::new(
    "load_paid_invoices",
    "select i.source_id, i.id, i.parent, i.created_at, i.content
     from {0} cross join invoices i
     where i.source_id = t0.source_id and i.parent = t0.subscription
       and i.status = 'paid' and i.amount > 0",
    &[("source_id", Int), ("subscription", Text)],
);

/// The subscriptions of some customers.
pub(super) static SUBSCRIPTIONS_OF: Query = Query::new(
    "load_subscriptions",
    "select s.source_id, s.customer, s.id
     from {0} cross join subscriptions s
     where s.source_id = t0.source_id and s.customer = t0.customer",
    &[("source_id", Int), ("customer", Text)],
);

/// What became of an event when it was applied again.
pub(super) static REPLAYED: Query = Query::new(
    "replayed",
    "update webhook_events set outcome = t0.outcome, reason = t0.reason, message = t0.message,
            object = t0.object
     from {0}
     where webhook_events.source_id = t0.source_id and webhook_events.event_id = t0.event_id
       and webhook_events.api_version = t0.api_version",
    &[
        ("source_id", Int),
        ("event_id", Text),
        ("api_version", Text),
        ("outcome", Text),
        ("reason", Text),
        ("message", Text),
        ("object", Text),
    ],
);
