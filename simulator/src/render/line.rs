//! Invoice lines.

use serde_json::{Value, json};

use crate::model::{Invoice, Line};
use crate::world::World;

impl World {
    pub(super) fn line_json(&self, invoice: &Invoice, line: &Line) -> Value {
        let mut body = json!({
            "id": line.id,
            "object": "line_item",
            "amount": line.amount,
            "currency": invoice.currency,
            "description": line.description,
            "discountable": !line.proration,
            "livemode": self.plan.livemode,
            "metadata": {},
            "period": { "start": line.period.0, "end": line.period.1 },
            "quantity": line.quantity,
        });
        let version = self.plan.version;
        let extra = if version.is_basil() {
            self.parented(invoice, line)
        } else if self.is_old() {
            self.planned(invoice, line)
        } else {
            self.priced(invoice, line)
        };
        merge(&mut body, extra);
        body
    }

    /// From basil on.
    fn parented(&self, invoice: &Invoice, line: &Line) -> Value {
        let price = &self.catalog.prices[line.price];
        let subscription = invoice.sub.map(|sub| &self.subs[sub].id);
        let parent = match &line.item {
            Ok(item) => json!({
                "type": "subscription_item_details",
                "invoice_item_details": null,
                "subscription_item_details": {
                    "invoice_item": null,
                    "proration": line.proration,
                    "proration_details": { "credited_items": null },
                    "subscription": subscription,
                    "subscription_item": item,
                },
            }),
            Err(item) => json!({
                "type": "invoice_item_details",
                "invoice_item_details": {
                    "invoice_item": item,
                    "proration": line.proration,
                    "proration_details": { "credited_items": null },
                    "subscription": subscription,
                },
                "subscription_item_details": null,
            }),
        };
        json!({
            "discount_amounts": amounts(line),
            "discounts": line.discounts.iter().map(|(id, _)| id).collect::<Vec<_>>(),
            "invoice": invoice.id,
            "parent": parent,
            "pretax_credit_amounts": credits(line),
            "pricing": {
                "price_details": {
                    "price": price.id,
                    "product": self.catalog.products[price.product].id,
                },
                "type": "price_details",
                "unit_amount_decimal": price.decimal(),
            },
            "quantity_decimal": line.quantity.to_string(),
            "subtotal": line.amount,
            "taxes": self.taxes(invoice, line),
        })
    }

    fn taxes(&self, invoice: &Invoice, line: &Line) -> Value {
        let Some(rate) = &invoice.tax else { return json!([]) };
        json!([{
            "amount": line.tax,
            "tax_behavior": if rate.inclusive { "inclusive" } else { "exclusive" },
            "tax_rate_details": { "tax_rate": rate.id },
            "taxability_reason": "standard_rated",
            "taxable_amount": invoice.net(line),
            "type": "tax_rate_details",
        }])
    }

    /// Acacia.
    fn priced(&self, invoice: &Invoice, line: &Line) -> Value {
        let tax: Vec<Value> = invoice.tax.iter().map(|rate| self.tax_rate(rate)).collect();
        json!({
            "amount_excluding_tax": invoice.net(line),
            "discount_amounts": amounts(line),
            "discounts": line.discounts.iter().map(|(id, _)| id).collect::<Vec<_>>(),
            "invoice": invoice.id,
            "invoice_item": line.item.as_ref().err(),
            "plan": self.plan_json(line.price),
            "pretax_credit_amounts": credits(line),
            "price": self.price_json(line.price),
            "proration": line.proration,
            "proration_details": { "credited_items": null },
            "subscription": invoice.sub.map(|sub| &self.subs[sub].id),
            "subscription_item": line.item.as_ref().ok(),
            "tax_amounts": self.tax_amounts(invoice, line.tax, invoice.net(line)),
            "tax_rates": tax,
            "type": if line.item.is_ok() { "subscription" } else { "invoiceitem" },
            "unit_amount_excluding_tax": null,
        })
    }

    pub(super) fn tax_amounts(&self, invoice: &Invoice, amount: i64, taxable: i64) -> Value {
        let Some(rate) = &invoice.tax else { return json!([]) };
        json!([{
            "amount": amount,
            "inclusive": rate.inclusive,
            "tax_rate": rate.id,
            "taxability_reason": "standard_rated",
            "taxable_amount": taxable,
        }])
    }

    fn tax_rate(&self, rate: &crate::model::TaxRate) -> Value {
        json!({
            "id": rate.id,
            "object": "tax_rate",
            "active": true,
            "country": "DE",
            "created": self.plan.start,
            "description": null,
            "display_name": "VAT",
            "effective_percentage": rate.percent,
            "inclusive": rate.inclusive,
            "jurisdiction": "DE",
            "livemode": self.plan.livemode,
            "metadata": {},
            "percentage": rate.percent,
            "state": null,
            "tax_type": "vat",
        })
    }

    /// 2017: a plan, and no word of discounts or tax.
    fn planned(&self, invoice: &Invoice, line: &Line) -> Value {
        json!({
            "plan": self.plan_json(line.price),
            "proration": line.proration,
            "subscription": invoice.sub.map(|sub| &self.subs[sub].id),
            "subscription_item": line.item.as_ref().ok(),
            "type": if line.item.is_ok() { "subscription" } else { "invoiceitem" },
        })
    }
}

fn amounts(line: &Line) -> Value {
    let entry = |(id, amount): &(String, i64)| json!({ "amount": amount, "discount": id });
    line.discounts.iter().map(entry).collect()
}

pub(super) fn credits(line: &Line) -> Value {
    let entry = |(id, amount): &(String, i64)| json!({ "amount": amount, "discount": id, "type": "discount" });
    line.discounts.iter().map(entry).collect()
}

pub(super) fn merge(body: &mut Value, extra: Value) {
    if let (Value::Object(fields), Value::Object(more)) = (body, extra) {
        fields.extend(more);
    }
}
