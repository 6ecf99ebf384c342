//! Every mailbox that a subject was found by, and when leads paid first.
//!
//! A customer who takes another address stays the person of the one before. `paid_at` of a conversion
//! is when the person paid first, which may have been before the capture; the step to a customer
//! follows from it, and is stored no more. Conversions are derived again.

crate::schema::migration!(
    "
    drop index people_email;
    alter table people rename to people_of_before;
    create table people (
        subject text not null,
        email_index text not null,
        primary key (subject, email_index)
    );
    create index people_email on people (email_index);
    insert into people (subject, email_index)
        select subject, email_index from people_of_before where email_index is not null;
    drop table people_of_before;
    alter table lead_conversions add column paid_at bigint;
    update lead_conversions set paid_at = converted_at;
    insert into lead_conversions (lead, revision, automatic, paid_at, recorded_at)
        select s.lead, 1, 1, min(s.stepped_at), min(s.recorded_at) from lead_steps s
        where s.rule = 'paid'
          and not exists (select 1 from lead_conversions c where c.lead = s.lead)
        group by s.lead;
    delete from lead_steps where rule = 'paid';
    insert into changed_people (email_index, mark)
        select email_index, 1 from leads where email_index is not null
        on conflict (email_index) do update set mark = changed_people.mark + 1;
    "
);
