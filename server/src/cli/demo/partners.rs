//! The demo's partner: a click, a sale, a refund, a payout, each through its own door.

use super::Business;
use crate::grpc::amount;
use crate::http::Client;
use crate::serve::Running;
use anyhow::{Context, ensure};
use serde_json::Value;
use std::fmt::Write;
use std::time::Duration;
use takings::v1::affiliate_service_client::AffiliateServiceClient;
use takings::v1::program_terms::Rate;
use takings::v1::{
    Commission, CreateAffiliateLinkRequest, CreatePartnerRequest, CreatePayoutBatchRequest,
    CreateProgramRequest, GetPayoutBatchRequest, ListCommissionsRequest, PayoutMethod, PayoutState,
    ProgramTerms, SettlePayoutRequest, TaxProfile,
};
use takings_core::affiliate::destination::CLICK_PARAMETER;
use tonic::transport::Channel;
use uuid::Uuid;

const BROWSER: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0";
const ROBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
/// Who buys within five seconds of a click looks like a fraud, and is held.
const THOUGHT: Duration = Duration::from_secs(6);
/// For so long a webhook and the job behind it are waited for.
const PATIENCE: usize = 300;

type Affiliates = AffiliateServiceClient<Channel>;

/// Plays it; answers what happened, for people at a terminal.
pub(super) async fn play(running: &Running, business: &Business) -> anyhow::Result<String> {
    let mut affiliates = Affiliates::connect(format!("http://{}", running.grpc)).await?;
    let (program, partner) = hire(&mut affiliates).await?;
    let mut visitor = Client::connect(running.http).await?;
    let (robot, _) = visitor.visit("/r/grace", ROBOT).await?;
    let (status, location) = visitor.visit("/r/grace", BROWSER).await?;
    let click = location.split(['?', '&']).find_map(|pair| pair.strip_prefix(CLICK_PARAMETER));
    let click = click.and_then(|it| it.strip_prefix('=')).context("the redirect names no click")?;
    tokio::time::sleep(THOUGHT).await;
    let charge = business.buy(click)?;
    let earned = posted(&mut affiliates, &program, 1).await?;
    business.ask("refunds", &format!("charge={charge}&amount=3000"))?;
    let clawed = posted(&mut affiliates, &program, 2).await?;
    let payout = pay_out(&mut affiliates, &program).await?;
    let mut text = format!(
        "\nA partner, {partner}, has a link: GET /r/grace\n  a robot is sent on ({robot}) and not \
         counted; a visitor is sent on ({status}) with the click {click}\n"
    );
    for it in earned.iter().chain(clawed.iter().filter(|it| !earned.contains(it))) {
        let kind = it.kind().as_str_name().trim_start_matches("COMMISSION_KIND_").to_lowercase();
        writeln!(text, "  {kind:<12}{:>10} {}", amount(it.amount.as_ref()), it.sale_id)?;
    }
    text.push_str(&payout);
    Ok(text)
}

/// A program of 20 %, without a hold, and a partner in it with a link.
async fn hire(affiliates: &mut Affiliates) -> anyhow::Result<(String, String)> {
    let terms = ProgramTerms {
        currency_code: "USD".into(),
        rate: Some(Rate::RateBps(2_000)),
        hold_days: Some(0),
        ..ProgramTerms::default()
    };
    let program = CreateProgramRequest {
        name: "Demo partners".into(),
        destination_url: "https://example.com/pricing".into(),
        terms: Some(terms),
        request_id: request_id(),
        ..CreateProgramRequest::default()
    };
    let program = affiliates.create_program(program).await?.into_inner().program;
    let program = program.context("no program")?.program_id;
    let partner = CreatePartnerRequest {
        program_id: program.clone(),
        name: "Grace".into(),
        email: "grace@partners.example".into(),
        payout_method: PayoutMethod::Paypal.into(),
        payout_account: "grace@partners.example".into(),
        tax_profile: TaxProfile::NotRequired.into(),
        request_id: request_id(),
        ..CreatePartnerRequest::default()
    };
    let partner = affiliates.create_partner(partner).await?.into_inner().partner;
    let partner = partner.context("no partner")?.partner_id;
    let link = CreateAffiliateLinkRequest {
        partner_id: partner.clone(),
        code: "grace".into(),
        request_id: request_id(),
        ..CreateAffiliateLinkRequest::default()
    };
    affiliates.create_affiliate_link(link).await?;
    Ok((program, partner))
}

/// The program's commissions, oldest first, once there are so many.
async fn posted(
    affiliates: &mut Affiliates,
    program: &str,
    count: usize,
) -> anyhow::Result<Vec<Commission>> {
    for _ in 0..PATIENCE {
        let asked = ListCommissionsRequest { program_id: program.to_owned(), ..Default::default() };
        let mut found = affiliates.list_commissions(asked).await?.into_inner().commissions;
        if found.len() >= count {
            found.reverse();
            return Ok(found);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    anyhow::bail!("no commission came of it")
}

/// Pays everything that is due.
async fn pay_out(affiliates: &mut Affiliates, program: &str) -> anyhow::Result<String> {
    let asked = CreatePayoutBatchRequest {
        program_id: program.to_owned(),
        request_id: request_id(),
        ..CreatePayoutBatchRequest::default()
    };
    let batch = affiliates.create_payout_batch(asked).await?.into_inner().payout_batch;
    let payout_batch_id = batch.context("no batch")?.payout_batch_id;
    let asked = GetPayoutBatchRequest { payout_batch_id, ..Default::default() };
    let payouts = affiliates.get_payout_batch(asked).await?.into_inner().payouts;
    let mut text = String::new();
    for payout in payouts {
        let settled = SettlePayoutRequest {
            payout_id: payout.payout_id.clone(),
            outcome: PayoutState::Paid.into(),
            reference: "demo".into(),
            request_id: request_id(),
            ..SettlePayoutRequest::default()
        };
        affiliates.settle_payout(settled).await?;
        let sum = amount(payout.amount.as_ref());
        writeln!(text, "  {:<12}{sum:>10} {}", "paid out", payout.payout_id)?;
    }
    Ok(text)
}

fn request_id() -> String {
    Uuid::new_v4().to_string()
}

impl Business {
    /// Somebody buys for 100 dollars on the Checkout page that a click led to; answers the charge.
    fn buy(&self, click: &str) -> anyhow::Result<String> {
        let form = "currency=usd&unit_amount=10000&product_data[name]=Pro";
        let price = id(&self.ask("prices", form)?)?;
        let form = format!(
            "mode=payment&success_url=https://example.com/thanks&client_reference_id={click}\
             &customer_email=ada@customers.example&customer_creation=always\
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
