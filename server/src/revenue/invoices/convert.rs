//! Invoices, as the contract says them.

use crate::error::Error;
use crate::revenue::convert::{money, second, text};
use crate::revenue::mirrors::{Filter, Key, Seen};
use crate::revenue::paging::Slice;
use takings::v1 as pb;
use takings_core::billing::facts::Invoice;

/// The page that is asked for.
pub(in crate::revenue) fn list(
    asked: pb::ListInvoicesRequest,
) -> Result<(Filter, Slice<Key>), Error> {
    let pb::ListInvoicesRequest { customer_id, subscription_id, status, page_size, page_token } =
        asked;
    let slice = Slice::read(
        page_size,
        &page_token,
        &["ListInvoices", &customer_id, &subscription_id, &status],
    )?;
    let filter = Filter {
        customer: text("customer_id", customer_id)?,
        subscription: text("subscription_id", subscription_id)?,
        status: text("status", status)?,
        ..Filter::default()
    };
    Ok((filter, slice))
}

impl From<Seen<Invoice>> for pb::Invoice {
    fn from(seen: Seen<Invoice>) -> pb::Invoice {
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
        let Invoice {
            created,
            customer: _,
            subscription,
            status: _,
            currency,
            billing_reason,
            total,
            total_excluding_tax,
            amount_due,
            amount_paid,
            amount_remaining,
            starting_balance: _,
            ending_balance: _,
            lines: _,
            lines_cut: _,
            taxes: _,
            pre_payment_credit_notes: _,
            post_payment_credit_notes: _,
            attempted: _,
            attempt_count,
            due_date,
            finalized_at,
            paid_at,
            voided_at,
            uncollectible_at,
            paid_out_of_band: _,
            charge: _,
            payment_intent: _,
            test_clock: _,
        } = state;
        pb::Invoice {
            invoice_id: id,
            source,
            customer_id: customer.unwrap_or_default(),
            subscription_id: subscription.unwrap_or_default(),
            status,
            billing_reason: billing_reason.unwrap_or_default(),
            total: money(total, currency),
            total_excluding_tax: money(total_excluding_tax, currency),
            amount_due: money(amount_due, currency),
            amount_paid: money(amount_paid, currency),
            amount_remaining: money(amount_remaining, currency),
            attempt_count,
            created_time: second(created),
            due_time: due_date.and_then(second),
            finalized_time: finalized_at.and_then(second),
            paid_time: paid_at.and_then(second),
            voided_time: voided_at.and_then(second),
            uncollectible_time: uncollectible_at.and_then(second),
            unconfirmed: marks.into_iter().map(Into::into).collect(),
        }
    }
}
