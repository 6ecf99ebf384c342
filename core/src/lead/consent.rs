//! Double opt-in: what a person agreed to, derived from what was asked, sent, confirmed and
//! withdrawn.
//!
//! All facts here are about one person and one purpose. Whoever asks for a newsletter is sent a
//! token; who posts it back within seven days has agreed. A token confirms once. A withdrawal ends
//! the consent and every token that was sent before it.

#[cfg(test)]
mod tests;

use crate::time::Timestamp;
use sha2::{Digest, Sha256};
use std::fmt;

/// How long a token can be used after it was asked for: seven days.
pub const TOKEN_LIFE_SECS: i64 = 7 * 86_400;

/// Whether a text names a purpose, or something else by a name of ours: 1 to 64 letters a to z, digits,
/// `-` and `_`.
pub fn is_name(text: &str) -> bool {
    let letter = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b"-_".contains(&it);
    (1..=64).contains(&text.len()) && text.bytes().all(letter)
}

/// SHA-256 of a token: all that is kept of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl TokenHash {
    /// The hash of a token of 256 random bits.
    pub fn of(token: &[u8; 32]) -> TokenHash {
        TokenHash(Sha256::digest(token).into())
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(&self.0[..4]))
    }
}

/// What happened.
// The order is that of facts at one instant: whoever takes back is heard last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Happened {
    /// A form was filled in, and a token made.
    Requested(TokenHash),
    /// The mail with the token was accepted for delivery.
    Sent(TokenHash),
    /// The token was posted back.
    Confirmed(TokenHash),
    /// The person withdrew.
    Withdrawn,
}

/// A fact about a person's consent.
// The order of the fields is the order of facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fact {
    /// When.
    pub at: Timestamp,
    /// What.
    pub happened: Happened,
}

/// How a consent stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Nobody asked.
    None,
    /// A form was filled in; no mail has left yet.
    Requested,
    /// The mail has left; nobody has posted its token back yet.
    Sent,
    /// The person agreed.
    Confirmed,
    /// Nobody posted the token back in seven days.
    Expired,
    /// The person withdrew.
    Withdrawn,
}

impl State {
    /// The name in databases and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            State::None => "none",
            State::Requested => "requested",
            State::Sent => "sent",
            State::Confirmed => "confirmed",
            State::Expired => "expired",
            State::Withdrawn => "withdrawn",
        }
    }

    /// Whether the person may be written to for the purpose.
    pub fn allows(self) -> bool {
        self == State::Confirmed
    }
}

/// How a consent stands, and the times that prove it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consent {
    /// How it stands.
    pub state: State,
    /// The token that decided: the one that confirmed last, or else the newest that was asked for.
    pub token: Option<TokenHash>,
    /// When that token was asked for.
    pub requested_at: Option<Timestamp>,
    /// When its mail first left.
    pub sent_at: Option<Timestamp>,
    /// When it confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// When the person withdrew, if nothing was asked for since.
    pub withdrawn_at: Option<Timestamp>,
}

/// Why a token confirms nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody was sent it.
    #[error("this link is not valid: ask for a new one")]
    Unknown,
    /// It confirmed before.
    #[error("this link was used before: it is confirmed already")]
    Used,
    /// It is older than seven days.
    #[error("this link is older than seven days: ask for a new one")]
    Expired,
    /// The person withdrew after asking for it.
    #[error("this link was ended by a withdrawal: ask for a new one")]
    Withdrawn,
}

