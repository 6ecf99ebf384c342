//! The command line: one file a command.

mod backfill;
mod close;
mod demo;
mod doctor;
mod healthcheck;
mod keys;
mod rebuild;
mod reconcile;
mod serve;
mod stripe;

use crate::config::Config;
use crate::telemetry;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// Takings: Stripe webhooks in, exact revenue out, over gRPC.
#[derive(Debug, Parser)]
#[command(name = "takings", version, about, after_help = HINTS, max_term_width = 100)]
pub struct Cli {
    /// A configuration file (TOML). The environment and flags win over it.
    #[arg(long, short, global = true, value_name = "FILE", env = "TAKINGS_CONFIG")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

const HINTS: &str = "\
Configuration: defaults < file < environment < flags. In the environment a key is written
TAKINGS__SECTION__KEY, and a list with commas:
  TAKINGS__DATABASE__URL             sqlite://./takings.db (default), postgres://user@host/name
  TAKINGS__HTTP__LISTEN              127.0.0.1:8080
  TAKINGS__GRPC__LISTEN              127.0.0.1:50051
  TAKINGS__STRIPE__WEBHOOK_SECRETS   whsec_..., several separated by commas
  TAKINGS__STRIPE__WEBHOOK_SECRETS_FILE   a file that holds them
  TAKINGS__STRIPE__API_KEY           sk_... or rk_...; without one Takings only receives
  TAKINGS__STRIPE__API_KEY_FILE      a file that holds it
  TAKINGS__STRIPE__SWEEP_INTERVAL_SECONDS   300; how often missed events are looked for; 0: never
  TAKINGS__STRIPE__LIVEMODE          true: only live events; false: only test events; unset: both
  TAKINGS__PRIVACY__MASTER_KEY       64 hex digits; PostgreSQL needs one, SQLite makes one in a file
  TAKINGS__PRIVACY__MASTER_KEY_FILE  a file that holds it, and older ones behind it

A first look:        takings demo
Then:                grpcurl -plaintext -d '{}' 127.0.0.1:50051 \\
                       takings.v1.AnalyticsService/GetRevenueSummary
Let Stripe send:     takings stripe setup --url https://<host>/revenue/webhooks/stripe
Stripe sends to:     POST https://<host>/revenue/webhooks/stripe, by a proxy before http.listen
Every key:           docs/CONFIGURATION.md";

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve gRPC and HTTP until SIGTERM or Ctrl-C.
    Serve(ServeArgs),
    /// Play two years of a make-believe business through the real doors, then go on serving.
    Demo(demo::DemoArgs),
    /// Bring the database's schema up to date.
    Migrate,
    /// Check configuration, database, clock and the Stripe account, and say what to mend.
    Doctor,
    /// Ask a running server whether it is ready; the exit code is the answer.
    Healthcheck(healthcheck::HealthcheckArgs),
    /// Compute every target again from the stored facts, and print the state hash.
    Rebuild(rebuild::RebuildArgs),
    /// Fetch the account's past from Stripe: what was made since a day, and all that lasts.
    Backfill(backfill::BackfillArgs),
    /// Close months: what was deferred and is earned by then becomes revenue.
    Close(close::CloseArgs),
    /// Compare the ledger with Stripe's own books, cent by cent: exit code 0 where every difference
    /// is explained, 1 where one is not, 2 where nothing could be compared.
    Reconcile(reconcile::ReconcileArgs),
    /// List or rotate the master keys that personal data is sealed under.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Set up the Stripe account.
    #[command(subcommand)]
    Stripe(stripe::StripeCommand),
}

/// How to serve.
#[derive(Debug, Args)]
struct ServeArgs {
    /// Bring a PostgreSQL schema up to date first (SQLite's always is).
    #[arg(long)]
    migrate: bool,
    /// Listen beyond loopback although callers are not authenticated.
    #[arg(long)]
    insecure: bool,
    /// database.url
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// http.listen
    #[arg(long, value_name = "ADDRESS")]
    http: Option<String>,
    /// grpc.listen
    #[arg(long, value_name = "ADDRESS")]
    grpc: Option<String>,
}

impl ServeArgs {
    fn flags(&self) -> Vec<(String, String)> {
        let insecure = self.insecure.then(|| "true".to_owned());
        let named = [
            ("server.insecure", &insecure),
            ("database.url", &self.database_url),
            ("http.listen", &self.http),
            ("grpc.listen", &self.grpc),
        ];
        named
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value.clone()?)))
            .collect()
    }
}

impl Cli {
    /// Runs the command; its errors go to standard error.
    pub fn run(self) -> ExitCode {
        let flags = match &self.command {
            Command::Serve(args) => args.flags(),
            _ => Vec::new(),
        };
        let failed = self.command.failed();
        let fail = |error: &anyhow::Error| {
            eprintln!("takings: {error:#}");
            failed
        };
        let config = match Config::load(self.config.as_ref(), &flags) {
            Ok(config) => config,
            Err(error) => return fail(&error.into()),
        };
        telemetry::start_logging(&config.log);
        let runtime = match tokio::runtime::Runtime::new() {
            Ok(runtime) => runtime,
            Err(error) => return fail(&error.into()),
        };
        let result = runtime.block_on(self.command.run(config));
        // Connections of silent clients do not hold up the exit.
        runtime.shutdown_timeout(Duration::from_millis(100));
        result.unwrap_or_else(|error| fail(&error))
    }
}

impl Command {
    /// The exit code where it could not be done.
    fn failed(&self) -> ExitCode {
        match self {
            Command::Reconcile(_) => ExitCode::from(reconcile::FAILED),
            _ => ExitCode::FAILURE,
        }
    }

    async fn run(self, config: Config) -> anyhow::Result<ExitCode> {
        match self {
            Command::Serve(args) => serve::run(config, args.migrate).await,
            Command::Demo(args) => demo::run(config, args).await,
            Command::Migrate => migrate(config).await,
            Command::Doctor => doctor::run(config).await,
            Command::Healthcheck(args) => healthcheck::run(&config, args).await,
            Command::Rebuild(args) => rebuild::run(config, args).await,
            Command::Backfill(args) => backfill::run(config, args).await,
            Command::Close(args) => close::run(config, args).await,
            Command::Reconcile(args) => reconcile::run(config, args).await,
            Command::Keys(command) => keys::run(config, command).await,
            Command::Stripe(command) => stripe::run(&config, command).await,
        }
    }
}

async fn migrate(config: Config) -> anyhow::Result<ExitCode> {
    crate::serve::open(&config, true).await?;
    println!("the schema is up to date");
    Ok(ExitCode::SUCCESS)
}
