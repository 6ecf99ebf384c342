//! What is due to a partner, and what a payout takes in.

use super::commission::Key;
use super::terms::Terms;
use crate::ledger::LedgerError;
use crate::ledger::amount::{add, sum};
use crate::money::Currency;
use std::collections::BTreeMap;

/// A commission row as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The row's id.
    pub id: String,
    /// What it is.
    pub key: Key,
    /// Signed.
    pub amount: i64,
    /// Whether a payout has it: one that failed gives it back.
    pub claimed: bool,
}

/// What is known of a partner's tax status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TaxProfile {
    /// Nothing: no payout.
    #[default]
    None,
    /// Form W-9.
    W9,
    /// Form W-8BEN, for a person.
    W8Ben,
    /// Form W-8BEN-E, for a company.
    W8BenE,
    /// The business has found that no form is needed.
    NotRequired,
}

impl TaxProfile {
    /// Every status.
    pub const ALL: [TaxProfile; 5] = [
        TaxProfile::None,
        TaxProfile::W9,
        TaxProfile::W8Ben,
        TaxProfile::W8BenE,
        TaxProfile::NotRequired,
    ];

    /// The name in databases and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            TaxProfile::None => "none",
            TaxProfile::W9 => "w9",
            TaxProfile::W8Ben => "w8ben",
            TaxProfile::W8BenE => "w8ben_e",
            TaxProfile::NotRequired => "not_required",
        }
    }

    /// The status of that name.
    pub fn parse(name: &str) -> Option<TaxProfile> {
        TaxProfile::ALL.into_iter().find(|profile| profile.as_str() == name)
    }
}

/// A partner, so far as it decides a payout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Payee {
    /// The tax status.
    pub tax: TaxProfile,
    /// How many of the partner's customers have paid.
    pub paying_customers: i64,
    /// Whether a payout was sent to the partner before.
    pub paid_before: bool,
}

/// A payout to make: all the rows it takes in, and their sum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// The ids of the rows, ascending.
    pub items: Vec<String>,
    /// What is paid: more than nothing.
    pub amount: i64,
}

/// What becomes of what is due in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is paid.
    Pay(Batch),
    /// It is less than nothing or than the minimum, and is carried to the next payout.
    Carried {
        /// What is due.
        due: i64,
        /// What must be due.
        minimum: i64,
    },
    /// The partner has no tax profile.
    NoTaxProfile {
        /// What is due.
        due: i64,
    },
    /// Too few customers have paid for a first payout.
    TooFewCustomers {
        /// What is due.
        due: i64,
        /// How many must have paid.
        minimum: i64,
    },
}

/// Whether a spreadsheet would take a text for a formula: it begins with `=`, `+`, `-`, `@`, a tab or a
/// carriage return.
pub fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// The rows that are due.
///
/// Of a sale whose rest, all that no payout has, is more than nothing: the rest, where it is payable. Of
/// one whose rest is less than nothing, because more was paid than is left of it, or because with tiers
/// of a period it takes back what others have earned: the rest, whatever its state and hold. Of one whose
/// rest is nothing: nothing, so that no payout keeps a decision on it from being undone.
pub fn due(
    entries: &[Entry],
    is_payable: impl Fn(&str) -> bool,
) -> Result<Vec<&Entry>, LedgerError> {
    let mut sales: BTreeMap<(&str, Currency), Vec<&Entry>> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| !entry.claimed) {
        sales.entry((&entry.key.sale, entry.key.currency)).or_default().push(entry);
    }
    let mut due = Vec::new();
    for ((sale, _), rows) in sales {
        let rest = sum(rows.iter().map(|row| row.amount))?;
        if rest < 0 || (rest > 0 && is_payable(sale)) {
            due.extend(rows);
        }
    }
    Ok(due)
}

/// What becomes of the rows of one partner, by currency; a currency in which nothing is due is left
/// out. `is_payable` says of a sale whether what is left of its commission may be paid by its state, and
/// is past its hold.
pub fn batches(
    terms: &Terms,
    payee: Payee,
    entries: &[Entry],
    is_payable: impl Fn(&str) -> bool,
) -> Result<BTreeMap<Currency, Outcome>, LedgerError> {
    let mut batches: BTreeMap<Currency, Batch> = BTreeMap::new();
    for entry in due(entries, is_payable)? {
        let batch = batches.entry(entry.key.currency).or_default();
        batch.amount = add(batch.amount, entry.amount)?;
        batch.items.push(entry.id.clone());
    }
    let outcome = |(currency, batch)| (currency, outcome(terms, payee, currency, batch));
    Ok(batches.into_iter().map(outcome).collect())
}

