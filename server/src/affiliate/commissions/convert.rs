//! Commissions, as the contract says them.

use super::source_of;
use super::{
    Calculate, Calculated, Commission, Convert, Converted, Decide, Decided, Filter, MOST, Mode, Row,
};
use crate::affiliate::convert::{currency, id, is_id, optional, some_words, words};
use crate::affiliate::partners::convert::partner_id_of;
use crate::affiliate::programs::convert::program_id_of;
use crate::app::App;
use crate::error::{Error, Reason};
use crate::once::Request;
use crate::revenue::convert::{Span, instant, micros};
use crate::revenue::paging::{Page, Slice};
use std::mem::take;
use takings::v1 as pb;
use takings_core::affiliate::commission::Kind;
use takings_core::affiliate::decision::Act;
use takings_core::lead::email::mailbox;
use takings_core::money::Currency;
use takings_core::time::Timestamp;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;
/// The most that is paid in one sale, in minor units: sums of many stay within 64 bits.
const MOST_PAID: i64 = 1_000_000_000_000_000;
/// How far the caller's clock may be ahead, in microseconds.
const AHEAD: i64 = 60_000_000;
/// The longest id of the caller's own, in characters.
const LONGEST_ID: usize = 255;

fn wrong(field: &'static str, message: &str) -> Error {
    Error::invalid(Reason::InvalidField, field, message)
}

fn commission_id(field: &'static str, given: String) -> Result<String, Error> {
    id(field, given, "com", Reason::CommissionNotFound)
}

/// Commissions that may be paid out.
pub(in crate::affiliate) fn approve(
    app: &App,
    mut asked: pb::ApproveCommissionsRequest,
) -> Result<(Request, Decide), Error> {
    let request = Request::of(&take(&mut asked.request_id), "ApproveCommissions", &asked)?;
    let pb::ApproveCommissionsRequest { commission_ids, reason, request_id: _ } = asked;
    if commission_ids.is_empty() || commission_ids.len() > MOST {
        return Err(wrong("commission_ids", "name 1 to 1,000 commissions"));
    }
    let mut ids = Vec::new();
    for given in commission_ids {
        let id = commission_id("commission_ids", given)?;
        if ids.contains(&id) {
            return Err(wrong("commission_ids", "name each commission once"));
        }
        ids.push(id);
    }
    let reason = words("reason", reason, LONGEST_REASON)?;
    Ok((request, Decide { now: app.now(), ids, act: Act::Approve, reason }))
}

/// A commission that is to be kept back.
pub(in crate::affiliate) fn hold(
    app: &App,
    mut asked: pb::HoldCommissionRequest,
) -> Result<(Request, Decide), Error> {
    let request = Request::of(&take(&mut asked.request_id), "HoldCommission", &asked)?;
    let pb::HoldCommissionRequest { commission_id: id, reason, request_id: _ } = asked;
    Ok((request, decide(app, id, Act::Hold, reason)?))
}

/// A commission that is not to be paid out.
pub(in crate::affiliate) fn reject(
    app: &App,
    mut asked: pb::RejectCommissionRequest,
) -> Result<(Request, Decide), Error> {
    let request = Request::of(&take(&mut asked.request_id), "RejectCommission", &asked)?;
    let pb::RejectCommissionRequest { commission_id: id, reason, request_id: _ } = asked;
    Ok((request, decide(app, id, Act::Reject, reason)?))
}

fn decide(app: &App, id: String, act: Act, reason: String) -> Result<Decide, Error> {
    let ids = vec![commission_id("commission_id", id)?];
    let reason = some_words("reason", reason, LONGEST_REASON)?;
    Ok(Decide { now: app.now(), ids, act, reason })
}

/// A derivation of a range.
pub(in crate::affiliate) fn calculate(
    app: &App,
    mut asked: pb::CalculateCommissionsRequest,
) -> Result<(Request, Calculate), Error> {
    let request = Request::of(&take(&mut asked.request_id), "CalculateCommissions", &asked)?;
    let pb::CalculateCommissionsRequest { program_id, partner_id, range, dry_run, request_id: _ } =
        asked;
    let calculate = Calculate {
        now: app.now(),
        program: program_id_of(program_id)?,
        partner: optional(partner_id, partner_id_of)?,
        range: Span::read("range", range)?,
        mode: if dry_run { Mode::DryRun } else { Mode::Post },
    };
    Ok((request, calculate))
}

