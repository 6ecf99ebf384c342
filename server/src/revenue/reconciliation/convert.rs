//! Reconciliations, as the contract says them.

use super::{Asked, Reconciliation};
use crate::error::{Error, Reason};
use crate::revenue::convert::{Span, instant, money, required};
use takings::v1 as pb;
use takings_core::money::Currency;
use takings_core::reconcile::{self, Account, Cause, Line, Report};
use takings_core::time::{Day, Timestamp};
use uuid::Uuid;

/// The most lines that an answer holds.
const MOST_LINES: usize = 1_000;

/// What is asked for.
pub(in crate::revenue) fn read(asked: pb::RunReconciliationRequest) -> Result<Asked, Error> {
    let pb::RunReconciliationRequest { range, request_id } = asked;
    let Span { start, end } = Span::read("range", range)?;
    let (Some(first), Some(end)) = (start.map(day), end.map(day)) else {
        let message = "`range` needs a start and an end";
        return Err(Error::invalid(Reason::InvalidRange, "range", message));
    };
    let request = Uuid::try_parse(&request_id).map_err(|_| {
        let message = "`request_id` must be a UUID, the same for every attempt at this act";
        Error::invalid(Reason::InvalidRequestId, "request_id", message)
    })?;
    Ok(Asked { first: first?, end: end?, request })
}

/// The day that begins at an instant.
fn day(micros: i64) -> Result<Day, Error> {
    let day = Timestamp(micros).day();
    if day.start().0 != micros {
        let message = "both ends must be the first instant of a UTC day";
        return Err(Error::invalid(Reason::InvalidRange, "range", message));
    }
    Ok(day)
}

/// The report that is asked for.
pub(in crate::revenue) fn one(asked: pb::GetReconciliationReportRequest) -> Result<String, Error> {
    let pb::GetReconciliationReportRequest { report_id } = asked;
    required("report_id", report_id)
}

impl From<Reconciliation> for pb::ReconciliationReport {
    fn from(it: Reconciliation) -> pb::ReconciliationReport {
        let Reconciliation { id, source, first, end, ran_at, report } = it;
        let reconciled = report.is_green();
        let totals = report.currencies().into_iter().map(|it| total(&report, it)).collect();
        let Report { transactions, days, lines } = report;
        let omitted = lines.len().saturating_sub(MOST_LINES);
        pb::ReconciliationReport {
            report_id: id,
            source,
            range: Some(pb::TimeRange {
                start_time: Some(start(first)),
                end_time: Some(start(end)),
            }),
            run_time: Some(instant(ran_at.0)),
            reconciled,
            balance_transactions: i64::try_from(transactions).unwrap_or(i64::MAX),
            totals,
            days: days
                .into_iter()
                .map(|((of, currency), day)| one_day(of, currency, day))
                .collect(),
            lines: lines.into_iter().take(MOST_LINES).map(one_line).collect(),
            lines_omitted: i64::try_from(omitted).unwrap_or(i64::MAX),
        }
    }
}

fn start(day: Day) -> prost_types::Timestamp {
    instant(day.start().0)
}

fn total(report: &Report, currency: Currency) -> pb::ReconciliationTotal {
    let reconcile::Day { stripe, ledger, pending: _, fees } = report.total(currency);
    let unexplained = i64::try_from(report.unexplained(currency)).unwrap_or(i64::MAX);
    let money = |amount| money(amount, Some(currency));
    pb::ReconciliationTotal {
        stripe: money(stripe),
        ledger: money(ledger),
        fees: money(fees),
        unexplained: money(unexplained),
    }
}

fn one_day(of: Day, currency: Currency, day: reconcile::Day) -> pb::ReconciliationDay {
    let reconcile::Day { stripe, ledger, pending, fees } = day;
    let money = |amount| money(amount, Some(currency));
    pb::ReconciliationDay {
        day_time: Some(start(of)),
        stripe: money(stripe),
        ledger: money(ledger),
        pending: money(pending),
        fees: money(fees),
    }
}

fn one_line(line: Line) -> pb::ReconciliationLine {
    let Line { cause, object, transaction, account, currency, day, amount } = line;
    pb::ReconciliationLine {
        cause: cause_of(cause).into(),
        explained: cause.explains(),
        object_id: object,
        balance_transaction_id: transaction.unwrap_or_default(),
        account: match account {
            Account::StripeBalance => "stripe_balance".to_owned(),
            Account::StripePending => "stripe_pending".to_owned(),
        },
        amount: money(amount, Some(currency)),
        day_time: Some(start(day)),
    }
}

fn cause_of(cause: Cause) -> pb::ReconciliationCause {
    match cause {
        Cause::UnderWay => pb::ReconciliationCause::UnderWay,
        Cause::OtherDay => pb::ReconciliationCause::OtherDay,
        Cause::Fee => pb::ReconciliationCause::Fee,
        Cause::Reserve => pb::ReconciliationCause::Reserve,
        Cause::TopUp => pb::ReconciliationCause::TopUp,
        Cause::Recovered => pb::ReconciliationCause::Recovered,
        Cause::Rounding => pb::ReconciliationCause::Rounding,
        Cause::ObjectUnseen => pb::ReconciliationCause::ObjectUnseen,
        Cause::EventMissed => pb::ReconciliationCause::EventMissed,
        Cause::NotInStripe => pb::ReconciliationCause::NotInStripe,
        Cause::AmountMismatch => pb::ReconciliationCause::AmountMismatch,
        Cause::RateMismatch => pb::ReconciliationCause::RateMismatch,
        Cause::UnknownCategory => pb::ReconciliationCause::UnknownCategory,
    }
}
