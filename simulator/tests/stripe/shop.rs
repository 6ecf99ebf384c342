//! A shop of one customer and one price, commanded without HTTP.

use serde_json::Value;
use takings_simulator::{Plan, Stripe};

/// An account with a customer who has a card, and a price.
pub struct Shop {
    pub stripe: Stripe,
    pub customer: String,
    pub price: String,
}

pub fn id(body: &Value) -> String {
    body["id"].as_str().unwrap_or_else(|| panic!("no id in {body}")).to_owned()
}

pub fn shop_with(card: &str) -> Shop {
    let stripe = Stripe::empty(&Plan { livemode: false, ..Plan::small(1) });
    let customer = id(&post(&stripe, "customers", "name=Ada&email=ada@example.com"));
    let form = format!("customer={customer}");
    let card = id(&post(&stripe, &format!("payment_methods/{card}/attach"), &form));
    let form = format!("invoice_settings[default_payment_method]={card}");
    post(&stripe, &format!("customers/{customer}"), &form);
    let form = "currency=usd&unit_amount=3000&recurring[interval]=month&product_data[name]=Pro";
    let price = id(&post(&stripe, "prices", form));
    Shop { stripe, customer, price }
}

pub fn shop() -> Shop {
    shop_with("pm_card_visa")
}

pub fn post(stripe: &Stripe, path: &str, form: &str) -> Value {
    let (status, body) = stripe.call("POST", path, form);
    assert_eq!(status, 200, "{path} {form}: {body}");
    body
}

impl Shop {
    pub fn post(&self, path: &str, form: &str) -> Value {
        post(&self.stripe, path, form)
    }

    pub fn refused(&self, path: &str, form: &str) -> (u16, Value) {
        let (status, body) = self.stripe.call("POST", path, form);
        assert_ne!(status, 200, "{path} {form}: {body}");
        (status, body["error"].clone())
    }

    pub fn get(&self, path: &str, form: &str) -> Value {
        let (status, body) = self.stripe.call("GET", path, form);
        assert_eq!(status, 200, "{path} {form}: {body}");
        body
    }

    pub fn subscribe(&self, more: &str) -> Value {
        let form = format!("customer={}&items[0][price]={}{more}", self.customer, self.price);
        self.post("subscriptions", &form)
    }

    /// The kinds of the events since a place.
    pub fn told(&self, since: usize) -> Vec<String> {
        self.stripe.events().into_iter().skip(since).map(|event| event.kind).collect()
    }

    pub fn passes(&self, seconds: i64) {
        self.stripe.set_now(self.stripe.now() + seconds);
    }

    pub fn latest_invoice(&self) -> Value {
        self.get("invoices", "limit=1")["data"][0].clone()
    }
}
