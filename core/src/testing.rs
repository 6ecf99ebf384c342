//! What several tests need.

use proptest::prelude::*;
use std::fmt::Debug;

/// A list, and the same in another order.
pub(crate) fn shuffled<T: Clone + Debug>(
    list: impl Strategy<Value = Vec<T>>,
) -> impl Strategy<Value = (Vec<T>, Vec<T>)> {
    list.prop_flat_map(|list| (Just(list.clone()), Just(list).prop_shuffle()))
}
