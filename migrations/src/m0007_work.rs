//! Jobs, leased by one process at a time, and requests already answered.

crate::schema::migration!(
    "
    create table jobs (
        name text primary key,
        run_at bigint not null,
        leased_until bigint not null,
        owner text,
        failures bigint not null,
        last_error text
    ) {clustered};
    create table requests (
        request_id text primary key,
        content_hash text not null,
        response {bytes} not null,
        batch bigint not null
    ) {clustered};
    "
);
