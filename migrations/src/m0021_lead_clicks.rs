//! Leads by the click that brought them, and touches by who tells of them.
//!
//! A click may be told of after the lead that names it. Of two settlements that name one click, each has
//! a row of its own in `touches`, so that what is stored does not depend on which was derived last. A
//! partner that a call named is a touch of kind `api`: `manual` is what a person has decided. What a
//! Checkout session tells is derived again, and so is who was bound by a call.

crate::schema::migration!(
    "
    create index leads_click on leads (click) where click is not null;
    drop index touches_customer;
    drop index touches_told_by;
    drop index touches_id;
    drop index touches_partner;
    alter table touches rename to touches_of_before;
    create table touches (
        program text not null,
        source_id bigint not null,
        customer text not null,
        id text not null,
        partner text not null,
        link text,
        kind text not null,
        touched_at bigint not null,
        told_by text not null,
        batch bigint not null,
        primary key (program, source_id, customer, id, told_by)
    );
    insert into touches (program, source_id, customer, id, partner, link, kind, touched_at, told_by,
                         batch)
        select t.program, t.source_id, t.customer, t.id, t.partner, t.link,
               case when t.kind = 'manual' then 'api' else t.kind end, t.touched_at, t.told_by, t.batch
        from touches_of_before t;
    insert into changed_customers (source_id, customer, batch)
        select t.source_id, t.customer, max(t.batch) from touches_of_before t where t.kind = 'manual'
        group by t.source_id, t.customer
        on conflict (source_id, customer) do update set batch = excluded.batch, set_aside_at = null;
    drop table touches_of_before;
    create index touches_customer on touches (customer, source_id);
    create index touches_told_by on touches (source_id, told_by);
    create index touches_id on touches (id);
    create index touches_partner on touches (partner) where partner <> '';
    insert into changed_sales (source_id, settlement, batch)
        select distinct o.source_id, o.settlement, (select coalesce(max(b.id), 0) from batches b)
        from objects o
        where substr(o.id, 1, 3) = 'cs_' and o.settlement is not null
        on conflict (source_id, settlement) do nothing;
    "
);
