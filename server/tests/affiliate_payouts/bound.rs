//! To whom a customer belongs while payouts come and go.

use crate::common::place::Place;
use crate::common::rows;
use crate::desk::{Desk, NOW, desks};
use crate::earned::at_once;
use sea_orm::ConnectionTrait;
use takings::v1::*;
use takings_migrations::{Migrator, MigratorTrait};
use takings_server::db::Database;
use takings_server::jobs::settle_commissions;

const DAY: i64 = 86_400;

/// Two partners, of whom the first has brought a customer, and the second's click came later.
struct Two {
    anna: String,
    bert: String,
    berts_click: String,
    payout: PartnerPayout,
}

async fn two(desk: &mut Desk) -> Two {
    desk.program = desk.make_program(at_once()).await;
    let (anna, bert) = (desk.partner("Anna").await, desk.partner("Bert").await);
    let (first, second) = (desk.link(&anna).await, desk.link(&bert).await);
    let click = desk.click(&first, &anna, NOW - 12 * DAY, "valid").await;
    let berts_click = desk.click(&second, &bert, NOW - 11 * DAY, "valid").await;
    let sold = ProcessConversionRequest { click_id: click, ..desk.sale("order-1", "buyer", "") };
    assert_eq!(desk.convert(sold).await.unwrap().partner_id, anna);
    let payout = desk.only_payout().await;
    Two { anna, bert, berts_click, payout }
}

impl Desk {
    /// Tells of a second sale of the customer; answers whose it is.
    async fn sell_again(&self, click: &str, partner: &str) -> String {
        let click_id = click.to_owned();
        let again = ProcessConversionRequest { click_id, ..self.sale("order-2", "buyer", partner) };
        self.convert(again).await.unwrap().partner_id
    }

    async fn send(&self, payout: &PartnerPayout) {
        self.export(&payout.payout_batch_id, PayoutFormat::PaypalCsv).await.unwrap();
    }

    async fn bound(&self) -> Vec<String> {
        settle_commissions(&self.database).await.unwrap();
        self.texts("select partner from bindings").await
    }
}

#[tokio::test]
async fn a_payout_that_failed_binds_nobody_whenever_the_other_click_is_learned() {
    for fails_first in [true, false] {
        for (mut desk, place) in desks("failed_frees").await {
            let Two { anna, bert, berts_click, payout } = two(&mut desk).await;
            desk.send(&payout).await;
            if fails_first {
                desk.settle(&payout.payout_id, PayoutState::Failed).await.unwrap();
                assert_eq!(desk.sell_again(&berts_click, "").await, bert);
            } else {
                assert_eq!(desk.sell_again(&berts_click, "").await, anna, "it was sent");
                desk.settle(&payout.payout_id, PayoutState::Failed).await.unwrap();
            }
            assert_eq!(desk.bound().await, [bert], "{fails_first} on {}", place.kind());
        }
    }
}

#[tokio::test]
async fn a_call_that_names_a_partner_wins_but_moves_nothing_that_was_sent() {
    for sent in [true, false] {
        for (mut desk, place) in desks("named").await {
            let Two { anna, bert, payout, .. } = two(&mut desk).await;
            if sent {
                desk.send(&payout).await;
            }
            let whose = desk.sell_again("", &bert).await;
            assert_eq!(whose, if sent { anna } else { bert }, "{sent} on {}", place.kind());
            let kinds = "select kind from touches where kind <> 'link'";
            assert_eq!(desk.texts(kinds).await, ["api"]);
        }
    }
}

#[tokio::test]
async fn what_sessions_and_calls_have_told_before_is_kept_and_derived_again() {
    for place in [Some(Place::sqlite()), Place::postgres("told_upgrade")].into_iter().flatten() {
        let options = crate::common::options(place.url.clone());
        let database = Database::open(&options).await.unwrap();
        Migrator::up(&database.write, Some(20)).await.unwrap();
        let text = "insert into batches (id, recorded_at) values (7, 0);
            insert into objects (source_id, id, settlement, batch)
                values (1, 'cs_1', 'in_1', 7), (1, 'in_1', 'in_1', 7), (1, 'in_2', 'in_2', 7);
            insert into touches (program, source_id, customer, id, partner, kind, touched_at,
                                 told_by, batch)
                values ('prg_1', 1, 'cus_1', 'clk_1', 'a', 'link', 5, 'in_1', 7),
                       ('prg_1', 2, 'cus_2', 'conversion:1', 'b', 'manual', 6, 'conversion:1', 7);";
        database.write.execute_unprepared(text).await.unwrap();
        Migrator::up(&database.write, None).await.unwrap();
        for (query, expected) in [
            ("select kind || ' ' || told_by from touches", &["link in_1", "api conversion:1"][..]),
            ("select settlement || ' ' || cast(batch as text) from changed_sales", &["in_1 7"]),
            ("select customer || ' ' || cast(batch as text) from changed_customers", &["cus_2 7"]),
        ] {
            let found = rows(&database, query).await;
            let mut found: Vec<String> =
                found.iter().map(|it| it.try_get_by_index(0).unwrap()).collect();
            found.sort_by(|a, b| b.cmp(a));
            assert_eq!(found, expected, "{query} on {}", place.kind());
        }
    }
}
