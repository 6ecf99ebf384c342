//! Personal data at rest: sealed under a key of its subject, found again by a keyed index.
//!
//! A *subject* is a record that names a person. Each has one random data key; a *master key*, which
//! no database holds, wraps it. Whoever destroys the data key has erased what was sealed under it,
//! in every copy of the data. Nonces and keys are parameters: nothing here makes random numbers.
//!
//! | What | How |
//! |---|---|
//! | sealing | AES-256-GCM-SIV (RFC 8452) |
//! | keys from a secret | HKDF-SHA256 (RFC 5869) |
//! | indexes, suppression | HMAC-SHA256 (RFC 2104) |

mod cell;
mod index;
mod key;
mod master;
mod shares;
mod subject;

pub use cell::Cell;
pub use index::Indexes;
pub use key::{Key, NONCE, Nonce, Unreadable, open, seal};
pub use master::{MasterKey, MasterKeyError, MasterKeys};
pub use shares::{join, split};
pub use subject::Subject;
