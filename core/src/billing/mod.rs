//! What was billed: facts about Stripe's objects, subscription timelines, MRR and its movements.

pub mod facts;