/// How a consent stands at `now`, by all its facts, in any order and however often.
pub fn consent(facts: &[Fact], now: Timestamp) -> Consent {
    let mut file = File::read(facts, now);
    let token = file.deciding();
    let expired = token.is_some_and(|token| !token.is_alive(now));
    let state = match (token, file.withdrawn_at) {
        (Some(token), _) if token.confirmed_at.is_some() => State::Confirmed,
        (Some(_), _) if expired => State::Expired,
        (Some(token), _) if token.sent_at.is_some() => State::Sent,
        (Some(_), _) => State::Requested,
        (None, Some(_)) => State::Withdrawn,
        (None, None) => State::None,
    };
    // What was withdrawn is shown with the token that it took back.
    let shown = token.or(file.ended.pop());
    Consent {
        state,
        token: shown.map(|it| it.hash),
        requested_at: shown.map(|it| it.requested_at),
        sent_at: shown.and_then(|it| it.sent_at),
        confirmed_at: shown.and_then(|it| it.confirmed_at),
        withdrawn_at: file.withdrawn_at.filter(|_| token.is_none()),
    }
}

/// Whether posting a token at `now` confirms; whoever asks then stores the fact.
pub fn check(facts: &[Fact], token: TokenHash, now: Timestamp) -> Result<(), Refusal> {
    let file = File::read(facts, now);
    let own = |it: &&Token| it.hash == token;
    if let Some(known) = file.tokens.iter().find(own) {
        return match known {
            Token { confirmed_at: Some(_), .. } => Err(Refusal::Used),
            alive if alive.is_alive(now) => Ok(()),
            _ => Err(Refusal::Expired),
        };
    }
    Err(if file.ended.iter().any(|it| it.hash == token) {
        Refusal::Withdrawn
    } else {
        Refusal::Unknown
    })
}

#[derive(Clone, Copy, Debug)]
struct Token {
    hash: TokenHash,
    requested_at: Timestamp,
    sent_at: Option<Timestamp>,
    confirmed_at: Option<Timestamp>,
}

impl Token {
    fn is_alive(&self, now: Timestamp) -> bool {
        now.0 < self.requested_at.0.saturating_add(TOKEN_LIFE_SECS * 1_000_000)
    }
}

/// The tokens since the last withdrawal, those that a withdrawal ended, and when.
#[derive(Debug, Default)]
struct File {
    tokens: Vec<Token>,
    ended: Vec<Token>,
    withdrawn_at: Option<Timestamp>,
}

impl File {
    fn read(facts: &[Fact], now: Timestamp) -> File {
        let mut ordered: Vec<&Fact> = facts.iter().filter(|fact| fact.at <= now).collect();
        ordered.sort_unstable();
        let mut file = File::default();
        for fact in ordered {
            file.take(fact);
        }
        file
    }

    fn take(&mut self, fact: &Fact) {
        match fact.happened {
            Happened::Requested(hash) => {
                let known = self.tokens.iter().chain(&self.ended).any(|it| it.hash == hash);
                if !known {
                    let (requested_at, sent_at, confirmed_at) = (fact.at, None, None);
                    self.tokens.push(Token { hash, requested_at, sent_at, confirmed_at });
                }
            }
            Happened::Sent(hash) => {
                if let Some(token) = self.token(hash) {
                    token.sent_at.get_or_insert(fact.at);
                }
            }
            Happened::Confirmed(hash) => {
                if let Some(token) = self.token(hash).filter(|token| token.is_alive(fact.at)) {
                    token.confirmed_at.get_or_insert(fact.at);
                }
            }
            // A second one takes back nothing more.
            Happened::Withdrawn if self.withdrawn_at.is_some() && self.tokens.is_empty() => {}
            Happened::Withdrawn => {
                self.withdrawn_at = Some(fact.at);
                // The deciding one last.
                let deciding = self.deciding().map(|it| it.hash);
                self.tokens.sort_by_key(|it| Some(it.hash) == deciding);
                self.ended.append(&mut self.tokens);
            }
        }
    }

    fn token(&mut self, hash: TokenHash) -> Option<&mut Token> {
        self.tokens.iter_mut().find(|it| it.hash == hash)
    }

    /// The token that confirmed last, as texts change, or else the newest.
    fn deciding(&self) -> Option<Token> {
        let confirmed = self.tokens.iter().filter(|it| it.confirmed_at.is_some());
        confirmed.max_by_key(|it| it.confirmed_at).or(self.tokens.last()).copied()
    }
}
