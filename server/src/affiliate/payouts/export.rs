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
    /// Open payouts of the format that are not in it, and why.
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
        let (lines, aside): (Vec<Line>, Vec<Line>) =
            lines.into_iter().partition(|line| against(line).is_none());
        let totals = totals(&lines)?;
        if format.is_of_one_currency() && totals.len() > 1 {
            return Err(several(totals.keys()));
        }
        if lines.is_empty() {
            return Err(nothing_to_export(*format, &aside));
        }
        store::send(tx, lines.iter().map(|line| line.payout.as_str())).await?;
        Ok(File {
            name: format!("{batch}-{}.csv", format.method()),
            content: file(*format, &lines).into_bytes(),
            payouts: i64::try_from(lines.len()).map_err(Error::internal)?,
            totals,
            left_out: aside.iter().filter_map(left_out).collect(),
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

const OTHER_METHOD: &str = "other_method";
const FORMULA: &str = "formula_account";

/// Why a payout of the format is not in the file: the account is of another method, or of before
/// accounts that look like formulas were refused. No file must run a formula, and no account be changed.
fn against(line: &Line) -> Option<&'static str> {
    match line {
        line if !line.is_of_method => Some(OTHER_METHOD),
        line if is_formula(&line.account) => Some(FORMULA),
        _ => None,
    }
}

fn left_out(line: &Line) -> Option<LeftOut> {
    let Line { partner, currency, amount, .. } = line;
    let reason = against(line)?.to_owned();
    Some(LeftOut { partner: partner.clone(), currency: *currency, amount: *amount, reason })
}

fn nothing_to_export(format: Format, aside: &[Line]) -> Error {
    let method = format.method();
    let first = aside.first().and_then(|line| Some((line, against(line)?)));
    let message = match first {
        None => format!(
            "no payout of the batch is open and made for `{method}`: a payout keeps the method of when \
             it was made"
        ),
        Some((Line { payout, partner, .. }, OTHER_METHOD)) => format!(
            "`{partner}` is not paid by `{method}` any more: end `{payout}` as failed by \
             SettlePayout, and make a new batch by CreatePayoutBatch"
        ),
        Some((Line { partner, .. }, _)) => format!(
            "a spreadsheet would take the payout account of `{partner}` for a formula: give another \
             one by UpdatePartner, and export again"
        ),
    };
    Error::Precondition { reason: Reason::NothingDue, message }
}
