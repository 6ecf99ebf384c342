//! The way of an event to its receiver: signed, doubled, delayed, lost, forged.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::dice::Dice;
use crate::world::SimEvent;

/// A `Stripe-Signature` header for a body: `t=<timestamp>,v1=<hex>`.
pub fn sign(secret: &str, timestamp: i64, body: &[u8]) -> String {
    // A key of any length makes an HMAC, so the other branch is never taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(timestamp.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    format!("t={timestamp},v1={}", hex::encode(mac.finalize().into_bytes()))
}

/// How badly the events arrive. All rates are basis points of the events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// Seeds the disorder.
    pub seed: u64,
    /// How many arrive once more, somewhere later.
    pub duplicates: u64,
    /// How many are moved back by up to `places`.
    pub late: u64,
    /// How far a late event may fall back.
    pub places: usize,
    /// Whether everything is shuffled.
    pub shuffle: bool,
    /// How many never arrive.
    pub loss: u64,
    /// How many are accompanied by a forgery, to be sent with a wrong signature.
    pub forged: u64,
}

/// One arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// Which of the events it is, or was forged from.
    pub event: usize,
    /// The raw body.
    pub body: Vec<u8>,
    /// Whether it must be refused.
    pub forged: bool,
}

/// Delivers the events in the asked disorder.
pub fn deliver(delivery: &Delivery, events: &[SimEvent]) -> Vec<Delivered> {
    let mut dice = Dice::new(delivery.seed);
    let span = events.len();
    let mut arrivals: Vec<(usize, Delivered)> = Vec::new();
    for (index, event) in events.iter().enumerate() {
        let arrival = |forged| Delivered { event: index, body: event.body.clone(), forged };
        let late = dice.chance(delivery.late);
        let places = dice.range(1, delivery.places.max(1) as i64) as usize;
        if !dice.chance(delivery.loss) {
            arrivals.push((index + if late { places } else { 0 }, arrival(false)));
        }
        if dice.chance(delivery.duplicates) {
            let after = dice.below((span - index) as u64) as usize;
            arrivals.push((index + after, arrival(false)));
        }
        if dice.chance(delivery.forged) {
            arrivals.push((index, Delivered { body: forge(&event.body), ..arrival(true) }));
        }
    }
    arrivals.sort_by_key(|(place, _)| *place);
    let mut arrivals: Vec<Delivered> = arrivals.into_iter().map(|(_, arrival)| arrival).collect();
    if delivery.shuffle {
        for last in (1..arrivals.len()).rev() {
            arrivals.swap(last, dice.below(last as u64 + 1) as usize);
        }
    }
    arrivals
}

/// The same event with other digits, as somebody without the secret might send it.
fn forge(body: &[u8]) -> Vec<u8> {
    let swap = |byte: &u8| match byte {
        b'1'..=b'8' => byte + 1,
        other => *other,
    };
    body.iter().map(swap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_hmac_sha256_of_time_dot_body() {
        let header = sign("whsec_test", 1_700_000_000, b"{}");
        let (time, digest) = header.split_once(",v1=").unwrap();
        assert_eq!((time, digest.len()), ("t=1700000000", 64));
        assert_ne!(header, sign("whsec_other", 1_700_000_000, b"{}"));
    }
}
