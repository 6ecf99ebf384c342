//! Partners, as the contract says them.

use super::{Create, Email, Filter, Partner, Payout, Update};
use crate::affiliate::convert::{
    id, optional, payout_method_from, payout_method_of, some_words, terms, terms_of, unknown,
};
use crate::affiliate::programs::convert::program_id_of;
use crate::app::App;
use crate::error::{Error, Reason};
use crate::once::Request;
use crate::revenue::convert::{changed, instant, required};
use crate::revenue::paging::{Page, Slice};
use std::mem::take;
use takings::v1 as pb;
use takings_core::affiliate::payout::is_formula;
use takings_core::lead::email::mailbox;

/// The longest name, in characters.
const LONGEST_NAME: usize = 200;
/// The longest account.
const LONGEST_ACCOUNT: usize = 254;

/// A partner that is to be made.
pub(in crate::affiliate) fn create(
    app: &App,
    mut asked: pb::CreatePartnerRequest,
) -> Result<(Request, Create), Error> {
    let request = Request::of(&take(&mut asked.request_id), "CreatePartner", &asked)?;
    let pb::CreatePartnerRequest {
        program_id,
        name,
        email: address,
        payout_method,
        payout_account,
        tax_profile,
        own_terms,
        request_id: _,
    } = asked;
    let payout = match payout_method_from(payout_method)? {
        Some(method) => Some(account(method, required("payout_account", payout_account)?)?),
        None => no_account(&payout_account).map(|()| None)?,
    };
    let create = Create {
        now: app.now(),
        program: program_id_of(program_id)?,
        name: some_words("name", name, LONGEST_NAME)?,
        email: email(app, address)?,
        payout,
        tax: tax(tax_profile)?,
        terms: own_terms.map(|given| terms("own_terms", given)).transpose()?,
    };
    Ok((request, create))
}

/// What is to change about a partner.
pub(in crate::affiliate) fn update(
    app: &App,
    mut asked: pb::UpdatePartnerRequest,
) -> Result<(Request, Update), Error> {
    let request = Request::of(&take(&mut asked.request_id), "UpdatePartner", &asked)?;
    let pb::UpdatePartnerRequest {
        partner_id,
        name,
        email: address,
        payout_method,
        payout_account,
        tax_profile,
        own_terms,
        update_mask,
        request_id: _,
    } = asked;
    let changes = changed(
        update_mask,
        &[
            ("name", !name.is_empty()),
            ("email", !address.is_empty()),
            ("payout_method", payout_method != 0),
            ("payout_account", !payout_account.is_empty()),
            ("tax_profile", tax_profile != 0),
            ("own_terms", own_terms.is_some()),
        ],
    )?;
    let wants = |field: &str| changes.contains(&field);
    let own_terms = own_terms.filter(|_| wants("own_terms"));
    let update = Update {
        now: app.now(),
        id: partner_id_of(partner_id)?,
        name: wants("name").then(|| some_words("name", name, LONGEST_NAME)).transpose()?,
        email: wants("email").then(|| email(app, address)).transpose()?,
        method: wants("payout_method").then(|| payout_method_from(payout_method)).transpose()?,
        account: wants("payout_account").then_some(payout_account),
        tax: wants("tax_profile").then(|| tax(tax_profile)).transpose()?,
        terms: match own_terms {
            Some(given) => Some(Some(terms("own_terms", given)?)),
            None => wants("own_terms").then_some(None),
        },
    };
    Ok((request, update))
}

/// The partner that is asked for.
pub(in crate::affiliate) fn one(asked: pb::GetPartnerRequest) -> Result<String, Error> {
    let pb::GetPartnerRequest { partner_id } = asked;
    partner_id_of(partner_id)
}

/// The page that is asked for.
pub(in crate::affiliate) fn list(
    app: &App,
    asked: pb::ListPartnersRequest,
) -> Result<(Filter, Slice<String>), Error> {
    let pb::ListPartnersRequest { program_id, email: address, page_size, page_token } = asked;
    let program = optional(program_id, program_id_of)?.unwrap_or_default();
    let email_key = optional(address, |it| email(app, it))?.map(|it| it.key).unwrap_or_default();
    let slice = Slice::read(page_size, &page_token, &["ListPartners", &program, &email_key])?;
    Ok((Filter { program, email_key }, slice))
}

