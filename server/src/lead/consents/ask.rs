//! Asking for a consent: a token, and a mail that brings it, stored with the form.

use super::{Evidence, Stored, agreed, seal, store};
use crate::affiliate::new_id;
use crate::db::Tx;
use crate::error::Error;
use crate::lead::capture::Origin;
use crate::lead::outbox;
use crate::privacy::{Keys, random_key};
use takings_core::lead::consent::{Fact, Happened, TokenHash};
use takings_core::time::{DAY_MICROS, Timestamp};

/// Within this time no second mail is sent for a purpose: a form sent twice is one wish.
const PAUSE: i64 = 600 * 1_000_000;
/// The most mails that ask a person in thirty days, whoever fills in forms.
const MOST_A_MONTH: usize = 5;
const MONTH: i64 = 30 * DAY_MICROS;

/// What somebody agreed to in a form.
#[derive(Clone, Debug)]
pub(in crate::lead) struct Asked {
    pub(in crate::lead) purpose: String,
    /// SHA-256 of the text, in hexadecimal.
    pub(in crate::lead) text_hash: String,
    pub(in crate::lead) evidence: Evidence,
}

/// Stores what was asked for, and a mail that asks to confirm it, unless the same text is confirmed
/// already or was asked for just now.
pub(in crate::lead) async fn ask(
    tx: &mut Tx<'_>,
    (keys, lead): (&Keys, &str),
    asked: &Asked,
    origin: &Origin,
    now: Timestamp,
) -> Result<(), Error> {
    let facts = store::load(tx, &[lead]).await?.remove(lead).unwrap_or_default();
    let is_confirmed = agreed(&facts, now).iter().any(|it| {
        it.purpose == asked.purpose && it.text_hash == asked.text_hash && it.consent.state.allows()
    });
    if is_confirmed || !may_send(&facts, &asked.purpose, now) {
        return Ok(());
    }
    let (id, token) = (new_id("cns"), random_key());
    let hash = TokenHash::of(token.bytes());
    let evidence = seal(keys, lead, &id, &asked.evidence)?;
    let fact = store::Row {
        id: &id,
        lead,
        purpose: &asked.purpose,
        fact: Fact { at: now, happened: Happened::Requested(hash) },
        text_hash: Some(&asked.text_hash),
        origin: Some(origin),
        evidence: Some(evidence),
    };
    store::insert(tx, fact, now).await?;
    outbox::queue(tx, (keys, lead), &asked.purpose, &hex::encode(token.bytes()), now).await
}

fn may_send(facts: &[Stored], purpose: &str, now: Timestamp) -> bool {
    let asked = facts.iter().filter(|it| matches!(it.fact.happened, Happened::Requested(_)));
    let since = |at: Timestamp| now.0.saturating_sub(at.0);
    let of_it = |it: &&Stored| it.purpose == purpose;
    let withdrawn = facts.iter().filter(of_it).filter(|it| it.fact.happened == Happened::Withdrawn);
    let withdrawn = withdrawn.map(|it| it.fact.at).max();
    // Who asks again after a withdrawal has another wish.
    let just_now = asked
        .clone()
        .filter(of_it)
        .any(|it| since(it.fact.at) < PAUSE && withdrawn.is_none_or(|at| it.fact.at > at));
    let lately = asked.filter(|it| since(it.fact.at) < MONTH).count();
    !just_now && lately < MOST_A_MONTH
}
