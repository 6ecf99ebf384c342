//! The demo's partner: a click, a sale, a refund, a payout, each through its own door.

use super::Business;
use crate::grpc::Partner;
use crate::http::Client;
use crate::serve::Running;
use anyhow::{Context, ensure};
use serde_json::Value;
use std::time::Duration;
use takings_core::affiliate::destination::CLICK_PARAMETER;

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
const ROBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
/// Who buys within five seconds of a click looks like a fraud, and is held.
const THOUGHT: Duration = Duration::from_secs(6);

/// Plays it; answers what happened, for people at a terminal.
pub(super) async fn play(running: &Running, business: &Business) -> anyhow::Result<String> {
    let mut partner = Partner::hire(running.grpc, "grace").await?;
    let mut visitor = Client::connect(running.http).await?;
    let (robot, _) = visitor.visit("/r/grace", ROBOT).await?;
    let (status, location) = visitor.visit("/r/grace", BROWSER).await?;
    let mut pairs = location.split(['?', '&']).filter_map(|pair| pair.split_once('='));
    let click = pairs.find(|(name, _)| *name == CLICK_PARAMETER);
    let (_, click) = click.context("the redirect names no click")?;
    tokio::time::sleep(THOUGHT).await;
    let charge = business.buy(click)?;
    partner.posted(1).await?;
    business.ask("refunds", &format!("charge={charge}&amount=3000"))?;
    let mut lines = partner.posted(2).await?;
    lines.extend(partner.pay_out().await?);
    let id = &partner.id;
    Ok(format!(
        "\nA partner, {id}, has a link: GET /r/grace\n  a robot is sent on ({robot}) and not \
         counted; a visitor is sent on ({status}) with the click {click}\n  {}\n",
        lines.join("\n  ")
    ))
}

impl Business {
    /// Somebody buys for 100 dollars on the Checkout page that a click led to; answers the charge.
    fn buy(&self, click: &str) -> anyhow::Result<String> {
        self.sell("ada@customers.example", Some(click))
    }

    /// Somebody buys for 100 dollars on a Checkout page; answers the charge.
    pub(super) fn sell(&self, email: &str, click: Option<&str>) -> anyhow::Result<String> {
        let form = "currency=usd&unit_amount=10000&product_data[name]=Pro";
        let price = id(&self.ask("prices", form)?)?;
        let click = click.map_or(String::new(), |id| format!("&client_reference_id={id}"));
        let form = format!(
            "mode=payment&success_url=https://example.com/thanks{click}\
             &customer_email={email}&customer_creation=always\
             &line_items[0][price]={price}&line_items[0][quantity]=1"
        );
        let session = id(&self.ask("checkout/sessions", &form)?)?;
        let (status, done) = self.stripe.complete_checkout(&session, "pm_card_visa");
        ensure!(status == 200, "the checkout was refused: {done}");
        let (_, charges) = self.stripe.call("GET", "charges", "limit=1");
        id(&charges["data"][0])
    }

    fn ask(&self, path: &str, form: &str) -> anyhow::Result<Value> {
        let (status, body) = self.stripe.call("POST", path, form);
        ensure!(status == 200, "the make-believe Stripe refuses {path}: {body}");
        Ok(body)
    }
}

fn id(body: &Value) -> anyhow::Result<String> {
    body["id"].as_str().map(str::to_owned).context("no id")
}
