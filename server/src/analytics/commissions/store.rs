//! Sums of commissions: from the ledger's roll-ups, and from an index of what was taken back.

use crate::db::Database;
use crate::error::Error;
use takings_core::money::Currency;

/// What commissions add up to.
#[derive(Debug, Default)]
pub(in crate::analytics) struct Sums {
    /// `earned`, what is left of all commissions; `payable`, what is owed; `back`, all that was
    /// taken back: in minor units of a currency.
    pub(in crate::analytics) amounts: Vec<(String, Currency, i64)>,
    /// How many customers are bound to partners.
    pub(in crate::analytics) customers: i64,
}

const AMOUNTS: &str = "select 'earned' as kind, currency, cast(sum(amount) as bigint) as amount
     from rollups where family = 'ledger' and grain = 0 and name = 'commission_expense'
     group by currency
     union all
     select 'payable', currency, cast(-sum(amount) as bigint)
     from rollups where family = 'ledger' and grain = 0
       and name >= 'partner_payable:' and name < 'partner_payable;'
     group by currency
     union all
     select 'back', currency, cast(-sum(amount) as bigint)
     from commissions where amount < 0 group by currency";

/// Reads the sums.
pub(in crate::analytics) async fn sums(database: &Database) -> Result<Sums, Error> {
    let mut sums = Sums::default();
    for row in database.fetch("commission_sums", AMOUNTS, Vec::new()).await? {
        let (kind, code): (String, String) = (row.try_get_by_index(0)?, row.try_get_by_index(1)?);
        let Ok(currency) = Currency::parse(&code) else { continue };
        sums.amounts.push((kind, currency, row.try_get_by_index(2)?));
    }
    let count = "select count(*) as customers from bindings";
    if let Some(row) = database.fetch("bindings_count", count, Vec::new()).await?.first() {
        sums.customers = row.try_get_by_index(0)?;
    }
    Ok(sums)
}
