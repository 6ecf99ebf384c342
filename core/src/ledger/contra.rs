//! What lowers the revenue of one invoice: bare refunds, disputes, credit notes, voiding.
//!
//! Each takes its share out of what is still to be earned, the rest is contra revenue. They are
//! taken in order of time, then of object id; undoing one gives back exactly what it took.

use super::Account;
use super::amount::{Result, add, neg, part, parts, sub, sum};
use super::bill::{Bill, Dated};
use super::credit_note::Note;
use super::journal::{Entry, Journal, Side};
use super::receivable::Receivable;
use super::recognition::{Reversal, Schedule};
use super::returned::Return;
use super::revenue::Series;
use super::transfer::TransferKind;
use crate::billing::facts::Seconds;
use std::collections::BTreeMap;

/// The reversals of one invoice under way.
struct Contra<'a, 'b> {
    bill: &'b Bill<'a>,
    schedule: Schedule,
    /// Shares without tax of what is returned.
    series: Series<'a>,
    /// What stands of each refund and dispute: amount with tax and its reversal, newest last.
    standing: BTreeMap<&'a str, Vec<(i64, Reversal)>>,
    /// The credit notes that stand.
    notes: BTreeMap<&'a str, (Reversal, &'b Note<'a>)>,
}

enum Cause<'a, 'b> {
    Returned(&'b Return<'a>),
    Issued(&'b Note<'a>),
    Voided(&'b Note<'a>),
    Void(Dated<'a>),
}

impl<'a> Cause<'a, '_> {
    fn order(&self) -> (Seconds, &'a str) {
        match self {
            Cause::Returned(returned) => (returned.entry.second, returned.entry.object),
            Cause::Issued(note) => (note.issued.0, note.id),
            Cause::Voided(note) => (note.voided.unwrap_or(note.issued).0, note.id),
            // Behind everything else of its second: it takes what they leave.
            Cause::Void((second, _)) => (*second, "\u{10ffff}"),
        }
    }
}

