//! The mirrors and what stands beside them, as tables.

use sea_orm::{DeriveIden, FromQueryResult};

/// A table of mirrored objects; all have one shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, DeriveIden)]
pub(in crate::revenue) enum Table {
    Customers,
    Subscriptions,
    Invoices,
    Payments,
    Refunds,
    Disputes,
}

/// The columns of every mirror that are read or filtered by.
#[derive(Clone, Copy, Debug, DeriveIden)]
pub(super) enum Column {
    SourceId,
    Id,
    Customer,
    Parent,
    Status,
    Deleted,
    Content,
    Personal,
}

/// One mirrored object.
#[derive(Debug, FromQueryResult)]
pub(super) struct Row {
    pub(super) source_id: i64,
    pub(super) id: String,
    pub(super) customer: Option<String>,
    pub(super) parent: Option<String>,
    pub(super) status: Option<String>,
    pub(super) deleted: i64,
    pub(super) content: String,
    pub(super) personal: Option<String>,
}

/// Which objects belong together.
#[derive(Clone, Copy, DeriveIden)]
pub(super) enum Objects {
    Table,
    SourceId,
    Id,
    Kind,
    Settlement,
}

/// What is not settled.
#[derive(Clone, Copy, DeriveIden)]
pub(super) enum Unconfirmed {
    Table,
    SourceId,
    Object,
    Reason,
    Batch,
}

/// Transactions.
#[derive(Clone, Copy, DeriveIden)]
pub(super) enum Batches {
    Table,
    Id,
    RecordedAt,
}

/// What subscriptions are worth, from instant to instant.
#[derive(Clone, Copy, DeriveIden)]
pub(super) enum SubscriptionPoints {
    Table,
    SourceId,
    Customer,
    Subscription,
    At,
    Units,
    Currency,
}

/// Sources.
#[derive(Clone, Copy, DeriveIden)]
pub(super) enum Sources {
    Table,
    Id,
}

/// One mark.
#[derive(Debug, FromQueryResult)]
pub(super) struct MarkRow {
    pub(super) source_id: i64,
    pub(super) object: String,
    pub(super) reason: String,
    pub(super) recorded_at: i64,
}

/// One subscription's worth.
#[derive(Debug, FromQueryResult)]
pub(super) struct WorthRow {
    pub(super) source_id: i64,
    /// The subscription, or its customer: whichever was asked by.
    pub(super) id: String,
    pub(super) units: i64,
    pub(super) currency: Option<String>,
}

/// A member of the settlement of an object.
#[derive(Debug, FromQueryResult)]
pub(super) struct MemberRow {
    pub(super) source_id: i64,
    pub(super) object: String,
    pub(super) member: String,
}

/// A key alone.
#[derive(Debug, FromQueryResult)]
pub(super) struct KeyRow {
    pub(super) source_id: i64,
    pub(super) id: String,
}
