//! Confirming and withdrawing.

use super::{ALL, Evidence, Stored, Token, of, refused, seal, store};
use crate::affiliate::new_id;
use crate::db::Tx;
use crate::error::Error;
use crate::lead::sealed::subjects;
use crate::lead::{outbox, store as leads, unknown};
use crate::once::Act;
use crate::privacy::Keys;
use std::collections::BTreeSet;
use takings_core::lead::consent::{Fact, Happened, Refusal, check, consent};
use takings_core::time::Timestamp;

/// A token is brought back.
#[derive(Debug)]
pub(in crate::lead) struct Confirm {
    pub(in crate::lead) now: Timestamp,
    pub(in crate::lead) token: String,
    pub(in crate::lead) evidence: Evidence,
}

/// Who confirmed what.
#[derive(Debug)]
pub(in crate::lead) struct Confirmed {
    pub(in crate::lead) lead: String,
    pub(in crate::lead) purpose: String,
}

impl Act for Confirm {
    type Done = Confirmed;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Confirmed, Error> {
        let token = Token::read(&self.token).ok_or_else(|| refused(Refusal::Unknown))?;
        let found = store::by_token(tx, &token.stored()).await?;
        let (lead, purpose) = found.ok_or_else(|| refused(Refusal::Unknown))?;
        // Of two at once one waits here, and then finds that it was used.
        leads::lock(tx, &lead, self.now).await?;
        if leads::is_erased(tx, &lead).await? {
            return Err(refused(Refusal::Unknown));
        }
        let facts = store::load(tx, &[&lead]).await?.remove(&lead).unwrap_or_default();
        check(&of(&facts, &purpose), token.0, self.now).map_err(refused)?;
        let keys = Keys::hold(tx, subjects([lead.as_str()])).await?;
        let id = new_id("cns");
        let fact = store::Row {
            id: &id,
            lead: &lead,
            purpose: &purpose,
            fact: Fact { at: self.now, happened: Happened::Confirmed(token.0) },
            text_hash: None,
            origin: None,
            evidence: Some(seal(&keys, &lead, &id, &self.evidence)?),
        };
        store::insert(tx, fact, self.now).await?;
        Ok(Confirmed { lead, purpose })
    }
}

/// A person does not want to be written to any more.
#[derive(Debug)]
pub(in crate::lead) struct Withdraw {
    pub(in crate::lead) now: Timestamp,
    pub(in crate::lead) lead: String,
    /// What for; `None`: at all.
    pub(in crate::lead) purpose: Option<String>,
}

/// What was withdrawn.
#[derive(Debug)]
pub(in crate::lead) struct Withdrawn(pub(in crate::lead) Vec<String>);

impl Act for Withdraw {
    type Done = Withdrawn;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Withdrawn, Error> {
        let Withdraw { now, lead, purpose } = self;
        if !leads::lock(tx, lead, *now).await? {
            return Err(unknown(lead));
        }
        let facts = store::load(tx, &[lead]).await?.remove(lead).unwrap_or_default();
        let mut purposes = known(&facts);
        match purpose {
            Some(wanted) => purposes.retain(|it| it == wanted),
            // Also where nothing was asked for: mails of others lead to the same page.
            None => drop(purposes.insert(ALL.to_owned())),
        }
        Ok(Withdrawn(end(tx, lead, &facts, purposes, *now).await?))
    }
}

/// Withdraws what a lead agreed to by its former address: nobody has agreed by the new one. Tokens of
/// before confirm nothing, and mails that wait are not sent.
pub(in crate::lead) async fn end_all(
    tx: &mut Tx<'_>,
    lead: &str,
    now: Timestamp,
) -> Result<(), Error> {
    let facts = store::load(tx, &[lead]).await?.remove(lead).unwrap_or_default();
    end(tx, lead, &facts, known(&facts), now).await.map(drop)
}

fn known(facts: &[Stored]) -> BTreeSet<String> {
    facts.iter().map(|it| it.purpose.clone()).collect()
}

/// Withdraws what stands of some purposes; answers which that were. What was noted of a purpose goes
/// before, also by a process whose clock goes ahead.
async fn end(
    tx: &mut Tx<'_>,
    lead: &str,
    facts: &[Stored],
    mut purposes: BTreeSet<String>,
    now: Timestamp,
) -> Result<Vec<String>, Error> {
    let after = |known: &[Fact]| {
        let newest = known.iter().map(|fact| fact.at.0 + 1).max();
        newest.map_or(now, |newest| now.max(Timestamp(newest)))
    };
    purposes.retain(|it| {
        let known = of(facts, it);
        consent(&known, after(&known)).withdrawn_at.is_none()
    });
    for purpose in &purposes {
        let id = new_id("cns");
        let fact = Fact { at: after(&of(facts, purpose)), happened: Happened::Withdrawn };
        let (text_hash, origin, evidence) = (None, None, None);
        let row = store::Row { id: &id, lead, purpose, fact, text_hash, origin, evidence };
        store::insert(tx, row, now).await?;
        outbox::cancel(tx, lead, purpose, now).await?;
    }
    Ok(purposes.into_iter().collect())
}
