//! What Stripe's specification requires of an answer and a story's payloads leave out.

use serde_json::{Value, json};

/// Adds the fields that every answer has, and drops those that none has empty.
pub(super) fn fill(mut body: Value) -> Value {
    let object = body["object"].as_str().unwrap_or_default().to_owned();
    let lacking = match object.as_str() {
        "checkout.session" => json!({ "custom_text": {
            "after_submit": null, "shipping_address": null, "submit": null,
            "terms_of_service_acceptance": null,
        }}),
        "credit_note" => json!({ "pretax_credit_amounts": [] }),
        "dispute" => json!({ "enhanced_eligibility_types": [] }),
        "promotion_code" => json!({ "restrictions": {
            "first_time_transaction": false, "minimum_amount": null,
            "minimum_amount_currency": null,
        }}),
        "subscription" => json!({ "billing_schedules": [] }),
        _ => json!({}),
    };
    add(&mut body, &lacking);
    match object.as_str() {
        "credit_note" => {
            for line in body["lines"]["data"].as_array_mut().into_iter().flatten() {
                add(line, &json!({ "pretax_credit_amounts": [] }));
            }
        }
        "dispute" => {
            add(&mut body["evidence"], &json!({ "enhanced_evidence": {} }));
            add(&mut body["evidence_details"], &json!({ "enhanced_eligibility": {} }));
            add(&mut body["payment_method_details"]["card"], &json!({ "network": "visa" }));
        }
        "refund" => drop_empty(&mut body, &["failure_balance_transaction", "failure_reason"]),
        _ => {}
    }
    body
}

fn add(body: &mut Value, lacking: &Value) {
    let (Some(fields), Some(more)) = (body.as_object_mut(), lacking.as_object()) else { return };
    for (key, value) in more {
        fields.entry(key.clone()).or_insert_with(|| value.clone());
    }
}

fn drop_empty(body: &mut Value, keys: &[&str]) {
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|key, value| !(value.is_null() && keys.contains(&key.as_str())));
    }
}
