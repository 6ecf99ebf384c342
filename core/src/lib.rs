//! Every rule of Takings, without IO: no async, no SQL, no protobuf, no clock, no environment.

pub mod affiliate;
pub mod billing;
mod decay;
pub mod hash;
pub mod lead;
pub mod ledger;
pub mod metrics;
pub mod money;
pub mod privacy;
pub mod reconcile;
pub mod stripe;
#[cfg(test)]
mod testing;
pub mod time;
pub mod unconfirmed;
pub mod version;
pub mod violation;
