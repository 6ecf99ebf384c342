//! Visitors who came as several customers of one partner.

use crate::affiliate::fraud::Case;
use crate::db::Type::{Int, Text};
use crate::db::{Query, Rows, Tx};
use crate::ingest::Trouble;

/// Visitors of a customer's clicks who came as another customer of the partner too. A visitor is
/// known for a day.
static SHARED: Query = Query::new(
    "fraud_visitors",
    "select distinct mine.visitor
     from {0} cross join touches own cross join clicks mine cross join clicks theirs
         cross join touches other
     where own.customer = t0.buyer and own.source_id = t0.number and own.program = t0.wanted
       and mine.id = own.id and mine.visitor is not null
       and theirs.visitor = mine.visitor
       and other.id = theirs.id and other.program = t0.wanted and other.partner = t0.payee
       and other.customer <> t0.buyer",
    &[("wanted", Text), ("payee", Text), ("number", Int), ("buyer", Text)],
);

/// The visitors whom a customer shares with other customers of the partner, the partner himself
/// among them where he buys from his own link.
pub(in crate::affiliate::fraud) async fn shared(
    tx: &mut Tx<'_>,
    case: &Case<'_>,
) -> Result<Vec<String>, Trouble> {
    let Case { program, partner, source, customer, .. } = *case;
    let mut row = Rows::default();
    row.push([program.into(), partner.into(), source.into(), customer.into()]);
    tx.fetch(&SHARED, &row).await?.iter().map(|row| Ok(row.text(0)?)).collect()
}
