use super::*;
use crate::testing::shuffled;
use proptest::prelude::*;

const DAY: i64 = 86_400_000_000;
const A: TokenHash = TokenHash([1; 32]);
const B: TokenHash = TokenHash([2; 32]);

fn fact(at: i64, happened: Happened) -> Fact {
    Fact { at: Timestamp(at), happened }
}

fn requested(at: i64, token: TokenHash) -> Fact {
    fact(at, Happened::Requested(token))
}

fn sent(at: i64, token: TokenHash) -> Fact {
    fact(at, Happened::Sent(token))
}

fn confirmed(at: i64, token: TokenHash) -> Fact {
    fact(at, Happened::Confirmed(token))
}

fn withdrawn(at: i64) -> Fact {
    fact(at, Happened::Withdrawn)
}

fn state(facts: &[Fact], now: i64) -> State {
    consent(facts, Timestamp(now)).state
}

fn refusal(facts: &[Fact], token: TokenHash, now: i64) -> Option<Refusal> {
    check(facts, token, Timestamp(now)).err()
}

#[test]
fn a_guessed_token_confirms_nothing() {
    let facts = [requested(1, A), sent(2, A)];
    assert_eq!(refusal(&facts, B, 3), Some(Refusal::Unknown));
    assert_eq!(refusal(&[], A, 3), Some(Refusal::Unknown));
    assert_eq!(refusal(&[requested(5, A)], A, 3), Some(Refusal::Unknown), "not asked for yet");
    let forged = [facts[0], facts[1], confirmed(3, B)];
    assert_eq!(state(&forged, 4), State::Sent);
    assert_eq!(state(&[confirmed(3, B)], 4), State::None);
}

#[test]
fn a_token_confirms_once() {
    let facts = [requested(1, A), confirmed(5, A), confirmed(9, A)];
    assert_eq!(refusal(&facts[..1], A, 5), None);
    assert_eq!(refusal(&facts[..2], A, 6), Some(Refusal::Used));
    assert_eq!(consent(&facts, Timestamp(10)).confirmed_at, Some(Timestamp(5)));
    let late = 8 * DAY;
    assert_eq!(refusal(&facts, A, late), Some(Refusal::Used), "and not merely expired");
    assert_eq!(state(&facts, late), State::Confirmed);
}

#[test]
fn a_token_lives_seven_days() {
    let last = 1 + 7 * DAY - 1;
    let facts = [requested(1, A), sent(2, A)];
    assert_eq!((state(&facts, last), refusal(&facts, A, last)), (State::Sent, None));
    let over = (State::Expired, Some(Refusal::Expired));
    assert_eq!((state(&facts, last + 1), refusal(&facts, A, last + 1)), over);
    let in_time = [facts[0], confirmed(last, A)];
    let too_late = [facts[0], confirmed(last + 1, A)];
    assert_eq!(state(&in_time, 90 * DAY), State::Confirmed);
    assert_eq!(state(&too_late, 90 * DAY), State::Expired);
}

#[test]
fn a_withdrawal_ends_the_consent_and_every_token() {
    let facts = [requested(1, A), requested(2, B), confirmed(3, A), withdrawn(4)];
    let ended = consent(&facts, Timestamp(5));
    assert_eq!((ended.state, ended.withdrawn_at), (State::Withdrawn, Some(Timestamp(4))));
    let proof = (ended.token, ended.requested_at, ended.confirmed_at);
    assert_eq!(proof, (Some(A), Some(Timestamp(1)), Some(Timestamp(3))), "the proof stays");
    assert_eq!(refusal(&facts, A, 5), Some(Refusal::Withdrawn));
    assert_eq!(refusal(&facts, B, 5), Some(Refusal::Withdrawn));
    let replayed = [&facts[..], &[confirmed(6, B), confirmed(7, A), requested(8, B)]].concat();
    assert_eq!(state(&replayed, 9), State::Withdrawn);
}

#[test]
fn who_withdraws_twice_withdrew_the_first_time() {
    let facts = [requested(1, A), confirmed(2, A), withdrawn(4), withdrawn(6)];
    assert_eq!(consent(&facts, Timestamp(9)).withdrawn_at, Some(Timestamp(4)));
}

#[test]
fn who_withdraws_without_having_agreed_has_withdrawn() {
    let stranger = consent(&[withdrawn(4)], Timestamp(5));
    assert_eq!((stranger.state, stranger.token), (State::Withdrawn, None));
    assert!(!stranger.state.allows());
}

