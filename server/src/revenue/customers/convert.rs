//! Customers, as the contract says them.

use crate::error::Error;
use crate::revenue::convert::{money, required, second, text};
use crate::revenue::mirrors::{Filter, Key, Seen};
use crate::revenue::paging::Slice;
use serde::Deserialize;
use takings::v1 as pb;
use takings_core::billing::facts::Customer;
use takings_core::metrics::minor;

/// What is stored of a person.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Personal {
    name: Option<String>,
    email: Option<String>,
}

/// The source and the id that are asked for.
pub(in crate::revenue) fn one(asked: pb::GetCustomerRequest) -> Result<(String, String), Error> {
    let pb::GetCustomerRequest { customer_id, source } = asked;
    Ok((text("source", source)?, required("customer_id", customer_id)?))
}

/// The page that is asked for.
pub(in crate::revenue) fn list(
    asked: pb::ListCustomersRequest,
) -> Result<(Filter, Slice<Key>), Error> {
    let pb::ListCustomersRequest { page_size, page_token } = asked;
    let slice = Slice::read(page_size, &page_token, &["ListCustomers"])?;
    Ok((Filter::default(), slice))
}

impl From<Seen<Customer>> for pb::Customer {
    fn from(seen: Seen<Customer>) -> pb::Customer {
        let Seen {
            id,
            source,
            customer: _,
            parent: _,
            status: _,
            deleted,
            personal,
            state,
            mrr,
            marks,
        } = seen;
        let Customer { created, balance, currency, delinquent, discount: _, test_clock: _ } = state;
        let personal: Option<Personal> =
            personal.and_then(|personal| serde_json::from_str(&personal).ok());
        let Personal { name, email } = personal.unwrap_or_default();
        let mrr = mrr.into_iter().filter(|(_, units)| *units != 0);
        pb::Customer {
            customer_id: id,
            source,
            name: name.unwrap_or_default(),
            email: email.unwrap_or_default(),
            created_time: second(created),
            deleted,
            delinquent,
            credit_balance: money(balance.saturating_neg(), currency),
            mrr: mrr.filter_map(|(currency, units)| money(minor(units), Some(currency))).collect(),
            unconfirmed: marks.into_iter().map(Into::into).collect(),
        }
    }
}
