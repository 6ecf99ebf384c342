//! Queries over the mirrors. Pages go by key; lists of keys are grouped by source, so that both
//! databases answer them from an index.

use super::entity::{
    Batches, Column, MarkRow, MemberRow, Objects, Row, Sources, SubscriptionPoints, Table,
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
    let mut select = rows(table);
    select.cond_where(equal(Column::Customer, &filter.customer));
    select.cond_where(equal(Column::Status, &filter.status));
    if let Some(id) = present(&filter.subscription) {
        select.cond_where(Expr::col(Column::Parent).eq(id));
        let customers = customers_of(db, id).await?;
        if !customers.is_empty() {
            select.cond_where(Expr::col(Column::Customer).is_in(customers));
        }
    }
    if let Some(id) = present(&filter.invoice) {
        select.cond_where(Expr::col(Column::Parent).eq(id)).cond_where(settled_with(id));
    }
    if let Some(id) = present(&filter.payment) {
        select.cond_where(charge(db).eq(id)).cond_where(settled_with(id));
    }
    if let Some((source, id)) = after {
        let last = Expr::tuple([Expr::val(*source), Expr::val(id.as_str())]);
        select.and_where(key().gt(last));
    }
    select.order_by(Column::SourceId, Order::Asc).order_by(Column::Id, Order::Asc).limit(limit);
    all(db, &select).await
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
        let mut select = Query::select();
        select
            .expr_as(Expr::col(("o", Objects::SourceId)), "source_id")
            .expr_as(Expr::col(("o", Objects::Id)), "object")
            .expr_as(Expr::col(("m", Objects::Id)), "member")
            .from_as(Objects::Table, "o")
            .join_as(JoinType::InnerJoin, Objects::Table, "m", same_settlement())
            .cond_where(among(("o", Objects::SourceId), ("o", Objects::Id), &keys))
            .and_where(Expr::col(("m", Objects::Kind)).is_in([
                "charge",
                "payment_intent",
                "invoice_payment",
            ]));
        payers.extend(all(db, &select).await?);
    }
    Ok(payers)
}

/// What subscriptions are worth at an instant, by their own ids or by their customers'. One that
/// has not begun by then is left out.
pub(super) async fn worths(
    db: &DatabaseConnection,
    by: Worth,
    keys: &BTreeSet<Key>,
    now: Seconds,
) -> Result<Vec<WorthRow>, DbErr> {
    use SubscriptionPoints::{At, Currency, Customer, SourceId, Subscription, Units};
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
        .from_as(SubscriptionPoints::Table, "q")
        .cond_where(of_subscription("q"))
        .and_where(Expr::col(("q", At)).lte(now));
    let in_force = of_subscription("p").add(Expr::col(("p", At)).eq(SimpleExpr::from(last)));
    let mut worths = Vec::new();
    for keys in chunks(keys) {
        let mut select = Query::select();
        select
            .expr_as(Expr::col(("s", Column::SourceId)), "source_id")
            .expr_as(Expr::col(("s", by)), "id")
            .expr_as(Expr::col(("p", Units)), "units")
            .expr_as(Expr::col(("p", Currency)), "currency")
            .from_as(Table::Subscriptions, "s")
            .join_as(JoinType::InnerJoin, SubscriptionPoints::Table, "p", in_force.clone())
            .cond_where(among(("s", Column::SourceId), ("s", by), &keys));
        worths.extend(all(db, &select).await?);
    }
    Ok(worths)
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

/// A filter by equality; an empty one lets everything through.
fn equal(column: Column, text: &str) -> Condition {
    let equal = present(text).map(|text| Expr::col(column).eq(text));
    Condition::all().add_option(equal)
}

fn present(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// Keys in the settlement of an object.
fn settled_with(id: &str) -> SimpleExpr {
    let mut members = Query::select();
    members
        .columns([("m", Objects::SourceId), ("m", Objects::Id)])
        .from_as(Objects::Table, "o")
        .join_as(JoinType::InnerJoin, Objects::Table, "m", same_settlement())
        .and_where(Expr::col(("o", Objects::SourceId)).in_subquery(sources()))
        .and_where(Expr::col(("o", Objects::Id)).eq(id));
    key().in_subquery(members)
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
fn charge(db: &DatabaseConnection) -> SimpleExpr {
    match db.get_database_backend() {
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
    let chunks: Vec<BTreeMap<i64, Vec<&str>>> = keys
        .chunks(CHUNK)
        .map(|chunk| {
            let mut grouped: BTreeMap<i64, Vec<&str>> = BTreeMap::new();
            chunk.iter().for_each(|(source, id)| grouped.entry(*source).or_default().push(id));
            grouped
        })
        .collect();
    chunks.into_iter()
}

async fn all<T: FromQueryResult>(
    db: &DatabaseConnection,
    select: &SelectStatement,
) -> Result<Vec<T>, DbErr> {
    T::find_by_statement(db.get_database_backend().build(select)).all(db).await
}
