//! Mails that are to be sent: stored with what they are about, sent by a job, tried again, given up.

mod letter;
mod post;
mod store;

pub(crate) use letter::escaped;
pub(super) use post::Post;
pub(super) use store::{cancel, queue};

use super::consents;
use super::conversions::trouble;
use super::desk::unsubscribe_url;
use super::entity;
use super::sealed::{open, subjects};
use super::store as leads;
use crate::app::App;
use crate::db::Tx;
use crate::error::Error;
use crate::ingest::{Trouble, transact};
use crate::privacy::Keys;
use letter::{Letter, Links};
use post::Outcome;
use store::Due;
use takings_core::lead::consent::{TOKEN_LIFE_SECS, TokenHash};
use takings_core::time::Timestamp;

/// The first pause after a failure, in microseconds; it doubles each time.
const PAUSE: i64 = 30_000_000;
/// The longest pause: six hours.
const LONGEST_PAUSE: i64 = 6 * 3_600_000_000;
/// After so many failures, which is after more than two days, a mail is given up.
const MOST_ATTEMPTS: i64 = 20;

/// Sends what is due; answers how many mails left.
///
/// # Errors
///
/// If the database does not answer. A mail server that fails is no error: the mail is tried again.
pub async fn send_due(app: &App) -> Result<usize, Error> {
    let (Some(post), Some(base)) = (&app.leads.post, &app.config.leads.public_url) else {
        return Ok(0);
    };
    let mut sent = 0;
    for due in store::due(&app.database, app.now()).await? {
        if app.stopping.is_cancelled() {
            break;
        }
        let outcome = match open_mail(app, base, &due).await {
            Err(Error::Internal(error)) => {
                tracing::error!(%error, mail = due.id, "a mail cannot be read");
                Fate::Dead("unreadable".into())
            }
            Err(error) => return Err(error),
            Ok(Some(mail)) => match post.send(&mail.letter, &mail.to).await {
                Outcome::Sent => {
                    sent += 1;
                    Fate::Sent(mail.token)
                }
                Outcome::Failed { permanent, code } => Fate::failed(&due, permanent, code),
            },
            Ok(None) => Fate::Over("cancelled", ""),
        };
        settle(app, &due, outcome).await?;
    }
    Ok(sent)
}

/// A mail with what names a person in it.
struct Mail {
    to: String,
    letter: Letter,
    token: TokenHash,
}

/// Opens a mail; nothing where the person was erased, or its token has expired.
async fn open_mail(app: &App, base: &str, due: &Due) -> Result<Option<Mail>, Error> {
    let age = app.now().0.saturating_sub(due.created_at.0);
    if age >= TOKEN_LIFE_SECS * 1_000_000 {
        return Ok(None);
    }
    let keys = Keys::read(&app.database, subjects([due.lead.as_str()])).await?;
    let place = ("outbox", "secret", due.id.as_str());
    let token: Option<String> = open(&keys, &due.lead, place, due.secret.as_deref())?;
    let rows = leads::load(&mut &app.database, &[&due.lead]).await?;
    let lead = rows.first().map(|row| entity::lead(row, &keys)).transpose()?;
    let Some((token, personal)) = token.zip(lead.and_then(|lead| lead.personal)) else {
        return Ok(None);
    };
    let mut bytes = [0; 32];
    if hex::decode_to_slice(&token, &mut bytes).is_err() {
        return Ok(None);
    }
    let links = Links {
        confirm: format!("{base}/revenue/leads/confirm/{token}"),
        unsubscribe: unsubscribe_url(&app.database.vault, base, &due.lead)?,
    };
    let letter = Letter::confirmation(&app.config.leads, &due.purpose, links);
    Ok(Some(Mail { to: personal.email, letter, token: TokenHash::of(&bytes) }))
}

/// What becomes of a mail.
enum Fate {
    /// It has left.
    Sent(TokenHash),
    /// It is tried again then.
    Later(i64, String),
    /// It is over: the state, and the code of the failure.
    Over(&'static str, &'static str),
    /// It is given up.
    Dead(String),
}

impl Fate {
    fn failed(due: &Due, permanent: bool, code: String) -> Fate {
        if permanent || due.attempts + 1 >= MOST_ATTEMPTS {
            return Fate::Dead(code);
        }
        let doubled = PAUSE << due.attempts.clamp(0, 20);
        Fate::Later(doubled.min(LONGEST_PAUSE), code)
    }
}

async fn settle(app: &App, due: &Due, fate: Fate) -> Result<(), Error> {
    let now = app.now();
    let outcome = match &fate {
        Fate::Sent(_) => "sent",
        Fate::Later(..) => "deferred",
        Fate::Over(..) => "cancelled",
        Fate::Dead(_) => "dead",
    };
    transact(&app.database, async |tx| settle_within(tx, due, &fate, now).await).await?;
    consents::count(outcome);
    Ok(())
}

async fn settle_within(
    tx: &mut Tx<'_>,
    due: &Due,
    fate: &Fate,
    now: Timestamp,
) -> Result<(), Trouble> {
    match fate {
        Fate::Sent(token) => {
            store::settle(tx, &due.id, "sent", "", now).await?;
            let sent = consents::sent(tx, &due.lead, &due.purpose, *token, now).await;
            sent.map_err(trouble)?;
        }
        Fate::Later(pause, code) => {
            store::defer(tx, &due.id, Timestamp(now.0 + pause), code).await?;
        }
        Fate::Over(state, code) => store::settle(tx, &due.id, state, code, now).await?,
        Fate::Dead(code) => {
            tracing::warn!(mail = due.id, code, "a mail was given up");
            store::settle(tx, &due.id, "dead", code, now).await?;
        }
    }
    Ok(())
}

/// How many mails wait, and since when the oldest does.
pub(crate) async fn depth(app: &App) -> Result<(i64, Option<Timestamp>), Error> {
    store::depth(&app.database).await
}
