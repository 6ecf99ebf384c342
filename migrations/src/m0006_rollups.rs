//! Sums per day and month, written in the transaction of what they sum. `family` is `ledger`,
//! `measure` or `mrr:<definition>`; `grain` 0 is a day, 1 a month; a shard belongs to a process.

crate::schema::migration!(
    "
    create table rollups (
        family text not null,
        grain bigint not null,
        period bigint not null,
        name text not null,
        currency text not null,
        recorded_day bigint not null,
        source_id bigint not null,
        shard bigint not null,
        amount bigint not null,
        events bigint not null,
        subscribers bigint not null,
        customers bigint not null,
        primary key (family, grain, period, name, currency, recorded_day, source_id, shard)
    ) {clustered};
    "
);
