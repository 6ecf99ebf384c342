//! The ledger's transfers, as they were written. Nothing here writes any.

pub(crate) mod convert;
mod entity;
mod store;

use crate::app::App;
use crate::error::Error;
use crate::revenue::convert::Span;
use crate::revenue::paging::{Page, Slice};
use entity::Row;
use takings_core::money::Currency;

/// What lets transfers through; what is empty lets everything through.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    customer: String,
    kind: String,
    account: String,
    object: String,
    occurred: Span,
}

/// A transfer's place in the list: when it occurred, source, object, target, revision.
pub(crate) type Place = (i64, i64, String, i64, i64);

/// One transfer.
#[derive(Debug)]
pub(crate) struct Entry {
    row: Row,
    source: String,
    currency: Currency,
}

/// Reads a page, the earliest in business time first.
pub(crate) async fn page(
    app: &App,
    filter: &Filter,
    slice: &Slice<Place>,
) -> Result<Page<Entry>, Error> {
    let db = &app.database.read;
    let rows = store::page(db, filter, slice.after.as_ref(), slice.limit()).await?;
    let Page { rows, next } = slice.page(rows, Row::place);
    let names = app.sources.names().await?;
    let entry = |row: Row| {
        let source = names.get(&row.source_id).cloned();
        let source = source.ok_or_else(|| Error::internal("a transfer's source has no name"))?;
        let currency = Currency::parse(&row.currency).map_err(Error::internal)?;
        Ok(Entry { row, source, currency })
    };
    Ok(Page { rows: rows.into_iter().map(entry).collect::<Result<_, Error>>()?, next })
}

impl Row {
    fn place(&self) -> Place {
        let Row { occurred_at, source_id, object, target, revision, .. } = self;
        (*occurred_at, *source_id, object.clone(), *target, *revision)
    }

    /// The transfer's own id. Within an object, ids sort as targets and revisions do.
    fn entry_id(&self) -> String {
        let target = self.target.cast_unsigned() ^ (1 << 63);
        format!("ent_{}_{}_{target:016x}_{:08x}", self.source_id, self.object, self.revision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(target: i64, revision: i64) -> Row {
        Row { target, revision, object: "in_1".into(), ..Row::default() }
    }

    #[test]
    fn ids_sort_as_targets_and_revisions_do() {
        let rows = [row(i64::MIN, 1), row(-1, 9), row(-1, 10), row(0, 1), row(i64::MAX, 300)];
        let ids: Vec<String> = rows.iter().map(Row::entry_id).collect();
        assert!(ids.is_sorted(), "{ids:?}");
    }
}
