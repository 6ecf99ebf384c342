//! What to ask Stripe's API, so that what the facts leave open can be settled.

use super::normalize::{Observed, looked_up, observe, observe_in_full};
use super::refusal::Refusal;
use crate::billing::facts::{Charge, CouponTerms, Fact, Listed, PriceTerms, Seconds, State};
use crate::unconfirmed::Reason;
use serde_json::{Map, Value, json};

/// What a request answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// One object.
    Object,
    /// The first page of a list is enough.
    Page,
    /// A list, page by page.
    Pages,
}

/// One request.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request {
    /// The path after `/v1`.
    pub path: String,
    /// The query, in order.
    pub query: Vec<(&'static str, String)>,
    /// What it answers.
    pub shape: Shape,
}

impl Request {
    /// The query string of a page: the first, or the one after an object.
    pub fn query(&self, after: Option<&str>) -> String {
        let pairs = self.query.iter().map(|(key, value)| (*key, value.as_str()));
        let pairs = pairs.chain(after.map(|id| ("starting_after", id)));
        let pairs: Vec<String> =
            pairs.map(|(key, value)| format!("{}={}", escaped(key), escaped(value))).collect();
        pairs.join("&")
    }
}

/// What the answers are read as.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Reading {
    /// Each object for itself.
    Each,
    /// A coupon or a price with everything expanded.
    InFull,
    /// The first is the object, the others are the list that it holds under this name.
    Whole(&'static str),
    /// Each for itself; together they are all payments that the API lists for an object.
    Payments(String),
    /// Each for itself; together they are all refunds of a charge.
    Refunds(String),
}

/// A question: requests, and what their answers are read as.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Question {
    /// What to ask for, in order.
    pub requests: Vec<Request>,
    reading: Reading,
}

/// What Stripe's paths call an object, by how its id begins.
const PATHS: [(&str, &str); 17] = [
    ("ch_", "charges"),
    ("cn_", "credit_notes"),
    ("cs_", "checkout/sessions"),
    ("cus_", "customers"),
    ("dp_", "disputes"),
    ("du_", "disputes"),
    ("in_", "invoices"),
    ("inpay_", "invoice_payments"),
    ("pi_", "payment_intents"),
    ("po_", "payouts"),
    ("price_", "prices"),
    ("prod_", "products"),
    ("py_", "charges"),
    ("pyr_", "refunds"),
    ("re_", "refunds"),
    ("sub_", "subscriptions"),
    ("txn_", "balance_transactions"),
];

impl Question {
    /// What settles a mark; `None`: nothing that could be asked does. `charge` is the marked
    /// object, where it is one.
    pub fn about(object: &str, reason: Reason, charge: Option<&Charge>) -> Option<Question> {
        match reason {
            // Settled by the terms that the customer waits for.
            Reason::CouponScope | Reason::TieredPrice | Reason::CurrencyOption => None,
            Reason::CutList => whole(object),
            Reason::InclusiveTaxUnknown => {
                let newest = list("/invoices", vec![("subscription", object.into())]);
                Some(each(Request { shape: Shape::Page, ..newest }))
            }
            Reason::PaymentUnexplained => match charge {
                Some(charge) => Some(purpose(object, charge)),
                None => Question::newest(object),
            },
            Reason::PaymentMethodUnknown => Some(Question {
                requests: vec![list("/invoice_payments", vec![("invoice", object.into())])],
                reading: Reading::Payments(object.to_owned()),
            }),
            Reason::RefundUnseen if object.starts_with("ch_") || object.starts_with("py_") => {
                Some(Question {
                    requests: vec![list("/refunds", vec![("charge", object.into())])],
                    reading: Reading::Refunds(object.to_owned()),
                })
            }
            Reason::FeeUnknown => {
                Some(each(list("/balance_transactions", vec![("source", object.into())])))
            }
            Reason::Tie
            | Reason::MissedUpdate
            | Reason::CouponUnknown
            | Reason::RefundUnseen
            | Reason::ParentMissing => Question::newest(object),
        }
    }

    /// An object as it is now; `None`: it is of no kind that counts.
    pub fn newest(object: &str) -> Option<Question> {
        let (prefix, path) = PATHS.into_iter().find(|(prefix, _)| object.starts_with(prefix))?;
        let expanded: &[&str] = match prefix {
            "sub_" => &["discounts", "items.data.discounts"],
            _ => &[],
        };
        let query = expanded.iter().map(|field| ("expand[]", (*field).to_owned())).collect();
        let path = format!("/{path}/{}", escaped(object));
        Some(each(Request { path, query, shape: Shape::Object }))
    }

