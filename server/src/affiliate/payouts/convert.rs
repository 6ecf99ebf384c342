//! Batches and payouts, as the contract says them.

use super::create::Create;
use super::csv::Format;
use super::export::{Export, File};
use super::settle::{Outcome, Settle};
use super::{Batch, Found, LeftOut, Payout, State};
use crate::affiliate::convert::{
    currency, id, optional, optional_instant, payout_method_from, payout_method_of, some_words,
    unknown, words,
};
use crate::affiliate::partners::convert::partner_id_of;
use crate::affiliate::programs::convert::program_id_of;
use crate::app::App;
use crate::error::{Error, Reason};
use crate::once::Request;
use crate::revenue::convert::{instant, micros, money};
use crate::revenue::paging::{Page, Slice};
use prost_types::Timestamp as Time;
use std::collections::BTreeMap;
use std::mem::take;
use takings::v1 as pb;
use takings_core::money::Currency;
use takings_core::time::Timestamp;

/// The most partners that are named.
const MOST_PARTNERS: usize = 1_000;
/// The longest reference, in characters.
const LONGEST_REFERENCE: usize = 255;
/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;

/// A batch that is to be made.
pub(in crate::affiliate) fn create(
    app: &App,
    mut asked: pb::CreatePayoutBatchRequest,
) -> Result<(Request, Create), Error> {
    let request = Request::of(&take(&mut asked.request_id), "CreatePayoutBatch", &asked)?;
    let pb::CreatePayoutBatchRequest {
        program_id,
        through_time,
        partner_ids,
        payout_method,
        currency_code,
        request_id: _,
    } = asked;
    if partner_ids.len() > MOST_PARTNERS {
        let message = format!("name at most {MOST_PARTNERS} partners");
        return Err(Error::invalid(Reason::InvalidField, "partner_ids", message));
    }
    let now = app.now();
    let create = Create {
        now,
        program: program_id_of(program_id)?,
        through: by_now("through_time", through_time, now)?,
        partners: partner_ids.into_iter().map(partner_id_of).collect::<Result<_, _>>()?,
        method: payout_method_from(payout_method)?,
        currency: optional(currency_code, |code| currency(&code))?,
    };
    Ok((request, create))
}

/// How a payout has ended.
pub(in crate::affiliate) fn settle(
    app: &App,
    mut asked: pb::SettlePayoutRequest,
) -> Result<(Request, Settle), Error> {
    let request = Request::of(&take(&mut asked.request_id), "SettlePayout", &asked)?;
    let pb::SettlePayoutRequest {
        payout_id,
        outcome,
        settled_time,
        reference,
        failure_reason,
        request_id: _,
    } = asked;
    let outcome = match pb::PayoutState::try_from(outcome) {
        Ok(pb::PayoutState::Paid) if failure_reason.is_empty() => Outcome::Paid,
        Ok(pb::PayoutState::Paid) => {
            let message = "a payout that is paid has no reason to have failed";
            return Err(Error::invalid(Reason::InvalidField, "failure_reason", message));
        }
        Ok(pb::PayoutState::Failed) => {
            Outcome::Failed(some_words("failure_reason", failure_reason, LONGEST_REASON)?)
        }
        _ => {
            let message = "a payout ends as PAYOUT_STATE_PAID or PAYOUT_STATE_FAILED";
            return Err(Error::invalid(Reason::InvalidField, "outcome", message));
        }
    };
    let settle = Settle {
        id: id("payout_id", payout_id, "pay", Reason::PayoutNotFound)?,
        outcome,
        at: by_now("settled_time", settled_time, app.now())?,
        reference: words("reference", reference, LONGEST_REFERENCE)?,
    };
    Ok((request, settle))
}

/// A file that is asked for.
pub(in crate::affiliate) fn export(
    mut asked: pb::ExportPayoutBatchRequest,
) -> Result<(Request, Export), Error> {
    let request = Request::of(&take(&mut asked.request_id), "ExportPayoutBatch", &asked)?;
    let pb::ExportPayoutBatchRequest { payout_batch_id, format, currency_code, request_id: _ } =
        asked;
    let format = match pb::PayoutFormat::try_from(format) {
        Ok(pb::PayoutFormat::BankCsv) => Format::Bank,
        Ok(pb::PayoutFormat::PaypalCsv) => Format::Paypal,
        Ok(pb::PayoutFormat::WiseCsv) => Format::Wise,
        Ok(pb::PayoutFormat::Unspecified) | Err(_) => return Err(unknown("format")),
    };
    let export = Export {
        batch: batch_id_of(payout_batch_id)?,
        format,
        currency: optional(currency_code, |code| currency(&code))?,
    };
    Ok((request, export))
}

