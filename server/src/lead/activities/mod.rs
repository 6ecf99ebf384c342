//! What leads do, and which of it a scanner did.

mod store;

pub(super) use store::{insert, load};

use super::scores::restage;
use super::sealed::{seal, subjects};
use super::{store as leads, unknown};
use crate::affiliate::new_id;
use crate::db::Tx;
use crate::error::Error;
use crate::once::Act;
use crate::privacy::Keys;
use std::collections::BTreeMap;
use takings_core::affiliate::scanner::{MailClick, suspects};
use takings_core::time::Timestamp;

/// What else is known of an activity.
pub(super) type Attributes = BTreeMap<String, String>;

/// Something that a lead did.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) now: Timestamp,
    pub(super) lead: String,
    pub(super) kind: String,
    pub(super) attributes: Attributes,
    pub(super) at: Timestamp,
    pub(super) click: Option<Clicked>,
}

/// A click on a link of a mail; texts are keyed hashes.
#[derive(Clone, Debug)]
pub(super) struct Clicked {
    pub(super) message: String,
    pub(super) link: String,
    pub(super) links: i64,
    pub(super) delivered: Timestamp,
    pub(super) network: String,
}

/// What was recorded.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) id: String,
    pub(super) automated: bool,
}

impl Act for Record {
    type Done = Recorded;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Recorded, Error> {
        if !leads::lock(tx, &self.lead, self.now).await? {
            return Err(unknown(&self.lead));
        }
        let keys = Keys::hold(tx, subjects([self.lead.as_str()])).await?;
        let id = new_id("act");
        let place = ("lead_activities", "attributes", id.as_str());
        let sealed = seal(&keys, &self.lead, place, &self.attributes)?;
        insert(tx, self, &id, sealed).await?;
        let automated = match &self.click {
            Some(click) => self.look_for_scanners(tx, click).await?.contains(&id),
            None => false,
        };
        restage(tx, &self.lead, self.now).await?;
        Ok(Recorded { id, automated })
    }
}

impl Record {
    /// Notes which clicks on links of a mail were a scanner's; answers all of them.
    async fn look_for_scanners(&self, tx: &mut Tx<'_>, of: &Clicked) -> Result<Vec<String>, Error> {
        let known = store::clicks(tx, &self.lead, &of.message).await?;
        let clicks: Vec<MailClick<'_>> = known
            .iter()
            .map(|it| MailClick { link: &it.link, network: &it.network, at: it.at })
            .collect();
        let links = usize::try_from(of.links).unwrap_or_default();
        let suspect = suspects(of.delivered, links, &clicks);
        let found = known.iter().zip(suspect).filter(|(_, suspect)| *suspect);
        let found: Vec<String> = found.map(|(click, _)| click.id.clone()).collect();
        store::automated(tx, &self.lead, &found, self.now).await?;
        Ok(found)
    }
}

/// A click on a link of a mail as it is stored.
struct Click {
    id: String,
    link: String,
    network: String,
    at: Timestamp,
}
