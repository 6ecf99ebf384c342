//! Commands that give money back.

use super::call::{Call, get, text};
use crate::error::{Error, Reason};
use crate::stripe::Account;
use serde::Serialize;
use serde_json::json;
use takings_core::money::Currency;

/// A refund.
#[derive(Debug, Serialize)]
pub(super) struct Create {
    pub(super) charge: Option<String>,
    pub(super) payment_intent: Option<String>,
    /// All that is left, where it is not said.
    pub(super) amount: Option<i64>,
    /// In upper case.
    pub(super) currency: Option<String>,
    pub(super) reason: Option<String>,
}

impl Create {
    pub(super) async fn call(&self, account: &Account) -> Result<Call, Error> {
        self.check_currency(account).await?;
        let form = json!({
            "charge": self.charge,
            "payment_intent": self.payment_intent,
            "amount": self.amount,
            "reason": self.reason,
        });
        // Events of old accounts tell of the charge alone, and money is worth a mark.
        let filter = json!({ "charge": self.charge, "payment_intent": self.payment_intent });
        Ok(Call::marked("/refunds", form, filter))
    }

    /// Stripe is told a number alone, so a number of another currency is refused here.
    async fn check_currency(&self, account: &Account) -> Result<(), Error> {
        let Some(wanted) = &self.currency else { return Ok(()) };
        let path = match (&self.charge, &self.payment_intent) {
            (Some(id), _) => format!("/charges/{id}"),
            (None, Some(id)) => format!("/payment_intents/{id}"),
            (None, None) => return Ok(()),
        };
        let paid = get(&account.client, &path).await?.body;
        let paid = Currency::parse(text(&paid, "currency")).map_err(Error::internal)?.iso();
        if paid == *wanted {
            return Ok(());
        }
        let message = format!("the payment was in {paid}, so a refund is in {paid}, not {wanted}");
        Err(Error::invalid(Reason::InvalidField, "amount", message))
    }
}