fn outcome(terms: &Terms, payee: Payee, currency: Currency, mut batch: Batch) -> Outcome {
    let due = batch.amount;
    let minimum = terms.minimum_payout.get(&currency).copied().unwrap_or(0).max(1);
    let needed = terms.minimum_customers;
    if due < minimum {
        Outcome::Carried { due, minimum }
    } else if payee.tax == TaxProfile::None {
        Outcome::NoTaxProfile { due }
    } else if !payee.paid_before && payee.paying_customers < needed {
        Outcome::TooFewCustomers { due, minimum: needed }
    } else {
        batch.items.sort();
        Outcome::Pay(batch)
    }
}

#[cfg(test)]
mod tests {
    use super::super::commission::Kind;
    use super::*;
    use crate::time::Timestamp;

    fn usd() -> Currency {
        Currency::parse("usd").unwrap()
    }

    fn entry(id: &str, sale: &str, amount: i64, claimed: bool) -> Entry {
        let kind = if amount < 0 { Kind::Reversed } else { Kind::Earned };
        let key = Key { sale: sale.into(), kind, occurred: Timestamp(0), currency: usd() };
        Entry { id: id.into(), key, amount, claimed }
    }

    fn paid(terms: &Terms, payee: Payee, entries: &[Entry]) -> Option<Outcome> {
        let mut all = batches(terms, payee, entries, |sale| sale.starts_with("old")).unwrap();
        all.remove(&usd())
    }

    const PAYEE: Payee = Payee { tax: TaxProfile::W8Ben, paying_customers: 1, paid_before: false };

    fn pay(items: &[&str], amount: i64) -> Option<Outcome> {
        let items = items.iter().map(|it| (*it).to_owned()).collect();
        Some(Outcome::Pay(Batch { items, amount }))
    }

    #[test]
    fn what_is_due_is_paid_once() {
        let terms = Terms::percent(usd(), 2_000);
        let entries = [
            entry("c", "old2", 500, false),
            entry("a", "old1", 2_000, false),
            entry("b", "old1", -600, false),
            entry("d", "old3", 900, true),
            entry("e", "new1", 700, false),
        ];
        assert_eq!(paid(&terms, PAYEE, &entries), pay(&["a", "b", "c"], 1_900));
    }

    #[test]
    fn a_reversal_of_what_was_paid_skips_the_hold() {
        let terms = Terms::percent(usd(), 2_000);
        let entries = [
            entry("a", "held", 2_000, true),
            entry("b", "held", -2_000, false),
            entry("c", "old1", 3_000, false),
        ];
        assert_eq!(paid(&terms, PAYEE, &entries), pay(&["b", "c"], 1_000));
    }

    #[test]
    fn a_reversal_of_what_still_waits_takes_nothing_from_other_sales() {
        let terms = Terms::percent(usd(), 2_000);
        let entries = [
            entry("a", "new1", 2_000, false),
            entry("b", "new1", -600, false),
            entry("c", "old1", 3_000, false),
        ];
        assert_eq!(paid(&terms, PAYEE, &entries), pay(&["c"], 3_000));
    }

    #[test]
    fn a_rest_of_nothing_is_in_no_payout() {
        let terms = Terms::percent(usd(), 2_000);
        let entries = [
            entry("a", "old1", 2_000, false),
            entry("b", "old1", -2_000, false),
            entry("c", "old2", 500, false),
        ];
        assert_eq!(paid(&terms, PAYEE, &entries), pay(&["c"], 500));
    }

    #[test]
    fn a_payout_is_never_below_zero_nor_below_the_minimum() {
        let mut terms = Terms::percent(usd(), 2_000);
        let carried = |due, minimum| Some(Outcome::Carried { due, minimum });
        let lost = [entry("a", "old1", 1_470, true), entry("b", "old1", -1_470, false)];
        assert_eq!(paid(&terms, PAYEE, &lost), carried(-1_470, 1));
        terms.minimum_payout.insert(usd(), 5_000);
        assert_eq!(paid(&terms, PAYEE, &[entry("a", "old1", 4_999, false)]), carried(4_999, 5_000));
        assert_eq!(paid(&terms, PAYEE, &[entry("a", "old1", 5_000, false)]), pay(&["a"], 5_000));
        assert_eq!(paid(&terms, PAYEE, &[entry("a", "new1", 5_000, false)]), None);
    }

    #[test]
    fn nobody_is_paid_without_a_tax_profile_or_customers() {
        let mut terms = Terms::percent(usd(), 2_000);
        let entries = [entry("a", "old1", 100, false)];
        let nobody = Payee { tax: TaxProfile::None, ..PAYEE };
        assert_eq!(paid(&terms, nobody, &entries), Some(Outcome::NoTaxProfile { due: 100 }));
        terms.minimum_customers = 2;
        let few = Some(Outcome::TooFewCustomers { due: 100, minimum: 2 });
        assert_eq!(paid(&terms, PAYEE, &entries), few);
        assert_eq!(paid(&terms, Payee { paid_before: true, ..PAYEE }, &entries), pay(&["a"], 100));
        for profile in TaxProfile::ALL {
            assert_eq!(TaxProfile::parse(profile.as_str()), Some(profile));
        }
    }
}