    /// What brings a fact that customers wait for: a coupon's body, its terms, or a price's.
    pub fn needed(fact: &str) -> Question {
        let (path, id, expanded): (_, _, &[&str]) = match fact.split_once(':') {
            Some(("price", _)) => ("/prices", PriceTerms::of(fact), &["tiers", "currency_options"]),
            _ => ("/coupons", CouponTerms::of(fact), &["applies_to", "currency_options"]),
        };
        let query = expanded.iter().map(|field| ("expand[]", (*field).to_owned())).collect();
        let request =
            Request { path: format!("{path}/{}", escaped(&id)), query, shape: Shape::Object };
        Question { requests: vec![request], reading: Reading::InFull }
    }

    /// What the answers say; `answers` has the objects of each request.
    ///
    /// # Errors
    ///
    /// If one cannot be read.
    pub fn read(&self, answers: Vec<Vec<Map<String, Value>>>) -> Result<Vec<Observed>, Refusal> {
        match &self.reading {
            Reading::Each => answers.iter().flatten().map(observe).collect(),
            Reading::InFull => answers.iter().flatten().map(observe_in_full).collect(),
            Reading::Payments(of) => {
                let all = answers.iter().flatten().map(observe);
                all.chain([Ok(looked_up(of, Listed::Payments))]).collect()
            }
            Reading::Refunds(charge) => {
                let mut all: Vec<_> =
                    answers.iter().flatten().map(observe).collect::<Result<_, _>>()?;
                let standing = standing(all.iter().flat_map(|it| &it.facts))?;
                all.push(looked_up(charge, Listed::Refunds { standing }));
                Ok(all)
            }
            Reading::Whole(name) => {
                let mut answers = answers.into_iter().flatten();
                let Some(mut object) = answers.next() else { return Ok(Vec::new()) };
                let data: Vec<Value> = answers.map(Value::Object).collect();
                let list = json!({"object": "list", "data": data, "has_more": false});
                object.insert((*name).to_owned(), list);
                Ok(vec![observe(&object)?])
            }
        }
    }
}

/// An object with the whole of the list that payloads cut.
fn whole(object: &str) -> Option<Question> {
    let Question { mut requests, .. } = Question::newest(object)?;
    let name = if object.starts_with("in_") {
        requests.push(list(&format!("/invoices/{}/lines", escaped(object)), vec![]));
        "lines"
    } else {
        requests.push(list("/subscription_items", vec![("subscription", object.into())]));
        "items"
    };
    Some(Question { requests, reading: Reading::Whole(name) })
}

/// What money was for: the invoice it paid, or the session that took it.
fn purpose(charge: &str, state: &Charge) -> Question {
    let Some(intent) = state.payment_intent.as_deref() else {
        // No list is filtered by a charge: its customer's invoices are asked for their payments. A
        // charge of nobody pays none.
        let requests = state.customer.as_deref().map(|customer| invoices(customer, state.created));
        let reading = Reading::Payments(charge.to_owned());
        return Question { requests: requests.into_iter().collect(), reading };
    };
    let paid = vec![
        ("payment[type]", "payment_intent".to_owned()),
        ("payment[payment_intent]", intent.to_owned()),
    ];
    Question {
        requests: vec![
            list("/invoice_payments", paid),
            list("/checkout/sessions", vec![("payment_intent", intent.to_owned())]),
        ],
        reading: Reading::Payments(intent.to_owned()),
    }
}

/// For so many seconds (120 days) an invoice is collected.
const COLLECTED: Seconds = 120 * 86_400;

/// A customer's invoices that a charge of that second may have paid, with their payments.
fn invoices(customer: &str, charged: Seconds) -> Request {
    list(
        "/invoices",
        vec![
            ("customer", customer.to_owned()),
            ("created[gte]", (charged - COLLECTED).to_string()),
            ("created[lte]", charged.to_string()),
            ("expand[]", "data.payments".to_owned()),
        ],
    )
}

