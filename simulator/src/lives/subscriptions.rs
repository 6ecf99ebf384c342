//! Lives of subscriptions: bursts, trials, pauses, dunning, discounts.

use super::Life;
use crate::calendar::DAY;
use crate::model::Status;
use crate::plan::ApiVersion;
use crate::world::World;

const SUB: &[&str] = &[
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "customer.subscription.paused",
    "customer.subscription.resumed",
    "customer.discount.created",
    "customer.discount.deleted",
    "coupon.created",
];

const fn life(script: fn(&mut World), since: ApiVersion) -> Life {
    Life { script, keep: SUB, since }
}

pub(super) const LIVES: [Life; 14] = [
    life(up_and_back, ApiVersion::V2017),
    life(all_in_one_second, ApiVersion::V2017),
    life(two_fields, ApiVersion::V2017),
    life(three_steps, ApiVersion::V2017),
    life(born_and_changed, ApiVersion::V2017),
    life(trial_kept, ApiVersion::V2017),
    life(trial_left, ApiVersion::V2017),
    life(incomplete, ApiVersion::Acacia),
    life(dunning, ApiVersion::V2017),
    life(paused, ApiVersion::Endive),
    life(discounted, ApiVersion::Acacia),
    life(two_swapped, ApiVersion::V2017),
    life(price_and_quantity, ApiVersion::V2017),
    life(back_again, ApiVersion::V2017),
];

/// One, two, one within a second.
fn up_and_back(world: &mut World) {
    let sub = world.born(1, 1);
    world.now += DAY;
    world.set_quantity(sub, 2);
    world.set_quantity(sub, 1);
    world.now += DAY;
    world.end(sub, world.now, "cancellation_requested");
}

/// Created, changed twice and cancelled in one second: no movement at all.
fn all_in_one_second(world: &mut World) {
    let sub = world.born(0, 1);
    world.set_quantity(sub, 4);
    world.set_quantity(sub, 2);
    world.end(sub, world.now, "cancellation_requested");
}

/// A quantity and a planned end in one second, then the end.
fn two_fields(world: &mut World) {
    let sub = world.born(2, 5);
    world.now += 3 * DAY;
    world.set_quantity(sub, 7);
    world.leave_at_end(sub);
    let end = world.subs[sub].period.1;
    world.now = end + 20;
    world.end(sub, end, "cancellation_requested");
}

/// Five, six, eight, seven within a second, and another change a second later.
fn three_steps(world: &mut World) {
    let sub = world.born(2, 5);
    world.now += DAY;
    for quantity in [6, 8, 7] {
        world.set_quantity(sub, quantity);
    }
    world.now += 1;
    world.set_quantity(sub, 9);
}

/// One, two, one in the very second of birth.
fn born_and_changed(world: &mut World) {
    let sub = world.born(3, 1);
    world.set_quantity(sub, 2);
    world.set_quantity(sub, 1);
    world.now += 40 * DAY;
    world.set_quantity(sub, 3);
}

fn trial(world: &mut World) -> usize {
    let customer = world.new_customer();
    let sub = world.blank_sub(customer, 1, 1, "usd");
    let state = &mut world.subs[sub];
    state.status = Status::Trialing;
    state.trial = Some((world.now, world.now + 14 * DAY));
    state.period = (world.now, world.now + 14 * DAY);
    state.anchor = state.period.1;
    world.say("customer.subscription.created", world.sub_json(sub));
    sub
}

/// The trial ends; Stripe says so seconds later, and a change follows in that second.
fn trial_kept(world: &mut World) {
    let sub = trial(world);
    world.now += DAY;
    world.set_quantity(sub, 2);
    let over = world.subs[sub].period.1;
    world.now = over + 12;
    world.subs[sub].status = Status::Active;
    world.enter_period(sub, over, 0);
    world.say_change("customer.subscription.updated", world.sub_json(sub));
    world.settle(sub, over);
    world.now += 50;
    world.set_quantity(sub, 5);
    world.set_quantity(sub, 4);
}

