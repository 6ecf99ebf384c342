//! What became of trials: told by the subscription as it stands, and by the invoices that paid for it.

use super::{Window, Work};
use crate::db::{Rows, Tx};
use crate::ingest::facts::unreadable;
use crate::ingest::measures::{self, Measure, Measures, Wanted};
use crate::ingest::output::{Batch, Output};
use crate::ingest::{Key, Trouble, store};
use serde::Deserialize;
use std::collections::BTreeMap;
use takings_core::billing::facts::{Seconds, State, Subscription};
use takings_core::metrics::{TrialOutcome, trial_outcome};
use takings_core::time::Timestamp;
use takings_core::version::Moment;

/// A trial counts once it has ended, as converted or as cancelled, in an object of its own: it is
/// compared as a whole, while a subscription's statuses are compared from some instant on.
pub(super) async fn post(
    tx: &mut Tx<'_>,
    works: &[Work<'_>],
    output: &mut Output,
    batch: Batch,
) -> Result<(), Trouble> {
    let paid = load(tx, works, output).await?;
    let mut wanted = Wanted::new();
    for work in works {
        for (subscription, window) in &work.trials {
            let key = (work.key.0, (*subscription).to_owned());
            let paid = paid.get(&key).map_or(&[][..], Vec::as_slice);
            let mut measures = ended(window, paid)?;
            measures.customer = Some(work.key.1.clone());
            let own = (key.0, format!("trial:{subscription}"));
            wanted.insert(own, (Timestamp(i64::MIN), measures));
        }
    }
    measures::post(tx, output, batch, wanted).await
}

/// How a subscription's trial ended, if it did.
fn ended(window: &Window, paid: &[Seconds]) -> Result<Measures, Trouble> {
    let mut measures = Measures::default();
    let Some((last, it)) = newest(window) else { return Ok(measures) };
    let (kind, at) = match trial_outcome(std::slice::from_ref(last), paid) {
        Some(TrialOutcome::Converted(at)) => ("trials:converted", at),
        Some(TrialOutcome::Cancelled(at)) => ("trials:cancelled", at),
        Some(TrialOutcome::Open(_)) | None => return Ok(measures),
    };
    let currency = it.currency.map(|it| it.as_str().to_owned()).unwrap_or_default();
    let measure = Measure { kind: kind.into(), currency, occurred: Timestamp::from_secs(at) };
    measures.add(measure, 1, &last.event)?;
    Ok(measures)
}

fn newest(window: &Window) -> Option<(&Moment, &Subscription)> {
    let last = window.last()?;
    match &last.state {
        State::Subscription(it) => Some((last, it)),
        _ => None,
    }
}

/// What is read of an invoice.
#[derive(Deserialize)]
struct Invoice {
    #[serde(default)]
    paid_at: Option<Seconds>,
}

/// When subscriptions with trials were paid for: as stored, and as this unit of work will have it.
async fn load(
    tx: &mut Tx<'_>,
    works: &[Work<'_>],
    output: &Output,
) -> Result<BTreeMap<Key, Vec<Seconds>>, Trouble> {
    let mut wanted = Rows::default();
    for work in works {
        let tried = |window| newest(window).is_some_and(|(_, it)| it.trial_end.is_some());
        for (subscription, _) in work.trials.iter().filter(|(_, window)| tried(window)) {
            wanted.push([work.key.0.into(), (*subscription).into()]);
        }
    }
    let mut paid: BTreeMap<Key, Vec<Seconds>> = BTreeMap::new();
    if wanted.is_empty() {
        return Ok(paid);
    }
    for row in tx.fetch(&store::PAID_INVOICES, &wanted).await? {
        let source = row.int(0)?;
        if output.billed.contains_key(&(source, row.text(1)?)) {
            continue;
        }
        let invoice: Invoice = serde_json::from_str(&row.text(4)?).map_err(unreadable)?;
        let at = invoice.paid_at.unwrap_or(Timestamp(row.int(3)?).secs());
        paid.entry((source, row.text(2)?)).or_default().push(at);
    }
    for ((source, _), billed) in &output.billed {
        if let Some((subscription, at)) = billed {
            paid.entry((*source, subscription.clone())).or_default().push(*at);
        }
    }
    Ok(paid)
}