/// A partner's id.
pub(in crate::affiliate) fn partner_id_of(given: String) -> Result<String, Error> {
    id("partner_id", given, "prt", Reason::PartnerNotFound)
}

fn email(app: &App, given: String) -> Result<Email, Error> {
    let address = required("email", given)?.trim().to_owned();
    let mailbox = mailbox(&address)
        .ok_or_else(|| Error::invalid(Reason::InvalidField, "email", "this is no email address"))?;
    let key = app.database.vault.unlocked_indexes()?.equal("email", &mailbox);
    Ok(Email { address, key })
}

/// An account that fits a method of payment.
pub(super) fn account(method: &'static str, given: String) -> Result<Payout, Error> {
    let account = some_words("payout_account", given, LONGEST_ACCOUNT)?;
    if is_formula(&account) {
        let message =
            "begin an account with none of = + - @: a spreadsheet would take it for a formula";
        return Err(Error::invalid(Reason::InvalidField, "payout_account", message));
    }
    if method != "bank" && mailbox(&account).is_none() {
        let message = "this method is paid to an email address";
        return Err(Error::invalid(Reason::InvalidField, "payout_account", message));
    }
    Ok(Payout { method, account })
}

/// No account is kept without the method by which it is paid into.
pub(super) fn no_account(given: &str) -> Result<(), Error> {
    if given.is_empty() {
        return Ok(());
    }
    let message = "name the `payout_method` by which this account is paid into";
    Err(Error::invalid(Reason::InvalidField, "payout_method", message))
}

fn tax(given: i32) -> Result<Option<&'static str>, Error> {
    match pb::TaxProfile::try_from(given) {
        Ok(pb::TaxProfile::Unspecified) => Ok(None),
        Ok(pb::TaxProfile::W9) => Ok(Some("w9")),
        Ok(pb::TaxProfile::W8ben) => Ok(Some("w8ben")),
        Ok(pb::TaxProfile::W8benE) => Ok(Some("w8ben_e")),
        Ok(pb::TaxProfile::NotRequired) => Ok(Some("not_required")),
        Err(_) => Err(unknown("tax_profile")),
    }
}

fn tax_of(tax: Option<&str>) -> pb::TaxProfile {
    match tax {
        Some("w9") => pb::TaxProfile::W9,
        Some("w8ben") => pb::TaxProfile::W8ben,
        Some("w8ben_e") => pb::TaxProfile::W8benE,
        Some("not_required") => pb::TaxProfile::NotRequired,
        _ => pb::TaxProfile::Unspecified,
    }
}

impl From<Partner> for pb::Partner {
    fn from(partner: Partner) -> pb::Partner {
        let Partner { id, program, name, email, payout, tax, own, version, created_at, updated_at } =
            partner;
        pb::Partner {
            partner_id: id,
            program_id: program,
            name,
            email: email.address,
            payout_method: payout_method_of(payout.as_ref().map(|it| it.method)).into(),
            payout_account: payout.map(|payout| payout.account).unwrap_or_default(),
            tax_profile: tax_of(tax).into(),
            own_terms: own.as_ref().map(|(_, terms)| terms_of(terms)),
            terms_version: version,
            created_time: Some(instant(created_at.0)),
            updated_time: Some(instant(updated_at.0)),
        }
    }
}

impl From<Partner> for pb::CreatePartnerResponse {
    fn from(partner: Partner) -> pb::CreatePartnerResponse {
        pb::CreatePartnerResponse { partner: Some(partner.into()) }
    }
}

impl From<Partner> for pb::UpdatePartnerResponse {
    fn from(partner: Partner) -> pb::UpdatePartnerResponse {
        pb::UpdatePartnerResponse { partner: Some(partner.into()) }
    }
}

impl From<Partner> for pb::GetPartnerResponse {
    fn from(partner: Partner) -> pb::GetPartnerResponse {
        pb::GetPartnerResponse { partner: Some(partner.into()) }
    }
}

impl From<Page<Partner>> for pb::ListPartnersResponse {
    fn from(page: Page<Partner>) -> pb::ListPartnersResponse {
        let (partners, next_page_token) = page.answer();
        pb::ListPartnersResponse { partners, next_page_token }
    }
}
