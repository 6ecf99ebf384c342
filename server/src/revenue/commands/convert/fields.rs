//! What several requests have in common.

use super::super::subscriptions::OrderItem;
use crate::error::{Error, Reason};
pub(super) use crate::revenue::convert::changed;
use crate::revenue::convert::{required, text};
use takings::v1 as pb;

/// The most prices of one subscription.
const MOST_ITEMS: usize = 20;
/// Two years, which is Stripe's limit.
const LONGEST_TRIAL: i32 = 730;

pub(super) fn wrong(field: &'static str, message: impl Into<String>) -> Error {
    Error::invalid(Reason::InvalidField, field, message)
}

/// A text, where there is one.
pub(super) fn optional(field: &'static str, given: String) -> Result<Option<String>, Error> {
    Ok(Some(text(field, given)?).filter(|text| !text.is_empty()))
}

/// An id that becomes part of a path.
pub(super) fn id(field: &'static str, given: String) -> Result<String, Error> {
    let id = required(field, given)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if id.len() <= 255 && id.bytes().all(plain) {
        return Ok(id);
    }
    let message = format!("`{field}` is no id of Stripe's: letters, digits, `_` and `-` alone");
    Err(wrong(field, message))
}

/// An id, where there is one.
pub(super) fn optional_id(field: &'static str, given: String) -> Result<Option<String>, Error> {
    if given.is_empty() { Ok(None) } else { id(field, given).map(Some) }
}

/// An address on the web.
pub(super) fn url(field: &'static str, given: String) -> Result<String, Error> {
    let url = required(field, given)?;
    if url.starts_with("https://") || url.starts_with("http://") {
        return Ok(url);
    }
    Err(wrong(field, format!("`{field}` must begin with https://")))
}

pub(super) fn optional_url(field: &'static str, given: String) -> Result<Option<String>, Error> {
    if given.is_empty() { Ok(None) } else { url(field, given).map(Some) }
}

/// One of a few words, where there is one.
pub(super) fn word(
    field: &'static str,
    given: String,
    known: &[&str],
) -> Result<Option<String>, Error> {
    if given.is_empty() || known.contains(&given.as_str()) {
        return optional(field, given);
    }
    Err(wrong(field, format!("`{field}` must be one of: {}", known.join(", "))))
}

/// At least one.
pub(super) fn quantity(field: &'static str, given: i64) -> Result<i64, Error> {
    if given >= 1 {
        return Ok(given);
    }
    let message = "a quantity is at least 1; to end a subscription, use CancelSubscription";
    Err(wrong(field, message))
}

/// Prices and quantities.
pub(super) fn items(given: Vec<pb::OrderItem>) -> Result<Vec<OrderItem>, Error> {
    if !(1..=MOST_ITEMS).contains(&given.len()) {
        return Err(wrong("items", format!("`items` must hold 1 to {MOST_ITEMS} prices")));
    }
    let read = |pb::OrderItem { price_id, quantity: many }| {
        Ok(OrderItem {
            price: id("items.price_id", price_id)?,
            quantity: many.map(|many| quantity("items.quantity", many)).transpose()?,
        })
    };
    given.into_iter().map(read).collect()
}

/// Days that are free.
pub(super) fn trial(days: i32) -> Result<Option<i32>, Error> {
    if (0..=LONGEST_TRIAL).contains(&days) {
        return Ok(Some(days).filter(|days| *days > 0));
    }
    Err(wrong("trial_days", format!("`trial_days` must be 0 to {LONGEST_TRIAL}")))
}

/// What a change does about the money of its period; unspecified is left to Stripe.
pub(super) fn proration(given: pb::ProrationBehavior) -> Option<&'static str> {
    match given {
        pb::ProrationBehavior::Unspecified => None,
        pb::ProrationBehavior::CreateProrations => Some("create_prorations"),
        pb::ProrationBehavior::AlwaysInvoice => Some("always_invoice"),
        pb::ProrationBehavior::None => Some("none"),
    }
}

/// What becomes of what cannot be paid.
pub(super) fn payment(given: pb::PaymentBehavior) -> &'static str {
    match given {
        pb::PaymentBehavior::Unspecified | pb::PaymentBehavior::ErrorIfIncomplete => {
            "error_if_incomplete"
        }
        pb::PaymentBehavior::AllowIncomplete => "allow_incomplete",
        pb::PaymentBehavior::DefaultIncomplete => "default_incomplete",
    }
}

/// A value of an enum that this release knows.
pub(super) fn known<E: TryFrom<i32>>(field: &'static str, given: i32) -> Result<E, Error> {
    E::try_from(given).map_err(|_| wrong(field, format!("`{field}` has a value that is not known")))
}
