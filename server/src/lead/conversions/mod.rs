//! How leads become customers: by the first sale of a customer with the same mailbox, or because
//! somebody says so.
//!
//! It is a function of all facts: when the lead was captured, and when whoever has the mailbox paid
//! first. Who had paid before the capture was a customer already, and converts nobody. What Stripe
//! takes back, such as a debit that failed, converts nobody either.

mod store;
mod touches;

pub(crate) use store::mark_settlements;
pub(super) use store::of_leads;

use super::stages;
use super::store as leads;
use super::{Conversion, Standing, unknown};
use crate::db::{Database, Tx};
use crate::error::{Error, Reason};
use crate::ingest::{Trouble, rehearse, transact};
use crate::once::Act;
use crate::privacy::Names;
use store::Marked;
use takings_core::lead::stage::Rule;
use takings_core::privacy::Subject;
use takings_core::time::Timestamp;

/// Somebody says that a lead has become a customer.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) now: Timestamp,
    pub(super) lead: String,
    pub(super) customer: Option<String>,
    pub(super) at: Timestamp,
}

/// The lead that has become a customer.
#[derive(Debug)]
pub(super) struct Converted(pub(super) String);

impl Act for Mark {
    type Done = Converted;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Converted, Error> {
        let Mark { now, lead, customer, at } = self;
        if !leads::lock(tx, lead, *now).await? {
            return Err(unknown(lead));
        }
        let (captured, mailbox) = store::captured(tx, lead).await?.ok_or_else(|| unknown(lead))?;
        if *at < captured {
            let message = "nobody converts before being captured: send a later `converted_time`";
            return Err(Error::invalid(Reason::InvalidRange, "converted_time", message));
        }
        let conversion =
            Conversion { at: *at, source: None, customer: customer.clone(), automatic: false };
        let said = Standing { paid_at: Some(*at), conversion: Some(conversion) };
        store::append(tx, lead, &said, *now).await?;
        match mailbox {
            // What Stripe tells goes before, but may be taken back.
            Some(mailbox) => drop(derive(tx, &mailbox, *now).await?),
            None => drop(stages::settle(tx, lead).await?),
        }
        Ok(Converted(lead.clone()))
    }
}

/// What came of deriving the conversions of leads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Derived {
    /// Leads that were looked at.
    pub(crate) leads: usize,
    /// Those for which something else was stored.
    pub(crate) differences: usize,
    /// Those whose conversion cannot be derived.
    pub(crate) failed: usize,
}

impl Derived {
    /// Takes in how the derivation of one lead went; only a database that does not answer ends it all.
    fn note(&mut self, done: Result<bool, Trouble>) -> Result<(), Error> {
        match done {
            Ok(differs) => {
                self.leads += 1;
                self.differences += usize::from(differs);
            }
            Err(trouble @ (Trouble::Unreadable { .. } | Trouble::Data(_))) => {
                self.failed += 1;
                metrics::counter!("lead_conversions_failed_total").increment(1);
                tracing::error!(%trouble, "the conversion of a lead is not derived");
            }
            Err(trouble) => return Err(trouble.into()),
        }
        Ok(())
    }
}

/// Derives the conversions of every marked mailbox; answers how many leads were looked at. One that
/// cannot be derived keeps its mark, and holds up nobody.
///
/// # Errors
///
/// If the database does not answer.
pub async fn convert_marked(database: &Database, now: Timestamp) -> Result<usize, Error> {
    Ok(marked(database, now).await?.leads)
}

