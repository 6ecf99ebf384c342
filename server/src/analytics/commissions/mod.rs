//! What commissions add up to, over all programs.

mod store;

pub(super) use store::sums;
