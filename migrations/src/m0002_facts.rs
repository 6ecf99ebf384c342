//! Facts, which objects they are about, and which objects belong together.

crate::schema::migration!(
    "
    create table objects (
        source_id bigint not null,
        id text not null,
        kind text,
        settlement text,
        customer text,
        batch bigint not null,
        primary key (id, source_id)
    ) {clustered};
    create index objects_settlement on objects (source_id, settlement)
        where settlement is not null;
    create index objects_context on objects (source_id, customer)
        where kind in ('discount', 'item_tax');
    create table facts (
        source_id bigint not null,
        object text not null,
        second bigint not null,
        event text not null,
        api_version text not null,
        normaliser bigint not null,
        fetched bigint not null,
        content text not null,
        personal text,
        key_id text,
        batch bigint not null,
        primary key (source_id, object, second, event, api_version, normaliser)
    );
    create table unconfirmed (
        source_id bigint not null,
        object text not null,
        reason text not null,
        since bigint not null,
        batch bigint not null,
        primary key (source_id, object, reason, since)
    ) {clustered};
    create table waiting (
        source_id bigint not null,
        needs text not null,
        customer text not null,
        batch bigint not null,
        primary key (source_id, needs, customer)
    ) {clustered};
    "
);
