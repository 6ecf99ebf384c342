//! What the steps share: a server without doors, its line to the stand-in, objects met so far.

use crate::common::office::Office;
use crate::common::stripe::KEY;
use crate::ear::{Ear, Exchange, Mend};
use crate::examples::mend;
use anyhow::{Context, ensure};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;
use takings_server::app::App;
use takings_server::config::Config;
use takings_server::db::Database;
use takings_server::revenue::RevenueApi;
use takings_server::stripe::{Client, RequestBuilder, StripeMethod};
use uuid::Uuid;

/// An object as it was shown.
pub type Object = Map<String, Value>;

/// What the steps share.
pub struct World {
    /// The server's commands.
    pub api: RevenueApi,
    office: Office,
    ear: Ear,
    heard: Vec<Exchange>,
    remembers: bool,
    met: BTreeMap<String, Object>,
}

impl World {
    /// A server that acts at a stand-in; `remembers`: it knows later what it was told.
    pub async fn open(database: &Database, url: &str, remembers: bool) -> World {
        let ear = Ear::on(url, (!remembers).then_some(mend as Mend)).await;
        let mut config = Config::default();
        config.stripe.api_key = Some(KEY.into());
        config.stripe.api_url = ear.url.clone();
        config.stripe.requests_per_second = 10_000;
        config.stripe.endpoint_requests_per_second = 10_000;
        let office = Office::open(database, config);
        let (api, met) = (RevenueApi::new(office.app.clone()), BTreeMap::new());
        let mut world = World { api, office, ear, heard: Vec::new(), remembers, met };
        world.fill_shelves().await;
        world
    }

    /// What the server never makes itself: prices and a coupon, or what is there instead.
    async fn fill_shelves(&mut self) {
        let monthly = "currency=usd&recurring[interval]=month&product_data[name]=Pro&unit_amount=";
        for (name, path, form) in [
            ("price", "/prices", &format!("{monthly}3000")),
            ("better price", "/prices", &format!("{monthly}5000")),
            ("plan", "/plans", &"id=pro&name=Pro&currency=usd&amount=3000&interval=month".into()),
            ("coupon", "/coupons", &"id=QUARTER&percent_off=25&duration=forever".into()),
        ] {
            if let Ok(made) = self.post(path, form).await {
                self.keep(name, made);
            }
        }
    }

    /// The server's client.
    pub fn client(&self) -> &Client {
        &self.app().stripe().unwrap().client
    }

    /// The server.
    pub fn app(&self) -> &Arc<App> {
        &self.office.app
    }

    /// Forgets what was heard before.
    pub fn begin(&mut self) {
        self.ear.take();
        self.heard.clear();
    }

    /// What was said since the step began.
    pub fn heard(&mut self) -> &[Exchange] {
        self.heard.extend(self.ear.take());
        &self.heard
    }

    /// What a call was answered, the last time it was made: an object of a kind.
    pub fn shown(&mut self, call: &str, kind: &str, prefix: &str) -> anyhow::Result<Object> {
        let mut calls = self.heard().iter().filter(|it| it.call == call && it.status == 200);
        let body =
            calls.next_back().with_context(|| format!("{call} was not answered"))?.body.clone();
        is(&body, kind, prefix)?;
        Ok(body.as_object().cloned().unwrap_or_default())
    }

    /// What a stand-in that remembers must show.
    pub fn holds(&self, right: bool, what: &str) -> anyhow::Result<()> {
        ensure!(right || !self.remembers, "this does not hold: {what}");
        Ok(())
    }

    /// Keeps an object for later steps.
    pub fn keep(&mut self, name: &str, object: Object) {
        self.met.insert(name.to_owned(), object);
    }

    /// An object that was kept.
    pub fn known(&self, name: &str) -> anyhow::Result<&Object> {
        self.met.get(name).with_context(|| format!("there is no {name}"))
    }

    /// The id of an object that was kept.
    pub fn id(&self, name: &str) -> anyhow::Result<String> {
        Ok(text(self.known(name)?, "id").to_owned())
    }

    /// The first object of a list that is asked for without a word.
    pub async fn newest(&self, path: &str) -> Option<Object> {
        let request = RequestBuilder::new(StripeMethod::Get, path);
        let list = self.client().ask(request, None).await.ok()?.body;
        list.get("data")?.as_array()?.first()?.as_object().cloned()
    }

    /// Makes something that the server never makes.
    pub async fn post(&self, path: &str, form: &str) -> anyhow::Result<Object> {
        let body = Some(form.to_owned());
        let request = RequestBuilder { body, ..RequestBuilder::new(StripeMethod::Post, path) };
        Ok(self.client().ask(request, None).await?.body)
    }
}

/// Whether it is of a kind, with an id to match.
pub fn is(object: &Value, kind: &str, prefix: &str) -> anyhow::Result<()> {
    ensure!(object["object"] == kind, "no {kind}, but {}", object["object"]);
    let id = object["id"].as_str().unwrap_or_default();
    ensure!(
        id.starts_with(prefix),
        "the {kind}'s id is {id:?}, which does not begin with {prefix}"
    );
    Ok(())
}

/// A text of an object; empty where it has none.
pub fn text<'a>(object: &'a Object, key: &str) -> &'a str {
    object.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A new request id.
pub fn uuid() -> String {
    Uuid::new_v4().to_string()
}
