//! Bindings: to whom customers belong, derived from all their touches.

mod store;

pub(super) use store::{bound_in, keep, stored};

use super::agreement::Agreement;
use crate::db::Tx;
use crate::ingest::{Key, Trouble};
use std::collections::BTreeMap;
use takings_core::affiliate::attribution::{Binding, Conversion, Touch, bind};
use takings_core::affiliate::sale::Sale;
use takings_core::time::Timestamp;

/// A binding as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Bound {
    /// The link of the touch that won.
    pub(super) link: Option<String>,
    /// The number of the terms that are copied onto it.
    pub(super) version: i64,
    /// When the customer was bound: by the first sale, or by the lead before it.
    pub(super) at: Timestamp,
    /// The partner, the rule, and all eligible touches.
    pub(super) binding: Binding,
}

/// What is known of one customer in one program.
#[derive(Clone, Debug, Default)]
pub(super) struct Touched {
    touches: Vec<Touch>,
    links: BTreeMap<String, Option<String>>,
    /// When the earliest session was made that says who brought the customer.
    lead: Option<Timestamp>,
}

impl Touched {
    /// Takes in what is known of the same person under another name.
    pub(super) fn join(&mut self, other: &Touched) {
        let Touched { touches, links, lead } = other.clone();
        self.touches.extend(touches);
        self.links.extend(links);
        self.lead = self.lead.into_iter().chain(lead).min();
    }
}

/// The touches of some customers in a program, and their leads.
pub(super) async fn touched(
    tx: &mut Tx<'_>,
    program: &str,
    customers: &[Key],
) -> Result<BTreeMap<Key, Touched>, Trouble> {
    store::touches(tx, program, customers).await
}

/// Binds a customer; `was` is the stored binding, which stays where a payout was `sent` for it.
///
/// A lead after the first sale is none. Stripe tells whole seconds: a touch within the second of a
/// conversion was before it.
pub(super) fn derive(
    agreement: &Agreement,
    touched: &Touched,
    sales: &[&Sale],
    was: Option<&Bound>,
    sent: bool,
) -> Option<Bound> {
    let first =
        |stands: bool| sales.iter().filter(|it| !stands || it.stands()).map(|it| it.paid_at).min();
    let first_sale = first(true).or_else(|| first(false));
    let lead = touched.lead.filter(|lead| first_sale.is_none_or(|sale| lead.secs() <= sale.secs()));
    let conversion = Conversion { lead, first_sale };
    let instant = lead.or(first_sale);
    let paid = was.filter(|_| sent);
    let newest = touched.touches.iter().map(|touch| touch.at).max();
    let at = instant.or(newest).or(paid.map(|it| it.at))?;
    let rules = agreement.at(None, (at, at))?.terms.attribution;
    let seconds =
        Conversion { lead: lead.map(end_of_second), first_sale: first_sale.map(end_of_second) };
    let kept = paid.map(|it| &it.binding);
    let mut binding = bind(rules, "", seconds, &touched.touches, kept)?;
    if let Some(paid) = paid.filter(|it| it.binding == binding) {
        return Some(paid.clone());
    }
    let at = conversion.instant(binding.touch.kind).unwrap_or(binding.touch.at);
    let version = agreement.at(Some(&binding.partner), (at, at))?.number;
    binding.terms = version.to_string();
    let link = touched.links.get(&binding.touch.id).cloned().flatten();
    Some(Bound { link, version, at, binding })
}

fn end_of_second(at: Timestamp) -> Timestamp {
    Timestamp(Timestamp::from_secs(at.secs()).0 + 999_999)
}
