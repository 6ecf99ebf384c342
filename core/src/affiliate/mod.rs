//! The affiliate programme: what a click is worth, whom a customer belongs to, what a sale earns,
//! what comes back, what is paid out.
//!
//! Every rule here is a function of all facts of its aggregate and of the [`Terms`] that were
//! agreed; none depends on the order in which anything was learned. What a rule answers is
//! compared with what is stored, and only the difference is appended.

pub mod attribution;
pub mod calendar;
pub mod click;
pub mod code;
pub mod commission;
pub mod credit;
pub mod decision;
pub mod destination;
pub mod fraud;
pub mod hosts;
pub mod payout;
pub mod sale;
pub mod scanner;
pub mod terms;

pub use calendar::Calendar;
pub use terms::{Terms, Violation};
