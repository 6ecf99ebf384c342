//! The ledger's transfers, and the one-sided measures beside them. Rows are appended, never
//! changed or deleted; `target` is a fingerprint of the target key within its object.

crate::schema::migration!(
    "
    create table revenue_entries (
        source_id bigint not null,
        object text not null,
        target bigint not null,
        revision bigint not null,
        kind text not null,
        debit text not null,
        credit text not null,
        currency text not null,
        amount bigint not null check (amount > 0),
        occurred_at bigint not null,
        customer text,
        event text not null,
        batch bigint not null,
        primary key (source_id, object, target, revision)
    ) {clustered};
    create index revenue_entries_time on revenue_entries (occurred_at, source_id, object);
    create index revenue_entries_customer on revenue_entries (customer, occurred_at, source_id, object)
        where customer is not null;
    create table measures (
        source_id bigint not null,
        object text not null,
        target bigint not null,
        revision bigint not null,
        kind text not null,
        currency text not null,
        amount bigint not null,
        occurred_at bigint not null,
        customer text,
        event text not null,
        batch bigint not null,
        primary key (source_id, object, target, revision)
    ) {clustered};
    create index measures_time on measures (occurred_at, kind, currency, amount, batch);
    create index measures_batch on measures (batch);
    create table closes (
        month bigint primary key,
        closed_at bigint not null,
        settled bigint not null
    );
    "
);
