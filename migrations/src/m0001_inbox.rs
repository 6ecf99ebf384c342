//! Where observations come in: sources, transactions, events, and their bodies.

crate::schema::migration!(
    "
    create table sources (
        id {identity},
        name text not null unique
    );
    create table batches (
        id {identity},
        recorded_at bigint not null
    );
    create index batches_recorded on batches (recorded_at);
    create table webhook_events (
        seq {key} primary key,
        source_id bigint not null,
        event_id text not null,
        api_version text not null,
        kind text not null,
        created_at bigint not null,
        outcome text not null,
        reason text,
        message text,
        object text,
        batch bigint not null
    );
    create unique index webhook_events_key on webhook_events (source_id, event_id, api_version);
    create index webhook_events_held on webhook_events (outcome, seq) where outcome = 'quarantined';
    create table webhook_bodies (
        seq {key} primary key,
        codec bigint not null,
        key_id text,
        body {bytes} not null
    );
    "
);
