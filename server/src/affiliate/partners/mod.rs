//! Partners: who brings customers to a program.

pub(super) mod convert;
mod entity;
mod store;

use super::convert::other_currency;
use super::new_id;
use super::programs::{self, Program};
use crate::app::App;
use crate::db::Tx;
use crate::error::{Error, Reason};
use crate::once::Act;
use crate::privacy::Names;
use crate::revenue::paging::{Page, Slice};
use takings_core::affiliate::Terms;
use takings_core::privacy::Indexes;
use takings_core::time::Timestamp;

/// A partner.
#[derive(Clone, Debug)]
pub struct Partner {
    /// The id, `prt_...`.
    pub id: String,
    /// The one program.
    pub program: String,
    /// The name.
    pub name: String,
    /// The email address.
    pub email: Email,
    /// How the partner is paid; `None`: not yet.
    pub payout: Option<Payout>,
    /// Which tax form was handed in; `None`: none.
    pub tax: Option<&'static str>,
    /// The partner's own terms, and their version.
    pub own: Option<(i64, Terms)>,
    /// The version of the terms that new bindings get.
    pub version: i64,
    /// When the partner was made.
    pub created_at: Timestamp,
    /// When the partner was last changed.
    pub updated_at: Timestamp,
}

/// An email address, and the key by which addresses of one mailbox are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// As it was typed.
    pub address: String,
    /// The key.
    pub key: String,
}

/// How a partner is paid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payout {
    /// `bank`, `paypal` or `wise`.
    pub method: &'static str,
    /// The account.
    pub account: String,
}

impl Payout {
    /// The key by which equal accounts are equal.
    pub fn key(&self, indexes: &Indexes) -> String {
        let plain: String = self.account.chars().filter(|it| !it.is_whitespace()).collect();
        indexes.equal("payout", &format!("{}:{}", self.method, plain.to_lowercase()))
    }
}

/// The ways in which partners are paid, as they are stored.
pub const METHODS: [&str; 3] = ["bank", "paypal", "wise"];
/// The tax forms, as they are stored.
pub const TAX_FORMS: [&str; 4] = ["w9", "w8ben", "w8ben_e", "not_required"];

/// No partner has this id.
pub(super) fn unknown(id: &str) -> Error {
    let message = format!("there is no partner `{id}`: send an id that ListPartners answers");
    Error::not_found(Reason::PartnerNotFound, message)
}

/// The partner was erased, and nothing is kept of them any more.
fn erased(id: &str) -> Error {
    let message = format!("the partner `{id}` was erased: make a new one");
    Error::not_found(Reason::PartnerNotFound, message)
}

fn taken() -> Error {
    let message = "another partner of this program has this email address, perhaps written \
                   otherwise: update that partner";
    Error::AlreadyExists { reason: Reason::PartnerEmailTaken, message: message.into() }
}

/// A new partner.
#[derive(Debug)]
pub(super) struct Create {
    now: Timestamp,
    program: String,
    name: String,
    email: Email,
    payout: Option<Payout>,
    tax: Option<&'static str>,
    terms: Option<Terms>,
}

impl Act for Create {
    type Done = Partner;

    fn names(partner: &Partner) -> Names {
        crate::privacy::partners::names([partner.id.as_str()].into_iter())
    }

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Partner, Error> {
        let Create { now, program, name, email, payout, tax, terms } = self;
        let in_force = programs::load(tx, program).await?;
        let id = new_id("prt");
        let own = match terms {
            Some(terms) => {
                in_currency(terms, &in_force)?;
                let version = programs::begin_own(tx, program, &id, terms, *now).await?;
                Some((version, terms.clone()))
            }
            None => None,
        };
        let partner = Partner {
            id,
            program: program.clone(),
            name: name.clone(),
            email: email.clone(),
            payout: payout.clone(),
            tax: *tax,
            version: own.as_ref().map_or(in_force.version, |(version, _)| *version),
            own,
            created_at: *now,
            updated_at: *now,
        };
        if store::insert(tx, &partner).await? { Ok(partner) } else { Err(taken()) }
    }
}

