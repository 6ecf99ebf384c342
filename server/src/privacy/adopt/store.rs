//! Readable rows, and what replaces them.

use crate::db::Query;
use crate::db::Type::{Bytes, Int, Text};

pub(super) static FACTS: Query = Query::new(
    "adopt_facts",
    "select f.source_id, f.object, f.second, f.event, f.api_version, f.normaliser, f.personal
     from facts f where f.personal like '{%' limit 200",
    &[],
);

pub(super) static SEAL_FACTS: Query = Query::new(
    "adopt_facts_seal",
    "update facts set personal = t0.sealed from {0}
     where facts.source_id = t0.number and facts.object = t0.buyer and facts.second = t0.at
       and facts.event = t0.told_by and facts.api_version = t0.rendering
       and facts.normaliser = t0.rules",
    &[
        ("number", Int),
        ("buyer", Text),
        ("at", Int),
        ("told_by", Text),
        ("rendering", Text),
        ("rules", Int),
        ("sealed", Text),
    ],
);

pub(super) static CUSTOMERS: Query = Query::new(
    "adopt_customers",
    "select c.source_id, c.id, c.personal from customers c where c.personal like '{%' limit 200",
    &[],
);

pub(super) static SEAL_CUSTOMERS: Query = Query::new(
    "adopt_customers_seal",
    "update customers set personal = t0.sealed from {0}
     where customers.source_id = t0.number and customers.id = t0.buyer",
    &[("number", Int), ("buyer", Text), ("sealed", Text)],
);

pub(super) static BODIES: Query = Query::new(
    "adopt_bodies",
    "select b.seq, e.source_id, e.event_id, e.api_version, e.object, b.codec, b.body
     from webhook_bodies b join webhook_events e on e.seq = b.seq
     where b.key_id is null and b.codec < 2 limit 200",
    &[],
);

pub(super) static SEAL_BODIES: Query = Query::new(
    "adopt_bodies_seal",
    "update webhook_bodies set body = t0.sealed, key_id = t0.owned, key = t0.shares from {0}
     where webhook_bodies.seq = t0.number",
    &[("number", Int), ("sealed", Bytes), ("owned", Text), ("shares", Bytes)],
);

/// A partner whose address has an `@` is readable: what is sealed has none.
pub(super) static PARTNERS: Query = Query::new(
    "adopt_partners",
    "select p.id, p.name, p.email, p.payout_method, p.payout_account
     from partners p where p.email like '%@%' limit 200",
    &[],
);

pub(super) static SEAL_PARTNERS: Query = Query::new(
    "adopt_partners_seal",
    "update partners set name = t0.new_name, email = t0.new_email, email_key = t0.new_key,
        payout_account = t0.account, payout_key = t0.pay_key
     from {0} where partners.id = t0.payee",
    &[
        ("payee", Text),
        ("new_name", Text),
        ("new_email", Text),
        ("new_key", Text),
        ("account", Text),
        ("pay_key", Text),
    ],
);

pub(super) static CALLS: Query = Query::new(
    "adopt_calls",
    "select i.request_id, i.created_at, i.calls from intents i where i.calls like '[%' limit 200",
    &[],
);

pub(super) static SEAL_CALLS: Query = Query::new(
    "adopt_calls_seal",
    "update intents set calls = t0.sealed, key_id = t0.owned from {0}
     where intents.request_id = t0.request",
    &[("request", Text), ("sealed", Text), ("owned", Text)],
);

/// Answers that may name persons, and refusals.
pub(super) static ANSWERS: Query = Query::new(
    "adopt_answers",
    "select i.request_id, i.answer from intents i
     where i.key_id is null and i.answer is not null and (i.state = 'refused' or i.method in
        ('CreateCustomer', 'UpdateCustomer', 'UpdatePaymentMethod', 'CreatePartner',
         'UpdatePartner', 'ExportPayoutBatch'))
     limit 200",
    &[],
);

pub(super) static SEAL_ANSWERS: Query = Query::new(
    "adopt_answers_seal",
    "update intents set answer = t0.sealed, key_id = t0.owned, key = t0.shares
     from {0} where intents.request_id = t0.request",
    &[("request", Text), ("sealed", Bytes), ("owned", Text), ("shares", Bytes)],
);

/// Hashes of what requests said, without a key.
pub(super) static REQUESTS: Query = Query::new(
    "adopt_requests",
    "select i.request_id, i.content_hash from intents i
     where i.content_hash not like 'k:%' limit 500",
    &[],
);

pub(super) static KEEP_REQUESTS: Query = Query::new(
    "adopt_requests_keep",
    "update intents set content_hash = t0.content from {0} where intents.request_id = t0.request",
    &[("request", Text), ("content", Text)],
);
