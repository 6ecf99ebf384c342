//! A program with two partners, under ids that never change, so that states can be compared.

use crate::common::{self, rows};
use sea_orm::ConnectionTrait;
use takings_core::affiliate::Terms;
use takings_core::affiliate::terms::{Attribution, Model};
use takings_core::money::Currency;
use takings_server::db::Database;
use takings_server::jobs::{settle_commissions, settle_waiting};
use takings_server::rebuild::{rebuild, state_hash};

/// The program.
pub const PROGRAM: &str = "prg_00000000000000000000000000000001";
/// Whose click is known from the beginning.
pub const ANNA: &str = "prt_0000000000000000000000000000000a";
/// Whose click arrives late.
pub const BERT: &str = "prt_0000000000000000000000000000000b";
/// Anna's click.
pub const CLICK_A: &str = "clk_0000000000000000000000000000000a";
/// Bert's click.
pub const CLICK_B: &str = "clk_0000000000000000000000000000000b";
/// The second of everything.
pub const AT: i64 = 1_780_000_000;

/// The terms: a fifth, of which the earliest click's partner gets all.
pub fn terms() -> Terms {
    let mut terms = Terms::percent(Currency::parse("usd").unwrap(), 2_000);
    terms.attribution = Attribution { model: Model::First, ..Attribution::DUB };
    terms
}

async fn run(database: &Database, text: String) {
    database.write.execute_unprepared(&text).await.unwrap();
}

/// Stores the program and its partners, each with a link.
pub async fn open(database: &Database, terms: &Terms) {
    let terms = serde_json::to_string(terms).unwrap();
    run(
        database,
        format!(
            "insert into programs (id, name, destination, hosts, terms_version, newest_version,
                                   created_at, updated_at)
             values ('{PROGRAM}', 'Friends', 'https://shop.example/', '[]', 1, 1, 0, 0)"
        ),
    )
    .await;
    run(
        database,
        format!(
            "insert into program_terms (program, version, partner, terms, created_at)
             values ('{PROGRAM}', 1, null, '{terms}', 0)"
        ),
    )
    .await;
    for (partner, code) in [(ANNA, "a"), (BERT, "b")] {
        run(
            database,
            format!(
                "insert into partners (id, program, name, email, email_key, created_at, updated_at)
                 values ('{partner}', '{PROGRAM}', '', '', '{code}', 0, 0)"
            ),
        )
        .await;
        run(
            database,
            format!(
                "insert into affiliate_links (id, code, code_key, program, partner, campaign,
                                              coupon, created_at)
                 values ('lnk_{code}', '{code}', '{code}', '{PROGRAM}', '{partner}', '',
                         'coupon_{code}', 0)"
            ),
        )
        .await;
    }
}

/// Stores a click of a partner's link.
pub async fn click(database: &Database, id: &str, partner: &str, second: i64) {
    let link = if partner == ANNA { "lnk_a" } else { "lnk_b" };
    run(
        database,
        format!(
            "insert into clicks (id, link, program, partner, clicked_at, recorded_at, outcome,
                                 signals)
             values ('{id}', '{link}', '{PROGRAM}', '{partner}', {}, 0, 'valid', '')",
            second * 1_000_000
        ),
    )
    .await;
}

/// Claims all commissions of a partner for a payout that was sent.
pub async fn send_payout(database: &Database, partner: &str, amount: i64) {
    run(
        database,
        format!(
            "insert into payouts (id, payout_batch, program, partner, currency, amount,
                                  commissions, state, reference, failure_reason)
             values ('pay_1', 'pob_1', '{PROGRAM}', '{partner}', 'usd', {amount}, 1, 'sent', '', '')"
        ),
    )
    .await;
    run(database, format!("update commissions set payout = 'pay_1' where partner = '{partner}'"))
        .await;
}

/// Lets the jobs do what they would.
pub async fn settle(database: &Database) {
    settle_waiting(database).await.unwrap();
    settle_commissions(database).await.unwrap();
}

/// Takes events in one by one.
pub async fn tell(database: &Database, events: &[Vec<u8>]) {
    let bodies: Vec<&[u8]> = events.iter().map(Vec::as_slice).collect();
    common::ingest(database, &bodies, 1).await;
}

/// The hash, where everything is settled and agrees.
pub async fn hash(database: &Database) -> String {
    settle(database).await;
    let report = rebuild(database, true).await.unwrap();
    assert!(report.agrees(), "{report:?}");
    state_hash(database).await.unwrap().to_string()
}

/// What stands: kind, second after `AT`, amount, of a partner, the oldest first.
pub async fn standing(database: &Database, partner: &str) -> Vec<(String, i64, i64)> {
    let query = format!(
        "select kind, occurred_at, cast(sum(amount) as bigint) as amount from commissions
         where partner = '{partner}' group by kind, occurred_at having sum(amount) <> 0
         order by occurred_at, kind"
    );
    let found = rows(database, &query).await;
    let row = |row: &sea_orm::QueryResult| {
        let at: i64 = row.try_get("", "occurred_at").unwrap();
        (row.try_get("", "kind").unwrap(), at / 1_000_000 - AT, row.try_get("", "amount").unwrap())
    };
    found.iter().map(row).collect()
}

/// A number that a query counts.
pub async fn count(database: &Database, query: &str) -> i64 {
    rows(database, query).await[0].try_get("", "n").unwrap()
}

/// What the ledger owes a partner.
pub async fn payable(database: &Database, partner: &str) -> i64 {
    let account = format!("partner_payable:{partner}");
    let query = format!(
        "select cast(coalesce(sum(case when credit = '{account}' then amount else -amount end), 0)
                     as bigint) as n
         from revenue_entries where debit = '{account}' or credit = '{account}'"
    );
    count(database, &query).await
}

/// Claims the commissions of a link's partner for a payout.
pub async fn claim(database: &Database, link: &takings::v1::AffiliateLink) {
    let (program, partner) = (&link.program_id, &link.partner_id);
    run(
        database,
        format!(
            "insert into payouts (id, payout_batch, program, partner, currency, amount,
                                  commissions, state, reference, failure_reason)
             values ('pay_1', 'pob_1', '{program}', '{partner}', 'usd', 2000, 1, 'approved', '', '')"
        ),
    )
    .await;
    run(database, format!("update commissions set payout = 'pay_1' where partner = '{partner}'"))
        .await;
}

/// Logs a rejection that nothing was derived from yet.
pub async fn reject_by_hand(database: &Database, program: &str, sale: &str, second: i64) {
    run(
        database,
        format!(
            "insert into decisions (id, program, source_id, sale, act, reason, decided_at)
             values ('dec_1', '{program}', 1, '{sale}', 'reject', 'by hand', {})",
            second * 1_000_000
        ),
    )
    .await;
}
