//! Two processes on one database.

use crate::common::dice::{Dice, count, seed};
use crate::common::place::Place;
use crate::desk::{Desk, Made, process, reason, terms};
use takings::v1::*;

/// Rows that stand in no payout's sum, or in another batch's than their payout's.
const WRONG_SUMS: &str = "select count(*) from payouts p
    where p.amount <> (select coalesce(sum(c.amount), 0) from commissions c where c.payout = p.id)
       or p.commissions <> (select count(*) from commissions c where c.payout = p.id)
       or exists (select 1 from commissions c where c.payout = p.id
                  and (c.partner <> p.partner or c.program <> p.program
                       or c.currency <> p.currency))";

/// Two processes on a place, with a program.
async fn two(place: &Place) -> [Desk; 2] {
    let (mut first, mut second) = (process(place).await, process(place).await);
    first.program = first.make_program(terms()).await;
    second.program.clone_from(&first.program);
    [first, second]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_that_create_batches_at_once_put_no_commission_into_two() {
    for place in [Some(Place::sqlite()), Place::postgres("batch_race")].into_iter().flatten() {
        let [first, second] = two(&place).await;
        let (mut dice, rounds) = (Dice::new(seed()), count(12, 200));
        let partners = [first.partner("a").await, first.partner("b").await];
        let (mut both, mut one) = (0, 0);
        for round in 0..rounds {
            first.earn(&made(&mut dice, &partners, round)).await;
            // Of all, one takes everything; of one currency and all, both may find something.
            let code = if round % 2 == 0 { "" } else { "USD" };
            let some = CreatePayoutBatchRequest { currency_code: code.into(), ..first.all() };
            let (a, b) = tokio::join!(first.create(some), second.create(second.all()));
            for refused in [&a, &b].into_iter().filter_map(|it| it.as_ref().err()) {
                assert_eq!(reason(refused), "NOTHING_DUE", "round {round}: {refused:?}");
            }
            match (a.is_ok(), b.is_ok()) {
                (true, true) => both += 1,
                (false, false) => panic!("round {round}: nobody made a batch"),
                _ => one += 1,
            }
            assert_eq!(first.number(WRONG_SUMS).await, 0, "round {round}");
        }
        let unclaimed = "select count(*) from commissions where payout is null";
        assert_eq!(first.number(unclaimed).await, 0);
        let sums = "select cast(sum(amount) as bigint) from ";
        let claimed = first.number(&format!("{sums} commissions")).await;
        assert_eq!(claimed, first.number(&format!("{sums} payouts")).await);
        println!("{}: {rounds} rounds: both made one {both} times, one {one}", place.kind());
    }
}

/// Some commissions, all due; each partner's sum is more than nothing.
fn made(dice: &mut Dice, partners: &[String], round: usize) -> Vec<Made> {
    let mut made = Vec::new();
    for partner in partners {
        for place in 0..5 + dice.below(20) {
            let amount = 100 + i64::try_from(dice.below(1_000)).unwrap();
            let sale = format!("in_{}_{round}_{place}", &partner[30..]);
            let currency = if place % 2 == 0 { "usd" } else { "eur" };
            made.push(Made { currency, ..Made::new(partner, &sale, amount) });
        }
    }
    made
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_sent_to_two_processes_is_done_once() {
    for place in [Some(Place::sqlite()), Place::postgres("batch_twice")].into_iter().flatten() {
        let [first, second] = two(&place).await;
        let anna = first.partner("Anna").await;
        for round in 0..count(6, 50) {
            first.earn(&[Made::new(&anna, &format!("in_{round}"), 100)]).await;
            let asked = first.all();
            let (a, b) = tokio::join!(first.create(asked.clone()), second.create(asked));
            assert_eq!(a.unwrap(), b.unwrap());
        }
        assert_eq!(first.number(WRONG_SUMS).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payout_that_two_processes_settle_otherwise_ends_in_one_way() {
    for place in [Some(Place::sqlite()), Place::postgres("settle_race")].into_iter().flatten() {
        let [first, second] = two(&place).await;
        let anna = first.partner("Anna").await;
        for round in 0..count(8, 100) {
            let sale = format!("in_{round}");
            first.earn(&[Made::new(&anna, &sale, 100)]).await;
            let payout = first.only_payout().await.payout_id;
            let (a, b) = tokio::join!(
                first.settle(&payout, PayoutState::Paid),
                second.settle(&payout, PayoutState::Failed),
            );
            assert_ne!(a.is_ok(), b.is_ok(), "round {round}: {a:?} {b:?}");
            if b.is_ok() {
                let again = first.only_payout().await.payout_id;
                first.settle(&again, PayoutState::Paid).await.unwrap();
            }
            let posted = "select cast(sum(amount) as bigint) from revenue_entries";
            let paid = i64::try_from(round + 1).unwrap() * 100;
            assert_eq!(first.number(posted).await, paid, "round {round}");
        }
    }
}
