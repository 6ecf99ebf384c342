//! The key store's rows, and what the data knows of it.

use crate::db::Type::{Bytes, Text};
use crate::db::{Insert, Kind, Query};

/// The keys of subjects.
pub(super) static KEYS: Query = Query::new(
    "keys",
    "select k.subject, k.master, k.wrapped, k.under
     from {0} cross join takings_keys.keys k where k.subject = t0.wanted",
    &[("wanted", Text)],
);

/// The same, and nobody destroys one before the transaction ends. On SQLite nobody can: who erases
/// holds the database.
pub(super) fn held_keys(kind: Kind) -> &'static Query {
    static HELD: Query = Query::new(
        "keys_held",
        "select k.subject, k.master, k.wrapped, k.under
         from {0} cross join takings_keys.keys k where k.subject = t0.wanted for share of k",
        &[("wanted", Text)],
    );
    match kind {
        Kind::Postgres => &HELD,
        Kind::Sqlite => &KEYS,
    }
}

/// Keeps new keys; answers whose had none.
pub(super) static MAKE: Insert = Insert::new(
    "takings_keys.keys",
    &[("subject", Text), ("master", Text), ("wrapped", Bytes), ("under", Text)],
    "on conflict (subject) do nothing returning subject",
);

/// What the data knows of its key store.
pub(super) static KNOWN: Query =
    Query::new("privacy_known", "select name, value from privacy", &[]);

/// Notes what the data is to know.
pub(super) static NOTE: Insert = Insert::new(
    "privacy",
    &[("name", Text), ("value", Text)],
    "on conflict (name) do update set value = excluded.value",
);

/// How many keys each master key wraps.
pub(super) static COUNTED: Query = Query::new(
    "keys_counted",
    "select master, count(*) from takings_keys.keys where master is not null
     group by master order by master",
    &[],
);

/// Keys that another master key than the current one wraps, after a subject.
pub(super) static OUTDATED: Query = Query::new(
    "keys_outdated",
    "select k.subject, k.master, k.wrapped, k.under
     from {0} cross join takings_keys.keys k
     where k.subject > t0.after and k.master <> t0.present
     order by k.subject limit 200",
    &[("after", Text), ("present", Text)],
);

/// Replaces the wrapping of keys that nobody has wrapped otherwise or destroyed meanwhile.
pub(super) static REWRAP: Query = Query::new(
    "keys_rewrap",
    "update takings_keys.keys as k set master = t0.present, wrapped = t0.wrapped from {0}
     where k.subject = t0.wanted and k.master = t0.former",
    &[("wanted", Text), ("former", Text), ("present", Text), ("wrapped", Bytes)],
);
