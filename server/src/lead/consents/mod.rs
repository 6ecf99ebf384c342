//! Consents: asked for by a form, confirmed by the token of a mail, withdrawn at any time. Each is a
//! fact with its evidence.

mod acts;
mod ask;
mod store;

pub(super) use acts::{Confirm, Confirmed, Withdraw, Withdrawn, end_all};
pub(super) use ask::{Asked, ask};
pub(super) use store::{load, sent};

use super::reads::Reads;
use super::sealed;
use crate::app::App;
use crate::error::{Error, Reason};
use serde::{Deserialize, Serialize};
use takings_core::lead::consent::{Consent, Fact, Happened, Refusal, TokenHash, check, consent};
use takings_core::time::Timestamp;

/// The purpose that stands for every one: who withdraws it wants no mail at all.
pub(super) const ALL: &str = "all";

/// What a lead agreed to for one purpose.
#[derive(Clone, Debug)]
pub(crate) struct Agreed {
    pub(super) purpose: String,
    /// SHA-256 of the text that was agreed to, in hexadecimal.
    pub(super) text_hash: String,
    pub(super) consent: Consent,
}

/// A fact as it is stored, without its evidence.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    purpose: String,
    text_hash: Option<String>,
    fact: Fact,
}

/// What proves a fact: sealed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Evidence {
    pub(super) form_url: String,
    pub(super) ip_address: String,
    pub(super) user_agent: String,
}

/// What the facts of a lead say, by purpose.
pub(super) fn agreed(facts: &[Stored], now: Timestamp) -> Vec<Agreed> {
    let mut purposes: Vec<&str> = facts.iter().map(|it| it.purpose.as_str()).collect();
    purposes.sort_unstable();
    purposes.dedup();
    let agreed = |purpose: &str| {
        let consent = consent(&of(facts, purpose), now);
        let asked = facts.iter().find(|it| {
            it.purpose == purpose && it.text_hash.is_some() && token(it) == consent.token
        });
        let text_hash = asked.and_then(|it| it.text_hash.clone()).unwrap_or_default();
        Agreed { purpose: purpose.to_owned(), text_hash, consent }
    };
    purposes.into_iter().map(agreed).collect()
}

/// Whether a lead was asked by an instant, and whether it had ever confirmed by then.
pub(super) fn counted(facts: &[Stored], as_of: Timestamp) -> (bool, bool) {
    let known = || facts.iter().map(|it| it.fact).filter(|fact| fact.at <= as_of);
    let asked = known().any(|fact| matches!(fact.happened, Happened::Requested(_)));
    (asked, known().any(|fact| matches!(fact.happened, Happened::Confirmed(_))))
}

/// The facts of one purpose.
fn of(facts: &[Stored], purpose: &str) -> Vec<Fact> {
    facts.iter().filter(|it| it.purpose == purpose).map(|it| it.fact).collect()
}

fn token(stored: &Stored) -> Option<TokenHash> {
    match stored.fact.happened {
        Happened::Requested(hash) | Happened::Sent(hash) | Happened::Confirmed(hash) => Some(hash),
        Happened::Withdrawn => None,
    }
}

/// A token that somebody brought.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token(pub(super) TokenHash);

impl Token {
    /// Reads a token: 64 hexadecimal digits.
    pub(super) fn read(text: &str) -> Option<Token> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        Some(Token(TokenHash::of(&bytes)))
    }

    /// What is stored of it.
    pub(super) fn stored(self) -> String {
        hex::encode(self.0.0)
    }
}

/// What a token would confirm: the purpose, or why nothing.
pub(crate) async fn look(app: &App, text: &str) -> Result<Result<String, Refusal>, Error> {
    let Some(token) = Token::read(text) else { return Ok(Err(Refusal::Unknown)) };
    let mut reads = &app.database;
    let Some((lead, purpose)) = store::by_token(&mut reads, &token.stored()).await? else {
        return Ok(Err(Refusal::Unknown));
    };
    if super::store::is_erased(&mut reads, &lead).await? {
        return Ok(Err(Refusal::Unknown));
    }
    let facts = load(&mut reads, &[&lead]).await?.remove(&lead).unwrap_or_default();
    Ok(check(&of(&facts, &purpose), token.0, app.now()).map(|()| purpose))
}

/// The lead whose mails lead to the page of an unsubscribe token.
pub(crate) async fn whose(app: &App, text: &str) -> Result<Option<String>, Error> {
    let Some(token) = Token::read(text) else { return Ok(None) };
    super::store::by_token(&mut &app.database, &token.stored()).await
}

/// Counts what became of a consent.
pub(super) fn count(outcome: &'static str) {
    metrics::counter!("lead_opt_ins_total", "outcome" => outcome).increment(1);
}

fn refused(refusal: Refusal) -> Error {
    count("refused");
    Error::Precondition { reason: Reason::TokenRefused, message: refusal.to_string() }
}

/// Seals evidence.
fn seal(
    keys: &crate::privacy::Keys,
    lead: &str,
    id: &str,
    evidence: &Evidence,
) -> Result<String, Error> {
    sealed::seal(keys, lead, ("consent_facts", "evidence", id), evidence)
}

/// The consents of some leads.
pub(super) async fn of_leads(
    reads: &mut impl Reads,
    leads: &[&str],
    now: Timestamp,
) -> Result<std::collections::HashMap<String, Vec<Agreed>>, Error> {
    let facts = load(reads, leads).await?;
    Ok(facts.into_iter().map(|(lead, facts)| (lead, agreed(&facts, now))).collect())
}
