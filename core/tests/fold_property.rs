//! Folding from any second on, with the point before it, is folding everything.

// A test that cannot be set up fails: that is what `unwrap` says here.
#![allow(clippy::unwrap_used)]

mod support;

use support::*;
use takings_core::billing::facts::*;
use takings_core::billing::{Carry, Definition, Point, earliest, fold};
use takings_core::version::Moment;

const LIVES: u64 = 1_500;

/// A small generator of its own: the same lives on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }

    fn one_in(&mut self, sides: u64) -> bool {
        self.roll(sides) == 0
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.roll(from.len() as u64) as usize].clone()
    }

    fn days(&mut self, most: u64) -> Seconds {
        self.roll(most * 4) as Seconds * DAY / 4
    }
}

fn prices() -> Vec<Price> {
    let tiered = Price { tiered: true, unit_amount: None, ..monthly("tiered", 1) };
    let euros = Price { currency: eur(), ..monthly("euros", 900) };
    let inclusive = Price { tax: TaxBehavior::Inclusive, ..monthly("inclusive", 1_200) };
    vec![
        monthly("ten", 1_000),
        monthly("twenty", 2_000),
        yearly("year", 10_000),
        price("week", "333", (Interval::Week, 2)),
        price("fraction", "0.125", (Interval::Month, 3)),
        tiered,
        euros,
        inclusive,
    ]
}

/// Four discounts of subscriptions, two of the customer, some with coupons nobody has seen.
fn world(dice: &mut Dice) -> World {
    let durations = [Duration::Forever, Duration::Repeating, Duration::Repeating, Duration::Once];
    let mut world = World::default();
    for coupon in 0..4 {
        if dice.one_in(5) {
            continue;
        }
        let off = dice.pick(&[percent("25"), percent("33.3"), Off::Amount(250, usd())]);
        world = world.coupon(&format!("c{coupon}"), off, dice.pick(&durations));
        let products = dice.pick(&[None, Some(&[][..]), Some(&["prod_ten"])]);
        world = world.limited_to(&format!("c{coupon}"), products);
    }
    for discount in 0..6 {
        let coupon = format!("c{}", dice.roll(4));
        let start = dice.days(200);
        let end = (!dice.one_in(3)).then(|| start + dice.days(120));
        let gone = dice.one_in(2).then(|| start + 1 + dice.days(150));
        world = match discount {
            0..4 => world.discount(&format!("d{discount}"), &coupon, start, end),
            _ => world.customers(&format!("e{discount}"), &coupon, start, end, gone),
        };
    }
    for item in ["si_0", "si_1"] {
        let mut second = 0;
        for _ in 0..dice.roll(4) {
            second += 1 + dice.days(100);
            let tax = dice.pick(&[200, 100, 201]);
            world = world.tax(item, second, 1_200, tax);
        }
    }
    world.first_paid = dice.one_in(2).then(|| dice.days(200));
    world
}

fn definition(dice: &mut Dice) -> Definition {
    Definition {
        name: "v1".into(),
        count_once_coupons: dice.one_in(2),
        count_collection_paused: !dice.one_in(4),
        past_due_churn_days: dice.one_in(2).then_some(20),
        churn_at_cancellation: dice.one_in(4),
        trial_until_first_payment: dice.one_in(6),
    }
}

fn listed(dice: &mut Dice) -> Vec<String> {
    (0..4).filter(|_| dice.one_in(2)).map(|discount| format!("d{discount}")).collect()
}

fn changed(dice: &mut Dice, state: &mut Subscription, now: Seconds) {
    use SubscriptionStatus::*;
    let place = dice.roll(state.items.len() as u64) as usize;
    match dice.roll(13) {
        0 => state.items[place].quantity = Some(dice.roll(5) as i64),
        1 => state.items[place].price = dice.pick(&prices()),
        2 => state.status = dice.pick(&[Active, Active, PastDue, Unpaid, Paused, Trialing]),
        3 => state.trial_end = dice.one_in(2).then(|| now - 3 * DAY + dice.days(20)),
        4 => state.items[place].trial_end = dice.one_in(2).then(|| now + dice.days(30)),
        5 => state.discounts = listed(dice),
        6 => state.discounts = vec![],
        7 => state.items[place].discounts = listed(dice),
        8 if state.items.len() == 1 => {
            state.items.push(item("si_1", dice.pick(&prices()), 1, now, now + 30 * DAY));
        }
        8 => state.items.truncate(1),
        9 => state.items_cut = !state.items_cut,
        10 => {
            state.canceled_at = dice.one_in(2).then(|| now - dice.days(5));
            state.cancel_at_period_end = state.canceled_at.is_some();
        }
        11 => state.collection_paused = dice.one_in(2).then(|| "void".into()),
        _ => {
            state.status = Active;
            let length = dice.pick(&[31 * DAY, 365 * DAY]);
            for item in &mut state.items {
                (item.period_start, item.period_end) = (now, now + length);
            }
        }
    }
}

