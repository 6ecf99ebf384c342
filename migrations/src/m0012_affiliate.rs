//! Affiliate programs with every version of their terms, partners, and links.
//!
//! `newest_version` counts the versions of a program, partners' own terms included; `terms_version`
//! and `own_version` say which are in force. `email_key`, `payout_key` tell equal from unequal.

crate::schema::migration!(
    "
    create table programs (
        id text primary key,
        name text not null,
        destination text not null,
        hosts text not null,
        terms_version bigint not null,
        newest_version bigint not null,
        created_at bigint not null,
        updated_at bigint not null
    );
    create table program_terms (
        program text not null,
        version bigint not null,
        partner text,
        terms text not null,
        created_at bigint not null,
        primary key (program, version)
    );
    create table partners (
        id text primary key,
        program text not null,
        name text not null,
        email text not null,
        key_id text,
        email_key text not null,
        payout_method text,
        payout_account text,
        payout_key text,
        tax_profile text,
        own_version bigint,
        created_at bigint not null,
        updated_at bigint not null
    );
    create unique index partners_email on partners (program, email_key);
    create index partners_program on partners (program, id);
    create index partners_payout on partners (payout_key) where payout_key is not null;
    create table affiliate_links (
        id text primary key,
        code text not null,
        code_key text not null,
        program text not null,
        partner text not null,
        destination text,
        campaign text not null,
        coupon text,
        created_at bigint not null,
        disabled_at bigint
    );
    create unique index affiliate_links_code on affiliate_links (code_key);
    create unique index affiliate_links_coupon on affiliate_links (coupon)
        where coupon is not null and disabled_at is null;
    create index affiliate_links_coupons on affiliate_links (coupon) where coupon is not null;
    create index affiliate_links_program on affiliate_links (program, id);
    create index affiliate_links_partner on affiliate_links (partner, id);
    "
);
