//! Stripe's specification has an example of most objects. Where it has none, its mock makes values
//! up, and some of them no Stripe would send: these are put right, so that the steps go on.

use serde_json::{Value, json};

const MONTH: i64 = 30 * 86_400;

/// Puts made-up values of an answer right.
pub fn mend(value: &mut Value) {
    match value {
        Value::Array(entries) => entries.iter_mut().for_each(mend),
        Value::Object(fields) => {
            fields.values_mut().for_each(mend);
            mend_object(value);
        }
        _ => {}
    }
}

fn mend_object(object: &mut Value) {
    if object["currency"] == "currency" {
        object["currency"] = "usd".into();
    }
    if object["object"] == "invoice_payment" && object["id"] == "obj_123" {
        object["id"] = "inpay_123".into();
        object["status"] = "open".into();
    }
    if object["object"] == "discount" && object["source"]["coupon"].is_null() {
        object["source"] = json!({ "type": "coupon", "coupon": "QUARTER" });
    }
    if object["object"] == "charge" && object["payment_intent"].is_null() {
        object["payment_intent"] = "pi_123".into();
    }
    let second = |key: &str| object[key].as_i64();
    if let (Some(start), Some(end)) = (second("current_period_start"), second("current_period_end"))
        && end <= start
    {
        object["current_period_end"] = (start + MONTH).into();
    }
}
