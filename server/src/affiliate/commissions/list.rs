//! Commissions as they are asked for.

use super::store::list as store;
use crate::app::App;
use crate::error::Error;
use crate::revenue::convert::Span;
use crate::revenue::paging::{Page, Slice};

/// A commission as it is stored, and how it stands.
#[derive(Clone, Debug, Default)]
pub(in crate::affiliate) struct Commission {
    pub(in crate::affiliate) id: String,
    pub(in crate::affiliate) program: String,
    pub(in crate::affiliate) partner: String,
    pub(in crate::affiliate) link: Option<String>,
    pub(in crate::affiliate) customer: String,
    pub(in crate::affiliate) source: String,
    pub(in crate::affiliate) source_id: i64,
    pub(in crate::affiliate) sale: String,
    pub(in crate::affiliate) kind: String,
    pub(in crate::affiliate) revision: i64,
    pub(in crate::affiliate) currency: String,
    pub(in crate::affiliate) amount: i64,
    pub(in crate::affiliate) base: i64,
    /// The sale's, which a fixed commission does not share.
    pub(in crate::affiliate) base_currency: String,
    pub(in crate::affiliate) rate_bps: Option<i64>,
    pub(in crate::affiliate) terms_version: i64,
    pub(in crate::affiliate) occurred_at: i64,
    pub(in crate::affiliate) due_at: i64,
    pub(in crate::affiliate) recorded_at: i64,
    pub(in crate::affiliate) payout: Option<String>,
    pub(in crate::affiliate) state: String,
    pub(in crate::affiliate) reason: String,
}

/// Which commissions are asked for; what is empty lets everything through.
#[derive(Debug, Default)]
pub(in crate::affiliate) struct Filter {
    pub(in crate::affiliate) program: String,
    pub(in crate::affiliate) partner: String,
    pub(in crate::affiliate) customer: String,
    pub(in crate::affiliate) payout: String,
    pub(in crate::affiliate) state: Option<&'static str>,
    pub(in crate::affiliate) occurred: Span,
}

/// Reads a page, the latest in business time first.
pub(in crate::affiliate) async fn page(
    app: &App,
    filter: &Filter,
    slice: &Slice<(i64, String)>,
) -> Result<Page<Commission>, Error> {
    let after = slice.after.as_ref();
    let rows = store::read(&app.database, filter, (after, slice.limit()), app.now().0).await?;
    Ok(slice.page(rows, |it| (it.occurred_at, it.id.clone())))
}
