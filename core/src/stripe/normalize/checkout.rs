//! Checkout sessions.

use super::{Seen, own_id};
use crate::billing::facts::{CheckoutSession, State};
use crate::stripe::Refusal;
use crate::stripe::field::Object;

pub(super) fn session(object: Object<'_>) -> Result<Seen, Refusal> {
    let totals = object.object("total_details");
    let (coupons, promotion_codes) = discounts(object)?;
    let session = CheckoutSession {
        created: object.seconds("created")?.unwrap_or(0),
        mode: object.text("mode")?.unwrap_or_default(),
        status: object.text("status")?,
        payment_status: object.text("payment_status")?.unwrap_or_default(),
        customer: object.id("customer")?.or(object.id("customer_account")?),
        payment_intent: object.id("payment_intent")?,
        subscription: object.id("subscription")?,
        invoice: object.id("invoice")?,
        invoice_creation: (object.object("invoice_creation"))
            .and_then(|it| it.flag("enabled"))
            .unwrap_or(false),
        amount_total: object.positive("amount_total")?.unwrap_or(0),
        amount_tax: totals.map(|it| it.positive("amount_tax")).transpose()?.flatten().unwrap_or(0),
        currency: object.currency("currency")?,
        client_reference_id: object.text("client_reference_id")?.filter(|it| is_opaque(it)),
        coupons,
        promotion_codes,
    };
    Ok(Seen::new(own_id(object)?, State::CheckoutSession(session)))
}

/// The ids of the coupons and promotion codes used.
fn discounts(object: Object<'_>) -> Result<(Vec<String>, Vec<String>), Refusal> {
    let (mut coupons, mut codes) = (Vec::new(), Vec::new());
    for discount in object.objects("discounts") {
        coupons.extend(discount.id("coupon")?);
        codes.extend(discount.id("promotion_code")?);
    }
    Ok((coupons, codes))
}

/// Whether a reference can be the id of a click: of letters, digits, `-`, `_`, `.` and `:`. A name
/// or an email address is not kept.
fn is_opaque(reference: &str) -> bool {
    let plain = |it: u8| it.is_ascii_alphanumeric() || b"-_.:".contains(&it);
    (1..=200).contains(&reference.len()) && reference.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(extra: Value) -> CheckoutSession {
        let mut body = json!({"id": "cs_1", "object": "checkout.session", "mode": "payment"});
        let (Some(body), Value::Object(extra)) = (body.as_object_mut(), extra) else {
            return CheckoutSession::default();
        };
        body.extend(extra);
        match session(Object(body)).unwrap().state {
            State::CheckoutSession(session) => session,
            _ => CheckoutSession::default(),
        }
    }

    #[test]
    fn a_session_tells_by_whom_it_came() {
        let session = read(json!({
            "client_reference_id": "clk_0192",
            "discounts": [{"coupon": "ANNA20", "promotion_code": null},
                          {"coupon": null, "promotion_code": "promo_1"}],
        }));
        assert_eq!(session.client_reference_id.as_deref(), Some("clk_0192"));
        assert_eq!(
            (session.coupons, session.promotion_codes),
            (vec!["ANNA20".into()], vec!["promo_1".into()])
        );
    }

    #[test]
    fn a_reference_that_names_a_person_is_not_kept() {
        for personal in ["anna@example.com", "Anna Smith", ""] {
            let session = read(json!({"client_reference_id": personal}));
            assert_eq!(session.client_reference_id, None, "{personal}");
        }
        let text = serde_json::to_string(&read(json!({}))).unwrap();
        assert!(!text.contains("coupons"), "what was not told leaves facts as they were: {text}");
    }
}
