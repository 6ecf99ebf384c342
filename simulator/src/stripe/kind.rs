//! The kinds of objects, their paths, and the filters of their lists.

/// What an account holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Customer,
    Product,
    Price,
    Coupon,
    PromotionCode,
    Discount,
    Subscription,
    Invoice,
    InvoiceItem,
    InvoicePayment,
    PaymentIntent,
    PaymentMethod,
    SetupIntent,
    Charge,
    Refund,
    CreditNote,
    Dispute,
    Transaction,
    CustomerTransaction,
    Payout,
    Event,
    Session,
    PortalSession,
    Endpoint,
    Clock,
}

use Kind::{
    Charge, Clock, Coupon, CreditNote, Customer, CustomerTransaction, Discount, Dispute, Endpoint,
    Event, Invoice, InvoiceItem, InvoicePayment, PaymentIntent, PaymentMethod, Payout,
    PortalSession, Price, Product, PromotionCode, Refund, Session, SetupIntent, Subscription,
    Transaction,
};

/// Kind, path after `/v1/`, noun in errors, filters of its list that compare a rendered field.
type Row = (Kind, &'static str, &'static str, &'static [&'static str]);

const ROWS: [Row; 23] = [
    (Customer, "customers", "customer", &["email", "test_clock"]),
    (Product, "products", "product", &["active"]),
    (Price, "prices", "price", &["active", "currency", "product", "type"]),
    (Coupon, "coupons", "coupon", &[]),
    (PromotionCode, "promotion_codes", "promotion code", &["active", "code", "customer"]),
    (Subscription, "subscriptions", "subscription", &["collection_method", "test_clock"]),
    (Invoice, "invoices", "invoice", &["collection_method"]),
    (InvoiceItem, "invoiceitems", "invoiceitem", &["customer", "invoice"]),
    (InvoicePayment, "invoice_payments", "invoice_payment", &[]),
    (PaymentIntent, "payment_intents", "payment_intent", &["customer"]),
    (PaymentMethod, "payment_methods", "PaymentMethod", &["customer", "type"]),
    (SetupIntent, "setup_intents", "setupintent", &["customer", "payment_method"]),
    (Charge, "charges", "charge", &[]),
    (Refund, "refunds", "refund", &[]),
    (CreditNote, "credit_notes", "credit note", &[]),
    (Dispute, "disputes", "dispute", &[]),
    (Transaction, "balance_transactions", "balance transaction", &["currency", "type"]),
    (Payout, "payouts", "payout", &["destination", "status"]),
    (Event, "events", "event", &[]),
    (
        Session,
        "checkout/sessions",
        "checkout.session",
        &["customer", "payment_intent", "status", "subscription"],
    ),
    (PortalSession, "billing_portal/sessions", "billing_portal.session", &[]),
    (Endpoint, "webhook_endpoints", "webhook endpoint", &[]),
    (Clock, "test_helpers/test_clocks", "billing_clock", &[]),
];

impl Kind {
    /// The kind at the beginning of a path, and how many of its segments name it.
    pub(super) fn of_path(path: &[&str]) -> Option<(Self, usize)> {
        let fits = |row: &&Row| {
            let words: Vec<&str> = row.1.split('/').collect();
            path.starts_with(&words)
        };
        ROWS.iter().find(fits).map(|row| (row.0, row.1.split('/').count()))
    }

    fn row(self) -> Option<&'static Row> {
        ROWS.iter().find(|row| row.0 == self)
    }

    /// How errors call it.
    pub(super) fn noun(self) -> &'static str {
        self.row().map_or("object", |row| row.2)
    }

    /// The path of its list.
    pub(super) fn path(self) -> &'static str {
        self.row().map_or("", |row| row.1)
    }

    /// The filters of its list that compare a rendered field of the same name.
    pub(super) fn filters(self) -> &'static [&'static str] {
        self.row().map_or(&[], |row| row.3)
    }

    /// The kinds whose objects are kept as they were last told, by the start of their ids.
    pub(super) fn kept(id: &str) -> Option<Self> {
        let (prefix, _) = id.split_once('_')?;
        Some(match prefix {
            "pi" => PaymentIntent,
            "pm" => PaymentMethod,
            "cs" => Session,
            "inpay" => InvoicePayment,
            "seti" => SetupIntent,
            _ => return None,
        })
    }

    /// The filters of its list that need no rendering.
    pub(super) const fn quick_filters(self) -> &'static [&'static str] {
        match self {
            Subscription => &["customer", "price", "status"],
            Invoice => &["customer", "status", "subscription"],
            Charge => &["customer", "payment_intent"],
            Refund | Dispute => &["charge", "payment_intent"],
            CreditNote => &["customer", "invoice"],
            Transaction => &["payout", "source"],
            InvoicePayment => &["invoice", "payment", "status"],
            Event => &["delivery_success", "type", "types"],
            _ => &[],
        }
    }

    /// Kinds the account holds none of itself: they are read out of the world.
    pub(super) const OF_WORLD: [Self; 14] = [
        Customer,
        Product,
        Price,
        Coupon,
        Discount,
        Subscription,
        Invoice,
        Charge,
        Refund,
        CreditNote,
        Dispute,
        Transaction,
        CustomerTransaction,
        Payout,
    ];
}
