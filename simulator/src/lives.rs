//! Short lives: one customer, at most seven events, ties within a second.

use crate::Story;
use crate::world::SimEvent;

/// Stub.
pub fn short_lives(_seed: u64, _count: usize) -> Vec<Vec<SimEvent>> {
    Vec::new()
}
/// Stub.
pub fn short_stories(_seed: u64, _count: usize) -> Vec<Story> {
    Vec::new()
}
