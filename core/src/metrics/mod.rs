//! Metrics: what is reported of MRR, as ratios, for display, and about trials.

mod display;
mod ratios;
mod trials;

pub use display::{arpa_minor, arr_minor, display_parts, display_steps, minor};
pub use ratios::{
    Bridge, Cohort, StripeLogos, arpa, gross_mrr_churn, growth_rate, grr, logo_churn,
    logo_churn_stripe, net_mrr_churn, nrr, quick_ratio, rate, trial_conversion,
};
pub use trials::{TrialOutcome, TrialTally, tally, trial_outcome};
