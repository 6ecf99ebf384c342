//! The question and the answer about movements.

use super::{Explanation, Filter, Movements, Net, Place};
use crate::analytics::convert::{
    currency, definition, kind_of, known, money, range, shown, turned_round,
};
use crate::error::{Error, Reason};
use crate::page::{self, Page};
use crate::revenue::convert::text;
use takings::v1 as pb;
use takings_core::billing::{Cause, MovementKind};
use takings_core::metrics;
use takings_core::money::Currency;
use takings_core::time::Timestamp;

/// A question about movements.
pub(in crate::analytics) struct MovementsQuestion {
    pub(in crate::analytics) filter: Filter,
    pub(in crate::analytics) page: Page,
    /// Where the page before ended.
    pub(in crate::analytics) after: Option<Place>,
    /// What a page token is bound to.
    pub(in crate::analytics) binding: Vec<String>,
}

/// Reads a question for movements.
pub(in crate::analytics) fn question(
    request: pb::ListMrrMovementsRequest,
) -> Result<MovementsQuestion, Error> {
    let kind = movement_kind(request.kind)?;
    let pb::ListMrrMovementsRequest {
        range: given,
        currency_code,
        customer_id,
        kind: _,
        known_at_time,
        page_size,
        page_token,
    } = request;
    let (start, end) = range(given)?;
    let filter = Filter {
        start: start.unwrap_or(Timestamp(i64::MIN)),
        end: end.unwrap_or(Timestamp(i64::MAX)),
        currency: currency(&currency_code)?,
        customer: text("customer_id", customer_id)?,
        kind,
        known: known(known_at_time)?.unwrap_or(Timestamp(i64::MAX)),
    };
    if filter.end < filter.start {
        return Err(turned_round("range"));
    }
    let binding = vec!["ListMrrMovements".to_owned(), format!("{filter:?}")];
    let page = Page::read(page_size, &page_token, &borrowed(&binding))?;
    let place = |key: &Vec<String>| Place::of_key(key).ok_or_else(page::invalid_token);
    let after = page.after.as_ref().map(place).transpose()?;
    Ok(MovementsQuestion { filter, page, after, binding })
}

fn borrowed(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

/// A kind of movement to filter by; unspecified: every one.
fn movement_kind(number: i32) -> Result<Option<MovementKind>, Error> {
    let unknown = |_| {
        let message = format!("{number} is no kind of movement: send a value of MovementKind");
        Error::invalid(Reason::InvalidField, "kind", message)
    };
    Ok(match pb::MovementKind::try_from(number).map_err(unknown)? {
        pb::MovementKind::Unspecified => None,
        pb::MovementKind::New => Some(MovementKind::New),
        pb::MovementKind::Reactivation => Some(MovementKind::Reactivation),
        pb::MovementKind::Expansion => Some(MovementKind::Expansion),
        pb::MovementKind::Contraction => Some(MovementKind::Contraction),
        pb::MovementKind::Churn => Some(MovementKind::Churn),
    })
}

/// Shows a page of movements.
pub(in crate::analytics) fn answer(
    movements: Movements,
    binding: &[String],
    settled: Timestamp,
) -> pb::ListMrrMovementsResponse {
    let Movements { rows, sources, more } = movements;
    let last = rows.last().filter(|_| more).map(|(net, _)| net.place.key());
    let token = last.map(|key| page::encode(&borrowed(binding), &key));
    let show = |(net, explanation): (Net, Explanation)| {
        let source = sources.get(&net.place.source).cloned().unwrap_or_default();
        movement(net, explanation, source)
    };
    pb::ListMrrMovementsResponse {
        mrr_movements: rows.into_iter().map(show).collect(),
        next_page_token: token.unwrap_or_default(),
        settled_through_time: Some(shown(settled)),
        definition: definition(),
    }
}

fn movement(net: Net, explanation: Explanation, source: String) -> pb::MrrMovement {
    let Net { place, kind, units, event, recorded_at } = net;
    let Place { at, source: _, customer, currency } = place;
    let Explanation { subscriptions, reason, reconstructed } = explanation;
    let currency = Currency::parse(&currency).ok();
    pb::MrrMovement {
        customer_id: customer,
        source,
        subscription_ids: subscriptions,
        kind: kind_of(kind).into(),
        amount: currency.map(|currency| money(metrics::minor(units), currency)),
        mrr_units: units,
        reason: reason.map_or(pb::MovementReason::Unspecified, cause).into(),
        occurred_time: Some(shown(at)),
        recorded_time: Some(shown(recorded_at)),
        observation: event,
        reconstructed,
    }
}

/// Why MRR moved, as the contract names it.
fn cause(cause: Cause) -> pb::MovementReason {
    match cause {
        Cause::Unchanged => pb::MovementReason::Unspecified,
        Cause::Started => pb::MovementReason::Started,
        Cause::TrialEnded => pb::MovementReason::TrialEnded,
        Cause::TrialStarted => pb::MovementReason::TrialStarted,
        Cause::ItemsChanged => pb::MovementReason::ItemsChanged,
        Cause::PlanChanged => pb::MovementReason::PlanChanged,
        Cause::QuantityChanged => pb::MovementReason::QuantityChanged,
        Cause::PriceChanged => pb::MovementReason::PriceChanged,
        Cause::TaxChanged => pb::MovementReason::TaxChanged,
        Cause::DiscountChanged => pb::MovementReason::DiscountChanged,
        Cause::Settled => pb::MovementReason::Settled,
        Cause::Voluntary => pb::MovementReason::Voluntary,
        Cause::Involuntary => pb::MovementReason::Involuntary,
        Cause::Paused => pb::MovementReason::Paused,
        Cause::Resumed => pb::MovementReason::Resumed,
        Cause::Recovered => pb::MovementReason::Recovered,
    }
}
