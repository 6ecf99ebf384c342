//! Queries over stored events.

use super::Filter;
use super::entity::{Batches, Row, WebhookEvents};
use crate::ingest::Outcome;
use sea_orm::sea_query::{Expr, ExprTrait, Order, Query, SelectStatement, SimpleExpr};
use sea_orm::{DatabaseConnection, DbErr, FromQueryResult};

/// A page: what the filter lets through, received before `before`, the last first.
pub(super) async fn page(
    db: &DatabaseConnection,
    filter: &Filter,
    before: Option<i64>,
    limit: u64,
) -> Result<Vec<Row>, DbErr> {
    use WebhookEvents::{CreatedAt, Kind, Seq};
    let created = || column(CreatedAt);
    let mut select = rows();
    let kind = Some(&filter.kind).filter(|kind| !kind.is_empty());
    let conditions = [
        filter.outcome.map(outcome),
        kind.map(|kind| column(Kind).eq(kind.as_str())),
        filter.created.start.map(|start| created().gte(start)),
        filter.created.end.map(|end| created().lt(end)),
        before.map(|seq| column(Seq).lt(seq)),
    ];
    for condition in conditions.into_iter().flatten() {
        select.and_where(condition);
    }
    select.order_by((WebhookEvents::Table, Seq), Order::Desc).limit(limit);
    all(db, &select).await
}

/// Every shape of an event, in some sources, that of the newest API version first.
pub(super) async fn find(
    db: &DatabaseConnection,
    sources: &[i64],
    id: &str,
) -> Result<Vec<Row>, DbErr> {
    let mut select = rows();
    select
        .and_where(column(WebhookEvents::SourceId).is_in(sources.iter().copied()))
        .and_where(column(WebhookEvents::EventId).eq(id))
        .order_by((WebhookEvents::Table, WebhookEvents::ApiVersion), Order::Desc);
    all(db, &select).await
}

/// The few that are quarantined have an index of their own, which only a literal finds.
fn outcome(outcome: Outcome) -> SimpleExpr {
    match outcome {
        Outcome::Quarantined => Expr::cust("webhook_events.outcome = 'quarantined'"),
        other => column(WebhookEvents::Outcome).eq(other.as_str()),
    }
}

fn column(column: WebhookEvents) -> SimpleExpr {
    Expr::col((WebhookEvents::Table, column))
}

fn rows() -> SelectStatement {
    use WebhookEvents::{
        ApiVersion, Batch, CreatedAt, EventId, Kind, Message, Object, Reason, Seq, SourceId, Table,
    };
    let own = [
        Seq,
        SourceId,
        EventId,
        ApiVersion,
        Kind,
        CreatedAt,
        WebhookEvents::Outcome,
        Reason,
        Message,
        Object,
    ];
    let mut select = Query::select();
    select
        .columns(own.map(|column| (Table, column)))
        .column((Batches::Table, Batches::RecordedAt))
        .from(Table)
        .left_join(Batches::Table, Expr::col((Batches::Table, Batches::Id)).equals((Table, Batch)));
    select
}

async fn all(db: &DatabaseConnection, select: &SelectStatement) -> Result<Vec<Row>, DbErr> {
    Row::find_by_statement(db.get_database_backend().build(select)).all(db).await
}
