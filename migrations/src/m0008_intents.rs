//! What callers asked for under a request id, and what they were answered: commands to Stripe,
//! stored before they are sent, and other acts, stored when they are done.
//!
//! `state` is `open`, `done`, `refused` or `lapsed`. `calls` is kept while it is open: it may name a
//! person. `failed_at` is when Stripe first answered a failure that it keeps under the key.

crate::schema::migration!(
    "
    create table intents (
        request_id text primary key,
        method text not null,
        content_hash text not null,
        idempotency_key text,
        calls text,
        key_id text,
        state text not null,
        answer {bytes},
        failed_at bigint,
        created_at bigint not null,
        updated_at bigint not null
    );
    create index intents_open on intents (updated_at) where state = 'open';
    insert into intents (request_id, method, content_hash, state, answer, created_at, updated_at)
        select r.request_id, 'ReplayWebhookEvent', r.content_hash, 'done', r.response,
            b.recorded_at, b.recorded_at
        from requests r join batches b on b.id = r.batch;
    drop table requests;
    "
);
