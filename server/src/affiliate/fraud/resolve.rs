//! Somebody decides about a signal.

use super::{HOLD, REJECT, RELEASE, Signal, State, decision_id, store, unknown};
use crate::affiliate::commissions::{Mode, lock_programs, settle};
use crate::affiliate::sales::Affected;
use crate::db::Tx;
use crate::error::{Error, Reason};
use crate::ingest::Unit;
use crate::once::Act;
use std::collections::BTreeSet;
use takings_core::time::Timestamp;

/// What is decided about a signal.
#[derive(Debug)]
pub(in crate::affiliate) struct Resolve {
    pub(super) now: Timestamp,
    pub(super) id: String,
    pub(super) fraud: bool,
    pub(super) note: String,
}

impl Act for Resolve {
    type Done = Signal;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Signal, Error> {
        let Resolve { now, id, fraud, note } = self;
        let found = store::load(tx, id).await?.ok_or_else(|| unknown(id))?;
        lock_programs(tx, &BTreeSet::from([found.program.clone()])).await?;
        let state = if *fraud { State::Confirmed } else { State::Dismissed };
        if store::resolve(tx, id, state, note, *now).await? {
            self.follow(tx, &found).await?;
        }
        let signal = store::load(tx, id).await?.ok_or_else(|| unknown(id))?;
        if signal.state == state { Ok(signal) } else { Err(resolved_otherwise(&signal)) }
    }
}

impl Resolve {
    /// Decides about every sale that the signal holds, and derives what follows.
    async fn follow(&self, tx: &mut Tx<'_>, signal: &Signal) -> Result<(), Error> {
        let mut affected = Affected::default();
        affected.program(signal.program.clone());
        for (source, sale, customer) in store::held(tx, &self.id).await? {
            self.decide(tx, &signal.program, source, &sale).await?;
            affected.whole((source, customer));
        }
        let batch = Unit { shard: 0 }.open(tx).await?;
        settle(tx, batch, &affected, Mode::Post).await?;
        Ok(())
    }

    /// What follows for one sale that the signal holds: it is rejected; or it goes on, unless
    /// something else holds it too.
    async fn decide(
        &self,
        tx: &mut Tx<'_>,
        program: &str,
        source: i64,
        sale: &str,
    ) -> Result<(), Error> {
        let act = if self.fraud { REJECT } else { RELEASE };
        if !self.fraud {
            let decisions = store::decisions(tx, program, source, sale).await?;
            let open = store::open(tx, program).await?;
            if held_otherwise(&self.id, &decisions, &open) {
                return Ok(());
            }
        }
        let decision = (decision_id(&self.id, act, source, sale), act, self.note.as_str());
        store::decide(tx, (program, source, sale), &[decision], self.now).await?;
        Ok(())
    }
}

/// Whether a sale is held by a person, or by another signal that is open. `decisions` are ids and
/// acts, in order.
fn held_otherwise(signal: &str, decisions: &[(String, String)], open: &BTreeSet<String>) -> bool {
    let mut holds: Vec<&str> = Vec::new();
    for (id, act) in decisions {
        match act.as_str() {
            HOLD => holds.push(id),
            RELEASE | "approve" => holds.clear(),
            _ => {}
        }
    }
    let by = |id: &str| id.splitn(3, '_').take(2).collect::<Vec<_>>().join("_");
    holds
        .into_iter()
        .map(by)
        .filter(|it| it != signal)
        .any(|it| !it.starts_with("frd_") || open.contains(&it))
}

fn resolved_otherwise(signal: &Signal) -> Error {
    let message =
        format!("the signal `{}` was decided before: {}", signal.id, signal.state.as_str());
    Error::Precondition { reason: Reason::FraudSignalResolved, message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(decisions: &[(&str, &str)], open: &[&str]) -> bool {
        let decisions: Vec<_> =
            decisions.iter().map(|(id, act)| ((*id).to_owned(), (*act).to_owned())).collect();
        let open = open.iter().map(|it| (*it).to_owned()).collect();
        held_otherwise("frd_a", &decisions, &open)
    }

    #[test]
    fn a_sale_goes_on_when_nothing_else_holds_it() {
        let own = ("frd_a_hold_1_in_1", HOLD);
        let other = ("frd_b_hold_1_in_1", HOLD);
        assert!(!held(&[own], &[]));
        assert!(held(&[own, other], &["frd_b"]));
        assert!(!held(&[own, other], &[]), "the other was dismissed before");
        assert!(held(&[own, ("dec_1", HOLD)], &[]), "a person holds it");
        assert!(!held(&[("dec_1", HOLD), ("dec_2", "approve"), own], &[]));
    }
}