/// The batch that is asked for, and the page of its payouts.
pub(in crate::affiliate) fn one(
    asked: pb::GetPayoutBatchRequest,
) -> Result<(String, Slice<String>), Error> {
    let pb::GetPayoutBatchRequest { payout_batch_id, page_size, page_token } = asked;
    let batch = batch_id_of(payout_batch_id)?;
    let slice = Slice::read(page_size, &page_token, &["GetPayoutBatch", &batch])?;
    Ok((batch, slice))
}

/// The page that is asked for.
pub(in crate::affiliate) fn list(
    asked: pb::ListPayoutBatchesRequest,
) -> Result<(String, Slice<String>), Error> {
    let pb::ListPayoutBatchesRequest { program_id, page_size, page_token } = asked;
    let program = optional(program_id, program_id_of)?.unwrap_or_default();
    let slice = Slice::read(page_size, &page_token, &["ListPayoutBatches", &program])?;
    Ok((program, slice))
}

fn batch_id_of(given: String) -> Result<String, Error> {
    id("payout_batch_id", given, "pob", Reason::PayoutBatchNotFound)
}

/// An instant that is not after now; now where none is given.
fn by_now(field: &'static str, given: Option<Time>, now: Timestamp) -> Result<Timestamp, Error> {
    let Some(given) = given else { return Ok(now) };
    let at = Timestamp(micros(field, given)?);
    if at > now {
        let message = "this instant is still to come: leave it out for now";
        return Err(Error::invalid(Reason::InvalidField, field, message));
    }
    Ok(at)
}

fn totals(totals: BTreeMap<Currency, i64>) -> Vec<pb::Money> {
    totals.into_iter().filter_map(|(currency, sum)| money(sum, Some(currency))).collect()
}

impl From<State> for pb::PayoutState {
    fn from(state: State) -> pb::PayoutState {
        match state {
            State::Approved => pb::PayoutState::Approved,
            State::Sent => pb::PayoutState::Sent,
            State::Paid => pb::PayoutState::Paid,
            State::Failed => pb::PayoutState::Failed,
        }
    }
}

impl From<Batch> for pb::PayoutBatch {
    fn from(batch: Batch) -> pb::PayoutBatch {
        let Batch { id, program, through, left_out, created_at, sums } = batch;
        pb::PayoutBatch {
            payout_batch_id: id,
            program_id: program,
            through_time: Some(instant(through.0)),
            payout_count: sums.payouts,
            open_count: sums.open,
            totals: totals(sums.totals),
            left_out: left_out.into_iter().map(Into::into).collect(),
            created_time: Some(instant(created_at.0)),
        }
    }
}

impl From<LeftOut> for pb::PayoutLeftOut {
    fn from(LeftOut { partner, currency, amount, reason }: LeftOut) -> pb::PayoutLeftOut {
        pb::PayoutLeftOut { partner_id: partner, amount: money(amount, Some(currency)), reason }
    }
}

impl From<Payout> for pb::PartnerPayout {
    fn from(payout: Payout) -> pb::PartnerPayout {
        let Payout {
            id,
            batch,
            program: _,
            partner,
            currency,
            amount,
            commissions,
            state,
            method,
            reference,
            failure_reason,
            settled_at,
        } = payout;
        pb::PartnerPayout {
            payout_id: id,
            payout_batch_id: batch,
            partner_id: partner,
            state: pb::PayoutState::from(state).into(),
            amount: money(amount, Some(currency)),
            commission_count: commissions,
            payout_method: payout_method_of(method.as_deref()).into(),
            reference,
            failure_reason,
            settled_time: optional_instant(settled_at),
        }
    }
}

impl From<Batch> for pb::CreatePayoutBatchResponse {
    fn from(batch: Batch) -> pb::CreatePayoutBatchResponse {
        pb::CreatePayoutBatchResponse { payout_batch: Some(batch.into()) }
    }
}

impl From<Payout> for pb::SettlePayoutResponse {
    fn from(payout: Payout) -> pb::SettlePayoutResponse {
        pb::SettlePayoutResponse { payout: Some(payout.into()) }
    }
}

impl From<File> for pb::ExportPayoutBatchResponse {
    fn from(file: File) -> pb::ExportPayoutBatchResponse {
        let File { name, content, payouts, totals: sums, left_out, partners: _ } = file;
        pb::ExportPayoutBatchResponse {
            file_name: name,
            content,
            payout_count: payouts,
            totals: totals(sums),
            left_out: left_out.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Found> for pb::GetPayoutBatchResponse {
    fn from(Found { batch, payouts }: Found) -> pb::GetPayoutBatchResponse {
        let (payouts, next_page_token) = payouts.answer();
        pb::GetPayoutBatchResponse { payout_batch: Some(batch.into()), payouts, next_page_token }
    }
}

impl From<Page<Batch>> for pb::ListPayoutBatchesResponse {
    fn from(page: Page<Batch>) -> pb::ListPayoutBatchesResponse {
        let (payout_batches, next_page_token) = page.answer();
        pb::ListPayoutBatchesResponse { payout_batches, next_page_token }
    }
}
