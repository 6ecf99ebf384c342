//! What leads tell affiliates: when a customer became a lead, and by which click.

use super::store::{Captured, judge_click};
use crate::affiliate::clicks::wait_for;
use crate::affiliate::commissions::{Mode, settle};
use crate::affiliate::sales::tell_lead;
use crate::db::Tx;
use crate::ingest::{Key, Trouble, Unit};

/// Tells of a lead whether a click brought it, and whether that was a visit; to each of the person's
/// customers, with what follows for them. Answers whether they had been told something else.
pub(super) async fn tell(
    tx: &mut Tx<'_>,
    lead: &Captured,
    customers: &[Key],
) -> Result<bool, Trouble> {
    if let Some(click) = &lead.click {
        wait_for(tx, click).await?;
    }
    judge_click(tx, &lead.id).await?;
    if customers.is_empty() {
        return Ok(false);
    }
    let batch = Unit { shard: 0 }.open(tx).await?;
    let affected =
        tell_lead(tx, batch, (&lead.id, lead.captured_at, lead.click.as_deref()), customers)
            .await?;
    if !affected.is_empty() {
        settle(tx, batch, &affected, Mode::Post).await?;
    }
    Ok(!affected.is_empty())
}
