//! Taking in what a form says.

use super::activities::{self, Attributes, Record};
use super::consents::{self, Asked};
use super::email::Found;
use super::personal::{Personal, Statement};
use super::scores::{keep_profile, restage};
use super::sealed::{seal, subjects};
use super::{Lead, entity, stages, store};
use crate::affiliate::new_id;
use crate::db::Tx;
use crate::error::Error;
use crate::once::Act;
use crate::privacy::Keys;
use takings_core::lead::stage::Rule;
use takings_core::time::Timestamp;

/// Where a lead came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(super) source: String,
    /// The campaign's name.
    pub(super) campaign: String,
    pub(super) referrer_host: String,
    pub(super) click: Option<String>,
}

/// What a form says.
#[derive(Debug)]
pub(super) struct Capture {
    pub(super) now: Timestamp,
    pub(super) at: Timestamp,
    /// The address, found to be one.
    pub(super) found: Found,
    pub(super) said: Personal,
    pub(super) origin: Origin,
    pub(super) consent: Option<Asked>,
    pub(super) newsletter_only: bool,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Captured {
    pub(super) lead: String,
    pub(super) created: bool,
}

impl Act for Capture {
    type Done = Captured;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Captured, Error> {
        let (id, created) = self.lead(tx).await?;
        store::lock(tx, &id, self.now).await?;
        let keys = Keys::hold(tx, subjects([id.as_str()])).await?;
        let rows = store::load(tx, &[&id]).await?;
        let row = rows.first().ok_or(Error::Conflict)?;
        let mut lead = entity::lead(row, &keys)?;
        let first = created || self.at < lead.captured_at;
        self.learn(tx, &keys, &mut lead, first).await?;
        self.act(tx, &keys, &id).await?;
        if first {
            let rule = if self.newsletter_only { Rule::Subscribed } else { Rule::Captured };
            stages::step(tx, &id, rule, self.at, self.now).await?;
        } else if !self.newsletter_only && !stages::has_step(tx, &id, Rule::Captured).await? {
            stages::step(tx, &id, Rule::Captured, self.at, self.now).await?;
        }
        if let Some(asked) = &self.consent {
            consents::ask(tx, (&keys, &id), asked, &self.origin, self.now).await?;
        }
        restage(tx, &id, self.now).await?;
        Ok(Captured { lead: id, created })
    }
}

impl Capture {
    /// The lead of the mailbox, made where there was none; of callers at once one makes it.
    async fn lead(&self, tx: &mut Tx<'_>) -> Result<(String, bool), Error> {
        if let Some(id) = store::by_mailbox(tx, &self.found.index).await? {
            return Ok((id, false));
        }
        let id = new_id("lead");
        let token = super::desk::unsubscribe_token(tx.vault(), &id)?;
        let stage = if self.newsletter_only { Rule::Subscribed } else { Rule::Captured }.stage();
        let lead = Lead {
            id: id.clone(),
            email_index: Some(self.found.index.clone()),
            personal: None,
            origin: self.origin.clone(),
            verdict: self.found.verdict().to_owned(),
            reasons: self.found.codes(),
            stage,
            captured_at: self.at,
            updated_at: self.now,
            consents: Vec::new(),
            conversion: None,
            score: None,
            unsubscribe_url: String::new(),
        };
        if store::claim(tx, &lead, &token.stored(), self.now).await? {
            return Ok((id, true));
        }
        let other = store::by_mailbox(tx, &self.found.index).await?;
        Ok((other.ok_or(Error::Conflict)?, false))
    }

    /// Stores what is known of the person by now.
    async fn learn(
        &self,
        tx: &mut Tx<'_>,
        keys: &Keys,
        lead: &mut Lead,
        first: bool,
    ) -> Result<(), Error> {
        let mut personal = lead.personal.take().unwrap_or_default();
        personal.learn(self.said.clone());
        personal.email.clone_from(&self.found.delivery);
        if first {
            personal.utm.clone_from(&self.said.utm);
            (lead.origin, lead.captured_at) = (self.origin.clone(), self.at);
            store::set_origin(tx, lead).await?;
        }
        lead.verdict = self.found.verdict().to_owned();
        lead.reasons = self.found.codes();
        let sealed = seal(keys, &lead.id, ("leads", "personal", &lead.id), &personal)?;
        store::change(tx, lead, sealed, self.now).await?;
        let said = Statement::of(&self.said, self.found.domain);
        let fact = new_id("prf");
        keep_profile(tx, (keys, &lead.id, &fact), &said, (self.at, self.now)).await
    }

    /// Stores that the lead was captured.
    async fn act(&self, tx: &mut Tx<'_>, keys: &Keys, lead: &str) -> Result<(), Error> {
        let id = new_id("act");
        let pairs = [("source", &self.origin.source), ("campaign", &self.origin.campaign)];
        let pairs = pairs.iter().filter(|(_, value)| !value.is_empty());
        let attributes: Attributes =
            pairs.map(|(name, value)| ((*name).to_owned(), (*value).clone())).collect();
        let sealed = seal(keys, lead, ("lead_activities", "attributes", &id), &attributes)?;
        let capture = Record {
            now: self.now,
            lead: lead.to_owned(),
            kind: "capture".into(),
            attributes,
            at: self.at,
            click: None,
        };
        activities::insert(tx, &capture, &id, sealed).await
    }
}
