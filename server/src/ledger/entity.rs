//! Transfers, as a table.

use sea_orm::{DeriveIden, FromQueryResult};

/// Transfers.
#[derive(Clone, Copy, DeriveIden)]
pub(super) enum RevenueEntries {
    Table,
    SourceId,
    Object,
    Target,
    Revision,
    Kind,
    Debit,
    Credit,
    Currency,
    Amount,
    OccurredAt,
    Customer,
    Event,
    Batch,
}

/// Transactions.
#[derive(Clone, Copy, DeriveIden)]
pub(super) enum Batches {
    Table,
    Id,
    RecordedAt,
}

/// Sources.
#[derive(Clone, Copy, DeriveIden)]
pub(super) enum Sources {
    Table,
    Id,
}

/// One transfer, with the time at which it was written.
#[derive(Debug, Default, FromQueryResult)]
pub(super) struct Row {
    pub(super) source_id: i64,
    pub(super) object: String,
    pub(super) target: i64,
    pub(super) revision: i64,
    pub(super) kind: String,
    pub(super) debit: String,
    pub(super) credit: String,
    pub(super) currency: String,
    pub(super) amount: i64,
    pub(super) occurred_at: i64,
    pub(super) customer: Option<String>,
    pub(super) event: String,
    pub(super) recorded_at: Option<i64>,
}
