//! Marks: what the facts seen so far cannot settle, and why.

use serde::{Deserialize, Serialize};

/// Why something is not yet settled. Each is lifted by a later fact or by a look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Two events of one second admit several histories, and nothing later decides.
    Tie,
    /// An update's previous values differ from the version before it: something was missed.
    MissedUpdate,
    /// A coupon's amount is known, but not the products it applies to.
    CouponScope,
    /// A discount or its coupon has not been seen.
    CouponUnknown,
    /// A tiered price: its tiers are in no payload.
    TieredPrice,
    /// The subscription bills in another currency than its price: the amount is in no payload.
    CurrencyOption,
    /// The list of lines or items was cut.
    CutList,
    /// The price includes tax, and no invoice line has shown the rate.
    InclusiveTaxUnknown,
    /// Money arrived, and nothing says what it was for.
    PaymentUnexplained,
    /// An invoice is paid, and nothing says with which money.
    PaymentMethodUnknown,
    /// A refund is known as an amount only; the refund itself was not seen.
    RefundUnseen,
    /// An object is named by others, but was not seen itself.
    ParentMissing,
    /// The balance transaction (fee, settlement) of a charge or refund was not looked up.
    FeeUnknown,
}

impl Reason {
    /// Every reason, in the order of declaration.
    pub const ALL: [Reason; 13] = [
        Reason::Tie,
        Reason::MissedUpdate,
        Reason::CouponScope,
        Reason::CouponUnknown,
        Reason::TieredPrice,
        Reason::CurrencyOption,
        Reason::CutList,
        Reason::InclusiveTaxUnknown,
        Reason::PaymentUnexplained,
        Reason::PaymentMethodUnknown,
        Reason::RefundUnseen,
        Reason::ParentMissing,
        Reason::FeeUnknown,
    ];

    /// The name in databases and metric labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Tie => "tie",
            Reason::MissedUpdate => "missed_update",
            Reason::CouponScope => "coupon_scope",
            Reason::CouponUnknown => "coupon_unknown",
            Reason::TieredPrice => "tiered_price",
            Reason::CurrencyOption => "currency_option",
            Reason::CutList => "cut_list",
            Reason::InclusiveTaxUnknown => "inclusive_tax_unknown",
            Reason::PaymentUnexplained => "payment_unexplained",
            Reason::PaymentMethodUnknown => "payment_method_unknown",
            Reason::RefundUnseen => "refund_unseen",
            Reason::ParentMissing => "parent_missing",
            Reason::FeeUnknown => "fee_unknown",
        }
    }

    /// The reason of that name.
    pub fn parse(name: &str) -> Option<Reason> {
        Reason::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

/// One mark on one object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Mark {
    /// The marked object's id.
    pub object: String,
    /// Why it is marked.
    pub reason: Reason,
}
