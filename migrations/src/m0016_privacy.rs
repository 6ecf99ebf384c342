//! Personal data is sealed.
//!
//! `privacy` holds what the data knows of its key store: `tenant`, the fingerprint of its secret, and
//! `erasures_applied`, the newest erasure that has emptied this copy of the data. The `key` of a body,
//! or of an answer, is the key it is sealed under, wrapped by those of the subjects that `key_id` names; without one the
//! key store has it, and `loose_bodies` says which object may tell whose it is. In `people` equal
//! mailboxes have an equal index.

crate::schema::migration!(
    "
    create table privacy (
        name text primary key,
        value text not null
    );
    alter table webhook_bodies add column key {bytes};
    alter table intents add column key {bytes};
    create table people (
        subject text primary key,
        email_index text
    );
    create index people_email on people (email_index) where email_index is not null;
    create table loose_bodies (
        source_id bigint not null,
        object text not null,
        subject text not null,
        primary key (source_id, object, subject)
    );
    "
);
