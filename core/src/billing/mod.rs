//! What was billed: facts about Stripe's objects, subscription timelines, MRR and its movements.
//!
//! [`fold`] turns the settled moments of one subscription into [`Point`]s, [`changes`] those
//! into changes of its MRR, and [`movements`] the changes of all of a customer's subscriptions
//! into what is reported.

mod cause;
mod coupons;
mod definition;
mod discount;
mod evaluate;
pub mod facts;
mod fraction;

mod movements;
mod mrr;
mod past;
mod period;
mod point;
mod tax;
mod timeline;

pub use coupons::Coupons;
pub use definition::Definition;
pub use discount::discount_start;
pub(crate) use fraction::half_even;
pub use movements::{Change, Movement, MovementKind, changes, movements};
pub use mrr::{Overflow, UNITS_PER_MINOR};
pub use past::past;
pub use point::{Cause, Context, ItemPoint, Point};
pub use timeline::{Carry, FoldError, Folded, earliest, effective, fold};
