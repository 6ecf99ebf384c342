//! The key store's rows, and what the data knows of it.

use crate::db::Type::{Bytes, Int, Text};
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

/// Keeps new keys; answers whose had none. An event's is one of a transaction that was undone: the
/// event was not stored, so its body's new key counts.
pub(super) static MAKE: Insert = Insert::new(
    "takings_keys.keys",
    &[("subject", Text), ("master", Text), ("wrapped", Bytes), ("under", Text)],
    "on conflict (subject) do update set master = excluded.master, wrapped = excluded.wrapped,
     under = excluded.under where excluded.subject like 'event:%' and keys.erasure is null
     returning subject",
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
    "update takings_keys.keys as k set master = t0.present, wrapped = t0.fresh from {0}
     where k.subject = t0.wanted and k.master = t0.former and k.under = t0.owned",
    &[("wanted", Text), ("former", Text), ("owned", Text), ("present", Text), ("fresh", Bytes)],
);

/// Bodies of nobody whose settlements have a customer by now, after one of them.
pub(super) static LOOSE: Query = Query::new(
    "loose_bodies",
    "select l.source_id, l.object, l.subject
     from {0} cross join loose_bodies l
     where (l.source_id, l.object, l.subject) > (t0.number, t0.about, t0.body)
       and exists (
        select 1 from objects o cross join objects m
        where o.source_id = l.source_id and o.id = l.object
          and m.source_id = o.source_id and m.settlement = o.settlement
          and m.customer is not null)
     order by l.source_id, l.object, l.subject limit 200",
    &[("number", Int), ("about", Text), ("body", Text)],
);

/// A body of nobody.
pub(super) static LOOSEN: Insert = Insert::new(
    "loose_bodies",
    &[("source_id", Int), ("object", Text), ("subject", Text)],
    "on conflict do nothing",
);

/// The customers of the settlements of objects.
pub(super) static OWNERS: Query = Query::new(
    "loose_owners",
    "select distinct t0.number, t0.about, m.customer
     from {0} cross join objects o cross join objects m
     where o.source_id = t0.number and o.id = t0.about
       and m.source_id = o.source_id and m.settlement = o.settlement and m.customer is not null",
    &[("number", Int), ("about", Text)],
);

/// Puts the keys of bodies into shares of their owners.
pub(super) static SHARED: Query = Query::new(
    "keys_shared",
    "update takings_keys.keys as k set master = t0.present, wrapped = t0.fresh, under = t0.owned
     from {0} where k.subject = t0.wanted and k.under = ''",
    &[("wanted", Text), ("present", Text), ("fresh", Bytes), ("owned", Text)],
);

/// Destroys keys that nobody is to know by.
pub(super) static FORGET: Query = Query::new(
    "keys_forget",
    "delete from takings_keys.keys where subject in (select t0.wanted from {0})",
    &[("wanted", Text)],
);

/// Bodies that are somebody's now.
pub(super) static LINKED: Query = Query::new(
    "loose_linked",
    "delete from loose_bodies where (source_id, object, subject) in
        (select t0.number, t0.about, t0.body from {0})",
    &[("number", Int), ("about", Text), ("body", Text)],
);

/// By what the mailboxes of subjects are found.
pub(super) static MAILBOXES: Query = Query::new(
    "people_mailboxes",
    "select p.email_index from {0} cross join people p
     where p.subject = t0.wanted",
    &[("wanted", Text)],
);

/// The subjects of a mailbox.
pub(super) static PEOPLE: Query = Query::new(
    "people",
    "select p.subject from {0} cross join people p where p.email_index = t0.mailbox",
    &[("mailbox", Text)],
);

/// Notes by what a subject is found.
pub(super) static LIST: Insert = Insert::new(
    "people",
    &[("subject", Text), ("email_index", Text)],
    "on conflict (subject, email_index) do nothing",
);

