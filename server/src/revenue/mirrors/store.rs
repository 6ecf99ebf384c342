//! Queries over the mirrors. Pages go by key; lists of keys are grouped by source, so that both
//! databases answer them from an index.

use super::entity::{
    Batches, Column, KeyRow, MarkRow, MemberRow, Objects, Row, Sources, SubscriptionPoints, Table,
    Unconfirmed, WorthRow,
};
use super::{Filter, Key, Worth};
use sea_orm::sea_query::{
    Condition, Expr, ExprTrait, Func, IntoColumnRef, Order, Query, SelectStatement, SimpleExpr,
};
use sea_orm::{DatabaseBackend, DatabaseConnection, DbErr, FromQueryResult, JoinType};
use std::collections::{BTreeMap, BTreeSet};
use takings_core::billing::facts::Seconds;

/// The most keys in one statement: well below what either database lets one bind.
const CHUNK: usize = 8_000;

/// A page of one table: what the filter lets through after a key, in the order of keys.
pub(super) async fn page(
    db: &DatabaseConnection,
    table: Table,
    filter: &Filter,
    after: Option<&Key>,
    limit: u64,
) -> Result<Vec<Row>, DbErr> {
    let mut found = Found::default();
    if let Some(subscription) = present(&filter.subscription) {
        found.customers = customers_of(db, subscription).await?;
    }
    if let Some(id) = present(&filter.invoice).or(present(&filter.payment)) {
        let members: Vec<KeyRow> = all(db, &members_of(id)).await?;
        found.members = Some(members.into_iter().map(|row| (row.source_id, row.id)).collect());
    }
    if found.members.as_ref().is_some_and(BTreeSet::is_empty) {
        return Ok(Vec::new());
    }
    let mut select = select(db.get_database_backend(), table, filter, &found, after);
    select.limit(limit);
    all(db, &select).await
}

/// What was looked up for a filter that has no index of its own.
#[derive(Default)]
struct Found {
    /// The customers of a subscription: its invoices have the same. Empty: not known.
    customers: Vec<String>,
    /// Everything in the settlement of an invoice or payment.
    members: Option<BTreeSet<Key>>,
}

fn select(
    backend: DatabaseBackend,
    table: Table,
    filter: &Filter,
    found: &Found,
    after: Option<&Key>,
) -> SelectStatement {
    use Column::{Customer, Id, Parent, SourceId, Status};
    let equal = |column, text| present(text).map(|text| Expr::col(column).eq(text));
    let members = found.members.as_ref();
    let conditions = Condition::all()
        .add_option(equal(Customer, &filter.customer))
        .add_option(equal(Status, &filter.status))
        .add_option(equal(Parent, &filter.subscription))
        .add_option(equal(Parent, &filter.invoice))
        .add_option(present(&filter.payment).map(|id| charge(backend).eq(id)))
        .add_option(members.map(|keys| among(SourceId, Id, &grouped(keys))))
        .add_option(after.map(|(source, id)| {
            key().gt(Expr::tuple([Expr::val(*source), Expr::val(id.as_str())]))
        }));
    let mut select = rows(table);
    select.cond_where(conditions);
    if !found.customers.is_empty() {
        select.and_where(Expr::col(Customer).is_in(found.customers.iter().map(String::as_str)));
    }
    select.order_by(SourceId, Order::Asc).order_by(Id, Order::Asc);
    select
}

/// The objects of an id, in some sources.
pub(super) async fn find(
    db: &DatabaseConnection,
    table: Table,
    sources: &[i64],
    id: &str,
) -> Result<Vec<Row>, DbErr> {
    let mut select = rows(table);
    select
        .and_where(Expr::col(Column::SourceId).is_in(sources.iter().copied()))
        .and_where(Expr::col(Column::Id).eq(id))
        .order_by(Column::SourceId, Order::Asc)
        .limit(2);
    all(db, &select).await
}

/// The marks on some objects: of each reason the first recorded.
pub(super) async fn marks(
    db: &DatabaseConnection,
    objects: &BTreeSet<Key>,
) -> Result<Vec<MarkRow>, DbErr> {
    use Unconfirmed::{Batch, Object, Reason, SourceId};
    let mut marks = Vec::new();
    for keys in chunks(objects) {
        let mut select = Query::select();
        let recorded = Func::min(Expr::col((Batches::Table, Batches::RecordedAt)));
        select
            .columns([SourceId, Object, Reason].map(|column| (Unconfirmed::Table, column)))
            .expr_as(recorded, "recorded_at")
            .from(Unconfirmed::Table)
            .inner_join(
                Batches::Table,
                Expr::col((Batches::Table, Batches::Id)).equals((Unconfirmed::Table, Batch)),
            )
            .cond_where(among((Unconfirmed::Table, SourceId), (Unconfirmed::Table, Object), &keys))
            .group_by_columns(
                [SourceId, Object, Reason].map(|column| (Unconfirmed::Table, column)),
            );
        marks.extend(all(db, &select).await?);
    }
    Ok(marks)
}