/// Own terms are in the program's currency.
fn in_currency(terms: &Terms, program: &Program) -> Result<(), Error> {
    match program.terms.currency {
        currency if terms.currency == currency => Ok(()),
        currency => Err(other_currency("own_terms", currency)),
    }
}

/// What changes about a partner.
#[derive(Debug)]
pub(super) struct Update {
    now: Timestamp,
    id: String,
    name: Option<String>,
    email: Option<Email>,
    method: Option<Option<&'static str>>,
    account: Option<String>,
    tax: Option<Option<&'static str>>,
    terms: Option<Option<Terms>>,
}

impl Act for Update {
    type Done = Partner;

    fn names(partner: &Partner) -> Names {
        crate::privacy::partners::names([partner.id.as_str()].into_iter())
    }

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Partner, Error> {
        let Update { now, id, name, email, method: _, account: _, tax, terms } = self;
        if !store::lock(tx, id, *now).await? {
            return Err(unknown(id));
        }
        let mut partner = store::load(tx, id).await?.ok_or_else(|| unknown(id))?;
        if let Some(terms) = terms
            && terms.as_ref() != partner.own.as_ref().map(|(_, terms)| terms)
        {
            let in_force = programs::load(tx, &partner.program).await?;
            terms.as_ref().map(|terms| in_currency(terms, &in_force)).transpose()?;
            // Their end has an instant, as their beginning has.
            let number = programs::keep_own(tx, &partner.program, id, terms.as_ref(), *now).await?;
            partner.own = terms.clone().map(|terms| (number, terms));
            partner.version = partner.own.as_ref().map_or(in_force.version, |(own, _)| *own);
        }
        partner.payout = self.payout(partner.payout)?;
        partner.name = name.clone().unwrap_or(partner.name);
        partner.tax = tax.unwrap_or(partner.tax);
        if let Some(email) = email.as_ref().filter(|email| **email != partner.email) {
            if store::has_email(tx, &partner.program, &email.key, id).await? {
                return Err(taken());
            }
            partner.email = email.clone();
        }
        if store::update(tx, &partner).await? { Ok(partner) } else { Err(taken()) }
    }
}

impl Update {
    /// How the partner is paid after the change.
    fn payout(&self, before: Option<Payout>) -> Result<Option<Payout>, Error> {
        let (method, account) = before.map(|it| (it.method, it.account)).unzip();
        let Some(method) = self.method.unwrap_or(method) else {
            let given = self.account.as_deref().unwrap_or_default();
            return convert::no_account(given).map(|()| None);
        };
        let account = self.account.clone().or(account).filter(|account| !account.is_empty());
        let account = account.ok_or_else(|| {
            let message = "a payout method needs the account that is paid into";
            Error::invalid(Reason::InvalidField, "payout_account", message)
        })?;
        convert::account(method, account).map(Some)
    }
}

/// Reads a partner.
pub async fn find(app: &App, id: &str) -> Result<Partner, Error> {
    store::find(&app.database, id).await?.ok_or_else(|| unknown(id))
}

/// A partner as a transaction sees it.
pub async fn load(tx: &mut Tx<'_>, id: &str) -> Result<Option<Partner>, Error> {
    store::load(tx, id).await
}

/// Which partners are asked for; what is empty lets everything through.
#[derive(Debug)]
pub(super) struct Filter {
    program: String,
    email_key: String,
}

/// Reads a page.
pub(super) async fn page(
    app: &App,
    filter: &Filter,
    slice: &Slice<String>,
) -> Result<Page<Partner>, Error> {
    let after = slice.after.as_deref();
    let rows = store::page(&app.database, filter, after, slice.limit()).await?;
    Ok(slice.page(rows, |partner| partner.id.clone()))
}