fn life(dice: &mut Dice) -> Vec<Moment> {
    let mut now = 1 + dice.days(60);
    let mut state = sub(vec![item("si_0", dice.pick(&prices()), 1, now, now + 365 * DAY)]);
    state.discounts = listed(dice);
    if dice.one_in(2) {
        state.status = SubscriptionStatus::Trialing;
        state.trial_end = Some(now + dice.days(30));
    }
    let mut moments = vec![at(now, &state)];
    for _ in 0..dice.roll(12) {
        now += 1 + dice.days(25);
        if state.status == SubscriptionStatus::Trialing && dice.one_in(2) {
            state.status = SubscriptionStatus::Active;
        }
        changed(dice, &mut state, now);
        moments.push(at(now, &state));
    }
    if dice.one_in(2) {
        now += 1 + dice.days(25);
        let gone = ended(&state, now - dice.days(40), "cancellation_requested");
        moments.push(deleted(at(now, &gone)));
        moments.push(at(now + 50, &gone));
    }
    moments
}

/// What the lives went through, so that a test of nothing is noticed.
#[derive(Default)]
struct Seen {
    ranges: u64,
    ticks: u64,
    lingering: u64,
    marked: u64,
    displaced: u64,
}

#[test]
fn folding_from_any_second_on_is_folding_everything() {
    let mut seen = Seen::default();
    for seed in 0..LIVES {
        let mut dice = Dice(seed);
        let (world, definition, moments) =
            (world(&mut dice), definition(&mut dice), life(&mut dice));
        let all = world.fold_by(&definition, &moments).points;
        assert!(all.is_sorted_by(|a, b| a.at < b.at), "seed {seed}");
        note(&mut seen, &all, &moments);
        let seconds = moments.iter().map(|moment| moment.second);
        let instants = all.iter().flat_map(|point| [point.at, point.at + 1]);
        for from in seconds.chain(instants) {
            check(&mut seen, seed, &world, &definition, &moments, &all, from);
        }
    }
    let found = [seen.ranges, seen.ticks, seen.lingering, seen.marked, seen.displaced];
    let least = [15 * LIVES, LIVES / 4, LIVES / 20, LIVES, LIVES / 20];
    assert!(found.iter().zip(&least).all(|(found, least)| found > least), "{found:?}");
}

fn note(seen: &mut Seen, all: &[Point], moments: &[Moment]) {
    let versions = all.iter().filter(|point| point.event.contains("subscription"));
    let made: std::collections::BTreeSet<_> = versions.map(|point| point.second).collect();
    seen.displaced += (moments.len() - made.len()) as u64;
    seen.ticks += (all.len() - made.len()) as u64;
    seen.lingering += all.iter().filter(|point| !point.lingering.is_empty()).count() as u64;
    seen.marked += all.iter().filter(|point| !point.marks.is_empty()).count() as u64;
}

fn check(
    seen: &mut Seen,
    seed: u64,
    world: &World,
    definition: &Definition,
    moments: &[Moment],
    all: &[Point],
    from: Seconds,
) {
    let first = moments.partition_point(|moment| moment.second < from);
    let (earlier, later) = moments.split_at(first);
    if earliest(definition, earlier.last(), later).is_some_and(|first| first < from) {
        return;
    }
    let (before, expected) = all.split_at(all.partition_point(|point| point.at < from));
    let carry = earlier.last().map(|moment| Carry { point: before.last().unwrap(), moment });
    if let Some(carry) = carry {
        assert_eq!(carry.point.second, carry.moment.second, "seed {seed} from {from}");
    }
    let folded = fold(definition, carry, later, &world.context()).unwrap();
    assert_eq!(folded.points, expected, "seed {seed} from {from}");
    seen.ranges += 1;
}
