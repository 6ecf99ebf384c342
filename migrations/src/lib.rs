//! Schema changes, one a file, for SQLite and PostgreSQL.
//!
//! The SQL is the same for both but for three words, which [`schema::apply`] fills in: `{bytes}`,
//! `{clustered}` (SQLite keeps such a table in its key's own tree) and `{identity}`.
//! Instants are microseconds since the epoch, days are days since the epoch, both UTC.

pub use sea_orm_migration::prelude::MigratorTrait;
use sea_orm_migration::prelude::*;

mod m0001_inbox;
mod m0002_facts;
mod m0003_mirrors;
mod m0004_movements;
mod m0005_ledger;
mod m0006_rollups;
mod m0007_work;
mod m0008_intents;
mod m0009_reconciliation;
mod m0010_sync;
mod m0011_look_ups;
mod m0012_affiliate;
mod m0013_clicks;
mod m0014_commissions;
mod m0015_affiliate_upkeep;
mod m0016_privacy;
mod m0017_leads;
mod m0018_set_aside;
mod m0019_unclicked_leads;
mod m0020_payers;
mod m0021_lead_clicks;
mod m0022_erased_leads;
mod m0023_intent_modes;
mod m0024_paid_invoices;
mod m0025_coupon_holders;
mod schema;

/// Every schema change, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_inbox::Migration),
            Box::new(m0002_facts::Migration),
            Box::new(m0003_mirrors::Migration),
            Box::new(m0004_movements::Migration),
            Box::new(m0005_ledger::Migration),
            Box::new(m0006_rollups::Migration),
            Box::new(m0007_work::Migration),
            Box::new(m0008_intents::Migration),
            Box::new(m0009_reconciliation::Migration),
            Box::new(m0010_sync::Migration),
            Box::new(m0011_look_ups::Migration),
            Box::new(m0012_affiliate::Migration),
            Box::new(m0013_clicks::Migration),
            Box::new(m0014_commissions::Migration),
            Box::new(m0015_affiliate_upkeep::Migration),
            Box::new(m0016_privacy::Migration),
            Box::new(m0017_leads::Migration),
            Box::new(m0018_set_aside::Migration),
            Box::new(m0019_unclicked_leads::Migration),
            Box::new(m0020_payers::Migration),
            Box::new(m0021_lead_clicks::Migration),
            Box::new(m0022_erased_leads::Migration),
            Box::new(m0023_intent_modes::Migration),
            Box::new(m0024_paid_invoices::Migration),
            Box::new(m0025_coupon_holders::Migration),
        ]
    }
}
