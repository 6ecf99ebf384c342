//! When leads were erased: until then they were watched. Of those erased before nobody knows more than
//! when they were changed last.

crate::schema::migration!(
    "
    alter table leads add column erased_at bigint;
    update leads set erased_at = updated_at where email_index is null;
    "
);
