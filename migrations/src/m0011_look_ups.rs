//! What was asked of Stripe's API about marks that stand, and when it is asked again; and the
//! objects that thin events name without showing them.

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
    create table wanted (
        source_id bigint not null,
        object text not null,
        batch bigint not null,
        primary key (source_id, object)
    ) {clustered};
    "
);
