//! Leads: who showed interest, by which address, what they are worth, how far they have come, and
//! what they agreed to.
//!
//! Every rule here is a function of all facts of one lead, whatever the order in which they were
//! learned.

pub mod consent;
pub mod email;
pub mod funnel;
pub mod score;
pub mod stage;
