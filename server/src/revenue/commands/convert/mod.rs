//! Commands, as the contract says them.

mod answers;
mod fields;
mod requests;

pub(super) use answers::answer;
pub(in crate::revenue) use requests::*;
