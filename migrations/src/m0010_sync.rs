//! How far what a source told is known to be complete, and what was fetched of its past.

crate::schema::migration!(
    "
    create table sweeps (
        source_id bigint primary key,
        since bigint not null,
        through bigint not null,
        swept_at bigint not null,
        listed bigint not null,
        healed bigint not null
    ) {clustered};
    create table backfills (
        id text primary key,
        source_id bigint not null,
        since bigint not null,
        started_at bigint not null,
        finished_at bigint
    ) {clustered};
    create index backfills_open on backfills (started_at) where finished_at is null;
    create table backfill_kinds (
        backfill text not null,
        kind text not null,
        cursor_id text,
        objects bigint not null,
        skipped bigint not null,
        finished bigint not null,
        primary key (backfill, kind)
    ) {clustered};
    "
);