async fn marked(database: &Database, now: Timestamp) -> Result<Derived, Error> {
    let (mut after, mut done) = (String::new(), Derived::default());
    loop {
        let marked = store::marked(database, &after).await?;
        let Some(last) = marked.last() else { return Ok(done) };
        after.clone_from(&last.mailbox);
        let (leads, nobodys): (Vec<Marked>, Vec<Marked>) =
            marked.into_iter().partition(|it| it.is_leads);
        if !nobodys.is_empty() {
            transact(database, async |tx| store::clear(tx, &nobodys).await).await?;
        }
        // One at a time: customers and programs are locked in one order.
        for it in leads {
            let derived = transact(database, async |tx| {
                let differs = derive(tx, &it.mailbox, now).await?;
                store::clear(tx, std::slice::from_ref(&it)).await?;
                Ok(differs)
            });
            done.note(derived.await)?;
        }
    }
}

/// Derives the conversion of every lead again; with `verify` nothing is stored, and what waits for the
/// job is no difference.
///
/// # Errors
///
/// If the database does not answer.
pub(crate) async fn derive_all(database: &Database, verify: bool) -> Result<Derived, Error> {
    let now = database.now().await?;
    let mut done = match verify {
        true => Derived::default(),
        // Who is not marked any more is derived, and counted, again.
        false => Derived { leads: 0, ..marked(database, now).await? },
    };
    let mut after = String::new();
    loop {
        let mailboxes = store::unmarked(database, &after).await?;
        let Some(last) = mailboxes.last() else { return Ok(done) };
        after.clone_from(last);
        for mailbox in &mailboxes {
            let work = async |tx: &mut Tx<'_>| derive(tx, mailbox, now).await;
            done.note(match verify {
                true => rehearse(database, work).await,
                false => transact(database, work).await,
            })?;
        }
    }
}

/// Derives the conversion of the lead of a mailbox, and tells affiliates who brought the customer.
/// Answers whether something else was stored.
async fn derive(tx: &mut Tx<'_>, mailbox: &str, now: Timestamp) -> Result<bool, Trouble> {
    let Some(lead) = store::lead(tx, mailbox).await? else { return Ok(false) };
    let subjects = store::subjects(tx, mailbox).await?;
    let customers = customers(&subjects);
    let first = store::first_sale(tx, &customers).await?;
    if let Some(at) = store::first_checkout(tx, &customers, lead.captured_at).await? {
        stages::step(tx, &lead.id, Rule::CheckoutStarted, at, now).await.map_err(trouble)?;
    }
    // Stripe tells whole seconds: a sale within the second of the capture came after it.
    let converts = |at: Timestamp| at.secs() >= lead.captured_at.secs();
    let found = first.map(|(at, (source, customer))| Conversion {
        at,
        source: Some(source),
        customer: Some(customer),
        automatic: true,
    });
    let paid_at = found.as_ref().map(|it| it.at.max(lead.captured_at));
    let found = found
        .filter(|it| converts(it.at))
        .map(|it| Conversion { at: it.at.max(lead.captured_at), ..it });
    let conversion = match found {
        Some(found) => Some(found),
        None => store::by_hand(tx, &lead.id).await.map_err(trouble)?,
    };
    let paid_at = paid_at.into_iter().chain(conversion.as_ref().map(|it| it.at)).min();
    let standing = Standing { paid_at, conversion };
    let known = of_leads(tx, &[&lead.id]).await.map_err(trouble)?.remove(&lead.id);
    let mut differs = standing != known.unwrap_or_default();
    if differs {
        store::append(tx, &lead.id, &standing, now).await.map_err(trouble)?;
    }
    differs |= stages::settle(tx, &lead.id).await.map_err(trouble)?;
    differs |= touches::tell(tx, &lead, &customers).await?;
    Ok(differs)
}

/// The customers among the subjects of a person.
fn customers(subjects: &Names) -> Vec<(i64, String)> {
    let customer = |name: &String| match Subject::parse(name) {
        Some(Subject::Customer(source, id)) => Some((source, id)),
        _ => None,
    };
    subjects.iter().filter_map(customer).collect()
}

/// What acts fail by, within a job.
pub(super) fn trouble(error: Error) -> Trouble {
    match error {
        Error::Conflict => Trouble::Retry,
        other => Trouble::Unreadable { what: "lead", why: other.to_string() },
    }
}
