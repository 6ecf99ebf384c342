//! The scoring model: one version of what activities and traits are worth.

use super::condition::{When, Who};
use super::label::{Label, Labels};
use super::points::Points;
use super::profile::Domain;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One version of the rules by which leads are scored. A change is a new version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// What leads do.
    pub engagement: Engagement,
    /// Who leads are.
    pub fit: Fit,
    /// From which scores on a lead has which label.
    pub labels: Labels,
}

/// What leads do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Engagement {
    /// The most that all groups come to; `None`: no limit. The least is 0.
    #[serde(default)]
    pub cap: Option<Points>,
    /// What is summed together, capped and forgotten together.
    pub groups: Vec<Group>,
}

/// Rules that share a cap and a decay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its name, unique in the model.
    pub name: String,
    /// The most that its activities come to; `None`: no limit. There is no least.
    #[serde(default)]
    pub cap: Option<Points>,
    /// How its activities are forgotten.
    #[serde(default)]
    pub decay: Decay,
    /// What its activities are worth; each rule that applies to an activity counts.
    pub rules: Vec<Rule>,
}

/// How activities are forgotten.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Decay {
    /// Never.
    #[default]
    None,
    /// Half of what is left is lost in so many times 86,400 seconds, steadily.
    HalfLife {
        /// Whole days.
        days: i64,
    },
    /// As HubSpot forgets: `loss_bps` of what is left are lost each time so many months have
    /// passed, by UTC dates, clamped to the month's end.
    Step {
        /// Basis points, 1 to 10,000.
        loss_bps: i64,
        /// Whole months.
        months: i64,
    },
}

/// What an activity is worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name, unique in the model.
    pub name: String,
    /// The points of a fresh activity; negative ones speak against a lead.
    pub weight: Points,
    /// To which activities it applies.
    pub when: When,
    /// Only the first so many of a UTC day count; `None`: all.
    #[serde(default)]
    pub per_day: Option<u32>,
}

/// Who leads are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fit {
    /// The most that all rules come to; `None`: no limit. There is no least.
    #[serde(default)]
    pub cap: Option<Points>,
    /// What traits are worth.
    pub rules: Vec<FitRule>,
}

/// What a trait is worth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FitRule {
    /// Its name, unique in the model.
    pub name: String,
    /// The points; negative ones speak against a lead.
    pub weight: Points,
    /// To whom it applies.
    pub who: Who,
}

/// A model under its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its number; a later version has a greater one.
    pub number: i64,
    /// When it was recorded; it holds by what is known from then on.
    pub recorded_at: Timestamp,
    /// The model.
    pub model: Model,
}

impl Version {
    /// The version by which leads were scored at that recorded time; `None`: there was none yet.
    pub fn in_force(versions: &[Version], known_at: Timestamp) -> Option<&Version> {
        let known = versions.iter().filter(|it| it.recorded_at <= known_at);
        known.max_by_key(|it| (it.recorded_at, it.number))
    }
}

impl Default for Model {
    /// The model to begin with. The weights are Account Engagement's; the caps, the half-life of
    /// 30 days, the fit and the labels are ours. What a pricing page or a demo is worth is for
    /// whoever has one to say.
    fn default() -> Model {
        let rules = |rules: &[(&str, i32)]| rules.iter().map(|it| rule(it.0, it.1)).collect();
        let group = |name: &str, cap, rules| Group {
            name: name.to_owned(),
            cap,
            decay: Decay::HalfLife { days: 30 },
            rules,
        };
        Model {
            engagement: Engagement {
                cap: Some(Points::whole(100)),
                groups: vec![
                    group("forms", None, rules(&[("form", 50), ("form_error", -5)])),
                    group("clicks", Some(Points::whole(30)), rules(&[("click", 3)])),
                    group(
                        "site",
                        Some(Points::whole(30)),
                        rules(&[("search", 3), ("session", 3), ("page", 1)]),
                    ),
                ],
            },
            fit: Fit {
                cap: Some(Points::whole(100)),
                rules: vec![
                    fit_rule("company_domain", 20, Domain::Company),
                    fit_rule("disposable_domain", -50, Domain::Disposable),
                ],
            },
            labels: Labels {
                fit_a: Points::whole(20),
                fit_b: Points::ZERO,
                engagement_1: Points::whole(50),
                engagement_2: Points::whole(10),
                qualified: [Label::A1, Label::A2, Label::B1].into(),
            },
        }
    }
}

/// A rule for all activities of a kind, of the same name.
fn rule(kind: &str, weight: i32) -> Rule {
    Rule {
        name: kind.to_owned(),
        weight: Points::whole(weight),
        when: When { kind: kind.to_owned(), attributes: BTreeMap::new() },
        per_day: None,
    }
}

fn fit_rule(name: &str, weight: i32, domain: Domain) -> FitRule {
    FitRule { name: name.to_owned(), weight: Points::whole(weight), who: Who::Domain(domain) }
}