/// Cancelled for the trial's end: nothing ever counts.
fn trial_left(world: &mut World) {
    let sub = trial(world);
    world.leave_at_end(sub);
    world.set_quantity(sub, 3);
    let over = world.subs[sub].period.1;
    world.now = over + 7;
    world.end(sub, over, "cancellation_requested");
}

/// Incomplete and active in one second, then past due and recovered in another.
fn incomplete(world: &mut World) {
    let customer = world.new_customer();
    let sub = world.blank_sub(customer, 9, 1, "eur");
    world.subs[sub].status = Status::Incomplete;
    world.say("customer.subscription.created", world.sub_json(sub));
    for status in [Status::Active, Status::PastDue, Status::Active] {
        world.subs[sub].status = status;
        world.changed(sub);
        if status == Status::Active {
            world.now += 3 * DAY;
        }
    }
    world.set_quantity(sub, 2);
}

/// Past due and unpaid in one second; active again, or ended, later.
fn dunning(world: &mut World) {
    let sub = world.born(8, 1);
    world.now += 31 * DAY;
    for status in [Status::PastDue, Status::Unpaid] {
        world.subs[sub].status = status;
        world.changed(sub);
    }
    world.now += 5 * DAY;
    world.subs[sub].status = Status::Active;
    world.changed(sub);
    world.now += DAY;
    world.end(sub, world.now, "payment_failed");
}

/// Paused and resumed, each told twice in its second.
fn paused(world: &mut World) {
    let sub = world.born(12, 2);
    world.now += 6 * DAY;
    world.subs[sub].status = Status::Paused;
    world.changed(sub);
    world.say("customer.subscription.paused", world.sub_json(sub));
    world.now += 9 * DAY;
    world.subs[sub].status = Status::Active;
    world.enter_period(sub, world.now, 0);
    world.changed(sub);
    world.say("customer.subscription.resumed", world.sub_json(sub));
}

/// A discount from birth on, taken away together with a change of quantity.
fn discounted(world: &mut World) {
    world.say("coupon.created", world.coupon_json(0));
    let customer = world.new_customer();
    let sub = world.blank_sub(customer, 1, 1, "usd");
    world.add_discount(sub, 0, false);
    world.say("customer.subscription.created", world.sub_json(sub));
    world.say_discounts(sub);
    world.settle(sub, world.now);
    world.now += 4 * DAY;
    world.set_quantity(sub, 3);
    world.drop_discounts(sub, |_, _| true);
    world.changed(sub);
}

/// Two subscriptions born together; one ends in the second in which the other grows.
fn two_swapped(world: &mut World) {
    let first = world.born(1, 1);
    let customer = world.subs[first].customer;
    let second = world.joined(customer, 14, 1);
    world.now += 5 * DAY;
    world.end(first, world.now, "cancellation_requested");
    world.set_quantity(second, 4);
    world.now += DAY;
    world.end(second, world.now, "cancellation_requested");
}

/// Plan, quantity and a note change one after the other in a second.
fn price_and_quantity(world: &mut World) {
    let sub = world.born(0, 1);
    world.now += 2 * DAY;
    world.subs[sub].items[0].price = 1;
    world.changed(sub);
    world.set_quantity(sub, 3);
    world.subs[sub].metadata.insert("note".to_owned(), "moved".to_owned());
    world.changed(sub);
    world.subs[sub].items[0].price = 0;
    world.changed(sub);
}

/// Gone, and back with another subscription in the very second of a third one's end.
fn back_again(world: &mut World) {
    let first = world.born(5, 1);
    let customer = world.subs[first].customer;
    world.now += 8 * DAY;
    world.end(first, world.now, "cancellation_requested");
    world.now += 30 * DAY;
    let second = world.joined(customer, 11, 1);
    let third = world.joined(customer, 0, 2);
    world.end(third, world.now, "cancellation_requested");
    world.set_quantity(second, 2);
}
