//! From a path to what it asks for.

use serde_json::{Value, json};

use super::account::Account;
use super::command;
use super::fill::fill;
use super::kind::Kind;
use super::list::embedded;
use super::params::Params;
use super::problem::{Answer, Problem};

/// A request without its transport.
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    /// The segments after `/v1`.
    pub(super) path: Vec<&'a str>,
    pub(super) params: Params,
}

impl Request<'_> {
    fn unrecognized(&self) -> Problem {
        let path = self.path.join("/");
        let message = format!(
            "Unrecognized request URL ({}: /v1/{path}). Please see https://stripe.com/docs or we \
             can help at https://support.stripe.com/.",
            self.method
        );
        Problem::new(404, "invalid_request_error", message)
    }
}

/// Segments that are words and not ids.
const WORDS: [&str; 26] = [
    "account",
    "advance",
    "attach",
    "balance",
    "balance_history",
    "cancel",
    "capture",
    "close",
    "confirm",
    "create_preview",
    "detach",
    "discount",
    "expire",
    "finalize",
    "line_items",
    "lines",
    "mark_uncollectible",
    "pause",
    "pay",
    "payment_methods",
    "refunds",
    "resume",
    "subscription_items",
    "upcoming",
    "v1",
    "void",
];

/// The endpoint as counters and fault lists name it: `GET /v1/invoices/{id}`.
pub(super) fn endpoint(method: &str, path: &[&str]) -> String {
    let known = Kind::of_path(path).map_or(0, |(_, length)| length);
    let mut name = format!("{method} /v1");
    for (place, segment) in path.iter().enumerate() {
        let word = place < known || WORDS.contains(segment) || *segment == "balance_transactions";
        name.push('/');
        name.push_str(if word { segment } else { "{id}" });
    }
    name
}

impl Account {
    /// Answers a request in words. A look-up is rendered once, until something happens: Stripe's own
    /// servers take nothing from who asks them.
    pub(super) fn answer_in_words(&mut self, request: &Request<'_>) -> Result<String, Problem> {
        if request.method != "GET" {
            return self.answer(request).map(|body| body.to_string());
        }
        let asked = format!("{} {}", request.path.join("/"), request.params.fingerprint());
        if let Some(known) = self.pages.get(&asked) {
            return Ok(known.clone());
        }
        let words = self.answer(request)?.to_string();
        self.pages.insert(asked, words.clone());
        Ok(words)
    }

    /// Answers a request.
    pub(super) fn answer(&mut self, request: &Request<'_>) -> Answer {
        let body = match request.method {
            "GET" => self.look_up(request)?,
            "POST" | "DELETE" => {
                self.pages.clear();
                command::run(self, request)?.ok_or_else(|| request.unrecognized())?
            }
            _ => return Err(request.unrecognized()),
        };
        self.expand(fill(body), &request.params)
    }

    /// Answers a key of the other mode, in which the account holds nothing.
    pub(super) fn in_other_mode(&self, request: &Request<'_>) -> Answer {
        let found = Kind::of_path(&request.path);
        let (Some((kind, length)), "GET") = (found, request.method) else {
            let mode = if self.world.plan.livemode { "live" } else { "test" };
            let message = format!("This account acts in {mode} mode only.");
            return Err(Problem::invalid(message));
        };
        match request.path.get(length) {
            Some(id) => {
                let (is, was) =
                    if self.world.plan.livemode { ("live", "test") } else { ("test", "live") };
                let message = format!(
                    "No such {}: '{id}'; a similar object exists in {is} mode, but a {was} mode \
                     key was used to make this request.",
                    kind.noun()
                );
                let problem = Problem::new(404, "invalid_request_error", message);
                Err(problem.code("resource_missing").param("id"))
            }
            None => {
                let url = format!("/v1/{}", request.path.join("/"));
                Ok(json!({ "object": "list", "data": [], "has_more": false, "url": url }))
            }
        }
    }

    fn look_up(&self, request: &Request<'_>) -> Answer {
        match &request.path[..] {
            ["account"] => return Ok(self.profile()),
            ["balance"] => return Ok(self.balance()),
            ["subscription_items"] => return self.items(request),
            ["subscription_items", id] => return self.item(id),
            ["balance", "history", id] => return self.get(Kind::Transaction, id, "id"),
            _ => {}
        }
        let Some((kind, length)) = Kind::of_path(&request.path) else {
            return Err(request.unrecognized());
        };
        let url = format!("/v1/{}", request.path.join("/"));
        match &request.path[length..] {
            [] => self.list(kind, &request.params, &url),
            [id] => {
                request.params.only(&[])?;
                self.get(kind, id, "id")
            }
            [id, rest @ ..] => self.part(request, kind, id, rest, &url),
        }
    }

