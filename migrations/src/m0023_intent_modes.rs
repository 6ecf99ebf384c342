//! For which of Stripe's modes a command was asked for: one that was left open is sent to no other.

crate::schema::migration!("alter table intents add column livemode bigint;");
