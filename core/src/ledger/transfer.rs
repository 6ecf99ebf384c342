//! Transfers: what moved from which account to which, and why.

use super::Account;
use super::amount::{Result, neg};
use crate::money::Currency;
use crate::time::Timestamp;

/// Why a transfer stands in the ledger. An `...Undone` kind mirrors what came to nothing later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TransferKind {
    /// A charge was captured.
    Charge,
    /// A captured charge failed after all.
    ChargeUndone,
    /// An invoice was finalised.
    Invoice,
    /// The customer's credit balance paid, or took up, a part of an invoice.
    CreditApplied,
    /// That part went back: the invoice was voided.
    CreditAppliedUndone,
    /// Money paid an invoice.
    InvoicePayment,
    /// An invoice payment was taken back.
    InvoicePaymentUndone,
    /// An invoice is paid, and nothing seen says with which money.
    UnexplainedPayment,
    /// An invoice no longer says that it was paid.
    UnexplainedPaymentUndone,
    /// A charge was a sale without an invoice.
    OneOff,
    /// Such a charge failed after all.
    OneOffUndone,
    /// A Checkout payment became the customer's credit.
    CheckoutCredit,
    /// Such a payment failed after all.
    CheckoutCreditUndone,
    /// Money was sent back.
    Refund,
    /// A refund failed or was canceled.
    RefundUndone,
    /// A refund in no credit note lowered revenue.
    BareRefund,
    /// Such a refund failed or was canceled.
    BareRefundUndone,
    /// A credit note was issued.
    CreditNote,
    /// A credit note was voided.
    CreditNoteUndone,
    /// A dispute took money.
    Dispute,
    /// A dispute gave money back.
    DisputeUndone,
    /// What a dispute cost.
    DisputeFee,
    /// The cost of a dispute was given back.
    DisputeFeeUndone,
    /// An invoice was voided.
    Void,
    /// An invoice was given up as uncollectible.
    Uncollectible,
    /// A debt given up was paid, lowered or voided.
    UncollectibleUndone,
    /// A month was closed: what it earned.
    Close,
    /// Money was sent to the bank.
    Payout,
    /// A payout failed or was canceled.
    PayoutUndone,
    /// A balance transaction moved the Stripe balance, and cost its fee.
    BalanceTransaction,
    /// A partner earned a commission, or, with the accounts turned, lost a part of it.
    Commission,
    /// What was owed to a partner was paid out.
    PartnerPayout,
}

/// Every kind, by name.
const NAMES: [(TransferKind, &str); 32] = {
    use TransferKind::*;
    [
        (Charge, "charge"),
        (ChargeUndone, "charge_undone"),
        (Invoice, "invoice"),
        (CreditApplied, "credit_applied"),
        (CreditAppliedUndone, "credit_applied_undone"),
        (InvoicePayment, "invoice_payment"),
        (InvoicePaymentUndone, "invoice_payment_undone"),
        (UnexplainedPayment, "unexplained_payment"),
        (UnexplainedPaymentUndone, "unexplained_payment_undone"),
        (OneOff, "one_off"),
        (OneOffUndone, "one_off_undone"),
        (CheckoutCredit, "checkout_credit"),
        (CheckoutCreditUndone, "checkout_credit_undone"),
        (Refund, "refund"),
        (RefundUndone, "refund_undone"),
        (BareRefund, "bare_refund"),
        (BareRefundUndone, "bare_refund_undone"),
        (CreditNote, "credit_note"),
        (CreditNoteUndone, "credit_note_undone"),
        (Dispute, "dispute"),
        (DisputeUndone, "dispute_undone"),
        (DisputeFee, "dispute_fee"),
        (DisputeFeeUndone, "dispute_fee_undone"),
        (Void, "void"),
        (Uncollectible, "uncollectible"),
        (UncollectibleUndone, "uncollectible_undone"),
        (Close, "close"),
        (Payout, "payout"),
        (PayoutUndone, "payout_undone"),
        (BalanceTransaction, "balance_transaction"),
        (Commission, "commission"),
        (PartnerPayout, "partner_payout"),
    ]
};

