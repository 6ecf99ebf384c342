//! Taking in what a form says.

use super::activities::{self, Attributes, Record};
use super::consents::{self, Asked};
use super::email::Found;
use super::personal::{Personal, Statement};
use super::scores::{keep_profile, restage};
use super::sealed::{erased, seal, subjects};
use super::{Lead, entity, stages, store};
use crate::affiliate::new_id;
use crate::db::Tx;
use crate::error::Error;
use crate::once::Act;
use crate::privacy::{Keys, hold_mailbox};
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
        if hold_mailbox(tx, &self.found.index).await? {
            return Err(erased());
        }
        let found = store::by_mailbox(tx, &self.found.index).await?;
        let (lead, keys, created) = match found {
            Some(lead) => self.add(tx, lead).await?,
            None => self.make(tx).await?,
        };
        let (said, fact) = (Statement::of(&self.said, self.found.domain), new_id("prf"));
        keep_profile(tx, (&keys, &lead, &fact), &said, (self.at, self.now)).await?;
        self.act(tx, &keys, &lead).await?;
        if let Some(asked) = &self.consent {
            consents::ask(tx, (&keys, &lead), asked, &self.origin, self.now).await?;
        }
        restage(tx, &lead, self.now).await?;
        Ok(Captured { lead, created })
    }
}

impl Capture {
    /// Makes the lead of a mailbox that has none; of callers at once one makes it.
    async fn make(&self, tx: &mut Tx<'_>) -> Result<(String, Keys, bool), Error> {
        let id = new_id("lead");
        let token = super::desk::unsubscribe_token(tx.vault(), &id)?;
        let mut lead = Lead {
            id: id.clone(),
            email_index: Some(self.found.index.clone()),
            personal: None,
            origin: self.origin.clone(),
            verdict: String::new(),
            reasons: String::new(),
            stage: self.rule().stage(),
            captured_at: self.at,
            updated_at: self.now,
            erased_at: None,
            consents: Vec::new(),
            conversion: None,
            score: None,
            unsubscribe_url: String::new(),
        };
        let keys = Keys::make(tx, subjects([id.as_str()])).await?;
        let sealed = self.learn(&keys, &mut lead, true)?;
        if store::claim(tx, &lead, sealed, &token.stored(), self.now).await? {
            stages::step(tx, &id, self.rule(), self.at, self.now).await?;
            return Ok((id, keys, true));
        }
        let other = store::by_mailbox(tx, &self.found.index).await?;
        self.add(tx, other.ok_or(Error::Conflict)?).await
    }

    /// Adds what was said to a lead.
    async fn add(&self, tx: &mut Tx<'_>, id: String) -> Result<(String, Keys, bool), Error> {
        store::lock(tx, &id, self.now).await?;
        let keys = Keys::hold(tx, subjects([id.as_str()])).await?;
        let rows = store::load(tx, &[&id]).await?;
        let mut lead = entity::lead(rows.first().ok_or(Error::Conflict)?, &keys)?;
        if lead.email_index.as_deref() != Some(&self.found.index) {
            // Meanwhile somebody gave it another address, or erased it.
            return Err(Error::Conflict);
        }
        let first = self.at < lead.captured_at;
        let sealed = self.learn(&keys, &mut lead, first)?;
        if first {
            store::set_origin(tx, &lead).await?;
        }
        store::change(tx, &lead, sealed, self.now).await?;
        stages::step(tx, &id, self.rule(), self.at, self.now).await?;
        Ok((id, keys, false))
    }

    /// The rule by which whoever fills in this form comes in.
    fn rule(&self) -> Rule {
        if self.newsletter_only { Rule::Subscribed } else { Rule::Captured }
    }

    /// Takes over what is known of the person by now; answers it sealed.
    fn learn(&self, keys: &Keys, lead: &mut Lead, first: bool) -> Result<String, Error> {
        let mut personal = lead.personal.take().unwrap_or_default();
        personal.learn(self.said.clone(), self.at.0);
        if self.at.0 >= personal.said_at {
            personal.email.clone_from(&self.found.delivery);
            personal.said_at = self.at.0;
            lead.verdict = self.found.verdict().to_owned();
            lead.reasons = self.found.codes();
        }
        if first {
            personal.utm.clone_from(&self.said.utm);
            (lead.origin, lead.captured_at) = (self.origin.clone(), self.at);
        }
        seal(keys, &lead.id, ("leads", "personal", &lead.id), &personal)
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
