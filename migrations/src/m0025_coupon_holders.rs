//! Who has discounts of a coupon that only the coupon itself shows: its id may become another's.

crate::schema::migration!(
    "
    create table coupon_holders (
        source_id bigint not null,
        coupon text not null,
        customer text not null,
        primary key (source_id, coupon, customer)
    ) {clustered};
    "
);
