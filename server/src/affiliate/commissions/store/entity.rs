//! Commissions as rows.

use super::super::list::Commission;
use sea_orm::FromQueryResult;

/// A commission as it is stored, and how it stands.
#[derive(Debug, FromQueryResult)]
pub(super) struct Found {
    id: String,
    program: String,
    partner: String,
    link: Option<String>,
    customer: String,
    source: String,
    source_id: i64,
    sale: String,
    kind: String,
    revision: i64,
    currency: String,
    amount: i64,
    base: i64,
    base_currency: String,
    rate_bps: Option<i64>,
    terms_version: i64,
    occurred_at: i64,
    due_at: i64,
    recorded_at: i64,
    payout: Option<String>,
    state: String,
    reason: String,
}

impl From<Found> for Commission {
    fn from(it: Found) -> Commission {
        let Found {
            id,
            program,
            partner,
            link,
            customer,
            source,
            source_id,
            sale,
            kind,
            revision,
            currency,
            amount,
            base,
            base_currency,
            rate_bps,
            terms_version,
            occurred_at,
            due_at,
            recorded_at,
            payout,
            state,
            reason,
        } = it;
        Commission {
            id,
            program,
            partner,
            link,
            customer,
            source,
            source_id,
            sale,
            kind,
            revision,
            currency,
            amount,
            base,
            base_currency,
            rate_bps,
            terms_version,
            occurred_at,
            due_at,
            recorded_at,
            payout,
            state,
            reason,
        }
    }
}