/// Whoever makes, changes or erases who has a mailbox waits here for whoever does already.
pub(super) static LOCK_MAILBOXES: Query = Query::new(
    "lock_mailboxes",
    "select pg_advisory_xact_lock(k.key) is null
     from (select distinct hashtextextended('mailbox ' || t0.mailbox, 0) as key
           from {0} order by 1) k",
    &[("mailbox", Text)],
);

/// Empties what is known of partners; the key of an address stays unequal to any other.
pub(super) static EMPTY_PARTNERS: Query = Query::new(
    "partners_empty",
    "update partners set name = '', email = '', email_key = partners.id, payout_method = null,
        payout_account = null, payout_key = null
     from {0} where partners.id = t0.payee",
    &[("payee", Text)],
);

/// What is known of partners.
pub(super) static PARTNERS: Query = Query::new(
    "people_partners",
    "select p.id, p.program, p.name, p.email, p.payout_account, p.tax_profile
     from {0} cross join partners p where p.id = t0.payee",
    &[("payee", Text)],
);

/// Forgets by what subjects are found.
pub(super) static UNLISTED: Query = Query::new(
    "people_unlisted",
    "delete from people where subject in (select t0.wanted from {0})",
    &[("wanted", Text)],
);

/// A new erasure.
pub(super) static ERASURE: Insert =
    Insert::new("takings_keys.erasures", &[("erased_at", Int)], "returning id");

/// Notes whom not to write to.
pub(super) static SUPPRESS: Insert = Insert::new(
    "takings_keys.suppressions",
    &[("hash", Text), ("erasure", Int)],
    "on conflict (hash) do nothing",
);

/// Whether someone is not to be written to.
pub(super) static SUPPRESSED: Query = Query::new(
    "suppressed",
    "select s.erasure from {0} cross join takings_keys.suppressions s where s.hash = t0.wanted",
    &[("wanted", Text)],
);

/// Destroys keys, and puts a tombstone in the place of each.
pub(super) static TOMBSTONE: Insert = Insert::new(
    "takings_keys.keys",
    &[("subject", Text), ("under", Text), ("erasure", Int)],
    "on conflict (subject) do update set master = null, wrapped = null, under = excluded.under,
     erasure = excluded.erasure",
);

/// Tombstones of erasures after one, after a subject, and when each was set.
pub(super) static TOMBSTONES: Query = Query::new(
    "keys_tombstones",
    "select k.subject, k.erasure, e.erased_at from {0} cross join takings_keys.keys k
     left join takings_keys.erasures e on e.id = k.erasure
     where k.erasure > t0.applied and k.subject > t0.after
     order by k.subject limit 500",
    &[("applied", Int), ("after", Text)],
);

/// Holds a note, and answers it; what is given is noted where there was none.
pub(super) static HOLD_NOTE: Insert = Insert::new(
    "privacy",
    &[("name", Text), ("value", Text)],
    "on conflict (name) do update set value = privacy.value returning value",
);

/// Empties what stands of customers.
pub(super) static EMPTY_CUSTOMERS: Query = Query::new(
    "customers_empty",
    "update customers set personal = null from {0}
     where customers.source_id = t0.number and customers.id = t0.buyer
       and customers.personal is not null",
    &[("number", Int), ("buyer", Text)],
);

/// Empties what observations said of customers.
pub(super) static EMPTY_FACTS: Query = Query::new(
    "facts_empty",
    "update facts set personal = null from {0}
     where facts.source_id = t0.number and facts.object = t0.buyer and facts.personal is not null",
    &[("number", Int), ("buyer", Text)],
);

/// Bodies of nobody in the settlements of customers.
pub(super) static LOOSE_OF: Query = Query::new(
    "loose_of",
    "select l.source_id, l.object, l.subject
     from {0} cross join invoices i cross join objects o cross join objects m
        cross join loose_bodies l
     where i.customer = t0.buyer and i.source_id = t0.number
       and o.source_id = i.source_id and o.id = i.id
       and m.source_id = o.source_id and m.settlement = o.settlement
       and l.source_id = m.source_id and l.object = m.id
     union
     select l.source_id, l.object, l.subject
     from {0} cross join payments p cross join objects o cross join objects m
        cross join loose_bodies l
     where p.customer = t0.buyer and p.source_id = t0.number
       and o.source_id = p.source_id and o.id = p.id
       and m.source_id = o.source_id and m.settlement = o.settlement
       and l.source_id = m.source_id and l.object = m.id",
    &[("number", Int), ("buyer", Text)],
);

