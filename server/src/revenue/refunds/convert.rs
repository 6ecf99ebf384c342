//! Refunds, as the contract says them.

use crate::error::Error;
use crate::revenue::convert::{money, second, text};
use crate::revenue::mirrors::{Filter, Key, Seen};
use crate::revenue::paging::Slice;
use takings::v1 as pb;
use takings_core::billing::facts::Refund;

/// The page that is asked for.
pub(in crate::revenue) fn list(
    asked: pb::ListRefundsRequest,
) -> Result<(Filter, Slice<Key>), Error> {
    let pb::ListRefundsRequest { customer_id, payment_id, page_size, page_token } = asked;
    let slice = Slice::read(page_size, &page_token, &["ListRefunds", &customer_id, &payment_id])?;
    let filter = Filter {
        customer: text("customer_id", customer_id)?,
        payment: text("payment_id", payment_id)?,
        ..Filter::default()
    };
    Ok((filter, slice))
}

impl From<Seen<Refund>> for pb::Refund {
    fn from(seen: Seen<Refund>) -> pb::Refund {
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
        let Refund {
            created,
            charge,
            payment_intent,
            amount,
            currency,
            status: _,
            reason,
            balance_transaction,
        } = state;
        pb::Refund {
            refund_id: id,
            source,
            customer_id: customer.unwrap_or_default(),
            payment_id: charge.unwrap_or_default(),
            payment_intent_id: payment_intent.unwrap_or_default(),
            status,
            reason: reason.unwrap_or_default(),
            amount: money(amount, currency),
            balance_transaction_id: balance_transaction.unwrap_or_default(),
            created_time: second(created),
            unconfirmed: marks.into_iter().map(Into::into).collect(),
        }
    }
}
