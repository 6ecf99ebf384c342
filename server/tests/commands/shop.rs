//! A business whose Stripe is make-believe, and a Takings that acts for it.

use crate::common::place::Place;
use crate::common::process::Takings;
use crate::common::rows;
use crate::common::story::{close, deliver_all};
use crate::common::stripe::Account;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};
use takings::v1::revenue_service_client::RevenueServiceClient;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt;
use uuid::Uuid;

pub const KEY: &str = "sk_test_4242424242";

/// The business: its Stripe, and what it sells.
pub struct Shop {
    pub account: Account,
    /// 30 dollars a month.
    pub price: String,
    /// 50 dollars a month.
    pub better: String,
    /// 20 euros a month.
    pub euro: String,
    /// 100 dollars, once.
    pub once: String,
    /// A quarter off, for ever.
    pub coupon: String,
}

impl Shop {
    /// An open one. Stripe's clock is right, and goes on.
    pub async fn open() -> Shop {
        let account = Account::empty().await;
        account.stripe.run_clock();
        let price = |form: &str| {
            let form = format!("{form}&product_data[name]=Pro");
            id(&call(&account, "prices", &form))
        };
        let monthly = "recurring[interval]=month";
        Shop {
            price: price(&format!("currency=usd&unit_amount=3000&{monthly}")),
            better: price(&format!("currency=usd&unit_amount=5000&{monthly}")),
            euro: price(&format!("currency=eur&unit_amount=2000&{monthly}")),
            once: price("currency=usd&unit_amount=10000"),
            coupon: id(&call(&account, "coupons", "percent_off=25&duration=forever")),
            account,
        }
    }

    /// A Takings with a key for it.
    pub fn takings(&self, place: &Place) -> Takings {
        self.takings_with(place, KEY)
    }

    /// The same with another key.
    pub fn takings_with(&self, place: &Place, key: &str) -> Takings {
        let url = self.account.url();
        // What look-ups bring no webhook tells, and here both must tell the same.
        let environment = [
            ("TAKINGS__STRIPE__API_KEY", key),
            ("TAKINGS__STRIPE__API_URL", url.as_str()),
            ("TAKINGS__STRIPE__LOOK_UPS", "false"),
        ];
        Takings::start_with(place, &environment)
    }

    /// What Stripe is told without Takings.
    pub fn call(&self, path: &str, form: &str) -> Value {
        call(&self.account, path, form)
    }

    /// What Stripe shows.
    pub fn get(&self, path: &str) -> Value {
        let (status, body) = self.account.stripe.call("GET", path, "");
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// A card that nobody has yet: `visa`, `chargeDeclinedInsufficientFunds`.
    pub fn card(&self, name: &str) -> String {
        id(&self.call("payment_methods", &format!("type=card&card[token]=tok_{name}")))
    }

    /// A customer who pays by card, made without Takings.
    pub fn customer(&self) -> String {
        let customer = id(&self.call("customers", "name=Ada&email=ada@example.com"));
        let card = self.card("visa");
        self.call(&format!("payment_methods/{card}/attach"), &format!("customer={customer}"));
        let form = format!("invoice_settings[default_payment_method]={card}");
        self.call(&format!("customers/{customer}"), &form);
        customer
    }

    /// A subscription, made without Takings.
    pub fn subscription(&self) -> String {
        let form = format!("customer={}&items[0][price]={}", self.customer(), self.price);
        id(&self.call("subscriptions", &form))
    }

    /// A payment of 30 dollars, made without Takings.
    pub fn payment(&self) -> String {
        self.subscription();
        let (_, charges) = self.account.stripe.call("GET", "charges", "limit=1");
        id(&charges["data"][0])
    }

    /// How many events of a kind there are.
    pub fn told(&self, kind: &str) -> usize {
        self.account.stripe.events().iter().filter(|event| event.kind == kind).count()
    }

    /// Delivers every event there is.
    pub async fn deliver(&self, server: &Takings) {
        deliver_all(server.http, &Arc::new(self.account.stripe.events()), 2).await;
    }
}

fn call(account: &Account, path: &str, form: &str) -> Value {
    let (status, body) = account.stripe.call("POST", path, form);
    assert_eq!(status, 200, "{path} {form}: {body}");
    body
}

pub fn id(body: &Value) -> String {
    body["id"].as_str().unwrap_or_else(|| panic!("no id in {body}")).to_owned()
}

pub fn uuid() -> String {
    Uuid::new_v4().to_string()
}

pub type Client = RevenueServiceClient<Channel>;

/// What machines are told of a refusal.
#[derive(Debug, PartialEq)]
pub struct Info {
    pub reason: String,
    pub metadata: HashMap<String, String>,
}

/// What machines are told of a refusal.
pub fn info(status: &Status) -> Info {
    let info = status.get_details_error_info();
    let info = info.unwrap_or_else(|| panic!("no reason: {status:?}"));
    Info { reason: info.reason, metadata: info.metadata }
}

/// The field that is wrong.
pub fn field(status: &Status) -> String {
    let violations = status.get_details_bad_request().map(|it| it.field_violations);
    violations.into_iter().flatten().map(|it| it.field).collect()
}

/// Sends the same call until it is answered, as a caller is told to.
pub async fn insist<T, F: Future<Output = Result<T, Status>>>(
    mut call: impl FnMut() -> F,
) -> Result<T, Status> {
    let until = Instant::now() + Duration::from_secs(120);
    loop {
        match call().await {
            Err(status) if status.code() == Code::Unavailable && Instant::now() < until => {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            ended => return ended,
        }
    }
}

/// What follows from everything taken in: MRR by kind of movement, and the ledger's balances.
pub async fn totals(place: &Place) -> BTreeMap<String, String> {
    let database = place.open().await;
    let mrr = "select 'mrr ' || kind || ' ' || currency as name, cast(sum(units) as text) as total
               from mrr_movements group by kind, currency having sum(units) <> 0";
    let ledger =
        "select account || ' ' || currency as name, cast(sum(amount) as text) as total from (
            select debit as account, currency, amount from revenue_entries
            union all select credit, currency, -amount from revenue_entries) as sides
         group by account, currency having sum(amount) <> 0";
    let mut totals = BTreeMap::new();
    for query in [mrr, ledger] {
        for row in rows(&database, query).await {
            totals.insert(row.try_get("", "name").unwrap(), row.try_get("", "total").unwrap());
        }
    }
    close(database).await;
    totals
}

/// How many commands are in each state.
pub async fn states(place: &Place) -> BTreeMap<String, i64> {
    let database = place.open().await;
    let query = "select state, count(*) as n from intents group by state";
    let rows = rows(&database, query).await;
    close(database).await;
    rows.iter().map(|it| (it.try_get("", "state").unwrap(), it.try_get("", "n").unwrap())).collect()
}

/// Waits until no command is open.
pub async fn settled(place: &Place) {
    let until = Instant::now() + Duration::from_secs(60);
    while states(place).await.contains_key("open") {
        assert!(Instant::now() < until, "commands stay open: {:?}", states(place).await);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
