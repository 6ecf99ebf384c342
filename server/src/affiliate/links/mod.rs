//! Links: short addresses that lead to a page, and tell who sent the visitor.

mod cache;
pub(super) mod convert;
mod entity;
mod store;

pub use cache::{Cache, Target};
pub use store::{by_coupon, load};

use super::{new_id, partners, programs};
use crate::app::App;
use crate::db::Tx;
use crate::error::{Error, Reason};
use crate::once::Act;
use crate::revenue::paging::{Page, Slice};
use takings_core::affiliate::code::Code;
use takings_core::time::Timestamp;
use uuid::Uuid;

/// The letters of codes that are made: none that is taken for another.
const ALPHABET: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";
/// How many letters such a code has: 31^8 are 8.5 * 10^11.
const LENGTH: usize = 8;
/// How often another code is tried where one is taken.
const TRIES: usize = 8;

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// The id, `lnk_...`.
    pub id: String,
    /// The code, as it was typed.
    pub code: String,
    /// The program.
    pub program: String,
    /// The partner.
    pub partner: String,
    /// Where it leads; `None`: to the program's destination.
    pub destination: Option<String>,
    /// The program's destination.
    pub usual_destination: String,
    /// The business's own word for it.
    pub campaign: String,
    /// The coupon whose use stands for a click.
    pub coupon: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was disabled.
    pub disabled_at: Option<Timestamp>,
}

/// How a link is named.
#[derive(Debug)]
pub(super) enum Named {
    Id(String),
    Code(Code),
}

/// No link has this name.
pub(super) fn unknown(name: &str) -> Error {
    Error::not_found(Reason::LinkNotFound, format!("there is no link `{name}`"))
}

/// A new link.
#[derive(Debug)]
pub(super) struct Create {
    now: Timestamp,
    partner: String,
    code: Option<Code>,
    destination: Option<String>,
    campaign: String,
    coupon: Option<String>,
}

impl Act for Create {
    type Done = Link;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Link, Error> {
        let Create { now, partner, code, destination, campaign, coupon } = self;
        let owner = partners::load(tx, partner).await?.ok_or_else(|| partners::unknown(partner))?;
        let program = programs::load(tx, &owner.program).await?;
        if destination.as_ref().is_some_and(|address| !program.allows(address)) {
            return Err(elsewhere());
        }
        let link = Link {
            id: new_id("lnk"),
            code: String::new(),
            program: program.id,
            partner: partner.clone(),
            destination: destination.clone(),
            usual_destination: program.destination,
            campaign: campaign.clone(),
            coupon: coupon.clone(),
            created_at: *now,
            disabled_at: None,
        };
        match code {
            Some(code) => keep(tx, link, code).await?.map_err(|()| code_taken(code)),
            None => keep_made(tx, link).await,
        }
    }

    fn done(app: &App) {
        forget(app);
    }
}

/// Stores a link under a code, unless another link has it.
async fn keep(tx: &mut Tx<'_>, mut link: Link, code: &Code) -> Result<Result<Link, ()>, Error> {
    link.code = code.to_string();
    if store::insert(tx, &link, code.key()).await? {
        return Ok(Ok(link));
    }
    if store::has_code(tx, code.key()).await? { Ok(Err(())) } else { Err(coupon_taken()) }
}

/// Stores a link under a code that nobody has.
async fn keep_made(tx: &mut Tx<'_>, link: Link) -> Result<Link, Error> {
    for _ in 0..TRIES {
        let code = Code::parse(&made_code()).map_err(Error::internal)?;
        if let Ok(link) = keep(tx, link.clone(), &code).await? {
            return Ok(link);
        }
    }
    Err(Error::Conflict)
}

fn made_code() -> String {
    let random = Uuid::new_v4();
    let letter = |byte: &u8| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]);
    random.as_bytes().iter().filter(|byte| **byte < 248).take(LENGTH).map(letter).collect()
}

fn elsewhere() -> Error {
    let message = "the program does not allow links to this host: use one of its hosts, or add it \
                   to `allowed_hosts`";
    Error::invalid(Reason::DestinationRefused, "destination_url", message)
}

fn code_taken(code: &Code) -> Error {
    let message = format!("another link has the code `{code}`, perhaps in other letters");
    Error::AlreadyExists { reason: Reason::LinkCodeTaken, message }
}

fn coupon_taken() -> Error {
    let message = "another link has this coupon: make a coupon for each partner";
    Error::AlreadyExists { reason: Reason::CouponTaken, message: message.into() }
}

/// A link that is to bring nothing any more.
#[derive(Debug)]
pub(super) struct Disable {
    now: Timestamp,
    id: String,
}

impl Act for Disable {
    type Done = Link;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Link, Error> {
        store::disable(tx, &self.id, self.now).await?;
        store::load(tx, &self.id).await?.ok_or_else(|| unknown(&self.id))
    }

    fn done(app: &App) {
        forget(app);
    }
}

/// Reads a link.
pub(super) async fn find(app: &App, named: &Named) -> Result<Link, Error> {
    let (found, name) = match named {
        Named::Id(id) => (store::find(&app.database, "l.id", id).await?, id.clone()),
        Named::Code(code) => {
            (store::find(&app.database, "l.code_key", code.key()).await?, code.to_string())
        }
    };
    found.ok_or_else(|| unknown(&name))
}

/// Which links are asked for; what is empty lets everything through.
#[derive(Debug)]
pub(super) struct Filter {
    program: String,
    partner: String,
    campaign: String,
}

/// Reads a page.
pub(super) async fn page(
    app: &App,
    filter: &Filter,
    slice: &Slice<String>,
) -> Result<Page<Link>, Error> {
    let after = slice.after.as_deref();
    let rows = store::page(&app.database, filter, after, slice.limit()).await?;
    Ok(slice.page(rows, |link| link.id.clone()))
}

/// This process forgets which links it has read: something about them has changed.
pub(super) fn forget(app: &App) {
    app.links.forget();
}
