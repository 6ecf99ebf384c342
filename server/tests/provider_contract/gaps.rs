//! What each stand-in does not cover. `docs/STAND_INS.md` shows the same table.

pub const SIMULATOR: &str = "simulator";
pub const STRIPE_MOCK: &str = "stripe-mock";
pub const LOCALSTRIPE: &str = "localstripe";

const FORGETS: &str = "it remembers neither keys nor ids";
const NO_KEYS: &str = "it does not look at idempotency keys";
const NO_PRICES: &str = "it knows plans, and no prices";
const NO_EXPAND: &str = "it refuses to expand what it does not have";
const NO_PATH: &str = "it has no such path";
const NO_RANGE: &str = "its list knows no range of seconds";
const NONE: &str = "it has none that could be asked for";

/// A stand-in, a step, and why it fails there.
pub const GAPS: [(&str, &str, &str); 55] = [
    (STRIPE_MOCK, "answer the same key alike", FORGETS),
    (STRIPE_MOCK, "refuse a used key for another call", FORGETS),
    (STRIPE_MOCK, "tell that an id is unknown", FORGETS),
    (STRIPE_MOCK, "name the refused request", FORGETS),
    (STRIPE_MOCK, "tell why a card is declined", "it declines no card"),
    (STRIPE_MOCK, "pause a subscription", "its specification is of a month before that path"),
    (
        STRIPE_MOCK,
        "make a webhook endpoint",
        "its specification ends before the version that we ask for",
    ),
    (LOCALSTRIPE, "answer the same key alike", NO_KEYS),
    (LOCALSTRIPE, "refuse a used key for another call", NO_KEYS),
    (LOCALSTRIPE, "name the refused request", "it gives its answers no ids"),
    (LOCALSTRIPE, "create a subscription", NO_PRICES),
    (LOCALSTRIPE, "change a subscription's price and quantity", NO_PRICES),
    (
        LOCALSTRIPE,
        "tell why a card is declined",
        "it knows few test cards, and tells no decline code",
    ),
    (LOCALSTRIPE, "take a subscription's coupon away", NO_EXPAND),
    (LOCALSTRIPE, "pause a subscription", NO_EXPAND),
    (LOCALSTRIPE, "resume a subscription", NO_EXPAND),
    (LOCALSTRIPE, "end a subscription with its period", NO_EXPAND),
    (LOCALSTRIPE, "end a subscription now", NO_EXPAND),
    (LOCALSTRIPE, "refund the rest for a reason", "it knows no reason of a refund"),
    (LOCALSTRIPE, "open a checkout page", NO_PRICES),
    (LOCALSTRIPE, "open the billing portal", NO_PATH),
    (LOCALSTRIPE, "make a webhook endpoint", NO_PATH),
    (LOCALSTRIPE, "list webhook endpoints", NO_PATH),
    (LOCALSTRIPE, "change a webhook endpoint", NO_PATH),
    (LOCALSTRIPE, "list coupons", NO_EXPAND),
    (LOCALSTRIPE, "list subscriptions", NO_EXPAND),
    (LOCALSTRIPE, "list customers", "it lists the oldest first"),
    (LOCALSTRIPE, "list prices", NO_PATH),
    (LOCALSTRIPE, "list invoice payments", NO_PATH),
    (LOCALSTRIPE, "list credit notes", NO_PATH),
    (LOCALSTRIPE, "list disputes", NO_PATH),
    (LOCALSTRIPE, "list checkout sessions", NO_PATH),
    (LOCALSTRIPE, "list invoices", NO_RANGE),
    (LOCALSTRIPE, "list charges", NO_RANGE),
    (LOCALSTRIPE, "list payment intents", NO_RANGE),
    (LOCALSTRIPE, "list refunds", NO_RANGE),
    (LOCALSTRIPE, "list payouts", NO_RANGE),
    (LOCALSTRIPE, "list balance transactions", NO_RANGE),
    (LOCALSTRIPE, "list a range of balance transactions", NO_RANGE),
    (
        LOCALSTRIPE,
        "list a payment's balance transactions",
        "it lists no transactions by their source",
    ),
    (LOCALSTRIPE, "look up a payment's fee", "it lists no transactions by their source"),
    (LOCALSTRIPE, "list a range of payouts", NONE),
    (LOCALSTRIPE, "look up a checkout session", NONE),
    (LOCALSTRIPE, "look up a credit note", NONE),
    (LOCALSTRIPE, "look up a dispute", NONE),
    (LOCALSTRIPE, "look up an invoice payment", NONE),
    (LOCALSTRIPE, "look up a payout", NONE),
    (LOCALSTRIPE, "look up a price", NONE),
    (LOCALSTRIPE, "look up a price in full", NONE),
    (LOCALSTRIPE, "look up a subscription", NO_EXPAND),
    (LOCALSTRIPE, "look up a subscription's items", NO_EXPAND),
    (LOCALSTRIPE, "look up a coupon in full", NO_EXPAND),
    (LOCALSTRIPE, "look up what paid an invoice", NO_PATH),
    (LOCALSTRIPE, "look up what a payment was for", NO_PATH),
    (LOCALSTRIPE, "look up what a payment without an intent was for", NO_EXPAND),
];