/// A sale outside Stripe. Its source is given a number before the act.
pub(in crate::affiliate) async fn convert(
    app: &App,
    mut asked: pb::ProcessConversionRequest,
) -> Result<(Request, Convert), Error> {
    let request = Request::of(&take(&mut asked.request_id), "ProcessConversion", &asked)?;
    let pb::ProcessConversionRequest {
        program_id,
        conversion_id,
        customer_id,
        customer_email,
        click_id,
        coupon_id,
        partner_id,
        paid_amount,
        tax_amount,
        refunded_amount,
        paid_time,
        refunded_time,
        request_id: _,
    } = asked;
    let program = program_id_of(program_id)?;
    let paid_amount = paid_amount.ok_or_else(|| wrong("paid_amount", "say what was paid"))?;
    let currency = currency(&paid_amount.currency_code)?;
    let amount = |field, given: Option<pb::Money>| part(field, given, &paid_amount);
    let tax = amount("tax_amount", tax_amount)?;
    let is_refund_told = refunded_amount.is_some();
    let refunded = amount("refunded_amount", refunded_amount)?;
    let paid_time = paid_time.ok_or_else(|| wrong("paid_time", "say when it was paid"))?;
    let paid_at = by_now(app, "paid_time", paid_time)?;
    let refunded_at = refunded_time.map(|time| by_now(app, "refunded_time", time)).transpose()?;
    if paid_amount.amount_minor <= 0 {
        return Err(wrong("paid_amount", "a sale is of more than nothing"));
    }
    if paid_amount.amount_minor > MOST_PAID {
        return Err(wrong("paid_amount", "a sale is of at most 10^15 minor units"));
    }
    // Nothing, at no time, is nothing; nothing by a time takes back what was told of before.
    let is_timed = refunded_at.is_some();
    if (refunded > 0 && !is_timed) || (is_timed && !is_refund_told) {
        return Err(wrong("refunded_time", "give it with `refunded_amount`, and only then"));
    }
    let convert = Convert {
        now: app.now(),
        source: app.sources.number(&source_of(&program)).await?,
        id: some_words("conversion_id", conversion_id, LONGEST_ID)?,
        customer: customer(app, customer_id, &customer_email)?,
        click: optional(click_id, click_id_of)?,
        coupon: optional(coupon_id, |it| words("coupon_id", it, LONGEST_ID))?,
        partner: optional(partner_id, partner_id_of)?,
        program,
        currency,
        paid: paid_amount.amount_minor,
        tax,
        refunded,
        paid_at,
        refunded_at,
    };
    Ok((request, convert))
}

/// An instant that is not in the future.
fn by_now(
    app: &App,
    field: &'static str,
    given: prost_types::Timestamp,
) -> Result<Timestamp, Error> {
    let at = Timestamp(micros(field, given)?);
    if at.0 > app.now().0.saturating_add(AHEAD) {
        return Err(wrong(field, "this is in the future"));
    }
    Ok(at)
}

fn click_id_of(given: String) -> Result<String, Error> {
    if is_id(&given, "clk") {
        return Ok(given);
    }
    Err(Error::not_found(Reason::ClickNotFound, "no click has such an id: it begins with `clk_`"))
}

/// A part of what was paid; nothing where it is not given.
fn part(field: &'static str, given: Option<pb::Money>, paid: &pb::Money) -> Result<i64, Error> {
    let Some(pb::Money { amount_minor, currency_code }) = given else { return Ok(0) };
    if currency_code != paid.currency_code || !(0..=paid.amount_minor).contains(&amount_minor) {
        return Err(wrong(field, "it is in the currency of `paid_amount`, and at most as much"));
    }
    Ok(amount_minor)
}

/// Who bought: the caller's own id, or the key of an address.
fn customer(app: &App, id: String, email: &str) -> Result<String, Error> {
    if !id.is_empty() {
        return some_words("customer_id", id, LONGEST_ID);
    }
    let mailbox = mailbox(email).ok_or_else(|| {
        wrong("customer_email", "give `customer_id`, or an email address of who bought")
    })?;
    let indexes = app.database.vault.unlocked_indexes()?;
    Ok(format!("email:{}", indexes.equal("customer", &mailbox)))
}

/// The page that is asked for.
pub(in crate::affiliate) fn list(
    asked: pb::ListCommissionsRequest,
) -> Result<(Filter, Slice<(i64, String)>), Error> {
    let state = match asked.state() {
        pb::CommissionState::Unspecified => None,
        pb::CommissionState::Pending => Some("pending"),
        pb::CommissionState::Approved => Some("approved"),
        pb::CommissionState::Held => Some("held"),
        pb::CommissionState::Rejected => Some("rejected"),
        pb::CommissionState::InPayout => Some("in_payout"),
        pb::CommissionState::Paid => Some("paid"),
        pb::CommissionState::Reversed => Some("reversed"),
    };
    let pb::ListCommissionsRequest {
        program_id,
        partner_id,
        customer_id,
        payout_id,
        state: _,
        occurred_range,
        page_size,
        page_token,
    } = asked;
    let filter = Filter {
        program: optional(program_id, program_id_of)?.unwrap_or_default(),
        partner: optional(partner_id, partner_id_of)?.unwrap_or_default(),
        customer: words("customer_id", customer_id, LONGEST_ID)?,
        payout: words("payout_id", payout_id, LONGEST_ID)?,
        state,
        occurred: Span::read("occurred_range", occurred_range)?,
    };
    let occurred = filter.occurred.text();
    let bound_to = [
        "ListCommissions",
        filter.program.as_str(),
        filter.partner.as_str(),
        filter.customer.as_str(),
        filter.payout.as_str(),
        state.unwrap_or_default(),
        occurred.as_str(),
    ];
    let slice = Slice::read(page_size, &page_token, &bound_to)?;
    Ok((filter, slice))
}

