//! Sales as commissions see them, whom customers belong to, what sales earn, and what is paid out.
//!
//! `changed_sales` names settlements whose sales may have changed: a job derives them, bounded.
//! `awaited_clicks` names those that name a click which is not known yet. In `touches` a row without
//! a program is a lead: when its Checkout session was made, which says who brought the customer.
//! `sales`, `touches`, `bindings` and `earnings` hold the present belief and are rewritten;
//! `commissions` and `decisions` are appended only, but for the payout that has claimed a commission.

crate::schema::migration!(
    "
    create table changed_sales (
        source_id bigint not null,
        settlement text not null,
        batch bigint not null,
        primary key (source_id, settlement)
    ) {clustered};
    create table sales (
        source_id bigint not null,
        id text not null,
        settlement text not null,
        customer text not null,
        paid_at bigint not null,
        currency text not null,
        amount bigint not null,
        content text not null,
        batch bigint not null,
        primary key (source_id, id)
    );
    create index sales_settlement on sales (source_id, settlement);
    create index sales_customer on sales (source_id, customer, paid_at);
    create table touches (
        program text not null,
        source_id bigint not null,
        customer text not null,
        id text not null,
        partner text not null,
        link text,
        kind text not null,
        touched_at bigint not null,
        told_by text not null,
        batch bigint not null,
        primary key (program, source_id, customer, id)
    );
    create index touches_customer on touches (source_id, customer);
    create index touches_told_by on touches (source_id, told_by);
    create table awaited_clicks (
        click text not null,
        source_id bigint not null,
        settlement text not null,
        primary key (click, source_id, settlement)
    ) {clustered};
    create table bindings (
        program text not null,
        source_id bigint not null,
        customer text not null,
        partner text not null,
        link text,
        terms_version bigint not null,
        rule text not null,
        bound_at bigint not null,
        content text not null,
        batch bigint not null,
        primary key (program, source_id, customer)
    );
    create index bindings_partner on bindings (program, partner, source_id, customer);
    create table decisions (
        id text primary key,
        program text not null,
        source_id bigint not null,
        sale text not null,
        act text not null,
        amount bigint,
        reason text not null,
        decided_at bigint not null
    );
    create index decisions_sale on decisions (program, source_id, sale);
    create table commissions (
        id text primary key,
        program text not null,
        partner text not null,
        source_id bigint not null,
        sale text not null,
        customer text not null,
        link text,
        kind text not null,
        currency text not null,
        occurred_at bigint not null,
        revision bigint not null,
        amount bigint not null,
        base bigint not null,
        rate_bps bigint,
        terms_version bigint not null,
        payout text,
        batch bigint not null
    );
    create unique index commissions_target
        on commissions (program, source_id, sale, partner, kind, currency, occurred_at, revision);
    create index commissions_time on commissions (occurred_at, id);
    create index commissions_customer on commissions (customer, occurred_at);
    create index commissions_partner on commissions (program, partner, occurred_at);
    create index commissions_back on commissions (currency, amount) where amount < 0;
    create index commissions_open on commissions (program, partner, currency) where payout is null;
    create index commissions_payout on commissions (payout) where payout is not null;
    create table earnings (
        program text not null,
        source_id bigint not null,
        sale text not null,
        partner text not null,
        currency text not null,
        state text not null,
        reason text not null,
        amount bigint not null,
        due_at bigint not null,
        batch bigint not null,
        primary key (program, source_id, sale, partner, currency)
    );
    create index earnings_partner on earnings (program, partner, state, due_at);
    create table payout_batches (
        id text primary key,
        program text not null,
        through_at bigint not null,
        left_out text not null,
        created_at bigint not null
    );
    create index payout_batches_program on payout_batches (program, id);
    create table payouts (
        id text primary key,
        payout_batch text not null,
        program text not null,
        partner text not null,
        currency text not null,
        amount bigint not null check (amount > 0),
        commissions bigint not null,
        state text not null,
        method text,
        reference text not null,
        failure_reason text not null,
        settled_at bigint
    );
    create index payouts_batch on payouts (payout_batch, id);
    create index payouts_partner on payouts (program, partner, id);
    create table fraud_signals (
        id text primary key,
        program text not null,
        partner text not null,
        source_id bigint not null,
        customer text not null,
        kind text not null,
        evidence text not null,
        state text not null,
        raised_at bigint not null,
        resolved_at bigint,
        resolution text not null
    );
    create unique index fraud_signals_once on fraud_signals (program, partner, source_id, customer, kind);
    create index fraud_signals_program on fraud_signals (program, id);
    "
);
