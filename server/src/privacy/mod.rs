//! Personal data: the keys it is sealed under, and what can be done about a person.
//!
//! Whoever stores what names a person loads the keys of its subjects within the transaction
//! ([`Keys::hold`], [`Keys::make_more`]), and seals each cell by them; whoever reads it loads them
//! ([`Keys::read`], [`Keys::load`]) and opens the cells. A subject that was erased has no key:
//! sealing answers nothing, and so does opening.

mod adopt;
pub(crate) mod bodies;
pub(crate) mod customers;
mod erase;
mod export;
mod keys;
mod link;
mod masters;
pub(crate) mod partners;
mod person;
mod retention;
mod rotate;
mod shared;
mod store;
mod unlock;
mod vault;

pub(crate) use erase::apply_erasures;
pub use erase::{Erased, erase, erase_within};
pub use export::export;
pub(crate) use keys::Keys;
pub use keys::Names;
pub use link::link_bodies;
pub use masters::{MasterError, MasterSource};
pub use person::{By, Person, is_suppressed};
pub(crate) use person::{hold_mailbox, list, relist};
pub use retention::retain;
pub use rotate::{Wrapped, renew, rotate, rotate_rest, wrapped};
pub(crate) use shared::{Shared, owners_in, owners_of};
pub(crate) use unlock::unlock;
pub use vault::Vault;

use takings_core::privacy::{Key, NONCE, Nonce};

/// A new key.
///
/// # Panics
///
/// If the system has no random numbers: nothing can be sealed then.
pub(crate) fn random_key() -> Key {
    Key::new(random())
}

/// A new nonce.
///
/// # Panics
///
/// If the system has no random numbers.
pub(crate) fn random_nonce() -> Nonce {
    random::<NONCE>()
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    bytes
}
