//! A make-believe Stripe business, with its own account of the truth.
//!
//! [`play`] acts out a business from a seed: customers come, subscribe, upgrade, fail to pay, leave
//! and return. Every act says what Stripe would say, in [`SimEvent`]s of a chosen API version, and
//! keeps the books as it goes: [`Truth`] comes from what was done, never from reading the events.
//! [`short_lives`] tells lives of at most seven events for trying every order of arrival;
//! [`deliver`] and [`sign`] bring events to a receiver as badly as asked.
//!
//! [`Stripe`] holds such a business, or an empty account, behind Stripe's HTTP API: it is read,
//! commanded, limited and made to fail, and [`Stripe::truth`] tells what became of it.
//!
//! Nothing here depends on Takings itself: it is the other opinion.

#![recursion_limit = "256"]

mod act;
mod books;
mod calendar;
mod catalog;
mod crowd;
mod deliver;
mod dice;
mod diff;
mod exact;
mod lives;
mod model;
mod mrr;
mod plan;
mod render;
mod steps;
mod stripe;
mod truth;
mod world;

pub use deliver::{Delivered, Delivery, deliver, sign};
pub use lives::{short_lives, short_stories};
pub use plan::{ApiVersion, Plan};
pub use stripe::{Fault, Faults, Heard, Key, Limits, Requests, Stripe, StripeServer};
pub use truth::{MovementKind, StepFunction, TrueMovement, Truth, Unsettled};
pub use world::SimEvent;

/// A story and what is true of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// The events in true order: by `created`, and within a second as they happened.
    pub events: Vec<SimEvent>,
    /// What really happened, through the story's last second.
    pub truth: Truth,
}

/// Plays a business. The same plan gives the same bytes.
pub fn play(plan: &Plan) -> Story {
    let mut world = world::World::new(plan);
    world.play();
    let (events, truth) = world.finish();
    Story { events, truth }
}
