//! A customer's credit balance, whose changes no event of their own tells.

use crate::model::Credit;
use crate::world::World;

impl World {
    /// Changes a balance; below zero the customer has credit.
    pub(crate) fn credit(
        &mut self,
        customer: usize,
        amount: i64,
        kind: &'static str,
        invoice: Option<usize>,
        note: Option<usize>,
    ) {
        let owner = &mut self.customers[customer];
        owner.balance += amount;
        // A note names its transaction, so the id is made of the note's.
        let id = match note {
            Some(note) => format!("cbtxn_{}", &self.notes[note].id[3..]),
            None => format!("cbtxn_{:024}", self.credits.len()),
        };
        self.credits.push(Credit {
            id,
            customer,
            created: self.now,
            kind,
            amount,
            ending: owner.balance,
            currency: owner.currency.unwrap_or("usd"),
            invoice,
            note,
        });
    }
}
