//! Convergence: whole lives of objects, in every order, with repetitions, settle alike.

mod support;

use support::ten_dollars;
use takings_core::billing::facts::*;
use takings_core::version::{Moment, Version, settle};

/// Lives tried; a sixth of them have seven events, in 5,040 orders each.
const LIVES: u64 = 48;

/// A small generator of its own: the same lives on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// A life, and what is true after each of its seconds where its links tell it.
struct Life {
    versions: Vec<Version>,
    truth: Option<Vec<(Seconds, State)>>,
}

fn subscription(quantity: i64, status: SubscriptionStatus) -> State {
    let mut state = ten_dollars();
    state.status = status;
    state.items[0].quantity = Some(quantity);
    State::Subscription(state)
}

/// A subscription that is created, changed, and perhaps deleted, often within a second. Event
/// ids are random. `fresh`: no state comes twice, so that links tell the whole truth.
fn life(dice: &mut Dice, events: u64, fresh: bool) -> Life {
    use SubscriptionStatus::*;
    let (mut second, mut quantity) = (100, 1);
    let mut state = subscription(quantity, Incomplete);
    let mut versions: Vec<Version> = Vec::new();
    let mut truth: Vec<(Seconds, State)> = Vec::new();
    for step in 0..events {
        let last = step + 1 == events;
        let phase = match step {
            0 => Phase::Created,
            _ if last && dice.roll(3) == 0 => Phase::Deleted,
            _ => Phase::Changed,
        };
        let before = (phase == Phase::Changed).then(|| state.clone());
        if step > 0 {
            second += [0, 0, 0, 1, 50][dice.roll(5) as usize];
            quantity = if fresh { quantity + 1 } else { 1 + dice.roll(3) as i64 };
            let status = [Active, Active, PastDue][dice.roll(3) as usize];
            state = subscription(quantity, if phase == Phase::Deleted { Canceled } else { status });
        }
        let event = format!("evt_{:04}_{step}", dice.roll(10_000));
        // Now and then an update arrives without its previous values: a tie that stays.
        let before = before.filter(|_| fresh || dice.roll(4) > 0);
        versions.push(Version {
            second,
            event,
            phase,
            state: state.clone(),
            before,
            fetched: false,
        });
        truth.retain(|(known, _)| *known != second);
        truth.push((second, state.clone()));
    }
    if !fresh && dice.roll(2) == 0 {
        let event = String::from("req_1");
        let (phase, second) = (Phase::Changed, second + dice.roll(5) as Seconds);
        let at = dice.roll(versions.len() as u64) as usize;
        versions[at] = Version { second, event, phase, state, before: None, fetched: true };
    }
    Life { versions, truth: fresh.then_some(truth) }
}

/// Calls `visit` with every order of `items` (Heap's algorithm).
fn permute(items: &mut [Version], visit: &mut impl FnMut(&[Version])) {
    let mut counts = vec![0; items.len()];
    visit(items);
    let mut place = 0;
    while place < items.len() {
        if counts[place] < place {
            let with = if place % 2 == 0 { 0 } else { counts[place] };
            items.swap(with, place);
            visit(items);
            counts[place] += 1;
            place = 0;
        } else {
            counts[place] = 0;
            place += 1;
        }
    }
}

#[test]
fn every_order_and_any_repetition_settle_alike() {
    let mut dice = Dice(20_260_930);
    let (mut orders, mut tied) = (0_u64, 0);
    for number in 0..LIVES {
        let mut life = life(&mut dice, 2 + number % 6, number % 3 == 0);
        let expected = settle(None, &life.versions);
        tied += usize::from(expected.len() < life.versions.len());
        check_truth(number, &life, &expected);
        permute(&mut life.versions, &mut |order| {
            orders += 1;
            assert_eq!(settle(None, order), expected, "life {number}");
            if dice.roll(4) == 0 {
                let repeated =
                    (0..3).map(|_| order[dice.roll(order.len() as u64) as usize].clone());
                let mut repeated: Vec<Version> = repeated.collect();
                let middle = dice.roll(order.len() as u64) as usize;
                repeated.splice(1..1, order[middle..].iter().chain(&order[..middle]).cloned());
                assert_eq!(settle(None, &repeated), expected, "life {number}, repeated");
            }
        });
    }
    assert_eq!(orders, LIVES / 6 * (2 + 6 + 24 + 120 + 720 + 5_040));
    assert!(tied > 30, "{tied} lives have ties");
}

/// Where every update tells the state before it, ties cost nothing: each second is right.
fn check_truth(number: u64, life: &Life, moments: &[Moment]) {
    let Some(truth) = &life.truth else { return };
    let found: Vec<(Seconds, State)> =
        moments.iter().map(|moment| (moment.second, moment.state.clone())).collect();
    assert_eq!(&found, truth, "life {number}");
    assert!(moments.iter().all(|moment| moment.marks.is_empty()), "life {number}");
}

#[test]
fn settling_from_a_moment_on_is_settling_everything() {
    let mut dice = Dice(7);
    for number in 0..200 {
        let life = life(&mut dice, 3 + number % 5, true);
        let all = settle(None, &life.versions);
        for (place, moment) in all.iter().enumerate() {
            let later = life.versions.iter().filter(|it| it.second > moment.second);
            let later: Vec<Version> = later.cloned().collect();
            assert_eq!(settle(Some(&moment.state), &later), all[place + 1..], "life {number}");
        }
    }
}
