//! What the unit of work writes.

use crate::db::Type::{Bytes, Int, Text};
use crate::db::{Bundle, Delete, Insert, Part};

pub(super) static EVENTS: Insert = Insert::new(
    "webhook_events",
    &[
        ("seq", Int),
        ("source_id", Int),
        ("event_id", Text),
        ("api_version", Text),
        ("kind", Text),
        ("created_at", Int),
        ("outcome", Text),
        ("reason", Text),
        ("message", Text),
        ("object", Text),
        ("batch", Int),
    ],
    "on conflict (source_id, event_id, api_version) do nothing returning seq",
);

pub(super) static BODIES: Insert = Insert::new(
    "webhook_bodies",
    &[("seq", Int), ("codec", Int), ("key_id", Text), ("key", Bytes), ("body", Bytes)],
    "",
);

pub(super) static LOOSE: Insert = Insert::new(
    "loose_bodies",
    &[("source_id", Int), ("object", Text), ("subject", Text)],
    "on conflict do nothing",
);

pub(super) static OBJECTS: Insert = Insert::new(
    "objects",
    &[
        ("source_id", Int),
        ("id", Text),
        ("kind", Text),
        ("settlement", Text),
        ("customer", Text),
        ("batch", Int),
    ],
    "on conflict (source_id, id) do update set kind = excluded.kind,
     settlement = excluded.settlement, customer = excluded.customer, batch = excluded.batch",
);

pub(super) static FACTS: Insert = Insert::new(
    "facts",
    &[
        ("source_id", Int),
        ("object", Text),
        ("second", Int),
        ("event", Text),
        ("api_version", Text),
        ("normaliser", Int),
        ("fetched", Int),
        ("content", Text),
        ("personal", Text),
        ("batch", Int),
    ],
    "on conflict do nothing",
);

/// The one shape of every mirror.
macro_rules! mirror {
    ($name:ident, $table:literal) => {
        pub(super) static $name: Insert = Insert::new(
            $table,
            &[
                ("source_id", Int),
                ("id", Text),
                ("customer", Text),
                ("parent", Text),
                ("status", Text),
                ("currency", Text),
                ("amount", Int),
                ("created_at", Int),
                ("deleted", Int),
                ("content", Text),
                ("personal", Text),
                ("event", Text),
                ("batch", Int),
            ],
            "on conflict (source_id, id) do update set customer = excluded.customer,
             parent = excluded.parent, status = excluded.status, currency = excluded.currency,
             amount = excluded.amount, created_at = excluded.created_at,
             deleted = excluded.deleted, content = excluded.content,
             personal = excluded.personal, event = excluded.event, batch = excluded.batch",
        );
    };
}
mirror!(CUSTOMERS, "customers");
mirror!(SUBSCRIPTIONS, "subscriptions");
mirror!(INVOICES, "invoices");
mirror!(PAYMENTS, "payments");
mirror!(REFUNDS, "refunds");
mirror!(DISPUTES, "disputes");

pub(super) static POINTS: Insert = Insert::new(
    "subscription_points",
    &[
        ("source_id", Int),
        ("customer", Text),
        ("subscription", Text),
        ("at", Int),
        ("second", Int),
        ("event", Text),
        ("units", Int),
        ("currency", Text),
        ("status", Text),
        ("content", Text),
        ("batch", Int),
    ],
    "on conflict (source_id, customer, subscription, at) do update set
     second = excluded.second, event = excluded.event, units = excluded.units,
     currency = excluded.currency, status = excluded.status, content = excluded.content,
     batch = excluded.batch",
);

pub(super) static MOVEMENTS: Insert = Insert::new(
    "mrr_movements",
    &[
        ("source_id", Int),
        ("customer", Text),
        ("currency", Text),
        ("occurred_at", Int),
        ("kind", Text),
        ("definition", Text),
        ("revision", Int),
        ("units", Int),
        ("movements", Int),
        ("subscribers", Int),
        ("customers", Int),
        ("event", Text),
        ("batch", Int),
    ],
    "",
);

pub(super) static ENTRIES: Insert = Insert::new(
    "revenue_entries",
    &[
        ("source_id", Int),
        ("object", Text),
        ("target", Int),
        ("revision", Int),
        ("kind", Text),
        ("debit", Text),
        ("credit", Text),
        ("currency", Text),
        ("amount", Int),
        ("occurred_at", Int),
        ("customer", Text),
        ("event", Text),
        ("batch", Int),
    ],
    "",
);