/// The payments that share a settlement with some invoices: charges, intents, and the payments
/// of invoices that join them.
pub(super) async fn payers(
    db: &DatabaseConnection,
    invoices: &BTreeSet<Key>,
) -> Result<Vec<MemberRow>, DbErr> {
    let mut payers = Vec::new();
    for keys in chunks(invoices) {
        payers.extend(all(db, &payers_of(&keys)).await?);
    }
    Ok(payers)
}

fn payers_of(keys: &BTreeMap<i64, Vec<&str>>) -> SelectStatement {
    let mut select = Query::select();
    select
        .expr_as(Expr::col(("o", Objects::SourceId)), "source_id")
        .expr_as(Expr::col(("o", Objects::Id)), "object")
        .expr_as(Expr::col(("m", Objects::Id)), "member")
        .from_as(Objects::Table, "o")
        .join_as(JoinType::InnerJoin, Objects::Table, "m", same_settlement())
        .cond_where(among(("o", Objects::SourceId), ("o", Objects::Id), keys))
        .and_where(Expr::col(("m", Objects::Kind)).is_in([
            "charge",
            "payment_intent",
            "invoice_payment",
        ]));
    select
}

/// What subscriptions are worth at an instant, by their own ids or by their customers'. One that
/// has not begun by then is left out.
pub(super) async fn worths(
    db: &DatabaseConnection,
    by: Worth,
    keys: &BTreeSet<Key>,
    now: Seconds,
) -> Result<Vec<WorthRow>, DbErr> {
    let mut worths = Vec::new();
    for keys in chunks(keys) {
        worths.extend(all(db, &worths_of(by, &keys, now)).await?);
    }
    Ok(worths)
}

fn worths_of(by: Worth, keys: &BTreeMap<i64, Vec<&str>>, now: Seconds) -> SelectStatement {
    use SubscriptionPoints::{At, Currency, Customer, SourceId, Subscription, Table, Units};
    let by = match by {
        Worth::OfSubscription => Column::Id,
        Worth::OfCustomer => Column::Customer,
    };
    let of_subscription = |point: &'static str| {
        Condition::all()
            .add(Expr::col((point, SourceId)).equals(("s", Column::SourceId)))
            .add(Expr::col((point, Customer)).equals(("s", Column::Customer)))
            .add(Expr::col((point, Subscription)).equals(("s", Column::Id)))
    };
    let mut last = Query::select();
    last.expr(Func::max(Expr::col(("q", At))))
        .from_as(Table, "q")
        .cond_where(of_subscription("q"))
        .and_where(Expr::col(("q", At)).lte(now));
    let in_force = of_subscription("p").add(Expr::col(("p", At)).eq(SimpleExpr::from(last)));
    let mut select = Query::select();
    select
        .expr_as(Expr::col(("s", Column::SourceId)), "source_id")
        .expr_as(Expr::col(("s", by)), "id")
        .expr_as(Expr::col(("p", Units)), "units")
        .expr_as(Expr::col(("p", Currency)), "currency")
        .from_as(super::Table::Subscriptions, "s")
        .join_as(JoinType::InnerJoin, Table, "p", in_force)
        .cond_where(among(("s", Column::SourceId), ("s", by), keys));
    select
}

/// The customers that a subscription is known to have: its invoices have the same, and are found
/// by them without an index of their own.
async fn customers_of(db: &DatabaseConnection, subscription: &str) -> Result<Vec<String>, DbErr> {
    let mut select = rows(Table::Subscriptions);
    select
        .and_where(Expr::col(Column::SourceId).in_subquery(sources()))
        .and_where(Expr::col(Column::Id).eq(subscription));
    let found: Vec<Row> = all(db, &select).await?;
    Ok(found.into_iter().filter_map(|row| row.customer).collect())
}

fn rows(table: Table) -> SelectStatement {
    use Column::{Content, Customer, Deleted, Id, Parent, Personal, SourceId, Status};
    let mut select = Query::select();
    select
        .columns([SourceId, Id, Customer, Parent, Status, Deleted, Content, Personal])
        .from(table);
    select
}

fn key() -> SimpleExpr {
    Expr::tuple([Expr::col(Column::SourceId), Expr::col(Column::Id)])
}