fn kind_of(kind: &str, revision: i64, amount: i64) -> pb::CommissionKind {
    match Kind::parse(kind) {
        Some(Kind::Earned) if revision == 1 => pb::CommissionKind::Earned,
        Some(Kind::Reversed | Kind::Rejected) if amount < 0 => pb::CommissionKind::Clawback,
        _ => pb::CommissionKind::Adjustment,
    }
}

fn state_of(state: &str) -> pb::CommissionState {
    match state {
        "approved" => pb::CommissionState::Approved,
        "held" => pb::CommissionState::Held,
        "rejected" => pb::CommissionState::Rejected,
        "in_payout" => pb::CommissionState::InPayout,
        "paid" => pb::CommissionState::Paid,
        "reversed" => pb::CommissionState::Reversed,
        _ => pb::CommissionState::Pending,
    }
}

fn money(amount_minor: i64, currency: Currency) -> pb::Money {
    pb::Money { amount_minor, currency_code: currency.iso() }
}

fn amount(minor: i64, currency: &str) -> Option<pb::Money> {
    Currency::parse(currency).ok().map(|currency| money(minor, currency))
}

impl From<Commission> for pb::Commission {
    fn from(it: Commission) -> pb::Commission {
        let Commission {
            id,
            program,
            partner,
            link,
            customer,
            source,
            source_id: _,
            sale,
            kind,
            revision,
            currency,
            amount: minor,
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
        pb::Commission {
            commission_id: id,
            program_id: program,
            partner_id: partner,
            link_id: link.unwrap_or_default(),
            customer_id: customer,
            source: if source.starts_with("direct:") { String::new() } else { source },
            sale_id: sale,
            kind: kind_of(&kind, revision, minor).into(),
            state: state_of(&state).into(),
            state_reason: reason,
            amount: amount(minor, &currency),
            base_amount: amount(base, &base_currency),
            rate_bps,
            terms_version,
            occurred_time: Some(instant(occurred_at)),
            due_time: Some(instant(due_at)),
            recorded_time: Some(instant(recorded_at)),
            payout_id: payout.unwrap_or_default(),
        }
    }
}

/// A row that was appended just now, or would be.
fn appended(row: Row, posted: bool, now: Timestamp) -> pb::Commission {
    let kind = row.target.kind.as_str();
    let currency = row.target.currency;
    pb::Commission {
        commission_id: if posted { row.id } else { String::new() },
        program_id: row.program,
        partner_id: row.partner,
        link_id: row.link.unwrap_or_default(),
        customer_id: row.customer,
        sale_id: row.target.sale,
        kind: kind_of(kind, row.revision, row.amount).into(),
        state: pb::CommissionState::Pending.into(),
        amount: Some(money(row.amount, currency)),
        base_amount: Some(money(row.base, row.base_currency)),
        rate_bps: row.rate,
        terms_version: row.version,
        occurred_time: Some(instant(row.target.occurred.0)),
        recorded_time: posted.then(|| instant(now.0)),
        ..pb::Commission::default()
    }
}

impl From<Calculated> for pb::CalculateCommissionsResponse {
    fn from(Calculated { rows, count, totals, sales, now, posted }: Calculated) -> Self {
        pb::CalculateCommissionsResponse {
            commissions: rows.into_iter().map(|row| appended(row, posted, now)).collect(),
            commission_count: i64::try_from(count).unwrap_or(i64::MAX),
            totals: totals.into_iter().map(|(currency, total)| money(total, currency)).collect(),
            sale_count: i64::try_from(sales).unwrap_or(i64::MAX),
        }
    }
}

impl From<Converted> for pb::ProcessConversionResponse {
    fn from(Converted { partner, commissions }: Converted) -> Self {
        let commissions = commissions.into_iter().map(Into::into).collect();
        pb::ProcessConversionResponse { partner_id: partner, commissions }
    }
}

impl From<Decided> for pb::ApproveCommissionsResponse {
    fn from(Decided(commissions): Decided) -> Self {
        let commissions = commissions.into_iter().map(Into::into).collect();
        pb::ApproveCommissionsResponse { commissions }
    }
}

impl From<Decided> for pb::HoldCommissionResponse {
    fn from(Decided(commissions): Decided) -> Self {
        pb::HoldCommissionResponse { commission: commissions.into_iter().next().map(Into::into) }
    }
}

impl From<Decided> for pb::RejectCommissionResponse {
    fn from(Decided(commissions): Decided) -> Self {
        pb::RejectCommissionResponse { commission: commissions.into_iter().next().map(Into::into) }
    }
}

impl From<Page<Commission>> for pb::ListCommissionsResponse {
    fn from(page: Page<Commission>) -> Self {
        let (commissions, next_page_token) = page.answer();
        pb::ListCommissionsResponse { commissions, next_page_token }
    }
}
