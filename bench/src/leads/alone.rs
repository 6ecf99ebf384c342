//! What the rules take without a server.

use crate::cpu;
use std::hint::black_box;
use takings_core::lead::email::{Options, validate};
use takings_core::lead::score::{Activity, AsOf, Model, score_at};
use takings_core::time::Timestamp;

/// Activities of one lead.
const ACTIVITIES: usize = 10_000;
/// CPU-seconds that each is watched for.
const WATCHED: f64 = 1.0;

/// Prints how often a core does each in a second.
pub(super) fn measure() {
    let mut number = 0_u64;
    let judged = per_second(|| {
        number += 1;
        let address = match number % 4 {
            0 => format!("anna.smith{number}@gmail.com"),
            1 => format!("x{number}@mailinator.com"),
            2 => format!("jürgen{number}@bücher{number}.example"),
            _ => format!("anna@shop{number}.co.uk"),
        };
        black_box(validate(&address, &Options::default()));
    });
    println!("one core judges {judged:.0} addresses a second, without DNS");
    let model = Model::default();
    let kinds = ["form", "page", "click", "session", "search"];
    let activity = |number: usize| Activity {
        at: Timestamp::from_secs(1_780_000_000 + number as i64 * 60),
        id: format!("act_{number}"),
        kind: kinds[number % kinds.len()].to_owned(),
        attributes: Default::default(),
        recorded_at: Timestamp::from_secs(1_780_000_000 + number as i64 * 60),
        automated_at: None,
    };
    let activities: Vec<Activity> = (0..ACTIVITIES).map(activity).collect();
    let now = Timestamp::from_secs(1_790_000_000);
    let scored = per_second(|| {
        black_box(score_at(&model, &activities, &[], AsOf { at: now, known_at: now }));
    });
    println!("one core scores a lead with {ACTIVITIES} activities {scored:.0} times a second");
}

/// How often something is done in a CPU-second.
fn per_second(mut it: impl FnMut()) -> f64 {
    let own = std::process::id();
    let (before, mut done) = (cpu::used(own), 0_u32);
    loop {
        for _ in 0..20 {
            it();
        }
        done += 20;
        let used = cpu::used(own) - before;
        if used >= WATCHED {
            return f64::from(done) / used;
        }
    }
}
