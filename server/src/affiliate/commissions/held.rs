//! A customer as commissions see it.

use crate::affiliate::agreement::{Agreed, Agreement};
use crate::affiliate::bindings::Bound;
use crate::ingest::Key;
use takings_core::affiliate::sale::Sale;

/// A customer with all its sales, by payment and id, and to whom it belongs.
#[derive(Clone, Debug)]
pub(super) struct Held {
    /// Source and id.
    pub(super) customer: Key,
    /// All sales, those before the binding included.
    pub(super) sales: Vec<Sale>,
    /// What the same person has bought under other names, with the sources of these.
    pub(super) elsewhere: Vec<(i64, Sale)>,
    /// To whom it is bound.
    pub(super) bound: Option<Bound>,
    /// To whom it was bound before.
    pub(super) was: Option<Bound>,
}

impl Held {
    /// The terms by which a sale is judged; `None`: it earns nothing.
    pub(super) fn agreed<'a>(&self, agreement: &'a Agreement, sale: &Sale) -> Option<&'a Agreed> {
        self.bound.as_ref().and_then(|bound| agreed(agreement, bound, sale))
    }

    /// What earns: the sales since the binding.
    pub(super) fn earning(&self) -> impl Iterator<Item = &Sale> {
        let at = self.bound.as_ref().map(|bound| bound.at);
        self.sales.iter().filter(move |sale| at.is_some_and(|at| sale.paid_at >= at))
    }

    /// All that the person has bought.
    pub(super) fn everything(&self) -> impl Iterator<Item = &Sale> {
        self.sales.iter().chain(self.elsewhere.iter().map(|(_, sale)| sale))
    }

    /// What would earn of it under other names, with the sources of these.
    pub(super) fn earning_elsewhere(&self) -> impl Iterator<Item = (i64, &Sale)> {
        let at = self.bound.as_ref().map(|bound| bound.at);
        let since = move |sale: &Sale| at.is_some_and(|at| sale.paid_at >= at);
        let elsewhere = self.elsewhere.iter().map(|(source, sale)| (*source, sale));
        elsewhere.filter(move |(_, sale)| since(sale))
    }

    /// The source by which the person is called, whatever the name: the smallest.
    pub(super) fn person(&self) -> i64 {
        let others = self.elsewhere.iter().map(|(source, _)| *source);
        others.chain([self.customer.0]).min().unwrap_or(self.customer.0)
    }

    /// The key of a sale.
    pub(super) fn key(&self, sale: &Sale) -> Key {
        (self.customer.0, sale.id.clone())
    }
}

/// The terms by which a sale of a binding is judged.
pub(super) fn agreed<'a>(
    agreement: &'a Agreement,
    bound: &Bound,
    sale: &Sale,
) -> Option<&'a Agreed> {
    let partner = Some(bound.binding.partner.as_str());
    agreement.at(partner, (bound.at, sale.paid_at))
}
