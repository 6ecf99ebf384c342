//! The ledger as it is kept by whoever acts: each act posts what it does, when it does it.

use std::collections::BTreeMap;

use crate::calendar::day;
use crate::exact::{share, split};
use crate::model::{Invoice, Reversal};

/// Final balances and the two revenue series.
#[derive(Default)]
pub(crate) struct Books {
    balances: BTreeMap<(&'static str, &'static str), i64>,
    gross: BTreeMap<(&'static str, i64), i64>,
    net: BTreeMap<(&'static str, i64), i64>,
}

impl Books {
    /// Debits one account and credits another.
    pub(crate) fn post(
        &mut self,
        debit: &'static str,
        credit: &'static str,
        currency: &'static str,
        amount: i64,
    ) {
        *self.balances.entry((debit, currency)).or_default() += amount;
        *self.balances.entry((credit, currency)).or_default() -= amount;
    }

    /// Money came in: gross and net alike.
    pub(crate) fn earn(&mut self, currency: &'static str, at: i64, amount: i64) {
        *self.gross.entry((currency, day(at))).or_default() += amount;
        self.lose(currency, at, -amount);
    }

    /// Money went back: net only.
    pub(crate) fn lose(&mut self, currency: &'static str, at: i64, amount: i64) {
        *self.net.entry((currency, day(at))).or_default() -= amount;
    }

    /// The balances, without the accounts that stand at zero.
    pub(crate) fn balances(&self) -> BTreeMap<(String, String), i64> {
        let owned = |((account, currency), sum): (&(&str, &str), &i64)| {
            (((*account).to_owned(), (*currency).to_owned()), *sum)
        };
        self.balances.iter().filter(|(_, sum)| **sum != 0).map(owned).collect()
    }

    /// Gross, then net, without the days that sum to zero.
    pub(crate) fn revenue(&self) -> [BTreeMap<(String, i64), i64>; 2] {
        [&self.gross, &self.net].map(|series| {
            let rows = series.iter().filter(|(_, sum)| **sum != 0);
            rows.map(|((currency, day), sum)| (((*currency).to_owned(), *day), *sum)).collect()
        })
    }
}

/// Takes `amount` without tax out of an invoice's lines: what was earned by then becomes contra
/// revenue, what was not yet leaves deferred revenue.
pub(crate) fn reverse(invoice: &mut Invoice, amount: i64, at: i64) -> Reversal {
    let nets: Vec<i64> = invoice.lines.iter().map(|line| invoice.net(line)).collect();
    let standing: i64 = invoice.lines.iter().map(|line| line.reversed).sum();
    let taken = amount.min(nets.iter().sum::<i64>() - standing).max(0);
    let parts = split(taken, &nets);
    let mut earned = 0;
    for (line, part) in invoice.lines.iter_mut().zip(&parts) {
        let days = day(line.period.1) - day(line.period.0);
        let gone = (day(at) - day(line.period.0) + 1).clamp(0, days.max(0));
        earned += if days <= 0 { *part } else { share(*part, gone, days) };
        line.reversed += part;
    }
    Reversal { contra: earned + amount - taken, deferred: taken - earned, parts, net: 0 }
}

/// Gives the lines back what a reversal had taken.
pub(crate) fn restore(invoice: &mut Invoice, reversal: &Reversal) {
    for (line, part) in invoice.lines.iter_mut().zip(&reversal.parts) {
        line.reversed -= part;
    }
}
