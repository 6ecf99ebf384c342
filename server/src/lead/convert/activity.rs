//! Activities, as the contract says them.

use super::super::activities::{Clicked, Record, Recorded};
use super::{attributes, lead_id, past, request, slug, words};
use crate::app::App;
use crate::error::{Error, Reason};
use crate::networks::network;
use crate::once::Request;
use crate::revenue::convert::{micros, required};
use std::mem::take;
use takings::v1 as pb;
use takings_core::time::Timestamp;

/// Something that a lead did.
pub(in crate::lead) fn record(
    app: &App,
    mut asked: pb::RecordLeadActivityRequest,
) -> Result<(Request, Record), Error> {
    let request = request(app, &take(&mut asked.request_id), "RecordLeadActivity", &asked)?;
    let pb::RecordLeadActivityRequest {
        lead_id: id,
        kind,
        attributes: given,
        mail_click,
        occurred_time,
        request_id: _,
    } = asked;
    let (now, kind) = (app.now(), slug("kind", kind)?);
    if mail_click.is_some() && kind != "click" {
        let message = "a click on a link of a mail is of the kind `click`";
        return Err(Error::invalid(Reason::InvalidField, "mail_click", message));
    }
    let record = Record {
        now,
        lead: lead_id(id)?,
        kind,
        attributes: attributes("attributes", given, 20)?,
        at: past("occurred_time", occurred_time, now)?,
        click: mail_click.map(|click| clicked(app, click)).transpose()?,
    };
    Ok((request, record))
}

/// A click on a link of a mail; its texts are hashed under a key.
fn clicked(app: &App, given: pb::MailClick) -> Result<Clicked, Error> {
    let pb::MailClick { message_id, link, link_count, delivered_time, ip_address } = given;
    let invalid = |field, message| Error::invalid(Reason::InvalidField, field, message);
    let field = "mail_click.delivered_time";
    let delivered = delivered_time.ok_or_else(|| invalid(field, "`delivered_time` is required"))?;
    if !(1..=1_000).contains(&link_count) {
        return Err(invalid("mail_click.link_count", "a mail with a link has 1 to 1,000"));
    }
    let from = match ip_address.as_str() {
        "" => String::new(),
        text => {
            let field = "mail_click.ip_address";
            let address = text.parse();
            network(address.map_err(|_| invalid(field, "this is no address of the network"))?)
                .to_string()
        }
    };
    let message =
        required("mail_click.message_id", words("mail_click.message_id", message_id, 255)?)?;
    let link = required("mail_click.link", words("mail_click.link", link, 255)?)?;
    let indexes = app.database.vault.unlocked_indexes()?;
    Ok(Clicked {
        message: indexes.equal("message", &message),
        link: indexes.equal("link", &link),
        links: link_count.into(),
        delivered: Timestamp(micros(field, delivered)?),
        network: indexes.equal("network", &from),
    })
}

impl From<Recorded> for pb::RecordLeadActivityResponse {
    fn from(Recorded { id, automated }: Recorded) -> pb::RecordLeadActivityResponse {
        pb::RecordLeadActivityResponse { activity_id: id, automated }
    }
}
