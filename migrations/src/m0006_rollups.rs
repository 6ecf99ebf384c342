//! Sums per day and month, written in the transaction of what they sum. `family` is `ledger`,
//! `measure` or `mrr:<definition>`; `grain` 0 is a day, 1 a month: `period` is the day or month of
//! what happened, `recorded` the day or month in which it was recorded. So the rows of all months
//! stay few. A shard belongs to a process.

crate::schema::migration!(
    "
    create table rollups (
        family text not null,
        grain bigint not null,
        period bigint not null,
        name text not null,
        currency text not null,
        recorded bigint not null,
        source_id bigint not null,
        shard bigint not null,
        amount bigint not null,
        events bigint not null,
        subscribers bigint not null,
        customers bigint not null,
        primary key (family, grain, period, name, currency, recorded, source_id, shard)
    ) {clustered};
    create index rollups_recorded on rollups (family, grain, recorded, period);
    "
);
