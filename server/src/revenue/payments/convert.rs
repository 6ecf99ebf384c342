//! Payments, as the contract says them.

use crate::error::Error;
use crate::revenue::convert::{money, second, text};
use crate::revenue::mirrors::{Filter, Key, Seen};
use crate::revenue::paging::Slice;
use takings::v1 as pb;
use takings_core::billing::facts::Charge;

/// The page that is asked for.
pub(in crate::revenue) fn list(
    asked: pb::ListPaymentsRequest,
) -> Result<(Filter, Slice<Key>), Error> {
    let pb::ListPaymentsRequest { customer_id, invoice_id, page_size, page_token } = asked;
    let slice = Slice::read(page_size, &page_token, &["ListPayments", &customer_id, &invoice_id])?;
    let filter = Filter {
        customer: text("customer_id", customer_id)?,
        invoice: text("invoice_id", invoice_id)?,
        ..Filter::default()
    };
    Ok((filter, slice))
}

impl From<Seen<Charge>> for pb::Payment {
    fn from(seen: Seen<Charge>) -> pb::Payment {
        let Seen {
            id,
            source,
            customer,
            parent,
            status,
            deleted: _,
            personal: _,
            state,
            mrr: _,
            marks,
        } = seen;
        let Charge {
            created,
            customer: _,
            amount,
            amount_captured,
            amount_refunded,
            currency,
            status: _,
            captured: _,
            payment_intent,
            invoice: _,
            balance_transaction,
            failure_code,
        } = state;
        pb::Payment {
            payment_id: id,
            source,
            customer_id: customer.unwrap_or_default(),
            payment_intent_id: payment_intent.unwrap_or_default(),
            invoice_ids: parent.into_iter().collect(),
            status,
            amount: money(amount, currency),
            amount_captured: money(amount_captured, currency),
            amount_refunded: money(amount_refunded, currency),
            failure_code: failure_code.unwrap_or_default(),
            balance_transaction_id: balance_transaction.unwrap_or_default(),
            created_time: second(created),
            unconfirmed: marks.into_iter().map(Into::into).collect(),
        }
    }
}
