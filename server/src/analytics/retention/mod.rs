//! What became of the customers who had MRR at the start of a range: one row a customer is read.

mod store;

pub(super) use store::cohorts;
