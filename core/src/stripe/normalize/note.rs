//! Credit notes.

use super::line::taxes_or_sum;
use super::{Seen, own_id};
use crate::billing::facts::{CreditNote, NoteRefund, State};
use crate::stripe::Refusal;
use crate::stripe::field::Object;

pub(super) fn credit_note(object: Object<'_>) -> Result<Seen, Refusal> {
    let total = object.positive("total")?.or(object.positive("amount")?).unwrap_or(0);
    let taxes = taxes_or_sum(object)?;
    let tax: i64 = taxes.iter().map(|tax| tax.amount).sum();
    let (pre_payment_amount, post_payment_amount) = parts(object, total)?;
    let refunds = refunds(object)?;
    let out_of_band = object.positive("out_of_band_amount")?.unwrap_or(0);
    let refunded: i64 = refunds.iter().filter_map(|refund| refund.amount).sum();
    let to_balance = object.value("customer_balance_transaction").is_some();
    let rest = (post_payment_amount - refunded - out_of_band).max(0);
    let note = CreditNote {
        created: object.seconds("created")?.unwrap_or(0),
        invoice: object.required_id("invoice")?,
        customer: object.id("customer")?.or(object.id("customer_account")?),
        currency: object.currency("currency")?,
        status: object.text("status")?.unwrap_or_else(|| "issued".to_owned()),
        total,
        total_excluding_tax: object.positive("total_excluding_tax")?.unwrap_or(total - tax),
        taxes,
        pre_payment_amount,
        post_payment_amount,
        refunds,
        credited: if to_balance { rest } else { 0 },
        out_of_band,
        voided_at: object.seconds("voided_at")?,
    };
    Ok(Seen::new(own_id(object)?, State::CreditNote(note)))
}

/// What lowered the open invoice, and what was given back after payment; a note was once wholly
/// one or the other.
fn parts(object: Object<'_>, total: i64) -> Result<(i64, i64), Refusal> {
    let (before, after) =
        (object.positive("pre_payment_amount")?, object.positive("post_payment_amount")?);
    Ok(match (before, after, object.text("type")?.as_deref()) {
        (None, None, Some("pre_payment")) => (total, 0),
        (None, None, _) => (0, total),
        (before, after, _) => (before.unwrap_or(0), after.unwrap_or(0)),
    })
}

/// The refunds that settle it; the older shape names one, and not how much of it does.
fn refunds(object: Object<'_>) -> Result<Vec<NoteRefund>, Refusal> {
    if let Some(refund) = object.id("refund")? {
        return Ok(vec![NoteRefund { refund, amount: None }]);
    }
    let mut refunds = Vec::new();
    for it in object.objects("refunds") {
        if let Some(refund) = it.id("refund")? {
            refunds.push(NoteRefund { refund, amount: it.positive("amount_refunded")? });
        }
    }
    Ok(refunds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(more: Value) -> CreditNote {
        let mut note = json!({"id": "cn_1", "invoice": "in_1", "currency": "usd", "total": 6000});
        let (all, more) = (note.as_object_mut(), more.as_object().cloned());
        all.expect("an object").extend(more.expect("an object"));
        let seen = credit_note(Object(note.as_object().expect("an object"))).expect("a note");
        let State::CreditNote(note) = seen.state else { panic!("{:?}", seen.state) };
        note
    }

    #[test]
    fn before_basil_a_note_does_not_say_how_much_its_refund_settles() {
        let old = read(json!({"refund": "re_1", "customer_balance_transaction": "cbtxn_1"}));
        assert_eq!(old.refunds, [NoteRefund { refund: "re_1".into(), amount: None }]);
        assert_eq!(old.credited, 6000, "all that the refund does not settle");

        let new = read(json!({
            "pre_payment_amount": 0, "post_payment_amount": 6000,
            "refunds": [{"refund": "re_1", "amount_refunded": 3500}],
            "customer_balance_transaction": "cbtxn_1",
        }));
        assert_eq!(new.refunds, [NoteRefund { refund: "re_1".into(), amount: Some(3500) }]);
        assert_eq!(new.credited, 2500);
    }
}