fn present(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// Everything in the settlement of an object.
fn members_of(id: &str) -> SelectStatement {
    let mut members = Query::select();
    members
        .columns([("m", Objects::SourceId), ("m", Objects::Id)])
        .from_as(Objects::Table, "o")
        .join_as(JoinType::InnerJoin, Objects::Table, "m", same_settlement())
        .and_where(Expr::col(("o", Objects::SourceId)).in_subquery(sources()))
        .and_where(Expr::col(("o", Objects::Id)).eq(id));
    members
}

fn same_settlement() -> Condition {
    Condition::all()
        .add(Expr::col(("m", Objects::SourceId)).equals(("o", Objects::SourceId)))
        .add(Expr::col(("m", Objects::Settlement)).equals(("o", Objects::Settlement)))
}

fn sources() -> SelectStatement {
    Query::select().column(Sources::Id).from(Sources::Table).to_owned()
}

/// The charge that a refund or dispute names, out of its content.
fn charge(backend: DatabaseBackend) -> SimpleExpr {
    match backend {
        DatabaseBackend::Postgres => Expr::cust("cast(content as json) ->> 'charge'"),
        _ => Expr::cust("content ->> 'charge'"),
    }
}

/// Keys, as (source = ... and id in (...)) for each source.
fn among<S, I>(source: S, id: I, keys: &BTreeMap<i64, Vec<&str>>) -> Condition
where
    S: IntoColumnRef + Clone,
    I: IntoColumnRef + Clone,
{
    let of_source = |(number, ids): (&i64, &Vec<&str>)| {
        let source = Expr::col(source.clone()).eq(*number);
        source.and(Expr::col(id.clone()).is_in(ids.iter().copied()))
    };
    keys.iter().map(of_source).fold(Condition::any(), Condition::add)
}

/// Keys in parts that one statement can hold, each by source.
fn chunks(keys: &BTreeSet<Key>) -> impl Iterator<Item = BTreeMap<i64, Vec<&str>>> {
    let keys: Vec<&Key> = keys.iter().collect();
    let chunks: Vec<_> = keys.chunks(CHUNK).map(|it| grouped(it.iter().copied())).collect();
    chunks.into_iter()
}

fn grouped<'a>(keys: impl IntoIterator<Item = &'a Key>) -> BTreeMap<i64, Vec<&'a str>> {
    let mut grouped: BTreeMap<i64, Vec<&str>> = BTreeMap::new();
    for (source, id) in keys {
        grouped.entry(*source).or_default().push(id);
    }
    grouped
}

async fn all<T: FromQueryResult>(
    db: &DatabaseConnection,
    select: &SelectStatement,
) -> Result<Vec<T>, DbErr> {
    T::find_by_statement(db.get_database_backend().build(select)).all(db).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Database, Options};
    use sea_orm::sea_query::SqliteQueryBuilder;
    use sea_orm::{ConnectionTrait, Statement};

    async fn plan(database: &Database, select: &SelectStatement) -> String {
        let text = format!("explain query plan {}", select.to_string(SqliteQueryBuilder));
        let statement = Statement::from_string(database.kind.into(), text);
        let rows = database.read.query_all_raw(statement).await.unwrap();
        let lines = rows.iter().map(|row| row.try_get::<String>("", "detail").unwrap());
        lines.collect::<Vec<_>>().join("; ")
    }

    fn page(table: Table, filter: Filter, members: bool) -> SelectStatement {
        let keys = || BTreeSet::from([(1, "a".to_owned()), (2, "b".to_owned())]);
        let customers = if filter.subscription.is_empty() { vec![] } else { vec!["c".into()] };
        let found = Found { customers, members: members.then(keys) };
        select(DatabaseBackend::Sqlite, table, &filter, &found, Some(&(1, "x".into())))
    }

    #[tokio::test]
    async fn what_users_filter_by_is_found_by_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("t.db").display());
        let options = Options::new(url);
        let database = Database::open(&options).await.unwrap();
        database.migrate().await.unwrap();
        let (id, none) = (|| "x".to_owned(), Filter::default);
        let two = BTreeSet::from([(1, "a".to_owned()), (1, "b".to_owned())]);
        let keys = grouped(&two);
        for (select, expected) in [
            (page(Table::Customers, none(), false), "autoindex_customers_1 ((source_id,id)>(?,?))"),
            (
                page(Table::Payments, Filter { customer: id(), ..none() }, false),
                "payments_customer (customer=? AND (source_id,id)>(?,?))",
            ),
            (
                page(Table::Invoices, Filter { subscription: id(), ..none() }, false),
                "invoices_customer (customer=? AND (source_id,id)>(?,?))",
            ),
            (
                page(Table::Payments, Filter { invoice: id(), ..none() }, true),
                "autoindex_payments_1 (source_id=? AND id=?)",
            ),
            (
                page(Table::Refunds, Filter { payment: id(), ..none() }, true),
                "autoindex_refunds_1 (source_id=? AND id=?)",
            ),
            (
                page(Table::Subscriptions, Filter { status: id(), ..none() }, false),
                "subscriptions_status (status=? AND (source_id,id)>(?,?))",
            ),
            (members_of("x"), "objects_settlement (source_id=? AND settlement=?)"),
            (payers_of(&keys), "objects_settlement (source_id=? AND settlement=?)"),
            (worths_of(Worth::OfSubscription, &keys, 5), "AND subscription=? AND at=?)"),
            (worths_of(Worth::OfCustomer, &keys, 5), "AND subscription=? AND at<?)"),
        ] {
            let plan = plan(&database, &select).await;
            assert!(plan.contains(expected), "{expected}: {plan}");
            assert!(!plan.contains("SCAN"), "{plan}");
        }
    }
}
