//! What leads tell: when a person became one, and by which click.

use super::said::Known;
use super::{Affected, LEAD, TouchRow, store};
use crate::db::Tx;
use crate::ingest::{Batch, Key, Trouble};
use std::collections::BTreeSet;
use takings_core::time::Timestamp;

/// Notes for a person's customers that a click has made the person a lead: its touch, and the lead. What
/// a settlement has told before stays. A click that is not known tells nothing.
pub(crate) async fn tell_lead(
    tx: &mut Tx<'_>,
    batch: Batch,
    (lead, captured_at, click): (&str, Timestamp, &str),
    customers: &[Key],
) -> Result<Affected, Trouble> {
    let mut affected = Affected::default();
    let known = Known::of(tx, &BTreeSet::from([click]), &BTreeSet::new()).await?;
    let Some((program, touch)) = known.click(click, lead) else { return Ok(affected) };
    let own = TouchRow {
        partner: String::new(),
        link: None,
        kind: LEAD,
        at: captured_at,
        told_by: lead.to_owned(),
    };
    let mut changes = store::Changes::default();
    for (source, customer) in customers {
        let key = |program: &str, id: &str| {
            (program.to_owned(), *source, customer.clone(), id.to_owned())
        };
        changes.touch(&key("", lead), &own, batch);
        changes.touch(&key(&program, click), &touch, batch);
    }
    store::lock_customers(tx, customers.iter()).await?;
    for key in store::add_touches(tx, &changes.touches).await? {
        affected.touch(&key);
        affected.program(program.clone());
    }
    Ok(affected)
}
