//! Reports of reconciliations, as they were answered.

crate::schema::migration!(
    "
    create table reconciliations (
        id text primary key,
        source_id bigint not null,
        first_day bigint not null,
        end_day bigint not null,
        ran_at bigint not null,
        green bigint not null,
        content text not null
    );
    "
);
