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
use crate::db::{Database, Tx};
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
    let (mut sent, primary) = (0, app.database.primary());
    for due in store::due(&primary, app.now()).await? {
        if app.stopping.is_cancelled() {
            break;
        }
        let fate = match open_mail(app, &primary, base, &due).await {
            // Perhaps not yet: another process may have rotated its master key.
            Err(Error::Internal(error)) => {
                tracing::error!(%error, mail = due.id, "a mail cannot be read");
                Fate::failed(&due, false, "unreadable".into())
            }
            Err(error) => return Err(error),
            Ok(Some(mail)) => match post.send(&mail.letter, &mail.to).await {
                Outcome::Sent => {
                    sent += 1;
                    Fate::Sent(mail.token)
                }
                Outcome::Failed { permanent, code } => Fate::failed(&due, permanent, code),
            },
            Ok(None) => Fate::Cancelled,
        };
        settle(app, &due, fate).await?;
    }
    Ok(sent)
}

/// A mail with what names a person in it.
struct Mail {
    to: String,
    letter: Letter,
    token: TokenHash,
}

/// Opens a mail just before it leaves; nothing where it does not wait any more, because its person
/// has withdrawn, got another address, or was erased, or where its token has expired.
async fn open_mail(
    app: &App,
    primary: &Database,
    base: &str,
    due: &Due,
) -> Result<Option<Mail>, Error> {
    let age = app.now().0.saturating_sub(due.created_at.0);
    if age >= TOKEN_LIFE_SECS * 1_000_000 {
        return Ok(None);
    }
    let secret = store::waiting(primary, &due.id).await?;
    let keys = Keys::read(primary, subjects([due.lead.as_str()])).await?;
    let place = ("outbox", "secret", due.id.as_str());
    let token: Option<String> = open(&keys, &due.lead, place, secret.as_deref())?;
    let rows = leads::load(&mut &*primary, &[&due.lead]).await?;
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
    /// It is not wanted any more.
    Cancelled,
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
        Fate::Cancelled => "cancelled",
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
            if store::settle(tx, &due.id, "sent", "", now).await? {
                let sent = consents::sent(tx, &due.lead, &due.purpose, *token, now).await;
                sent.map_err(trouble)?;
            }
        }
        Fate::Later(pause, code) => {
            store::defer(tx, &due.id, Timestamp(now.0 + pause), code).await?;
        }
        Fate::Cancelled => drop(store::settle(tx, &due.id, "cancelled", "", now).await?),
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
