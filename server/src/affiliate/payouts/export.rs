//! A batch as a file for who pays.

use super::csv::{Format, Line, file};
use super::{LeftOut, lock, store, unknown_batch};
use crate::db::Tx;
use crate::error::{Error, Reason};
use crate::once::Act;
use crate::privacy::{Names, partners};
use std::collections::BTreeMap;
use takings_core::affiliate::payout::is_formula;
use takings_core::money::Currency;

/// A file that is asked for.
#[derive(Debug)]
pub(in crate::affiliate) struct Export {
    pub(super) batch: String,
    pub(super) format: Format,
    /// Only this currency.
    pub(super) currency: Option<Currency>,
}

/// The file. It names persons and accounts.
pub(in crate::affiliate) struct File {
    pub(super) name: String,
    pub(super) content: Vec<u8>,
    pub(super) payouts: i64,
    pub(super) totals: BTreeMap<Currency, i64>,
    /// Open payouts of the format that are not in it.
    pub(super) left_out: Vec<LeftOut>,
    /// Whom it names.
    pub(super) partners: Names,
}

impl Act for Export {
    type Done = File;

    fn names(file: &File) -> Names {
        file.partners.clone()
    }

    async fn run(&self, tx: &mut Tx<'_>) -> Result<File, Error> {
        let Export { batch, format, currency } = self;
        let program = store::program_of(tx, batch).await?.ok_or_else(|| unknown_batch(batch))?;
        lock(tx, &program).await?;
        let mut lines = store::lines(tx, batch, format.method()).await?;
        lines.retain(|line| currency.is_none_or(|only| line.currency == only));
        // Of before such accounts were refused: no file must run a formula, and no account be changed.
        let (formulas, lines): (Vec<Line>, Vec<Line>) =
            lines.into_iter().partition(|line| is_formula(&line.account));
        let totals = totals(&lines)?;
        if format.is_of_one_currency() && totals.len() > 1 {
            return Err(several(totals.keys()));
        }
        if lines.is_empty() {
            return Err(nothing_to_export(*format, &formulas));
        }
        store::send(tx, lines.iter().map(|line| line.payout.as_str())).await?;
        Ok(File {
            name: format!("{batch}-{}.csv", format.method()),
            content: file(*format, &lines).into_bytes(),
            payouts: i64::try_from(lines.len()).map_err(Error::internal)?,
            totals,
            left_out: formulas.into_iter().map(left_out).collect(),
            partners: partners::names(lines.iter().map(|line| line.partner.as_str())),
        })
    }
}

fn totals(lines: &[Line]) -> Result<BTreeMap<Currency, i64>, Error> {
    let mut totals: BTreeMap<Currency, i64> = BTreeMap::new();
    for line in lines {
        let total = totals.entry(line.currency).or_default();
        let sum = total.checked_add(line.amount);
        *total = sum.ok_or_else(|| Error::internal("the sum of a file leaves 64 bits"))?;
    }
    Ok(totals)
}

fn several<'c>(currencies: impl Iterator<Item = &'c Currency>) -> Error {
    let names: Vec<String> = currencies.map(|currency| currency.iso()).collect();
    let message = format!(
        "a file of this format holds one currency, and the batch has {}: name one, and export again \
         for the next",
        names.join(", ")
    );
    Error::invalid(Reason::InvalidField, "currency_code", message)
}

fn left_out(Line { partner, currency, amount, .. }: Line) -> LeftOut {
    LeftOut { partner, currency, amount, reason: "formula_account".to_owned() }
}

fn nothing_to_export(format: Format, formulas: &[Line]) -> Error {
    let message = match formulas.first() {
        None => format!(
            "no payout of the batch is open, made for `{0}` and of a partner who is still paid by \
             `{0}`",
            format.method()
        ),
        Some(Line { partner, .. }) => format!(
            "a spreadsheet would take the payout account of `{partner}` for a formula: give another \
             one by UpdatePartner, and export again"
        ),
    };
    Error::Precondition { reason: Reason::NothingDue, message }
}
