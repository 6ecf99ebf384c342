//! The chart of accounts.

use std::fmt;

/// An account. The order is that of declaration: it decides which side of a pair is `low`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// Where charges wait for the invoices they pay.
    PaymentsClearing,
    /// Where refunds wait for the revenue or credit note they settle.
    RefundsClearing,
    /// Money on its way into the Stripe balance or out of it: what charges, refunds and payouts
    /// move and their balance transactions settle.
    StripePending,
    /// Money Stripe holds, by its own books.
    StripeBalance,
    /// Money paid out.
    Bank,
    /// Money that did not pass through Stripe.
    OffStripe,
    /// What customers owe on final invoices.
    Receivable,
    /// Invoiced, not yet earned.
    DeferredRevenue,
    /// Earned on invoices.
    Revenue,
    /// Earned without an invoice.
    OneOffRevenue,
    /// Contra revenue: refunds in no credit note.
    Refunds,
    /// Contra revenue: credit notes and voided invoices.
    CreditNotes,
    /// Contra revenue: withdrawn disputes.
    Disputes,
    /// What Stripe charges.
    StripeFees,
    /// What Stripe keeps back.
    Reserves,
    /// Tax owed, by tax rate id; empty where no payload names the rate.
    TaxPayable(String),
    /// What customers have as credit.
    CustomerCredit,
    /// What partners cost.
    CommissionExpense,
    /// Owed to one partner.
    PartnerPayable(String),
    /// Paid to partners.
    PaidOut,
    /// Between two currencies.
    Fx,
    /// Bad debt.
    WriteOff,
}

/// Accounts without a sub-account, by name.
const PLAIN: [(Account, &str); 20] = [
    (Account::PaymentsClearing, "payments_clearing"),
    (Account::RefundsClearing, "refunds_clearing"),
    (Account::StripePending, "stripe_pending"),
    (Account::StripeBalance, "stripe_balance"),
    (Account::Bank, "bank"),
    (Account::OffStripe, "off_stripe"),
    (Account::Receivable, "receivable"),
    (Account::DeferredRevenue, "deferred_revenue"),
    (Account::Revenue, "revenue"),
    (Account::OneOffRevenue, "one_off_revenue"),
    (Account::Refunds, "refunds"),
    (Account::CreditNotes, "credit_notes"),
    (Account::Disputes, "disputes"),
    (Account::StripeFees, "stripe_fees"),
    (Account::Reserves, "reserves"),
    (Account::CustomerCredit, "customer_credit"),
    (Account::CommissionExpense, "commission_expense"),
    (Account::PaidOut, "paid_out"),
    (Account::Fx, "fx"),
    (Account::WriteOff, "write_off"),
];

impl Account {
    /// The text form without the sub-account, such as `tax_payable`: a closed set.
    pub fn name(&self) -> &'static str {
        match self {
            Account::TaxPayable(_) => "tax_payable",
            Account::PartnerPayable(_) => "partner_payable",
            plain => PLAIN.iter().find(|(known, _)| known == plain).map_or("", |(_, name)| name),
        }
    }

    /// The tax rate or partner of a divided account; empty for every other.
    pub fn part(&self) -> &str {
        match self {
            Account::TaxPayable(part) | Account::PartnerPayable(part) => part,
            _ => "",
        }
    }

    /// The text form, such as `receivable` or `tax_payable:txr_1`; a part that is not known is
    /// left out with its colon.
    pub fn as_str(&self) -> std::borrow::Cow<'static, str> {
        match self.part() {
            "" => self.name().into(),
            part => format!("{}:{part}", self.name()).into(),
        }
    }

    /// The account of that text form.
    pub fn parse(text: &str) -> Option<Account> {
        let (name, part) = text.split_once(':').unwrap_or((text, ""));
        match name {
            "tax_payable" => Some(Account::TaxPayable(part.to_owned())),
            "partner_payable" => Some(Account::PartnerPayable(part.to_owned())),
            _ => PLAIN.iter().find(|(_, known)| *known == text).map(|(account, _)| account.clone()),
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_account_reads_back_as_written() {
        let divided = ["", "txr_1", "a:b"];
        let taxes = divided.map(|part| Account::TaxPayable(part.to_owned()));
        let partners = divided.map(|part| Account::PartnerPayable(part.to_owned()));
        let plain = PLAIN.into_iter().map(|(account, _)| account);
        for account in plain.chain(taxes).chain(partners) {
            assert_eq!(Account::parse(&account.as_str()), Some(account));
        }
        assert_eq!(Account::TaxPayable("txr_1".into()).to_string(), "tax_payable:txr_1");
        assert_eq!(Account::parse("receivable:x"), None);
        assert_eq!(Account::parse(""), None);
    }
}
