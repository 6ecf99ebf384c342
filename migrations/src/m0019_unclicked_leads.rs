//! Leads that were captured with a click that is no visit, and the touches of a partner.
//!
//! `unclicked_partner` is the partner whose click that was; it is empty where the click was valid, where
//! it is not known, and without one.

crate::schema::migration!(
    "
    alter table leads add column unclicked_partner text;
    update leads set unclicked_partner = (
        select c.partner from clicks c where c.id = leads.click
          and c.outcome not in ('valid', 'dedup_unknown', 'duplicate'));
    create index leads_unclicked on leads (unclicked_partner) where unclicked_partner is not null;
    create index touches_partner on touches (partner) where partner <> '';
    "
);
