//! Disputes, as the contract says them.

use crate::error::Error;
use crate::revenue::convert::{money, second, text};
use crate::revenue::mirrors::{Filter, Key, Seen};
use crate::revenue::paging::Slice;
use takings::v1 as pb;
use takings_core::billing::facts::Dispute;

/// The page that is asked for.
pub(in crate::revenue) fn list(
    asked: pb::ListDisputesRequest,
) -> Result<(Filter, Slice<Key>), Error> {
    let pb::ListDisputesRequest { customer_id, payment_id, page_size, page_token } = asked;
    let slice = Slice::read(page_size, &page_token, &["ListDisputes", &customer_id, &payment_id])?;
    let filter = Filter {
        customer: text("customer_id", customer_id)?,
        payment: text("payment_id", payment_id)?,
        ..Filter::default()
    };
    Ok((filter, slice))
}

impl From<Seen<Dispute>> for pb::Dispute {
    fn from(seen: Seen<Dispute>) -> pb::Dispute {
        let Seen {
            id,
            source,
            customer,
            parent: _,
            status,
            deleted: _,
            personal: _,
            state,
            mrr: _,
            marks,
        } = seen;
        let Dispute {
            created,
            charge,
            payment_intent,
            amount,
            currency,
            status: _,
            reason,
            balance_transactions: _,
        } = state;
        pb::Dispute {
            dispute_id: id,
            source,
            customer_id: customer.unwrap_or_default(),
            payment_id: charge.unwrap_or_default(),
            payment_intent_id: payment_intent.unwrap_or_default(),
            status,
            reason: reason.unwrap_or_default(),
            amount: money(amount, currency),
            created_time: second(created),
            unconfirmed: marks.into_iter().map(Into::into).collect(),
        }
    }
}
