//! What leads tell: when a person became one, and by which click.

use super::said::Known;
use super::{Affected, LEAD, TouchKey, TouchRow, compare_touches, store};
use crate::db::Tx;
use crate::ingest::{Batch, Key, Trouble};
use std::collections::{BTreeMap, BTreeSet};
use takings_core::time::Timestamp;

/// Rewrites what a lead tells of a person's customers: where a click brought the lead, the click's
/// touch and when the person became a lead; else nothing. A click that is not known tells nothing.
pub(crate) async fn tell_lead(
    tx: &mut Tx<'_>,
    batch: Batch,
    (lead, captured_at, click): (&str, Timestamp, Option<&str>),
    customers: &[Key],
) -> Result<Affected, Trouble> {
    let told = match click {
        Some(click) => touches(tx, (lead, captured_at, click), customers).await?,
        None => BTreeMap::new(),
    };
    store::lock_customers(tx, customers.iter()).await?;
    let (mut affected, mut changes) = (Affected::default(), store::Changes::default());
    let old = store::told_by_lead(tx, lead, customers).await?;
    compare_touches(&old, &told, (&mut changes, &mut affected), batch);
    changes.write(tx).await?;
    if !affected.is_empty() {
        // When somebody became a lead says which touches count, of whichever program.
        let programs = old.keys().chain(told.keys()).map(|key| &key.program);
        programs.filter(|it| !it.is_empty()).for_each(|it| affected.program(it.clone()));
    }
    Ok(affected)
}

async fn touches(
    tx: &mut Tx<'_>,
    (lead, captured_at, click): (&str, Timestamp, &str),
    customers: &[Key],
) -> Result<BTreeMap<TouchKey, TouchRow>, Trouble> {
    let known = Known::of(tx, &BTreeSet::from([click]), &BTreeSet::new()).await?;
    let Some((program, touch)) = known.click(click) else { return Ok(BTreeMap::new()) };
    let own = TouchRow { partner: String::new(), link: None, kind: LEAD, at: captured_at };
    let mut touches = BTreeMap::new();
    for (source, customer) in customers {
        let key = |program: &str, id: &str| TouchKey {
            program: program.to_owned(),
            source: *source,
            customer: customer.clone(),
            id: id.to_owned(),
            told_by: lead.to_owned(),
        };
        touches.insert(key("", lead), own.clone());
        touches.insert(key(&program, click), touch.clone());
    }
    Ok(touches)
}
