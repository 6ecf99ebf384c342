//! What cannot be computed is set aside, so that everything else is; a partner's own terms have an end.
//!
//! `set_aside_at` says when a mark failed; a mark that is set again, or a rebuild, tries it again.
//! Terms that are `null` in JSON say that the partner's own have ended: of rows of before it is not
//! known when, but when the partner was last changed.

crate::schema::migration!(
    "
    alter table changed_sales add column set_aside_at bigint;
    alter table changed_customers add column set_aside_at bigint;
    insert into program_terms (program, version, partner, terms, created_at)
        select p.program,
               g.newest_version + row_number() over (partition by p.program order by p.id),
               p.id, 'null', p.updated_at
        from partners p join programs g on g.id = p.program
        where p.own_version is null and exists (
            select 1 from program_terms v where v.program = p.program and v.partner = p.id);
    update programs set newest_version = coalesce(
        (select max(v.version) from program_terms v where v.program = programs.id), newest_version);
    "
);
