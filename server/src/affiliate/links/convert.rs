//! Links, as the contract says them.

use super::{Create, Disable, Filter, Link, Named};
use crate::affiliate::convert::{id, optional, optional_instant, words};
use crate::affiliate::partners::convert::partner_id_of;
use crate::affiliate::programs::convert::{destination, program_id_of};
use crate::app::App;
use crate::error::{Error, Reason};
use crate::once::Request;
use crate::revenue::convert::instant;
use crate::revenue::paging::{Page, Slice};
use std::mem::take;
use takings::v1 as pb;
use takings_core::affiliate::code::Code;

/// The longest campaign, in characters.
const LONGEST_CAMPAIGN: usize = 100;
/// The longest coupon id, in characters.
const LONGEST_COUPON: usize = 255;

/// A link that is to be made.
pub(in crate::affiliate) fn create(
    app: &App,
    mut asked: pb::CreateAffiliateLinkRequest,
) -> Result<(Request, Create), Error> {
    let request = Request::of(&take(&mut asked.request_id), "CreateAffiliateLink", &asked)?;
    let pb::CreateAffiliateLinkRequest {
        partner_id,
        code: typed,
        destination_url,
        campaign,
        coupon_id,
        request_id: _,
    } = asked;
    let create = Create {
        now: app.now(),
        partner: partner_id_of(partner_id)?,
        code: optional(typed, |typed| code(&typed))?,
        destination: optional(destination_url, |it| destination("destination_url", it))?,
        campaign: words("campaign", campaign, LONGEST_CAMPAIGN)?,
        coupon: optional(words("coupon_id", coupon_id, LONGEST_COUPON)?, Ok)?,
    };
    Ok((request, create))
}

/// A link that is to be disabled.
pub(in crate::affiliate) fn disable(
    app: &App,
    mut asked: pb::DisableAffiliateLinkRequest,
) -> Result<(Request, Disable), Error> {
    let request = Request::of(&take(&mut asked.request_id), "DisableAffiliateLink", &asked)?;
    let pb::DisableAffiliateLinkRequest { link_id, request_id: _ } = asked;
    Ok((request, Disable { now: app.now(), id: link_id_of(link_id)? }))
}

/// The link that is asked for.
pub(in crate::affiliate) fn one(asked: pb::GetAffiliateLinkRequest) -> Result<Named, Error> {
    let pb::GetAffiliateLinkRequest { link_id, code: typed } = asked;
    match (link_id.is_empty(), typed.is_empty()) {
        (false, true) => link_id_of(link_id).map(Named::Id),
        (true, false) => code(&typed).map(Named::Code),
        _ => {
            let message = "give `link_id` or `code`, and not both";
            Err(Error::invalid(Reason::InvalidField, "link_id", message))
        }
    }
}

/// The page that is asked for.
pub(in crate::affiliate) fn list(
    asked: pb::ListAffiliateLinksRequest,
) -> Result<(Filter, Slice<String>), Error> {
    let pb::ListAffiliateLinksRequest { program_id, partner_id, campaign, page_size, page_token } =
        asked;
    let program = optional(program_id, program_id_of)?.unwrap_or_default();
    let partner = optional(partner_id, partner_id_of)?.unwrap_or_default();
    let campaign = words("campaign", campaign, LONGEST_CAMPAIGN)?;
    let filters = ["ListAffiliateLinks", &program, &partner, &campaign];
    let slice = Slice::read(page_size, &page_token, &filters)?;
    Ok((Filter { program, partner, campaign }, slice))
}

fn link_id_of(given: String) -> Result<String, Error> {
    id("link_id", given, "lnk", Reason::LinkNotFound)
}

/// A code as it was typed.
pub(in crate::affiliate) fn code(typed: &str) -> Result<Code, Error> {
    let refuse = |error| Error::invalid(Reason::InvalidLinkCode, "code", format!("{error}"));
    Code::parse(typed).map_err(refuse)
}

impl From<Link> for pb::AffiliateLink {
    fn from(link: Link) -> pb::AffiliateLink {
        let Link {
            id,
            code,
            program,
            partner,
            destination,
            usual_destination,
            campaign,
            coupon,
            created_at,
            disabled_at,
        } = link;
        pb::AffiliateLink {
            link_id: id,
            code,
            partner_id: partner,
            program_id: program,
            destination_url: destination.unwrap_or(usual_destination),
            campaign,
            coupon_id: coupon.unwrap_or_default(),
            created_time: Some(instant(created_at.0)),
            disabled_time: optional_instant(disabled_at),
        }
    }
}

impl From<Link> for pb::CreateAffiliateLinkResponse {
    fn from(link: Link) -> pb::CreateAffiliateLinkResponse {
        pb::CreateAffiliateLinkResponse { link: Some(link.into()) }
    }
}

impl From<Link> for pb::DisableAffiliateLinkResponse {
    fn from(link: Link) -> pb::DisableAffiliateLinkResponse {
        pb::DisableAffiliateLinkResponse { link: Some(link.into()) }
    }
}

impl From<Link> for pb::GetAffiliateLinkResponse {
    fn from(link: Link) -> pb::GetAffiliateLinkResponse {
        pb::GetAffiliateLinkResponse { link: Some(link.into()) }
    }
}

impl From<Page<Link>> for pb::ListAffiliateLinksResponse {
    fn from(page: Page<Link>) -> pb::ListAffiliateLinksResponse {
        let (links, next_page_token) = page.answer();
        pb::ListAffiliateLinksResponse { links, next_page_token }
    }
}