pub(super) static MEASURES: Insert = Insert::new(
    "measures",
    &[
        ("source_id", Int),
        ("object", Text),
        ("target", Int),
        ("revision", Int),
        ("kind", Text),
        ("currency", Text),
        ("amount", Int),
        ("occurred_at", Int),
        ("customer", Text),
        ("event", Text),
        ("batch", Int),
    ],
    "",
);

pub(super) static ROLLUPS: Insert = Insert::new(
    "rollups",
    &[
        ("family", Text),
        ("grain", Int),
        ("period", Int),
        ("name", Text),
        ("currency", Text),
        ("recorded", Int),
        ("source_id", Int),
        ("shard", Int),
        ("amount", Int),
        ("events", Int),
        ("subscribers", Int),
        ("customers", Int),
    ],
    "on conflict (family, grain, period, name, currency, recorded, source_id, shard)
     do update set amount = rollups.amount + excluded.amount,
     events = rollups.events + excluded.events,
     subscribers = rollups.subscribers + excluded.subscribers,
     customers = rollups.customers + excluded.customers",
);

pub(super) static MARKS: Insert = Insert::new(
    "unconfirmed",
    &[("source_id", Int), ("object", Text), ("reason", Text), ("since", Int), ("batch", Int)],
    "on conflict do nothing",
);

pub(super) static WAITING: Insert = Insert::new(
    "waiting",
    &[("source_id", Int), ("needs", Text), ("customer", Text), ("batch", Int)],
    "on conflict do nothing",
);

pub(super) static HOLDERS: Insert = Insert::new(
    "coupon_holders",
    &[("source_id", Int), ("coupon", Text), ("customer", Text)],
    "on conflict do nothing",
);

/// An object that is wanted again is asked for after the newest event that names it.
pub(super) static WANTED: Insert = Insert::new(
    "wanted",
    &[("source_id", Int), ("object", Text), ("batch", Int)],
    "on conflict (source_id, object) do update set batch = excluded.batch",
);

/// A settlement that was derived: its sales may have changed.
pub(super) static CHANGED_SALES: Insert = Insert::new(
    "changed_sales",
    &[("source_id", Int), ("settlement", Text), ("batch", Int)],
    "on conflict (source_id, settlement) do update set batch = excluded.batch,
     set_aside_at = null",
);

/// By what mailboxes a subject is found: whoever takes another address stays the person of the one
/// before.
pub(super) static PEOPLE: Insert = Insert::new(
    "people",
    &[("subject", Text), ("email_index", Text)],
    "on conflict (subject, email_index) do nothing",
);

/// Mailboxes of which something was learned: the lead who has one may have become a customer.
pub(super) static CHANGED_PEOPLE: Insert = Insert::new(
    "changed_people",
    &[("email_index", Text), ("mark", Int)],
    "on conflict (email_index) do update set mark = changed_people.mark + 1",
);

pub(super) static DROP_POINTS: Delete = Delete::new(
    "subscription_points",
    &[("source_id", Int), ("customer", Text), ("subscription", Text), ("at", Int)],
);

pub(super) static LIFT: Delete = Delete::new(
    "unconfirmed",
    &[("source_id", Int), ("object", Text), ("reason", Text), ("since", Int)],
);

pub(super) static ARRIVED: Delete =
    Delete::new("waiting", &[("source_id", Int), ("needs", Text), ("customer", Text)]);

/// What has to be there before aggregates are loaded.
pub(super) static LEARN: Bundle = Bundle::new(
    "learn",
    &[
        Part::Insert(&BODIES),
        Part::Insert(&LOOSE),
        Part::Insert(&PEOPLE),
        Part::Insert(&FACTS),
        Part::Insert(&OBJECTS),
    ],
);

/// Everything a unit of work derives.
pub(super) static FLUSH: Bundle = Bundle::new(
    "flush",
    &[
        Part::Insert(&OBJECTS),
        Part::Insert(&CUSTOMERS),
        Part::Insert(&SUBSCRIPTIONS),
        Part::Insert(&INVOICES),
        Part::Insert(&PAYMENTS),
        Part::Insert(&REFUNDS),
        Part::Insert(&DISPUTES),
        Part::Delete(&DROP_POINTS),
        Part::Insert(&POINTS),
        Part::Insert(&MOVEMENTS),
        Part::Insert(&ENTRIES),
        Part::Insert(&MEASURES),
        Part::Delete(&LIFT),
        Part::Insert(&MARKS),
        Part::Delete(&ARRIVED),
        Part::Insert(&WAITING),
        Part::Insert(&HOLDERS),
        Part::Insert(&CHANGED_SALES),
        Part::Insert(&PEOPLE),
        Part::Insert(&CHANGED_PEOPLE),
        Part::Insert(&ROLLUPS),
    ],
);
