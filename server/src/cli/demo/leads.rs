//! The demo's lead: a form, a mail, a confirmation, pages, a purchase, each through its own door.

use super::Business;
use super::mailbox::Mailbox;
use crate::grpc::Watched;
use crate::http::Client;
use crate::serve::Running;
use anyhow::{Context, ensure};

/// Who fills in the form, and buys later.
pub(super) const EMAIL: &str = "edith@customers.example";

/// Plays it; answers what happened, for people at a terminal.
pub(super) async fn play(
    running: &Running,
    business: &Business,
    mailbox: &Mailbox,
) -> anyhow::Result<String> {
    let mut visitor = Client::connect(running.http).await?;
    let form = format!(
        "email={}&name=Edith&source=website&utm_campaign=spring&consent_purpose=newsletter\
         &consent_text=Yes%2C+write+to+me",
        EMAIL.replace('@', "%40")
    );
    let status = visitor.submit("/revenue/leads", form).await?;
    ensure!(status == 202, "the form was answered {status}");
    let path = mailbox.link("/revenue/leads/confirm/").await.context("no mail came")?;
    let status = visitor.submit(&path, String::new()).await?;
    ensure!(status == 200, "the confirmation was answered {status}");
    let mut lead = Watched::of(running.grpc, EMAIL).await?;
    ensure!(lead.has_agreed().await?, "the consent is not confirmed");
    let (id, score) = lead.visits(&["/pricing", "/docs", "/pricing"]).await?;
    business.sell(EMAIL, None)?;
    let (customer, stage) = lead.converted().await?;
    Ok(format!(
        "\nA lead, {id}: a form, a mail confirmed, scored {score}; then paid as {customer}, and is \
         {stage}\n"
    ))
}
