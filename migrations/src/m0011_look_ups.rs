//! What was asked of Stripe's API about marks that stand, and when it is asked again.

crate::schema::migration!(
    "
    create table look_ups (
        source_id bigint not null,
        object text not null,
        reason text not null,
        tries bigint not null,
        next_at bigint not null,
        failure text,
        primary key (source_id, object, reason)
    ) {clustered};
    "
);
