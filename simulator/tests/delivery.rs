//! Short lives, and the ways events arrive.

use std::collections::BTreeSet;

use takings_simulator::{Delivery, Plan, deliver, play, short_lives, short_stories};

#[test]
fn short_lives_are_short_and_full_of_ties() {
    let lives = short_lives(1, 60);
    assert_eq!(lives.len(), 60);
    let mut tied = 0;
    for life in &lives {
        assert!((2..=7).contains(&life.len()));
        let customers: BTreeSet<_> = life.iter().filter_map(|e| e.customer.as_deref()).collect();
        assert!(customers.len() <= 1);
        tied += usize::from(life.windows(2).any(|pair| pair[0].created == pair[1].created));
    }
    assert!(tied >= 50, "{tied}");
    assert_eq!(lives, short_lives(1, 60));
}

#[test]
fn short_lives_keep_their_books() {
    for story in short_stories(2, 48) {
        assert_eq!(story.truth.balances.values().sum::<i64>(), 0);
    }
}

#[test]
fn a_messy_delivery_loses_and_adds_only_as_asked() {
    let events = play(&Plan::small(3)).events;
    let tidy = deliver(&Delivery::default(), &events);
    assert!(tidy.iter().enumerate().all(|(place, arrival)| arrival.event == place));
    let messy = Delivery {
        seed: 5,
        duplicates: 3_000,
        late: 500,
        places: 20,
        shuffle: true,
        ..Delivery::default()
    };
    let arrivals = deliver(&messy, &events);
    let seen: BTreeSet<usize> = arrivals.iter().map(|arrival| arrival.event).collect();
    assert_eq!(seen.len(), events.len());
    assert!(arrivals.len() > events.len() * 12 / 10);
    let lossy = Delivery { loss: 1_000, forged: 500, ..messy };
    let arrivals = deliver(&lossy, &events);
    let genuine: BTreeSet<usize> =
        arrivals.iter().filter(|arrival| !arrival.forged).map(|arrival| arrival.event).collect();
    assert!(genuine.len() < events.len());
    for arrival in &arrivals {
        assert_eq!(arrival.forged, arrival.body != events[arrival.event].body);
    }
}
