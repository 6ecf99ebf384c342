//! Clicks, one by one and counted; and the salts under which their visitors are known for a day.
//!
//! `outcome` is what a click was taken for, `signals` all that spoke against it. `visitor` is an HMAC
//! under the salt of the click's day, which is dropped when it is 25 hours old.

crate::schema::migration!(
    "
    create table clicks (
        id text primary key,
        link text not null,
        program text not null,
        partner text not null,
        clicked_at bigint not null,
        recorded_at bigint not null,
        outcome text not null,
        signals text not null,
        visitor text,
        referrer_host text,
        ad_parameter text
    ) {clustered};
    create index clicks_link on clicks (link, clicked_at);
    create index clicks_partner on clicks (partner, clicked_at);
    create index clicks_visitor on clicks (visitor, clicked_at)
        where visitor is not null and outcome = 'valid';
    create table click_counts (
        link text not null,
        day bigint not null,
        outcome text not null,
        clicks bigint not null,
        primary key (link, day, outcome)
    ) {clustered};
    create table click_salts (
        day bigint primary key,
        salt {bytes} not null
    );
    "
);
