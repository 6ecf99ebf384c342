//! The current state of Stripe's objects, for readers: one table a kind, all of one shape.

use crate::schema::apply;
use sea_orm_migration::prelude::*;

/// The mirrored kinds.
const TABLES: [&str; 6] =
    ["customers", "subscriptions", "invoices", "payments", "refunds", "disputes"];

const SHAPE: &str = "
    create table {table} (
        source_id bigint not null,
        id text not null,
        customer text,
        parent text,
        status text,
        currency text,
        amount bigint not null,
        created_at bigint not null,
        deleted bigint not null,
        content text not null,
        personal text,
        key_id text,
        event text not null,
        batch bigint not null,
        primary key (source_id, id)
    );
    create index {table}_customer on {table} (customer, source_id, id)
        where customer is not null;
    ";

/// Dunning lists subscriptions by status; they are few, and seldom change.
const STATUS: &str = "create index subscriptions_status on subscriptions (status, source_id, id);";

/// The change.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            apply(manager, &SHAPE.replace("{table}", table)).await?;
        }
        apply(manager, STATUS).await?;
        Ok(())
    }
}
