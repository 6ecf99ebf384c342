//! `takings doctor`: what is wrong, and how to mend it.

mod stripe;

use crate::app::now;
use crate::config::Config;
use crate::db::Database;
use crate::privacy;
use crate::serve;
use std::process::ExitCode;

/// One finding.
enum Finding {
    Good(String),
    Note(String),
    Bad(String),
}

pub(super) async fn run(config: Config) -> anyhow::Result<ExitCode> {
    let mut findings = vec![Finding::Good("configuration: read".into())];
    findings.extend(secrets(&config));
    findings.push(mode(&config));
    findings.extend(stripe::findings(&config).await);
    findings.extend(database(&config).await);
    let mut code = ExitCode::SUCCESS;
    for finding in findings {
        match finding {
            Finding::Good(text) => println!("ok    {text}"),
            Finding::Note(text) => println!("note  {text}"),
            Finding::Bad(text) => {
                println!("BAD   {text}");
                code = ExitCode::FAILURE;
            }
        }
    }
    Ok(code)
}

fn secrets(config: &Config) -> Vec<Finding> {
    let secrets = &config.stripe.secrets().unwrap_or_default();
    if secrets.is_empty() {
        return vec![Finding::Bad(
            "webhook secrets: none, so every webhook is refused; copy the signing secret of the \
             endpoint from Stripe's dashboard into TAKINGS__STRIPE__WEBHOOK_SECRETS"
                .into(),
        )];
    }
    let strange = secrets.iter().filter(|secret| !secret.starts_with("whsec_")).count();
    if strange > 0 {
        return vec![Finding::Bad(format!(
            "webhook secrets: {strange} of {} do not begin with whsec_; a key (sk_...) is not a \
             signing secret",
            secrets.len()
        ))];
    }
    vec![Finding::Good(format!("webhook secrets: {} active", secrets.len()))]
}

fn mode(config: &Config) -> Finding {
    match config.stripe.livemode {
        Some(true) => Finding::Good("mode: live events only".into()),
        Some(false) => Finding::Good("mode: test events only".into()),
        None => Finding::Note(
            "mode: live and test events are both taken, and sums add both up; in production set \
             TAKINGS__STRIPE__LIVEMODE=true"
                .into(),
        ),
    }
}

async fn database(config: &Config) -> Vec<Finding> {
    let database = match Database::open(&serve::options(config, false)).await {
        Ok(database) => database,
        Err(error) => return vec![Finding::Bad(format!("database: {error}"))],
    };
    let mut findings = vec![Finding::Good("database: opened".into())];
    findings.extend(schema(&database).await);
    findings.push(clock(&database).await);
    findings
}

/// The schema, and what is sealed in it.
async fn schema(database: &Database) -> Vec<Finding> {
    let (missing, unknown) = match database.schema_gap().await {
        Ok(gap) => gap,
        Err(error) => return vec![Finding::Bad(format!("schema: cannot be read: {error}"))],
    };
    if !unknown.is_empty() {
        return vec![Finding::Bad("schema: newer than this binary; run a newer takings".into())];
    }
    if !missing.is_empty() {
        // Where the tables are not there, nothing can be said of what they hold.
        return vec![Finding::Bad(format!(
            "schema: {} changes are missing, and personal data is not looked at before they are made; \
             run `takings migrate`",
            missing.len()
        ))];
    }
    let sealed = match privacy::unlock(database).await {
        Ok(()) => Finding::Good("personal data: the master key fits".into()),
        Err(error) => Finding::Bad(format!("personal data: {error:#}")),
    };
    vec![Finding::Good("schema: up to date".into()), sealed]
}

async fn clock(database: &Database) -> Finding {
    match database.now().await {
        Err(error) => Finding::Bad(format!("clock: the database does not tell the time: {error}")),
        Ok(theirs) => {
            let apart = (theirs.0 - now().0).abs() / 1_000_000;
            if apart > 60 {
                Finding::Bad(format!(
                    "clock: {apart} s from the database's; signatures older or newer than the \
                     tolerance are refused, so set both by NTP"
                ))
            } else {
                Finding::Good(format!("clock: {apart} s from the database's"))
            }
        }
    }
}
