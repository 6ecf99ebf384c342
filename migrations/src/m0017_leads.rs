//! Leads: facts, and what is believed now.
//!
//! `leads` is rewritten as its facts come; everything else but `outbox` is appended only. What names a
//! person is sealed under the lead's key: `personal`, `said`, `attributes`, `words`, `evidence`,
//! `secret`. `email_index` is the keyed hash of the mailbox, as in `people`; an erasure empties it.
//! `changed_people` names mailboxes whose conversion has to be derived again; a mark that was set
//! again meanwhile has another number. Of `lead_conversions` the
//! greatest revision holds; one without `converted_at` takes back the one before.

crate::schema::migration!(
    "
    create table leads (
        id text primary key,
        email_index text unique,
        personal text,
        source text not null,
        campaign text not null,
        referrer_host text not null,
        click text,
        verdict text not null,
        reasons text not null,
        stage text not null,
        disqualification text,
        unsubscribe_hash text not null unique,
        captured_at bigint not null,
        recorded_at bigint not null,
        updated_at bigint not null
    );
    create index leads_stage on leads (stage, id);
    create index leads_source on leads (source, id);
    create index leads_captured on leads (captured_at, id);
    create table lead_profiles (
        id text primary key,
        lead text not null,
        said text,
        said_at bigint not null,
        recorded_at bigint not null
    );
    create index lead_profiles_lead on lead_profiles (lead);
    create table lead_activities (
        id text primary key,
        lead text not null,
        kind text not null,
        attributes text,
        occurred_at bigint not null,
        recorded_at bigint not null,
        message text,
        link text,
        links bigint,
        delivered_at bigint,
        network text
    );
    create index lead_activities_lead on lead_activities (lead, occurred_at);
    create index lead_activities_message on lead_activities (lead, message) where message is not null;
    create table automated_activities (
        activity text primary key,
        lead text not null,
        recorded_at bigint not null
    );
    create index automated_activities_lead on automated_activities (lead);
    create table lead_steps (
        id text primary key,
        lead text not null,
        stepped_at bigint not null,
        recorded_at bigint not null,
        rule text,
        actor text,
        stage text not null,
        disqualification text,
        words text
    );
    create index lead_steps_lead on lead_steps (lead);
    create table scoring_models (
        version bigint primary key,
        model text not null,
        recorded_at bigint not null
    );
    create table consent_facts (
        id text primary key,
        lead text not null,
        purpose text not null,
        happened text not null,
        token_hash text,
        happened_at bigint not null,
        recorded_at bigint not null,
        text_hash text,
        source text not null,
        campaign text not null,
        evidence text
    );
    create index consent_facts_lead on consent_facts (lead, purpose);
    create index consent_facts_token on consent_facts (token_hash) where token_hash is not null;
    create table outbox (
        id text primary key,
        lead text not null,
        purpose text not null,
        secret text,
        state text not null,
        attempts bigint not null,
        next_at bigint not null,
        created_at bigint not null,
        settled_at bigint,
        failure text
    );
    create index outbox_due on outbox (next_at) where state = 'waiting';
    create index outbox_lead on outbox (lead);
    create table lead_conversions (
        lead text not null,
        revision bigint not null,
        converted_at bigint,
        source_id bigint,
        customer text,
        automatic bigint not null,
        recorded_at bigint not null,
        primary key (lead, revision)
    );
    create index lead_conversions_customer on lead_conversions (source_id, customer)
        where customer is not null;
    create index objects_sessions on objects (source_id, customer)
        where substr(id, 1, 3) = 'cs_';
    create table changed_people (
        email_index text primary key,
        mark bigint not null
    );
    "
);