/// Posts every reversal of one invoice, and answers what is left to earn.
pub(super) fn post<'a>(
    bill: &Bill<'a>,
    returns: &[&Return<'a>],
    notes: &[Note<'a>],
    receivable: &mut Receivable<'a>,
    journal: &mut Journal,
) -> Result<Schedule> {
    let returned = returns.iter().map(|returned| Cause::Returned(returned));
    let issued = notes.iter().map(Cause::Issued);
    let voided = notes.iter().filter(|note| note.voided.is_some()).map(Cause::Voided);
    let void = bill.voided.map(Cause::Void);
    let mut causes: Vec<Cause<'_, '_>> = returned.chain(issued).chain(voided).chain(void).collect();
    causes.sort_by_key(Cause::order);
    let (net, gross) = bill.without_tax();
    let mut contra = Contra {
        bill,
        schedule: Schedule::new(bill.finalized.0, &bill.lines),
        series: Series::new(net, gross),
        standing: BTreeMap::new(),
        notes: BTreeMap::new(),
    };
    for cause in causes {
        match cause {
            Cause::Returned(it) if it.bare < 0 => contra.give_back(it, journal)?,
            Cause::Returned(it) => contra.take(it, journal)?,
            Cause::Issued(note) => contra.issue(note, journal)?,
            Cause::Voided(note) => contra.unissue(note, journal)?,
            Cause::Void(voided) => contra.void(voided, receivable, journal)?,
        }
    }
    Ok(contra.schedule)
}

impl<'a, 'b> Contra<'a, 'b> {
    fn take(&mut self, returned: &Return<'a>, journal: &mut Journal) -> Result<()> {
        let Return { entry, way, bare, .. } = *returned;
        let net = self.series.share(entry.object, bare)?;
        let reversal = self.schedule.reverse(net, entry.second)?;
        let deferred = reversal.deferred()?;
        let debits = [(way.contra(), sub(bare, deferred)?), (Account::DeferredRevenue, deferred)];
        self.standing.entry(entry.object).or_default().push((bare, reversal));
        journal.spread(entry, way.transfer(), &debits, &[(way.counter(), bare)])
    }

    fn give_back(&mut self, returned: &Return<'a>, journal: &mut Journal) -> Result<()> {
        let Return { entry, way, .. } = *returned;
        let amount = neg(returned.bare)?;
        self.series.share(entry.object, returned.bare)?;
        let (mut rest, mut deferred) = (amount, 0);
        let standing = self.standing.entry(entry.object).or_default();
        while let Some((stands, mut reversal)) = standing.pop() {
            let undone = stands.min(rest);
            let back = self.schedule.undo(&mut reversal, (undone, stands), entry.second)?;
            deferred = add(deferred, back)?;
            rest = sub(rest, undone)?;
            if undone < stands {
                standing.push((sub(stands, undone)?, reversal));
                break;
            }
        }
        let credits =
            [(way.contra(), sub(amount, deferred)?), (Account::DeferredRevenue, deferred)];
        journal.spread(entry, way.transfer().undone(), &[(way.counter(), amount)], &credits)
    }

    fn issue(&mut self, note: &'b Note<'a>, journal: &mut Journal) -> Result<()> {
        let reversal = self.schedule.reverse(note.net, note.issued.0)?;
        note.post(reversal.deferred()?, journal)?;
        self.notes.insert(note.id, (reversal, note));
        Ok(())
    }

    fn unissue(&mut self, note: &Note<'a>, journal: &mut Journal) -> Result<()> {
        let (Some((mut reversal, _)), Some((second, _))) =
            (self.notes.remove(note.id), note.voided)
        else {
            return Ok(());
        };
        let deferred = self.schedule.undo(&mut reversal, (1, 1), second)?;
        note.post_undone(deferred, journal)
    }

    /// Voids what is still owed: its net share is reversed, its tax taken back by rate.
    fn void(
        &mut self,
        (second, event): Dated<'a>,
        receivable: &mut Receivable<'a>,
        journal: &mut Journal,
    ) -> Result<()> {
        let bill = self.bill;
        let entry = Entry { object: bill.id, currency: bill.currency, second, event };
        let owed = receivable.at(second)?;
        let (net, taxes) = self.left(owed)?;
        let reversal = self.schedule.reverse(net, second)?;
        let deferred = reversal.deferred()?;
        let contra = (Account::CreditNotes, sub(net, deferred)?);
        let mut debits = vec![contra, (Account::DeferredRevenue, deferred)];
        debits.extend(taxes);
        receivable.settle(second, event, owed)?;
        journal.spread(entry, TransferKind::Void, &debits, &[(Account::Receivable, owed)])
    }

    /// What `owed` consists of: an amount without tax, and tax by rate. Without payments, all
    /// that credit notes left of the invoice; else the share of it that is owed.
    fn left(&self, owed: i64) -> Result<(i64, Vec<Side>)> {
        let (mut net, mut taxes) = (self.bill.net, self.bill.taxes.clone());
        for (_, note) in self.notes.values() {
            net = sub(net, note.net)?;
            for (rate, amount) in &note.taxes {
                let known = taxes.entry(rate.clone()).or_default();
                *known = sub(*known, *amount)?;
            }
        }
        let weights: Vec<i64> = taxes.values().copied().collect();
        let whole = add(net, sum(weights.iter().copied())?)?;
        let net = if owed == whole { net } else { part(owed, net, whole)? };
        let tax = sub(owed, net)?;
        let shares = if owed == whole { weights } else { parts(tax, &weights) };
        let accounts = taxes.into_keys().map(Account::TaxPayable);
        let mut sides: Vec<Side> = accounts.zip(shares).collect();
        let missing = sub(tax, sum(sides.iter().map(|(_, amount)| *amount))?)?;
        sides.push((Account::TaxPayable(String::new()), missing));
        Ok((net, sides))
    }
}