/// What stands of customers.
pub(super) static CUSTOMERS: Query = Query::new(
    "people_customers",
    "select c.source_id, c.id, c.content, c.personal from {0} cross join customers c
     where c.source_id = t0.number and c.id = t0.buyer",
    &[("number", Int), ("buyer", Text)],
);

/// What observations say of customers: also names and addresses of before.
pub(super) static TOLD: Query = Query::new(
    "people_told",
    "select f.source_id, f.object, f.second, f.event, f.api_version, f.personal
     from {0} cross join facts f
     where f.source_id = t0.number and f.object = t0.buyer and f.personal is not null",
    &[("number", Int), ("buyer", Text)],
);

/// What partners have earned and were paid.
pub(super) static EARNED: Query = Query::new(
    "people_earned",
    "select 'commission', c.partner, c.id, c.currency, c.amount, c.occurred_at
     from {0} cross join partners p cross join commissions c
     where p.id = t0.payee and c.program = p.program and c.partner = p.id
     union all select 'payout', o.partner, o.id, o.currency, o.amount, o.settled_at
     from {0} cross join partners p cross join payouts o
     where p.id = t0.payee and o.program = p.program and o.partner = p.id",
    &[("payee", Text)],
);

/// The objects of customers.
pub(super) static OBJECTS: Query = Query::new(
    "people_objects",
    "select 'subscription', x.source_id, x.id, x.content from {0} cross join subscriptions x
     where x.customer = t0.buyer and x.source_id = t0.number
     union all select 'invoice', x.source_id, x.id, x.content from {0} cross join invoices x
     where x.customer = t0.buyer and x.source_id = t0.number
     union all select 'payment', x.source_id, x.id, x.content from {0} cross join payments x
     where x.customer = t0.buyer and x.source_id = t0.number
     union all select 'refund', x.source_id, x.id, x.content from {0} cross join refunds x
     where x.customer = t0.buyer and x.source_id = t0.number
     union all select 'dispute', x.source_id, x.id, x.content from {0} cross join disputes x
     where x.customer = t0.buyer and x.source_id = t0.number",
    &[("number", Int), ("buyer", Text)],
);

/// A page of bodies after a number.
pub(super) static BODIES: Query = Query::new(
    "bodies",
    "select b.seq, e.source_id, e.event_id, e.api_version, b.codec, b.key_id, b.key, b.body
     from {0} cross join webhook_bodies b cross join webhook_events e
     where b.seq > t0.after and e.seq = b.seq order by b.seq limit 500",
    &[("after", Int)],
);

/// The keys of commands.
pub(super) static CALLS: Query = Query::new(
    "keys_calls",
    "select subject from takings_keys.keys where subject >= 'calls:' and subject < 'calls;'",
    &[],
);

/// The oldest bodies of events that came before an instant; the last column tells whether the key
/// store has the key. An event's number begins with that of its transaction.
pub(super) static OLD_BODIES: Query = Query::new(
    "bodies_old",
    "select b.seq, e.source_id, e.event_id, e.api_version,
            cast(case when b.key is null and b.key_id is not null then 1 else 0 end as bigint)
     from {0} cross join webhook_bodies b cross join webhook_events e
     where b.seq < (select (coalesce(max(t.id), -1) + 1) * 65536 from batches t
                    where t.recorded_at < t0.before)
       and e.seq = b.seq
     order by b.seq limit 500",
    &[("before", Int)],
);

/// Drops bodies.
pub(super) static DROP_BODIES: Query = Query::new(
    "bodies_drop",
    "delete from webhook_bodies where seq in (select t0.number from {0})",
    &[("number", Int)],
);
