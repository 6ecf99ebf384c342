//! Leads: who showed interest, by which address, and what may be believed about it.

pub mod email;
