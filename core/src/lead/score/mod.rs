//! How promising a lead is: by what they do (*engagement*) and by who they are (*fit*).
//!
//! A score is a function of the model, of all that is known by a time, and of the time that is
//! asked for. Nothing is accumulated: a score can be asked for again, and forgets who is erased.
//!
//! - Engagement at `t`: `max(0, min(cap, sum over groups g of min(cap_g, sum over their activities
//!   of weight * decay_g(t - at))))`.
//! - Fit: `min(cap, sum of the rules that apply)`; it is not forgotten, and may be negative.
//!
//! Each contribution is rounded once, to 1/1,000,000,000 of a point, and everything after it is a
//! sum of integers. So a group's contributions add up to its sum exactly, in any order, on every
//! machine; against the exact real number, 10^4 contributions are off by 0.000005 points at most.

mod activity;
mod condition;
mod label;
mod model;
mod points;
mod profile;
#[cfg(test)]
mod tests;
mod validate;

use crate::affiliate::calendar::{Calendar, Utc};
use crate::decay::Factor;
use crate::time::{DAY_MICROS, Day, Timestamp};
pub use activity::{Activity, AsOf};
pub use condition::{Text, When, Who};
pub use label::{Label, Labels};
pub use model::{Decay, Engagement, Fit, FitRule, Group, Model, Rule, Version};
pub use points::{BadPoints, Points};
pub use profile::{Domain, Profile, ProfileFact, Trait};
use std::collections::HashMap;

/// How promising a lead is, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score<'a> {
    /// By who they are.
    pub fit: Points,
    /// By what they do.
    pub engagement: Points,
    /// Both in two characters.
    pub label: Label,
    /// The fit rules that apply, in the model's order.
    pub traits: Vec<TraitPoints<'a>>,
    /// Every group of the model, in its order.
    pub groups: Vec<GroupPoints<'a>>,
    /// What each activity gives now: by time and id, and within an activity in the model's order.
    /// What is forgotten stands here with 0 points.
    pub contributions: Vec<Contribution<'a>>,
}

/// What a trait gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraitPoints<'a> {
    /// The rule.
    pub rule: &'a str,
    /// Its weight.
    pub points: Points,
}

/// What a group gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupPoints<'a> {
    /// The group.
    pub group: &'a str,
    /// The sum of its contributions.
    pub sum: Points,
    /// What of it counts under the group's cap.
    pub points: Points,
}

/// What an activity gives by one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contribution<'a> {
    /// The activity.
    pub activity: &'a str,
    /// When it happened.
    pub at: Timestamp,
    /// The rule's group.
    pub group: &'a str,
    /// The rule.
    pub rule: &'a str,
    /// What was left of the rule's weight.
    pub points: Points,
}

/// Scores a lead at a time, by what was known at another.
///
/// `activities` and `profile` are all that was ever learned of the lead, in any order; what
/// happened later, what was not known, repeated ids, and what robots did are left out here. One
/// pass: the cost grows with the number of activities, times those rules that are about their kind.
pub fn score_at<'a>(
    model: &'a Model,
    activities: &'a [Activity],
    profile: &'a [ProfileFact],
    as_of: AsOf,
) -> Score<'a> {
    let traits = traits(&model.fit, &Profile::of(profile, as_of));
    let fit = total(model.fit.cap, traits.iter().map(|it| it.points));
    let (contributions, sums) = contributions(&model.engagement, activities, as_of);
    let groups = groups(&model.engagement, sums);
    let engagement = total(model.engagement.cap, groups.iter().map(|it| it.points));
    let engagement = engagement.max(Points::ZERO);
    let label = model.labels.of(fit, engagement);
    Score { fit, engagement, label, traits, groups, contributions }
}

impl Score<'_> {
    /// Whether the label makes the lead one for marketing.
    pub fn qualifies(&self, model: &Model) -> bool {
        model.labels.qualified.contains(&self.label)
    }
}

