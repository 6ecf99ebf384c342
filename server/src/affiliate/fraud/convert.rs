//! Signals, as the contract says them.

use super::resolve::Resolve;
use super::{Filter, Signal, State};
use crate::affiliate::convert::{id, optional, optional_instant, some_words, unknown};
use crate::affiliate::partners::convert::partner_id_of;
use crate::affiliate::programs::convert::program_id_of;
use crate::app::App;
use crate::error::{Error, Reason};
use crate::once::Request;
use crate::revenue::convert::instant;
use crate::revenue::paging::{Page, Slice};
use std::mem::take;
use takings::v1 as pb;
use takings::v1::FraudKind as Kind;

/// The longest note, in characters.
const LONGEST_NOTE: usize = 500;

/// The kinds, and their names in the database.
const KINDS: [(Kind, &str); 10] = [
    (Kind::SameEmail, "same_email"),
    (Kind::SameDomain, "same_domain"),
    (Kind::SameVisitor, "same_visitor"),
    (Kind::SamePayoutMethod, "same_payment"),
    (Kind::DisposableEmail, "disposable_email"),
    (Kind::PaidTraffic, "paid_traffic"),
    (Kind::BannedReferrer, "banned_referrer"),
    (Kind::TooFast, "quick_sale"),
    (Kind::RefundRate, "refund_rate"),
    (Kind::LeadsWithoutClicks, "leads_without_click"),
];

/// The page that is asked for.
pub(in crate::affiliate) fn list(
    asked: pb::ListFraudSignalsRequest,
) -> Result<(Filter, Slice<String>), Error> {
    let pb::ListFraudSignalsRequest { program_id, partner_id, kind, state, page_size, page_token } =
        asked;
    let program = optional(program_id, program_id_of)?.unwrap_or_default();
    let partner = optional(partner_id, partner_id_of)?.unwrap_or_default();
    let kind = Kind::try_from(kind).map_err(|_| unknown("kind"))?;
    let kind = KINDS.iter().find(|(it, _)| *it == kind).map_or("", |(_, name)| *name);
    let state = match pb::FraudState::try_from(state).map_err(|_| unknown("state"))? {
        pb::FraudState::Unspecified => None,
        pb::FraudState::Open => Some(State::Open),
        pb::FraudState::Confirmed => Some(State::Confirmed),
        pb::FraudState::Dismissed => Some(State::Dismissed),
    };
    let name = state.map_or("", State::as_str);
    let filters = ["ListFraudSignals", &program, &partner, kind, name];
    let slice = Slice::read(page_size, &page_token, &filters)?;
    Ok((Filter { program, partner, kind, state }, slice))
}

/// What is decided about a signal.
pub(in crate::affiliate) fn resolve(
    app: &App,
    mut asked: pb::ResolveFraudSignalRequest,
) -> Result<(Request, Resolve), Error> {
    let request = Request::of(&take(&mut asked.request_id), "ResolveFraudSignal", &asked)?;
    let pb::ResolveFraudSignalRequest { signal_id, resolution, note, request_id: _ } = asked;
    let fraud = match pb::FraudState::try_from(resolution) {
        Ok(pb::FraudState::Confirmed) => true,
        Ok(pb::FraudState::Dismissed) => false,
        _ => {
            let message = "a signal is resolved as FRAUD_STATE_CONFIRMED or FRAUD_STATE_DISMISSED";
            return Err(Error::invalid(Reason::InvalidField, "resolution", message));
        }
    };
    let resolve = Resolve {
        now: app.now(),
        id: id("signal_id", signal_id, "frd", Reason::FraudSignalNotFound)?,
        fraud,
        note: some_words("note", note, LONGEST_NOTE)?,
    };
    Ok((request, resolve))
}

impl From<State> for pb::FraudState {
    fn from(state: State) -> pb::FraudState {
        match state {
            State::Open => pb::FraudState::Open,
            State::Confirmed => pb::FraudState::Confirmed,
            State::Dismissed => pb::FraudState::Dismissed,
        }
    }
}

impl From<Signal> for pb::FraudSignal {
    fn from(signal: Signal) -> pb::FraudSignal {
        let Signal {
            id,
            program,
            partner,
            customer,
            kind,
            evidence,
            state,
            raised_at,
            resolved_at,
            note,
            commissions,
        } = signal;
        let known = KINDS.iter().find(|(_, name)| *name == kind);
        pb::FraudSignal {
            signal_id: id,
            kind: known.map_or(Kind::Unspecified, |(kind, _)| *kind).into(),
            state: pb::FraudState::from(state).into(),
            program_id: program,
            partner_id: partner,
            customer_id: customer,
            evidence,
            commission_ids: commissions,
            note,
            detected_time: Some(instant(raised_at.0)),
            resolved_time: optional_instant(resolved_at),
        }
    }
}

impl From<Page<Signal>> for pb::ListFraudSignalsResponse {
    fn from(page: Page<Signal>) -> pb::ListFraudSignalsResponse {
        let (signals, next_page_token) = page.answer();
        pb::ListFraudSignalsResponse { signals, next_page_token }
    }
}

impl From<Signal> for pb::ResolveFraudSignalResponse {
    fn from(signal: Signal) -> pb::ResolveFraudSignalResponse {
        pb::ResolveFraudSignalResponse { signal: Some(signal.into()) }
    }
}
