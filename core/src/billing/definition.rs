//! A definition of MRR: the choices that two honest teams make differently.

use serde::{Deserialize, Serialize};

/// The options of one way to count MRR. Rows derived under it carry its name, so that an old and
/// a new definition can be reported side by side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Definition {
    /// The name that derived rows carry.
    pub name: String,
    /// Coupons for one invoice lower MRR until the item's next period.
    pub count_once_coupons: bool,
    /// Subscriptions whose collection is paused count.
    pub count_collection_paused: bool,
    /// Past due subscriptions count as churned after so many days; `None`: never.
    pub past_due_churn_days: Option<u16>,
    /// Churn is dated at the request to cancel instead of at the end.
    pub churn_at_cancellation: bool,
    /// A subscription with a trial counts from its first paid invoice instead of the trial's end.
    pub trial_until_first_payment: bool,
}

impl Default for Definition {
    fn default() -> Definition {
        Definition {
            name: String::from("v1"),
            count_once_coupons: false,
            count_collection_paused: true,
            past_due_churn_days: None,
            churn_at_cancellation: false,
            trial_until_first_payment: false,
        }
    }
}

impl Definition {
    /// Days past due after which a subscription counts as churned, in seconds.
    pub(crate) fn past_due_limit(&self) -> Option<i64> {
        self.past_due_churn_days.map(|days| i64::from(days) * 86_400)
    }
}
