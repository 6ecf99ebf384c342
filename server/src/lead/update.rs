//! Changing what is known of a lead.

use super::email::Found;
use super::personal::{Said, Statement};
use super::scores::{keep_profile, restage};
use super::sealed::{erased, seal, subjects};
use super::{consents, entity, store, unknown};
use crate::affiliate::new_id;
use crate::db::Tx;
use crate::error::{Error, Reason};
use crate::once::Act;
use crate::privacy::{Keys, hold_mailbox};
use takings_core::time::Timestamp;

/// What is to change about a lead.
#[derive(Debug)]
pub(super) struct Update {
    pub(super) now: Timestamp,
    pub(super) lead: String,
    pub(super) found: Option<Found>,
    pub(super) said: Said,
}

/// The lead that was changed.
#[derive(Debug)]
pub(super) struct Updated(pub(super) String);

impl Act for Update {
    type Done = Updated;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Updated, Error> {
        let id = &self.lead;
        if !store::lock(tx, id, self.now).await? {
            return Err(unknown(id));
        }
        let keys = Keys::hold(tx, subjects([id.as_str()])).await?;
        let rows = store::load(tx, &[id]).await?;
        let mut lead = entity::lead(rows.first().ok_or_else(|| unknown(id))?, &keys)?;
        let mut personal = lead.personal.take().ok_or_else(erased)?;
        if let Some(found) = &self.found {
            if hold_mailbox(tx, &found.index).await? {
                return Err(erased());
            }
            let owner = store::by_mailbox(tx, &found.index).await?;
            if owner.is_some_and(|owner| owner != *id) {
                return Err(taken());
            }
            // By the former mailbox the lead may have been somebody's who paid.
            store::changed(tx, lead.email_index.as_deref().into_iter()).await?;
            if lead.email_index.as_deref() != Some(&found.index) {
                consents::end_all(tx, id, self.now).await?;
            }
            personal.email.clone_from(&found.delivery);
            personal.said_at = self.now.0;
            lead.email_index = Some(found.index.clone());
            lead.verdict = found.verdict().to_owned();
            lead.reasons = found.codes();
        }
        personal.say(self.said.clone(), self.now.0);
        let sealed = seal(&keys, id, ("leads", "personal", id), &personal)?;
        store::change(tx, &lead, sealed, self.now).await?;
        let fact = new_id("prf");
        keep_profile(tx, (&keys, id, &fact), &self.statement(), (self.now, self.now)).await?;
        restage(tx, id, self.now).await?;
        Ok(Updated(id.clone()))
    }
}

impl Update {
    fn statement(&self) -> Statement {
        Statement {
            role: self.said.role.clone(),
            company_size: self.said.company_size.map(Option::unwrap_or_default),
            country: self.said.country.clone(),
            domain: self.found.as_ref().map(|found| found.domain),
        }
    }
}

fn taken() -> Error {
    let message = "another lead has this mailbox, perhaps written otherwise: update that lead";
    Error::AlreadyExists { reason: Reason::LeadEmailTaken, message: message.into() }
}