impl TransferKind {
    /// Every kind, in the order of declaration.
    pub fn all() -> impl Iterator<Item = TransferKind> {
        NAMES.into_iter().map(|(kind, _)| kind)
    }

    /// The name in databases and answers.
    pub fn as_str(self) -> &'static str {
        NAMES.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<TransferKind> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

    /// The kind that mirrors this one; itself where nothing undoes it.
    pub(super) fn undone(self) -> TransferKind {
        use TransferKind::*;
        match self {
            Charge => ChargeUndone,
            CreditApplied => CreditAppliedUndone,
            InvoicePayment => InvoicePaymentUndone,
            UnexplainedPayment => UnexplainedPaymentUndone,
            OneOff => OneOffUndone,
            CheckoutCredit => CheckoutCreditUndone,
            Refund => RefundUndone,
            BareRefund => BareRefundUndone,
            CreditNote => CreditNoteUndone,
            Dispute => DisputeUndone,
            DisputeFee => DisputeFeeUndone,
            Uncollectible => UncollectibleUndone,
            Payout => PayoutUndone,
            other => other,
        }
    }
}

/// What a transfer is: one per object, kind, accounts, currency and instant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransferKey {
    /// The object it belongs to: an invoice, charge, refund, ...
    pub object: String,
    /// Why it stands.
    pub kind: TransferKind,
    /// The account that gets.
    pub debit: Account,
    /// The account that gives.
    pub credit: Account,
    /// Currency of the amount.
    pub currency: Currency,
    /// Business time.
    pub occurred: Timestamp,
}

impl TransferKey {
    /// The key and sign under which a stored row of this key and `amount` is summed.
    pub fn signed(&self, amount: i64) -> (NetKey, i64) {
        let swapped = self.debit > self.credit;
        let (low, high) = if swapped {
            (self.credit.clone(), self.debit.clone())
        } else {
            (self.debit.clone(), self.credit.clone())
        };
        let key = NetKey {
            object: self.object.clone(),
            kind: self.kind,
            low,
            high,
            currency: self.currency,
            occurred: self.occurred,
        };
        (key, if swapped { amount.saturating_neg() } else { amount })
    }
}

/// A transfer whatever its direction. A net above zero debits `low` and credits `high`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetKey {
    /// The object it belongs to.
    pub object: String,
    /// Why it stands.
    pub kind: TransferKind,
    /// The pair's smaller account.
    pub low: Account,
    /// The pair's greater account.
    pub high: Account,
    /// Currency of the amount.
    pub currency: Currency,
    /// Business time.
    pub occurred: Timestamp,
}

impl NetKey {
    /// The transfer that a net stands for, its amount positive; `None` for zero.
    pub(super) fn transfer(self, net: i64) -> Result<Option<(TransferKey, i64)>> {
        if net == 0 {
            return Ok(None);
        }
        let NetKey { object, kind, low, high, currency, occurred } = self;
        let (debit, credit, amount) =
            if net > 0 { (low, high, net) } else { (high, low, neg(net)?) };
        Ok(Some((TransferKey { object, kind, debit, credit, currency, occurred }, amount)))
    }
}

/// How much, and by which observation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posting {
    /// Minor units.
    pub amount: i64,
    /// The event id of the moment that causes it. Not part of the target's identity: the same
    /// target by another observation is no difference.
    pub observation: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_as_written() {
        for (place, kind) in TransferKind::all().enumerate() {
            assert_eq!(kind as usize, place);
            assert_eq!(TransferKind::parse(kind.as_str()), Some(kind));
            assert_eq!(kind.undone().as_str().trim_end_matches("_undone"), {
                kind.as_str().trim_end_matches("_undone")
            });
        }
        assert_eq!(TransferKind::parse("unknown"), None);
    }
}
