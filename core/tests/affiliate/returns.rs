//! What goes back, what is disputed, and what people decide.

use crate::support::*;
use takings_core::affiliate::commission::Kind;
use takings_core::affiliate::decision::{Act, Decision, Log, State, status};
use takings_core::affiliate::sale::{DisputeState, Sale, SaleDispute};
use takings_core::affiliate::terms::Terms;

#[test]
fn tax_does_not_change_what_share_goes_back() {
    let mut taxed = refunded(sale("a", 1, 12_000), &[(9, 6_000)]);
    taxed.base[0].amount = 10_000;
    let targets = derive(&terms(2_000), &[taxed], &[]);
    assert_eq!(rows(&targets, "a"), [(Kind::Earned, 1, 2_000), (Kind::Reversed, 9, -1_000)]);
}

#[test]
fn a_refund_that_fails_and_is_made_again_ends_at_one_reversal() {
    let back = [(10, 3_000), (20, -3_000), (30, 3_000)];
    let targets = derive(&terms(2_000), &[refunded(sale("a", 1, 10_000), &back)], &[]);
    let expected = [
        (Kind::Earned, 1, 2_000),
        (Kind::Reversed, 10, -600),
        (Kind::Reversed, 30, -600),
        (Kind::Reinstated, 20, 600),
    ];
    assert_eq!(rows(&targets, "a"), expected);
    assert_eq!(total(&targets), 1_400);
}

fn disputed(amount: i64, states: &[(i64, DisputeState)]) -> Sale {
    let states = states.iter().map(|(second, state)| (at(*second), *state)).collect();
    let mut sale = refunded(sale("a", 1, 10_000), &[(10, 3_000)]);
    sale.disputes.push(SaleDispute { id: "dp".into(), amount, states });
    sale
}

#[test]
fn a_dispute_holds_and_a_lost_one_takes_what_refunds_left() {
    let lost = disputed(10_000, &[(20, DisputeState::Open), (30, DisputeState::Lost)]);
    let expected =
        [(Kind::Earned, 1, 2_000), (Kind::Reversed, 10, -600), (Kind::Reversed, 30, -1_400)];
    assert_eq!(rows(&derive(&terms(2_000), std::slice::from_ref(&lost), &[]), "a"), expected);
    let mut quick = terms(2_000);
    quick.hold_days = 0;
    let state =
        |sale: &Sale, second| status(&quick, sale, &Log::default(), at(second)).unwrap().state;
    assert_eq!(state(&lost, 19), State::Approved);
    assert_eq!(state(&lost, 20), State::Held);
    assert_eq!(state(&lost, 30), State::Reversed);
    let won = disputed(5_000, &[(20, DisputeState::Open), (30, DisputeState::Released)]);
    assert_eq!(state(&won, 30), State::Approved);
    assert_eq!(earned(&terms(2_000), &[won]), 1_400);
    let part = disputed(5_000, &[(20, DisputeState::Open), (30, DisputeState::Lost)]);
    assert_eq!(earned(&terms(2_000), &[part]), 400);
}

#[test]
fn a_rejection_reverses_what_is_left_at_its_time_and_can_be_undone() {
    let sold = refunded(sale("a", 1, 10_000), &[(10, 3_000), (30, 3_000)]);
    let rejected = [act("in_a", 20, Act::Reject)];
    let targets = derive(&terms(2_000), std::slice::from_ref(&sold), &rejected);
    let expected =
        [(Kind::Earned, 1, 2_000), (Kind::Reversed, 10, -600), (Kind::Rejected, 20, -1_400)];
    assert_eq!(rows(&targets, "a"), expected);
    let undone = [rejected[0].clone(), act("a", 40, Act::Approve)];
    let targets = derive(&terms(2_000), &[sold], &undone);
    assert_eq!(rows(&targets, "a").last(), Some(&(Kind::Rejected, 20, -1_400)));
    assert_eq!(total(&targets), 800);
}

#[test]
fn a_hold_and_a_rejection_need_a_reason() {
    for decided in [Act::Hold, Act::Reject] {
        let told = act("a", 20, decided);
        let silent = Decision { reason: " ".into(), ..told.clone() };
        assert!(silent.check().is_err() && told.check().is_ok(), "{decided:?}");
    }
}

#[test]
fn a_commission_is_approved_by_rule_after_the_hold_or_by_hand() {
    let sold = sale("a", 0, 1_000);
    let mut terms = terms(1_000);
    let of = |terms: &Terms, acts: &[Decision], second| {
        let status = status(terms, &sold, &Log::of(acts), at(second)).unwrap();
        (status.state, status.is_payable(at(second)))
    };
    assert_eq!(of(&terms, &[], 30 * DAY - 1), (State::Pending, false));
    assert_eq!(of(&terms, &[], 30 * DAY), (State::Approved, true));
    let by_hand = [act("a", 5, Act::Approve)];
    assert_eq!(of(&terms, &by_hand, 5), (State::Approved, false), "the hold goes on");
    terms.auto_approve = false;
    assert_eq!(of(&terms, &[], 60 * DAY), (State::Pending, false));
    assert_eq!(of(&terms, &by_hand, 30 * DAY), (State::Approved, true));
    let held = [by_hand[0].clone(), act("a", 6, Act::Hold)];
    assert_eq!(of(&terms, &held, 30 * DAY), (State::Held, false));
    let released = [held[0].clone(), held[1].clone(), act("a", 7, Act::Release)];
    assert_eq!(of(&terms, &released, 30 * DAY), (State::Approved, true));
}