    /// Lists that belong to one object.
    fn part(
        &self,
        request: &Request<'_>,
        kind: Kind,
        id: &str,
        rest: &[&str],
        url: &str,
    ) -> Answer {
        let place = self.living(kind, id, "id")?;
        let params = &request.params;
        let of = |key: &str| Params::parse(&format!("{key}={id}")).join(params.clone());
        match (kind, rest) {
            (Kind::Invoice, ["lines"]) => {
                embedded(self.world.lines_json(place), params, url, "invoice line item")
            }
            (Kind::Customer, ["balance_transactions"]) => {
                let all = 0..self.world.credits.len();
                let own = all.rev().filter(|index| self.world.credits[*index].customer == place);
                let data = own.map(|index| self.world.credit_json(index)).collect();
                embedded(data, params, url, "customer balance transaction")
            }
            (Kind::Customer, ["balance_transactions", id]) => {
                self.get(Kind::CustomerTransaction, id, "id")
            }
            (Kind::Customer, ["payment_methods"]) => {
                self.list(Kind::PaymentMethod, &of("customer"), url)
            }
            (Kind::Customer, ["payment_methods", id]) => self.get(Kind::PaymentMethod, id, "id"),
            (Kind::Charge, ["refunds"]) => self.list(Kind::Refund, &of("charge"), url),
            (Kind::Session, ["line_items"]) => embedded(self.basket(id), params, url, "item"),
            _ => Err(request.unrecognized()),
        }
    }

    fn items(&self, request: &Request<'_>) -> Answer {
        let id = request.params.required("subscription")?;
        let place = self.living(Kind::Subscription, id, "subscription")?;
        let items = self.world.items_json(&self.world.subs[place]);
        embedded(items, &request.params, "/v1/subscription_items", "subscription item")
    }

    fn item(&self, id: &str) -> Answer {
        let mut subs = self.world.subs.iter();
        let found = subs.find_map(|sub| {
            let place = sub.items.iter().position(|item| item.id == id)?;
            self.world.items_json(sub).into_iter().nth(place)
        });
        found.ok_or_else(|| Problem::no_such("subscription_item", id, "id"))
    }

    fn profile(&self) -> Value {
        json!({
            "id": ACCOUNT,
            "object": "account",
            "business_profile": { "name": "Make-believe, Inc." },
            "charges_enabled": true,
            "country": "US",
            "default_currency": "usd",
            "details_submitted": true,
            "email": "owner@example.com",
            "payouts_enabled": true,
            "settings": {
                "branding": {},
                "card_payments": {},
                "dashboard": { "display_name": "Make-believe", "timezone": "Etc/UTC" },
                "payments": {},
            },
            "type": "standard",
        })
    }

    /// What is available and what is on its way, by currency.
    fn balance(&self) -> Value {
        let mut sums: [std::collections::BTreeMap<String, i64>; 2] = Default::default();
        for index in 0..self.world.txns.len() {
            let body = self.world.txn_json(index);
            let currency = body["currency"].as_str().unwrap_or_default().to_owned();
            let side = usize::from(body["status"] == "pending");
            *sums[side].entry(currency).or_default() += body["net"].as_i64().unwrap_or(0);
        }
        let [available, pending] = sums.map(|side| {
            let entry = |(currency, amount)| json!({ "amount": amount, "currency": currency });
            side.into_iter().map(entry).collect::<Vec<Value>>()
        });
        json!({
            "object": "balance",
            "available": available,
            "livemode": self.world.plan.livemode,
            "pending": pending,
        })
    }
}

/// The account's id.
const ACCOUNT: &str = "acct_1Pgc6tB7WZ01zgkW";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_named_without_ids() {
        for (method, path, name) in [
            ("GET", "invoices", "GET /v1/invoices"),
            ("GET", "invoices/in_1", "GET /v1/invoices/{id}"),
            ("GET", "invoices/in_1/lines", "GET /v1/invoices/{id}/lines"),
            ("POST", "checkout/sessions/cs_1/expire", "POST /v1/checkout/sessions/{id}/expire"),
            ("GET", "coupons/cancelled", "GET /v1/coupons/{id}"),
            (
                "GET",
                "customers/cus_1/balance_transactions/cb_1",
                "GET /v1/customers/{id}/balance_transactions/{id}",
            ),
        ] {
            let path: Vec<&str> = path.split('/').collect();
            assert_eq!(endpoint(method, &path), name);
        }
    }
}
