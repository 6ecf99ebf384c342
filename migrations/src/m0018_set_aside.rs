//! What cannot be computed is set aside, so that everything else is.
//!
//! `set_aside_at` says when a mark failed; a mark that is set again, or a rebuild, tries it again.

crate::schema::migration!(
    "
    alter table changed_sales add column set_aside_at bigint;
    alter table changed_customers add column set_aside_at bigint;
    "
);