#[test]
fn who_asks_again_after_a_withdrawal_begins_anew() {
    let facts = [requested(1, A), confirmed(2, A), withdrawn(3), requested(4, B)];
    let asked = consent(&facts, Timestamp(5));
    assert_eq!((asked.state, asked.token, asked.withdrawn_at), (State::Requested, Some(B), None));
    let again = [&facts[..], &[confirmed(6, B)]].concat();
    assert_eq!(state(&again, 7), State::Confirmed);
}

#[test]
fn of_one_instant_the_withdrawal_is_heard_last() {
    let facts = [withdrawn(1), confirmed(1, A), requested(1, A)];
    assert_eq!(state(&facts, 1), State::Withdrawn);
}

#[test]
fn each_state_follows_from_what_happened() {
    let facts = [requested(1, A), sent(2, A), sent(3, A), confirmed(4, A), withdrawn(5)];
    let states = [0, 1, 2, 4, 5].map(|now| state(&facts, now));
    let expected = [State::None, State::Requested, State::Sent, State::Confirmed, State::Withdrawn];
    assert_eq!(states, expected);
    assert_eq!(states.map(State::allows), [false, false, false, true, false]);
    assert_eq!(consent(&facts, Timestamp(4)).sent_at, Some(Timestamp(2)), "the first mail");
    assert_eq!(State::Expired.as_str(), "expired");
}

#[test]
fn who_asks_twice_may_use_either_mail() {
    let facts = [requested(1, A), sent(1, A), requested(2, B)];
    assert_eq!(
        (state(&facts, 3), refusal(&facts, A, 3), refusal(&facts, B, 3)),
        (State::Requested, None, None)
    );
    let both = [&facts[..], &[confirmed(4, A), confirmed(5, B)]].concat();
    let last = consent(&both, Timestamp(6));
    assert_eq!((last.token, last.confirmed_at), (Some(B), Some(Timestamp(5))), "the newer text");
    let asked_again = [&both[..], &[requested(7, TokenHash([3; 32]))]].concat();
    assert_eq!(state(&asked_again, 90 * DAY), State::Confirmed, "asking again takes nothing back");
}

#[test]
fn a_tokens_hash_is_sha_256_and_shows_little_of_itself() {
    let hash = TokenHash::of(&[0; 32]);
    // SHA-256 of 32 zero bytes.
    assert_eq!(
        hex::encode(hash.0),
        "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925"
    );
    assert_eq!(format!("{hash:?}"), "66687aad");
}

fn any_facts() -> impl Strategy<Value = Vec<Fact>> {
    let token = prop::sample::select(vec![A, B]);
    let happened = prop_oneof![
        token.clone().prop_map(Happened::Requested),
        token.clone().prop_map(Happened::Sent),
        token.prop_map(Happened::Confirmed),
        Just(Happened::Withdrawn),
    ];
    let fact = (0_i64..12, happened).prop_map(|(at, happened)| fact(at * DAY, happened));
    prop::collection::vec(fact, 0..10)
}

proptest! {
    #[test]
    fn every_order_gives_the_same_consent(
        (facts, turned) in shuffled(any_facts()),
        now in 0_i64..20,
    ) {
        let now = Timestamp(now * DAY);
        let repeated = [&turned[..], &facts[..]].concat();
        prop_assert_eq!(consent(&facts, now), consent(&turned, now));
        prop_assert_eq!(consent(&facts, now), consent(&repeated, now));
    }

    #[test]
    fn nobody_is_written_to_without_a_confirmation_in_time(facts in any_facts(), now in 0_i64..20) {
        let now = Timestamp(now * DAY);
        if consent(&facts, now).state.allows() {
            let in_time = |token: TokenHash, at: Timestamp| facts.iter().any(|it| {
                it.happened == Happened::Requested(token)
                    && it.at <= at && at.0 < it.at.0 + 7 * DAY
            });
            let proof = facts.iter().any(|it| matches!(it.happened, Happened::Confirmed(token)
                if it.at <= now && in_time(token, it.at)
                    && !facts.iter().any(|other| other.happened == Happened::Withdrawn
                        && it.at <= other.at && other.at <= now)));
            prop_assert!(proof, "{:?}", facts);
        }
    }

    #[test]
    fn what_check_allows_confirms_when_it_is_stored(facts in any_facts(), now in 0_i64..20) {
        let at = Timestamp(now * DAY);
        let allowed = check(&facts, A, at).is_ok();
        let before = consent(&facts, at).state;
        let stored = [&facts[..], &[confirmed(at.0, A)]].concat();
        let withdrawn_now = facts.contains(&withdrawn(at.0));
        if allowed && !withdrawn_now {
            prop_assert_eq!(consent(&stored, at).state, State::Confirmed);
            prop_assert_eq!(check(&stored, A, at), Err(Refusal::Used));
        } else {
            prop_assert_eq!(consent(&stored, at).state, before);
        }
    }
}
