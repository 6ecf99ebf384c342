//! Stored events, as a table.

use sea_orm::{DeriveIden, FromQueryResult};

/// Stored events.
#[derive(Clone, Copy, DeriveIden)]
pub(super) enum WebhookEvents {
    Table,
    Seq,
    SourceId,
    EventId,
    ApiVersion,
    Kind,
    CreatedAt,
    Outcome,
    Reason,
    Message,
    Object,
    Batch,
}

/// Transactions.
#[derive(Clone, Copy, DeriveIden)]
pub(super) enum Batches {
    Table,
    Id,
    RecordedAt,
}

/// One event, with the time at which it was stored.
#[derive(Debug, FromQueryResult)]
pub(super) struct Row {
    pub(super) seq: i64,
    pub(super) source_id: i64,
    pub(super) event_id: String,
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) created_at: i64,
    pub(super) outcome: String,
    pub(super) reason: Option<String>,
    pub(super) message: Option<String>,
    pub(super) object: Option<String>,
    pub(super) recorded_at: Option<i64>,
}
