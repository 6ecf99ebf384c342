//! Queries over transfers.

use super::entity::{Batches, RevenueEntries, Row, Sources};
use super::{Filter, Place};
use sea_orm::sea_query::{
    Condition, Expr, ExprTrait, Func, Order, Query, SelectStatement, SimpleExpr,
};
use sea_orm::{DatabaseConnection, DbErr, FromQueryResult};

/// The columns that transfers are ordered by.
const ORDER: [RevenueEntries; 5] = [
    RevenueEntries::OccurredAt,
    RevenueEntries::SourceId,
    RevenueEntries::Object,
    RevenueEntries::Target,
    RevenueEntries::Revision,
];

/// A page: what the filter lets through after a place, the earliest in business time first.
pub(super) async fn page(
    db: &DatabaseConnection,
    filter: &Filter,
    after: Option<&Place>,
    limit: u64,
) -> Result<Vec<Row>, DbErr> {
    use RevenueEntries::{Customer, Kind, Object, OccurredAt, SourceId};
    let Filter { customer, kind, account, object, occurred } = filter;
    let mut select = rows();
    if !object.is_empty() {
        let sources = Query::select().column(Sources::Id).from(Sources::Table).to_owned();
        select.and_where(column(SourceId).in_subquery(sources));
    }
    let equal = [(Customer, customer), (Kind, kind), (Object, object)];
    for (place, text) in equal.into_iter().filter(|(_, text)| !text.is_empty()) {
        select.and_where(column(place).eq(text.as_str()));
    }
    if !account.is_empty() {
        let sides = [RevenueEntries::Debit, RevenueEntries::Credit];
        select.cond_where(
            sides.iter().fold(Condition::any(), |any, side| any.add(is(*side, account))),
        );
    }
    if let Some(start) = occurred.start {
        select.and_where(column(OccurredAt).gte(start));
    }
    if let Some(end) = occurred.end {
        select.and_where(column(OccurredAt).lt(end));
    }
    if let Some(after) = after {
        select.and_where(later(after));
    }
    ORDER.iter().for_each(|place| {
        select.order_by((RevenueEntries::Table, *place), Order::Asc);
    });
    select.limit(limit);
    Row::find_by_statement(db.get_database_backend().build(&select)).all(db).await
}

/// Whether a side is an account, or a part of it: `tax_payable` holds `tax_payable:txr_1`.
/// `like` would ignore case on one of the databases, and ranges depend on collations.
fn is(side: RevenueEntries, account: &str) -> Condition {
    let parts = format!("{account}:");
    let length = i32::try_from(parts.chars().count()).unwrap_or(i32::MAX);
    let head = [column(side), Expr::val(1), Expr::val(length)];
    let head = SimpleExpr::from(Func::cust("substr").args(head));
    Condition::any().add(column(side).eq(account)).add(head.eq(parts))
}

fn later((occurred, source, object, target, revision): &Place) -> SimpleExpr {
    let last = [
        Expr::val(*occurred),
        Expr::val(*source),
        Expr::val(object.as_str()),
        Expr::val(*target),
        Expr::val(*revision),
    ];
    Expr::tuple(ORDER.map(column)).gt(Expr::tuple(last))
}

fn column(column: RevenueEntries) -> SimpleExpr {
    Expr::col((RevenueEntries::Table, column))
}

fn rows() -> SelectStatement {
    use RevenueEntries::{
        Amount, Batch, Credit, Currency, Customer, Debit, Event, Kind, Object, OccurredAt,
        Revision, SourceId, Table, Target,
    };
    let own = [
        SourceId, Object, Target, Revision, Kind, Debit, Credit, Currency, Amount, OccurredAt,
        Customer, Event,
    ];
    let mut select = Query::select();
    select
        .columns(own.map(|column| (Table, column)))
        .column((Batches::Table, Batches::RecordedAt))
        .from(Table)
        .left_join(Batches::Table, Expr::col((Batches::Table, Batches::Id)).equals((Table, Batch)));
    select
}
