//! A batch is made.

use super::due::{self, Candidate};
use super::{Batch, LeftOut, Payout, State, Sums, lock, store};
use crate::affiliate::{new_id, partners, programs};
use crate::db::Tx;
use crate::error::{Error, Reason};
use crate::once::Act;
use std::collections::{BTreeMap, BTreeSet};
use takings_core::affiliate::payout::Outcome;
use takings_core::money::Currency;
use takings_core::time::Timestamp;

/// How many partners' commissions are read at once.
const CHUNK: usize = 200;
/// How many of those left out are named.
const MOST_LEFT_OUT: usize = 1_000;

/// A batch that is to be made.
#[derive(Debug)]
pub(in crate::affiliate) struct Create {
    pub(super) now: Timestamp,
    pub(super) program: String,
    pub(super) through: Timestamp,
    /// Only these partners; empty: all.
    pub(super) partners: BTreeSet<String>,
    /// Only partners paid in this way.
    pub(super) method: Option<&'static str>,
    /// Only this currency.
    pub(super) currency: Option<Currency>,
}

/// A payout, and the commissions it is to claim.
#[derive(Debug)]
struct Plan {
    payout: Payout,
    items: Vec<String>,
}

impl Act for Create {
    type Done = Batch;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Batch, Error> {
        programs::load(tx, &self.program).await?;
        lock(tx, &self.program).await?;
        self.know_partners(tx).await?;
        let mut batch = Batch {
            id: new_id("pob"),
            program: self.program.clone(),
            through: self.through,
            left_out: Vec::new(),
            created_at: self.now,
            sums: Sums::default(),
        };
        let mut plans = self.plans(tx, &mut batch).await?;
        if plans.is_empty() {
            return Err(nothing_due(&batch.left_out));
        }
        claim(tx, &mut plans).await?;
        let payouts: Vec<Payout> = plans.into_iter().map(|plan| plan.payout).collect();
        batch.sums = sums(&payouts)?;
        store::insert(tx, &batch, &payouts).await?;
        Ok(batch)
    }
}

impl Create {
    /// Partners that are named must be the program's.
    async fn know_partners(&self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let known = store::known(tx, &self.program, &self.partners).await?;
        match self.partners.difference(&known).next() {
            Some(missing) => Err(partners::unknown(missing)),
            None => Ok(()),
        }
    }

    /// The payouts to make; who has something due and gets none is noted in the batch.
    async fn plans(&self, tx: &mut Tx<'_>, batch: &mut Batch) -> Result<Vec<Plan>, Error> {
        let mut plans = Vec::new();
        let asked = |it: &Candidate| {
            (self.partners.is_empty() || self.partners.contains(&it.partner))
                && self.method.is_none_or(|method| it.method.as_deref() == Some(method))
        };
        let mut candidates = store::candidates(tx, &self.program).await?;
        candidates.retain(asked);
        for chunk in candidates.chunks(CHUNK) {
            let names: Vec<&str> = chunk.iter().map(|it| it.partner.as_str()).collect();
            let open = due::open(tx, &self.program, &names, self.currency, self.through).await?;
            for candidate in chunk {
                let Some(open) = open.get(&candidate.partner) else { continue };
                for (currency, outcome) in candidate.outcomes(open)? {
                    match plan(batch, candidate, currency, outcome) {
                        Ok(plan) => plans.push(plan),
                        Err(left_out) => batch.left_out.extend(left_out),
                    }
                }
            }
        }
        batch.left_out.truncate(MOST_LEFT_OUT);
        Ok(plans)
    }
}

/// What a partner gets in one currency, or why nothing; a sum of nothing needs no reason.
fn plan(
    batch: &Batch,
    candidate: &Candidate,
    currency: Currency,
    outcome: Outcome,
) -> Result<Plan, Option<LeftOut>> {
    let partner = &candidate.partner;
    let left_out = |amount: i64, reason: &str| {
        let (partner, reason) = (partner.clone(), reason.to_owned());
        Err((amount != 0).then_some(LeftOut { partner, currency, amount, reason }))
    };
    match outcome {
        Outcome::Pay(due) if candidate.method.is_some() => {
            let payout = Payout {
                id: new_id("pay"),
                batch: batch.id.clone(),
                program: batch.program.clone(),
                partner: partner.clone(),
                currency,
                amount: due.amount,
                commissions: 0,
                state: State::Approved,
                method: candidate.method.clone(),
                reference: String::new(),
                failure_reason: String::new(),
                settled_at: None,
            };
            Ok(Plan { payout, items: due.items })
        }
        Outcome::Pay(due) => left_out(due.amount, "no_payout_method"),
        Outcome::Carried { due, .. } if due < 0 => left_out(due, "negative"),
        Outcome::Carried { due, .. } => left_out(due, "below_minimum"),
        Outcome::NoTaxProfile { due } => left_out(due, "no_tax_profile"),
        Outcome::TooFewCustomers { due, .. } => left_out(due, "too_few_customers"),
    }
}

/// Claims every commission of every plan by one update. An amount is the sum of what was claimed;
/// where that is not all that was read, everything begins anew.
async fn claim(tx: &mut Tx<'_>, plans: &mut [Plan]) -> Result<(), Error> {
    let items = plans
        .iter()
        .flat_map(|plan| plan.items.iter().map(|item| (item.as_str(), plan.payout.id.as_str())));
    let claimed = store::claim(tx, items).await?;
    let mut sums: BTreeMap<String, (i64, i64)> = BTreeMap::new();
    for (payout, amount) in claimed {
        let (count, sum) = sums.entry(payout).or_default();
        *count += 1;
        *sum = sum.checked_add(amount).ok_or_else(too_large)?;
    }
    for Plan { payout, items } in plans {
        let (count, sum) = sums.get(&payout.id).copied().unwrap_or_default();
        if usize::try_from(count) != Ok(items.len()) || sum <= 0 {
            return Err(Error::Conflict);
        }
        (payout.commissions, payout.amount) = (count, sum);
    }
    Ok(())
}

fn sums(payouts: &[Payout]) -> Result<Sums, Error> {
    let mut sums = Sums::default();
    for payout in payouts {
        sums.payouts += 1;
        sums.open += 1;
        let total = sums.totals.entry(payout.currency).or_default();
        *total = total.checked_add(payout.amount).ok_or_else(too_large)?;
    }
    Ok(sums)
}

fn too_large() -> Error {
    Error::internal("the sum of a payout batch leaves 64 bits")
}

fn nothing_due(left_out: &[LeftOut]) -> Error {
    let message = match left_out.len() {
        0 => "nothing is due: look at ListCommissions".to_owned(),
        some => {
            let LeftOut { partner, reason, .. } = &left_out[0];
            format!("nothing can be paid out: {some} left out, such as `{partner}`: {reason}")
        }
    };
    Error::Precondition { reason: Reason::NothingDue, message }
}
