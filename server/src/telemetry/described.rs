//! Everything that is measured, by name. docs/METRICS.md says more.

use Kind::{Counter, Durations, Gauge, Histogram};
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// What is measured, and in what.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// How often something happened.
    Counter,
    /// How much of it there is.
    Gauge,
    /// The same, in seconds.
    Seconds,
    /// How large each is.
    Histogram,
    /// How long each takes, in seconds.
    Durations,
}

/// Tells the recorder of all.
pub(super) fn all() {
    for (name, kind, text) in DESCRIBED {
        match kind {
            Counter => describe_counter!(name, text),
            Gauge => describe_gauge!(name, text),
            Kind::Seconds => describe_gauge!(name, Unit::Seconds, text),
            Histogram => describe_histogram!(name, text),
            Durations => describe_histogram!(name, Unit::Seconds, text),
        }
    }
}

/// Names, kinds and meanings.
pub(super) const DESCRIBED: [(&str, Kind, &str); 32] = [
    ("revenue_total_dollars", Gauge, "Net revenue of all time, in major units of `currency`."),
    ("subscription_mrr_dollars", Gauge, "MRR now, in major units of `currency`."),
    (
        "payment_success_rate",
        Gauge,
        "Invoices paid / invoices first attempted, over the last 30 days, 0 to 1; NaN where none was.",
    ),
    ("unconfirmed_objects", Gauge, "Objects that no payload settles yet, by `reason`."),
    (
        "affiliate_commission_dollars",
        Gauge,
        "What is left of all commissions, in major units of `currency`.",
    ),
    (
        "affiliate_payable_dollars",
        Gauge,
        "What partners are owed now, in major units of `currency`.",
    ),
    (
        "affiliate_clawed_back_dollars",
        Gauge,
        "All that was taken back of commissions, in major units of `currency`.",
    ),
    ("affiliate_conversions", Gauge, "Customers that partners have brought."),
    (
        "lead_conversion_rate",
        Gauge,
        "Leads that became paying customers / leads who were none before, of all time, 0 to 1.",
    ),
    ("outbox_depth", Gauge, "Mails that wait to be sent."),
    ("outbox_oldest_seconds", Kind::Seconds, "How long the oldest of them waits."),
    ("webhook_events_total", Counter, "Events by `outcome`; `refused` are not stored."),
    ("webhook_processing_time", Durations, "From the body's last byte to the durable effect."),
    ("writer_batch_size", Histogram, "Events in one transaction."),
    ("writer_queue_depth", Gauge, "Events that wait for the writer."),
    ("writer_retries_total", Counter, "Transactions that met another and began anew."),
    (
        "sync_watermark_seconds",
        Kind::Seconds,
        "Every event before this Unix time is stored; told by the process that sweeps.",
    ),
    ("sync_listed_events_total", Counter, "Events that sweeps have looked at."),
    ("sync_healed_events_total", Counter, "Events that sweeps found missing."),
    (
        "stripe_look_ups_total",
        Counter,
        "Questions asked of Stripe's API by `outcome`; `not_found`: a wrong key, mode or account.",
    ),
    (
        "clicks_total",
        Counter,
        "Clicks by `outcome`: what each was taken for; `limited`: counted and not stored; `disabled`: \
         neither, because the link is.",
    ),
    (
        "clicks_lost_total",
        Counter,
        "Clicks that were not durable when the process ended, or that the database refused.",
    ),
    (
        "customers_set_aside_total",
        Counter,
        "Customers whose coupon or price has arrived and who cannot be derived.",
    ),
    ("settlements_set_aside_total", Counter, "Settlements that a monthly close could not derive."),
    (
        "commissions_set_aside_total",
        Counter,
        "Marks of changed sales whose commissions cannot be computed.",
    ),
    (
        "lead_captures_total",
        Counter,
        "Captures by `verdict` about the address; `robot`: a form that only robots fill in so.",
    ),
    (
        "lead_opt_ins_total",
        Counter,
        "What became of mails that ask to confirm, and of consents, by `outcome`.",
    ),
    ("lead_conversions_failed_total", Counter, "Leads whose conversion could not be derived."),
    ("outbox_logins_refused_total", Counter, "Times that the mail server refused our login."),
    ("grpc_requests_total", Counter, "Calls by `method` and `code`."),
    ("grpc_request_duration", Durations, "By `method`."),
    ("database_query_duration", Durations, "By `query`, a closed set."),
];