fn traits<'a>(fit: &'a Fit, profile: &Profile<'_>) -> Vec<TraitPoints<'a>> {
    let applying = fit.rules.iter().filter(|rule| rule.who.matches(profile));
    applying.map(|rule| TraitPoints { rule: &rule.name, points: rule.weight }).collect()
}

/// The sum under a cap.
fn total(cap: Option<Points>, points: impl Iterator<Item = Points>) -> Points {
    let sum = points.map(|it| i128::from(it.billionths())).sum();
    Points::saturated(sum).under(cap)
}

/// What every counted activity gives, and what that comes to in each group, in billionths.
fn contributions<'a>(
    engagement: &'a Engagement,
    activities: &'a [Activity],
    as_of: AsOf,
) -> (Vec<Contribution<'a>>, Vec<i128>) {
    let mut rules = rules_by_kind(&engagement.groups);
    let mut found = Vec::with_capacity(activities.len());
    let mut sums = vec![0_i128; engagement.groups.len()];
    for activity in activity::counted(activities, as_of) {
        let Some(rules) = rules.get_mut(activity.kind.as_str()) else { continue };
        let mut left: Option<(usize, Factor)> = None;
        for counter in rules {
            if !counter.applies(activity) {
                continue;
            }
            // The rules of one group stand together, and forget alike.
            let factor = match left {
                Some((place, factor)) if place == counter.place => factor,
                _ => counter.group.decay.left(activity.at, as_of.at),
            };
            left = Some((counter.place, factor));
            let points = counter.rule.weight.left(factor);
            sums[counter.place] += i128::from(points.billionths());
            found.push(Contribution {
                activity: &activity.id,
                at: activity.at,
                group: &counter.group.name,
                rule: &counter.rule.name,
                points,
            });
        }
    }
    (found, sums)
}

fn groups<'a>(engagement: &'a Engagement, sums: Vec<i128>) -> Vec<GroupPoints<'a>> {
    let points = |(group, sum): (&'a Group, i128)| {
        let sum = Points::saturated(sum);
        GroupPoints { group: &group.name, sum, points: sum.under(group.cap) }
    };
    engagement.groups.iter().zip(sums).map(points).collect()
}

/// A rule, and how often it has applied on the day it last applied.
struct Counter<'a> {
    place: usize,
    group: &'a Group,
    rule: &'a Rule,
    day: Day,
    count: u32,
}

impl Counter<'_> {
    /// Whether the rule applies to the next activity in time, and its day still has room for it.
    fn applies(&mut self, activity: &Activity) -> bool {
        if !self.rule.when.attributes_match(activity) {
            return false;
        }
        let Some(most) = self.rule.per_day else { return true };
        let day = activity.at.day();
        if day != self.day {
            (self.day, self.count) = (day, 0);
        }
        self.count = self.count.saturating_add(1);
        self.count <= most
    }
}

fn rules_by_kind(groups: &[Group]) -> HashMap<&str, Vec<Counter<'_>>> {
    let mut rules: HashMap<&str, Vec<Counter<'_>>> = HashMap::new();
    for (place, group) in groups.iter().enumerate() {
        for rule in &group.rules {
            let counter = Counter { place, group, rule, day: Day(i32::MIN), count: 0 };
            rules.entry(&rule.when.kind).or_default().push(counter);
        }
    }
    rules
}

impl Decay {
    /// What is left at `t` of what happened at `at`.
    fn left(self, at: Timestamp, t: Timestamp) -> Factor {
        match self {
            Decay::None => Factor::WHOLE,
            Decay::HalfLife { days } => {
                Factor::half_life(t.0.saturating_sub(at.0), days.saturating_mul(DAY_MICROS))
            }
            Decay::Step { loss_bps, months } => {
                let passed = Utc.whole_months(at, t).max(0);
                Factor::compounded(10_000 - loss_bps.clamp(0, 10_000), passed / months.max(1))
            }
        }
    }
}
