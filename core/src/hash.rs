//! The state hash.
