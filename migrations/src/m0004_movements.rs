//! MRR: the change points of subscriptions (rewritten as beliefs change) and the movements of
//! customers (appended, never rewritten).

crate::schema::migration!(
    "
    create table subscription_points (
        source_id bigint not null,
        customer text not null,
        subscription text not null,
        at bigint not null,
        second bigint not null,
        event text not null,
        units bigint not null,
        currency text,
        status text not null,
        content text not null,
        batch bigint not null,
        primary key (source_id, customer, subscription, at)
    ) {clustered};
    create index subscription_points_second
        on subscription_points (source_id, customer, subscription, second);
    create table mrr_movements (
        source_id bigint not null,
        customer text not null,
        currency text not null,
        occurred_at bigint not null,
        kind text not null,
        definition text not null,
        revision bigint not null,
        units bigint not null,
        movements bigint not null,
        subscribers bigint not null,
        customers bigint not null,
        event text not null,
        batch bigint not null,
        primary key (source_id, customer, occurred_at, definition, currency, kind, revision)
    ) {clustered};
    create index mrr_movements_time on mrr_movements (occurred_at, source_id, customer, currency,
        kind, revision, definition, units, movements, subscribers, customers, batch);
    create index mrr_movements_batch on mrr_movements (batch);
    "
);
