//! `expand[]`: ids become objects, and fields appear that are left out otherwise.

use serde_json::{Value, json};

use super::account::Account;
use super::kind::Kind;
use super::params::Params;
use super::problem::{Answer, Problem};

/// How deep a path may lead.
const DEEPEST: usize = 4;

impl Account {
    /// Expands what the request asks for.
    pub(super) fn expand(&self, mut body: Value, params: &Params) -> Answer {
        for path in params.texts("expand") {
            let names: Vec<&str> = path.split('.').collect();
            if names.iter().filter(|name| **name != "data").count() > DEEPEST {
                let deep =
                    format!("You cannot expand more than {DEEPEST} levels of a property: {path}");
                return Err(Problem::invalid(deep).param("expand"));
            }
            self.expand_path(&mut body, &names, &path)?;
        }
        Ok(body)
    }

    fn expand_path(&self, value: &mut Value, names: &[&str], path: &str) -> Answer<()> {
        if let Value::Array(entries) = value {
            return entries.iter_mut().try_for_each(|entry| self.expand_path(entry, names, path));
        }
        if let Value::String(id) = value {
            *value = self.any(id).ok_or_else(|| cannot(path))?;
        }
        let Some((first, rest)) = names.split_first() else { return Ok(()) };
        if value.is_null() {
            return Ok(());
        }
        if value.get(first).is_none() {
            let Some(field) = self.hidden(value, first) else {
                return if is_hidden(value, first) { Ok(()) } else { Err(cannot(path)) };
            };
            value[*first] = field;
        }
        self.expand_path(&mut value[*first], rest, path)
    }

    /// Any object by its id, deleted ones as stubs.
    fn any(&self, id: &str) -> Option<Value> {
        let Some((kind, _)) = self.find(id) else {
            return self.get(Kind::PaymentIntent, id, "id").ok();
        };
        // A deleted coupon lives on in its discounts.
        if let (Kind::Coupon, Some(index)) = (kind, self.place(kind, id)) {
            return self.body(kind, index);
        }
        self.get(kind, id, "id").ok()
    }

    /// A field that is shown only when it is asked for.
    fn hidden(&self, owner: &Value, field: &str) -> Option<Value> {
        let id = owner["id"].as_str()?;
        let (kind, index) = self.find(id)?;
        match (kind, field) {
            (Kind::Price, "tiers" | "currency_options") => self.world.price_detail(index, field),
            (Kind::Invoice, "payments") => Some(self.payments_of(id)),
            (Kind::Invoice, "confirmation_secret") => {
                let intent = self.world.invoices[index].intent.as_deref()?;
                let intent = self.get(Kind::PaymentIntent, intent, "id").ok()?;
                Some(json!({ "client_secret": intent["client_secret"], "type": "payment_intent" }))
            }
            (Kind::Session, "line_items") => {
                let url = format!("/v1/checkout/sessions/{id}/line_items");
                let data = self.basket(id);
                Some(json!({ "object": "list", "data": data, "has_more": false, "url": url }))
            }
            (Kind::Charge, "refunds") => Some(self.refunds_of(index)),
            (Kind::Customer, "subscriptions") => {
                let form = format!("customer={id}&limit=10");
                let url = format!("/v1/customers/{id}/subscriptions");
                self.list(Kind::Subscription, &Params::parse(&form), &url).ok()
            }
            _ => None,
        }
    }

    fn payments_of(&self, invoice: &str) -> Value {
        let all = self.shelf(Kind::InvoicePayment).iter();
        let data: Vec<&Value> = all.filter(|payment| payment["invoice"] == invoice).collect();
        let url = format!("/v1/invoice_payments?invoice={invoice}");
        json!({ "object": "list", "data": data, "has_more": false, "url": url })
    }

    fn refunds_of(&self, charge: usize) -> Value {
        let charge = &self.world.charges[charge];
        let data: Vec<Value> =
            charge.refunds.iter().map(|index| self.world.refund_json(*index)).collect();
        let url = format!("/v1/charges/{}/refunds", charge.id);
        json!({ "object": "list", "data": data, "has_more": false, "url": url })
    }
}

/// Fields that may be asked for though this object has none.
fn is_hidden(owner: &Value, field: &str) -> bool {
    matches!(
        (owner["object"].as_str(), field),
        (Some("price"), "tiers")
            | (Some("invoice"), "confirmation_secret")
            | (Some("coupon"), "applies_to" | "currency_options")
            | (Some("customer"), "sources" | "tax" | "cash_balance")
            | (_, "test_clock" | "default_source" | "schedule")
    )
}

fn cannot(path: &str) -> Problem {
    Problem::invalid(format!("This property cannot be expanded ({path}).")).param("expand")
}
