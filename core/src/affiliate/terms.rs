//! The terms of a program: one version of what was agreed with its partners.
//!
//! A version is copied onto every binding made under it and never changes. An override for one
//! partner is a version of terms like any other.

mod validate;

use crate::money::Currency;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
pub use validate::Violation;

/// Basis points: 10,000 are the whole.
pub type Bps = i64;

/// One version of a program's terms. Amounts are minor units of the program's currency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The currency of thresholds, caps and fixed commissions.
    pub currency: Currency,
    /// The IANA name of the time zone in which months are counted, such as `Europe/Berlin`.
    pub time_zone: String,
    /// What a sale earns; with tiers: what a sale earns that no tier can measure.
    pub rate: Rate,
    /// Rates that rise with what a partner sells.
    #[serde(default)]
    pub tiers: Option<Tiers>,
    /// For how long a customer's sales earn.
    pub duration: Duration,
    /// At most so many sales of one customer earn; `None`: all.
    #[serde(default)]
    pub max_sales: Option<i64>,
    /// The most that is earned.
    #[serde(default)]
    pub caps: Caps,
    /// To whom a customer is bound.
    pub attribution: Attribution,
    /// How many days after its payment a sale's commission becomes payable.
    pub hold_days: i64,
    /// Whether commissions are approved by rule once the hold is over; otherwise by hand.
    #[serde(default = "yes")]
    pub auto_approve: bool,
    /// The least that is paid out, by currency; a currency that is not named has no minimum.
    #[serde(default)]
    pub minimum_payout: BTreeMap<Currency, i64>,
    /// How many customers must have paid before a partner's first payout.
    #[serde(default)]
    pub minimum_customers: i64,
    /// Whether payments outside Stripe earn.
    #[serde(default)]
    pub count_out_of_band: bool,
    /// Whether clicks on paid advertisements are banned.
    #[serde(default)]
    pub ban_paid_traffic: bool,
    /// Referrers that are banned: host names, in which `*` stands for any characters.
    #[serde(default)]
    pub banned_referrers: Vec<String>,
    /// More leads and customers of a partner than this without a valid click are a sign of fraud;
    /// `None`: they are none.
    #[serde(default)]
    pub max_leads_without_click: Option<i64>,
    /// What one unit (not minor unit) of another currency is worth in millionths of a unit of the
    /// program's. Without one, an amount is compared with no threshold and no cap.
    #[serde(default)]
    pub exchange_rate_micros: BTreeMap<Currency, i64>,
    /// Whether this version takes the place of earlier ones on bindings that exist.
    #[serde(default)]
    pub migrate: bool,
}

fn yes() -> bool {
    true
}

/// What a sale earns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rate {
    /// A part of the sale's base, in basis points.
    Bps(Bps),
    /// The same amount a sale, in the program's currency.
    Fixed(i64),
}

/// Rates that rise with a measure over a period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tiers {
    /// How a step applies.
    pub method: Method,
    /// What is measured.
    pub measure: Measure,
    /// Over which time.
    pub period: Period,
    /// The steps, ascending from threshold 0.
    pub steps: Vec<Step>,
}

/// From `threshold` on, the rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// A count, or minor units of the program's currency; the step holds from it on.
    pub threshold: i64,
    /// The rate of the step.
    pub rate_bps: Bps,
}

/// How a tier applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Each sale at the rate reached when it was made.
    Slab,
    /// Each part of the revenue at the rate of the tier it falls into.
    Marginal,
    /// The whole period at the rate reached by its end.
    Retroactive,
}

/// What tiers measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// How many sales.
    Sales,
    /// How many customers bought for the first time.
    NewCustomers,
    /// The sum of the bases.
    NetRevenue,
}

/// Over which time a measure runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// A calendar month in the program's time zone.
    CalendarMonth,
    /// All the time.
    Lifetime,
    /// The 30 times 86,400 seconds that end with the sale.
    #[serde(rename = "rolling_30_days")]
    Rolling30Days,
}

/// For how long a customer's sales earn, counted by the period starts of the invoices' lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duration {
    /// The first sale only.
    FirstSale,
    /// So many whole months from the first sale that earned.
    Months(i64),
    /// Without end.
    Forever,
}

/// The most that is earned; `None`: no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Caps {
    /// By one sale.
    pub sale: Option<i64>,
    /// By one customer.
    pub customer: Option<i64>,
    /// By one partner in the tiers' period, or in a calendar month where there are no tiers.
    pub period: Option<i64>,
}

/// To whom a customer is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribution {
    /// Which touch wins.
    pub model: Model,
    /// How many days a touch counts.
    pub window_days: i64,
    /// Who wins where a coupon and a click name different partners.
    #[serde(default)]
    pub coupon_policy: CouponPolicy,
}

/// Which touch wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// The earliest one inside its window.
    First,
    /// The latest one inside its window.
    Last,
}

