//! Metrics: what is reported of MRR, as ratios, for display, and about trials; and the statistics
//! that any report may need.

mod display;
pub mod funnel;
pub mod interval;
pub mod ranking;
mod ratios;
pub mod survival;
mod trials;

pub use display::{arpa_minor, arr_minor, display_parts, display_steps, minor};
pub use ratios::{
    Bridge, Cohort, StripeLogos, arpa, gross_mrr_churn, growth_rate, grr, logo_churn,
    logo_churn_stripe, net_mrr_churn, nrr, quick_ratio, rate, trial_conversion,
};
pub use trials::{TrialOutcome, TrialTally, tally, trial_outcome};