/// How much of the refunds among facts stands.
fn standing<'a>(facts: impl Iterator<Item = &'a Fact>) -> Result<i64, Refusal> {
    let mut amounts = facts.filter_map(|fact| match &fact.state {
        State::Refund(it) if !it.is_undone() => Some(it.amount),
        _ => None,
    });
    let sum = amounts.try_fold(0_i64, i64::checked_add);
    let message = "the refunds of a charge exceed 64 bits";
    sum.ok_or_else(|| Refusal::new("number_too_large", message))
}

fn each(request: Request) -> Question {
    Question { requests: vec![request], reading: Reading::Each }
}

fn list(path: &str, mut query: Vec<(&'static str, String)>) -> Request {
    query.push(("limit", "100".into()));
    Request { path: path.to_owned(), query, shape: Shape::Pages }
}

/// A part of a path or query: coupons, plans and products are named by people.
fn escaped(id: &str) -> String {
    let mut path = String::with_capacity(id.len());
    for byte in id.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                path.push(char::from(byte));
            }
            _ => path.push_str(&format!("%{byte:02X}")),
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(question: Option<Question>) -> Vec<String> {
        question.into_iter().flat_map(|it| it.requests).map(|it| it.path).collect()
    }

    #[test]
    fn every_reason_has_its_question() {
        let charge = Charge { payment_intent: Some("pi_1".into()), ..Charge::default() };
        for (object, reason, expected) in [
            ("sub_1", Reason::Tie, &["/subscriptions/sub_1"][..]),
            ("in_1", Reason::CutList, &["/invoices/in_1", "/invoices/in_1/lines"]),
            ("sub_1", Reason::CutList, &["/subscriptions/sub_1", "/subscription_items"]),
            ("in_1", Reason::PaymentMethodUnknown, &["/invoice_payments"]),
            ("ch_1", Reason::PaymentUnexplained, &["/invoice_payments", "/checkout/sessions"]),
            ("ch_1", Reason::RefundUnseen, &["/refunds"]),
            ("cn_1", Reason::RefundUnseen, &["/credit_notes/cn_1"]),
            ("ch_1", Reason::FeeUnknown, &["/balance_transactions"]),
            ("inpay_1", Reason::ParentMissing, &["/invoice_payments/inpay_1"]),
            ("sub_1", Reason::CouponScope, &[]),
            ("di_1", Reason::ParentMissing, &[]),
        ] {
            assert_eq!(paths(Question::about(object, reason, Some(&charge))), expected, "{object}");
        }
    }

    #[test]
    fn a_charge_without_an_intent_is_looked_for_among_its_customers_invoices() {
        let mut charge = Charge { created: 20_000_000, ..Charge::default() };
        let ask = |charge: &Charge| {
            Question::about("ch_1", Reason::PaymentUnexplained, Some(charge)).unwrap().requests
        };
        assert!(ask(&charge).is_empty(), "nobody's charge pays no invoice");
        charge.customer = Some("cus_1".into());
        let requests = ask(&charge);
        assert_eq!((requests.len(), requests[0].path.as_str()), (1, "/invoices"));
        assert_eq!(
            requests[0].query(None),
            "customer=cus_1&created%5Bgte%5D=9632000&created%5Blte%5D=20000000\
             &expand%5B%5D=data.payments&limit=100"
        );
    }

    #[test]
    fn what_people_named_is_escaped() {
        for (fact, path) in [
            ("coupon:SPRING/20 %", "/coupons/SPRING%2F20%20%25"),
            ("SPRING", "/coupons/SPRING"),
            ("price:price_1", "/prices/price_1"),
        ] {
            assert_eq!(paths(Some(Question::needed(fact))), [path]);
        }
    }

    #[test]
    fn a_whole_list_is_put_into_its_object() {
        let question = Question::about("in_1", Reason::CutList, None).unwrap();
        let object = |value: Value| value.as_object().unwrap().clone();
        let invoice = object(json!({
            "object": "invoice", "id": "in_1", "currency": "usd", "status": "open",
            "lines": {"data": [{"id": "il_1", "amount": 1}], "has_more": true},
        }));
        let line = |id: &str| object(json!({"id": id, "object": "line_item", "amount": 1}));
        let read = question.read(vec![vec![invoice], vec![line("il_1"), line("il_2")]]).unwrap();
        let crate::billing::facts::State::Invoice(invoice) = &read[0].facts[0].state else {
            panic!("no invoice")
        };
        assert_eq!((invoice.lines.len(), invoice.lines_cut), (2, false));
    }
}
