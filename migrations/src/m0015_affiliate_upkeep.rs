//! What an affiliate program waits for, what is derived again, and what of its clicks is kept.
//!
//! `awaited` takes the place of `awaited_clicks`: `wants` is a click, a coupon or a subscription that
//! a settlement names and nobody has told of; it is awaited until `until_at` (rows of before: 2030).
//! `changed_customers` names customers of whom other terms may hold. `returns` says whether money of
//! a sale ever went back or is disputed; of rows of before it is not known, and they count as such.
//! `visitors` counts those who made the clicks of a day that are counted and no more stored.

crate::schema::migration!(
    "
    create table awaited (
        wants text not null,
        source_id bigint not null,
        settlement text not null,
        until_at bigint not null,
        primary key (wants, source_id, settlement)
    ) {clustered};
    create index awaited_until on awaited (until_at);
    insert into awaited (wants, source_id, settlement, until_at)
        select click, source_id, settlement, 1893456000000000 from awaited_clicks;
    drop table awaited_clicks;
    create table changed_customers (
        source_id bigint not null,
        customer text not null,
        batch bigint not null,
        primary key (source_id, customer)
    ) {clustered};
    create index touches_id on touches (id);
    drop index touches_customer;
    create index touches_customer on touches (customer, source_id);
    alter table sales add column returns bigint not null default 1;
    alter table click_counts add column visitors bigint not null default 0;
    drop index clicks_visitor;
    create index clicks_visitor on clicks (visitor, clicked_at) where visitor is not null;
    "
);
