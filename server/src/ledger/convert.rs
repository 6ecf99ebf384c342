//! Transfers, as the contract says them.

use super::entity::Row;
use super::{Entry, Filter, Place};
use crate::error::Error;
use crate::revenue::convert::{Span, instant, money, text};
use crate::revenue::paging::Slice;
use takings::v1 as pb;

/// The page that is asked for.
pub(crate) fn list(asked: pb::ListRevenueEntriesRequest) -> Result<(Filter, Slice<Place>), Error> {
    let pb::ListRevenueEntriesRequest {
        customer_id,
        kind,
        account,
        object_id,
        occurred_range,
        page_size,
        page_token,
    } = asked;
    let filter = Filter {
        customer: text("customer_id", customer_id)?,
        kind: text("kind", kind)?,
        account: text("account", account)?,
        object: text("object_id", object_id)?,
        occurred: Span::read("occurred_range", occurred_range)?,
    };
    let Filter { customer, kind, account, object, occurred } = &filter;
    let occurred = occurred.text();
    let filters = ["ListRevenueEntries", customer, kind, account, object, &occurred];
    let slice = Slice::read(page_size, &page_token, &filters)?;
    Ok((filter, slice))
}

impl From<Entry> for pb::RevenueEntry {
    fn from(Entry { row, source, currency }: Entry) -> pb::RevenueEntry {
        let entry_id = row.entry_id();
        let Row {
            source_id: _,
            object,
            target: _,
            revision,
            kind,
            debit,
            credit,
            currency: _,
            amount,
            occurred_at,
            customer,
            event,
            recorded_at,
        } = row;
        pb::RevenueEntry {
            entry_id,
            source,
            kind,
            debit_account: debit,
            credit_account: credit,
            amount: money(amount, Some(currency)),
            occurred_time: Some(instant(occurred_at)),
            recorded_time: recorded_at.map(instant),
            object_id: object,
            customer_id: customer.unwrap_or_default(),
            observation: event,
            revision,
        }
    }
}
