//! `takings demo`: a make-believe business, played through the real doors.

mod file;
mod hints;
mod leads;
mod mailbox;
mod partners;

use crate::app::now;
use crate::config::{Config, Leads};
use crate::grpc;
use crate::http::Client;
use crate::jobs;
use crate::serve::{Doors, Running, signalled, start_behind};
use anyhow::{Context, bail, ensure};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use mailbox::Mailbox;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use takings_simulator::{Plan, SimEvent, Stripe, StripeServer, sign};
use tokio::net::TcpListener;

/// The demo's signing secret: everybody may know it.
const SECRET: &str = "whsec_demo";

/// The demo's key, which opens nothing.
const KEY: &str = "sk_test_demo";

/// Deliveries under way at once.
const CALLERS: usize = 16;

/// How to play.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// The database file. One that a demo made is made anew, with its .keys and .master beside it; any
    /// other is left alone, and refused.
    #[arg(long, value_name = "FILE", default_value = "takings-demo.db")]
    file: PathBuf,
    /// The business's seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// The most events to play.
    #[arg(long, default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..=20_000))]
    events: u32,
    /// Stop after the summary instead of going on serving.
    #[arg(long)]
    exit: bool,
}

pub(super) async fn run(mut config: Config, args: DemoArgs) -> anyhow::Result<ExitCode> {
    // Who serves already keeps its file.
    let doors = Doors::bind(&config).await?;
    file::make_anew(&args.file)?;
    config.database.url = format!("sqlite://{}", args.file.display());
    config.database.read_url = None;
    let business = Business::open(&args).await?;
    business.configure(&mut config);
    let mailbox = Mailbox::open().await?;
    // Links in mails are followed on this machine, wherever they say they lead.
    config.leads = Leads {
        public_url: Some("http://demo.example".into()),
        dns: false,
        smtp_url: Some(format!("smtp://{}", mailbox.address)),
        mail_from: Some("Demo <news@demo.example>".into()),
        mail_name: "Demo".into(),
        ..Leads::default()
    };
    let deadline = Duration::from_secs(config.server.drain_seconds);
    let running = start_behind(doors, config, true).await?;
    let story = business.stripe.events();
    println!(
        "Two years of a make-believe business, {} events in Stripe's shapes, over {CALLERS} \
         connections to http://{}/revenue/webhooks/stripe",
        story.len(),
        running.http
    );
    deliver(&running, story).await?;
    jobs::settle_waiting(&running.app.database).await?;
    jobs::settle_commissions(&running.app.database).await?;
    let closed = jobs::close_due(&running.app.database, now()).await?;
    println!("{} months closed. What the business looks like now:\n", closed.len());
    print!("{}", grpc::summary(running.grpc).await?);
    business.go_on(&running)?;
    print!("{}", partners::play(&running, &business).await?);
    print!("{}", leads::play(&running, &business, &mailbox).await?);
    println!("{}", hints::after(&running, &args.file, args.exit));
    if !args.exit {
        println!("\nServing until Ctrl-C.");
        signalled().await?;
    }
    running.stop(deadline).await;
    Ok(ExitCode::SUCCESS)
}

/// A business at a make-believe Stripe, which takes commands.
struct Business {
    stripe: Stripe,
    server: StripeServer,
    /// The webhook endpoint that tells what happens from now on: its id, and its secret.
    endpoint: (String, String),
}

impl Business {
    /// Two years that end today, so that "this month" has something in it.
    async fn open(args: &DemoArgs) -> anyhow::Result<Business> {
        let mut plan = Plan::two_years(args.seed);
        plan.events = args.events as usize;
        plan.start = now().day().start().secs() - i64::from(plan.days) * 86_400;
        plan.livemode = false;
        let stripe = Stripe::played(&plan, now().secs());
        let server = stripe.serve(TcpListener::bind(("127.0.0.1", 0)).await?)?;
        let form = "url=http://127.0.0.1&enabled_events[]=*";
        let (_, made) = stripe.call("POST", "webhook_endpoints", form);
        let text = |key: &str| made[key].as_str().map(str::to_owned).context("no endpoint");
        let endpoint = (text("id")?, text("secret")?);
        Ok(Business { stripe, server, endpoint })
    }

    /// Whatever was configured, nobody's real account is meant.
    fn configure(&self, config: &mut Config) {
        config.stripe.webhook_secrets = vec![SECRET.to_owned(), self.endpoint.1.clone()];
        config.stripe.livemode = None;
        config.stripe.api_url = self.server.url();
        config.stripe.api_key = Some(KEY.into());
    }

    /// From now on its clock is ours, and its events come by themselves.
    fn go_on(&self, running: &Running) -> anyhow::Result<()> {
        let form = format!("url=http://{}/revenue/webhooks/stripe", running.http);
        let path = format!("webhook_endpoints/{}", self.endpoint.0);
        let (status, said) = self.stripe.call("POST", &path, &form);
        ensure!(status == 200, "the make-believe Stripe refuses the endpoint: {said}");
        self.stripe.set_now(now().secs());
        self.stripe.run_clock();
        Ok(())
    }
}

/// Sends every event over some connections at once: they overtake each other, as in life.
async fn deliver(running: &Running, events: Vec<SimEvent>) -> anyhow::Result<()> {
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} events, {per_sec}, {eta} left")?;
    let bar = ProgressBar::new(events.len() as u64).with_style(style);
    let (events, next) = (Arc::new(events), Arc::new(AtomicUsize::new(0)));
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..CALLERS {
        let (events, next, bar) = (events.clone(), next.clone(), bar.clone());
        let address = running.http;
        callers.spawn(async move {
            let mut client = Client::connect(address).await?;
            while let Some(event) = events.get(next.fetch_add(1, Ordering::Relaxed)) {
                let signature = sign(SECRET, now().secs(), &event.body);
                let status = client.webhook(&signature, event.body.clone()).await?;
                if status != 200 {
                    bail!("event {} was answered {status}", event.id);
                }
                bar.inc(1);
            }
            Ok(())
        });
    }
    while let Some(caller) = callers.join_next().await {
        caller??;
    }
    bar.finish();
    Ok(())
}