/// Who wins where a coupon and a click name different partners.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CouponPolicy {
    /// The coupon's partner.
    #[default]
    CouponWins,
    /// The click's partner.
    ClickWins,
}

impl Attribution {
    const fn preset(model: Model, window_days: i64) -> Attribution {
        Attribution { model, window_days, coupon_policy: CouponPolicy::CouponWins }
    }

    /// As Dub attributes, and the default here.
    pub const DUB: Attribution = Attribution::preset(Model::Last, 90);
    /// As Tolt attributes.
    pub const TOLT: Attribution = Attribution::preset(Model::First, 30);
    /// As Rewardful attributes.
    pub const REWARDFUL: Attribution = Attribution::preset(Model::First, 60);
    /// As PartnerStack attributes.
    pub const PARTNERSTACK: Attribution = Attribution::preset(Model::Last, 90);

    /// The presets by name.
    pub const PRESETS: [(&'static str, Attribution); 4] = [
        ("dub", Attribution::DUB),
        ("tolt", Attribution::TOLT),
        ("rewardful", Attribution::REWARDFUL),
        ("partnerstack", Attribution::PARTNERSTACK),
    ];
}

impl Default for Attribution {
    fn default() -> Attribution {
        Attribution::DUB
    }
}

impl Terms {
    /// The terms with which a program begins: a percentage for ever, 30 days of hold, Dub's
    /// attribution, months in UTC.
    pub fn percent(currency: Currency, rate_bps: Bps) -> Terms {
        Terms {
            currency,
            time_zone: "UTC".to_owned(),
            rate: Rate::Bps(rate_bps),
            tiers: None,
            duration: Duration::Forever,
            max_sales: None,
            caps: Caps::default(),
            attribution: Attribution::DUB,
            hold_days: 30,
            auto_approve: true,
            minimum_payout: BTreeMap::new(),
            minimum_customers: 0,
            count_out_of_band: false,
            ban_paid_traffic: false,
            banned_referrers: Vec::new(),
            max_leads_without_click: None,
            exchange_rate_micros: BTreeMap::new(),
            migrate: false,
        }
    }

    /// Whether commissions depend on what else the partner sells, so that they are derived per
    /// (program, partner, period) and not per customer.
    pub fn by_period(&self) -> bool {
        self.tiers.is_some() || self.caps.period.is_some()
    }
}

impl Tiers {
    /// The rate at a measure: that of the largest threshold not above it.
    pub fn rate(&self, measure: i64) -> Bps {
        let reached = self.steps.iter().rev().find(|step| step.threshold <= measure);
        reached.or(self.steps.first()).map_or(0, |step| step.rate_bps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_read_back_as_written() {
        let usd = Currency::parse("usd").unwrap();
        let mut terms = Terms::percent(usd, 2_000);
        terms.tiers = Some(Tiers {
            method: Method::Slab,
            measure: Measure::Sales,
            period: Period::Rolling30Days,
            steps: vec![Step { threshold: 0, rate_bps: 1_000 }],
        });
        terms.minimum_payout.insert(usd, 5_000);
        terms.duration = Duration::Months(12);
        let text = serde_json::to_string(&terms).unwrap();
        assert!(text.contains(r#""period":"rolling_30_days""#), "{text}");
        assert!(text.contains(r#""duration":{"months":12}"#), "{text}");
        assert!(text.contains(r#""minimum_payout":{"usd":5000}"#), "{text}");
        assert_eq!(serde_json::from_str::<Terms>(&text).unwrap(), terms);
    }

    #[test]
    fn a_field_nobody_knows_is_refused() {
        let mut value =
            serde_json::to_value(Terms::percent(Currency::parse("usd").unwrap(), 1)).unwrap();
        value["hold_dyas"] = 30.into();
        assert!(serde_json::from_value::<Terms>(value).is_err());
    }

    #[test]
    fn what_is_not_said_has_a_default() {
        let text = r#"{"currency":"usd","time_zone":"UTC","rate":{"fixed":500},
            "duration":"first_sale","hold_days":30,
            "attribution":{"model":"last","window_days":90}}"#;
        let terms: Terms = serde_json::from_str(text).unwrap();
        assert_eq!(terms.rate, Rate::Fixed(500));
        assert_eq!(terms.attribution, Attribution::DUB);
        assert!(terms.auto_approve && !terms.count_out_of_band && !terms.migrate);
    }

    #[test]
    fn a_tier_holds_from_its_threshold_on() {
        let step = |threshold, rate_bps| Step { threshold, rate_bps };
        let tiers = Tiers {
            method: Method::Slab,
            measure: Measure::Sales,
            period: Period::CalendarMonth,
            steps: vec![step(0, 1_000), step(11, 1_200), step(31, 1_500)],
        };
        let rates = [-1, 0, 10, 11, 30, 31, 1_000].map(|count| tiers.rate(count));
        assert_eq!(rates, [1_000, 1_000, 1_000, 1_200, 1_200, 1_500, 1_500]);
    }
}
