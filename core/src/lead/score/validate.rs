//! What a model must not say, each with what to do instead.

use super::condition::{Text, Who};
use super::{Decay, FitRule, Group, Model, Points, Rule};
use crate::violation::{Violation, Violations};
use std::collections::HashSet;

/// The most a model may hold: of groups, of rules for activities, of rules for fit.
const MOST_GROUPS: usize = 50;
const MOST_RULES: usize = 500;
/// The most a rule may hold: of attributes, of texts to compare with.
const MOST_ATTRIBUTES: usize = 20;
const MOST_TEXTS: usize = 250;
/// The longest name, in bytes, and the longest text to compare with.
const LONGEST_NAME: usize = 64;
const LONGEST_TEXT: usize = 256;
/// No weight, cap or threshold is greater.
const MOST_POINTS: Points = Points::whole(1_000_000);
/// A hundred years.
const LONGEST_DAYS: i64 = 36_525;
const LONGEST_MONTHS: i64 = 1_200;

impl Model {
    /// Everything that cannot stand, in the order of the fields; empty: the model is sound.
    ///
    /// Of a model with too many groups or rules only that is said.
    pub fn validate(&self) -> Vec<Violation> {
        let mut found = Found::default();
        found.sizes(self);
        if found.violations.0.is_empty() {
            found.cap("engagement.cap", self.engagement.cap);
            for (place, group) in self.engagement.groups.iter().enumerate() {
                found.group(&format!("engagement.groups[{place}]"), group);
            }
            found.cap("fit.cap", self.fit.cap);
            for (place, rule) in self.fit.rules.iter().enumerate() {
                found.fit_rule(&format!("fit.rules[{place}]"), rule);
            }
            found.labels(self);
        }
        found.violations.0
    }
}

#[derive(Default)]
struct Found<'a> {
    violations: Violations,
    groups: HashSet<&'a str>,
    rules: HashSet<&'a str>,
}

impl<'a> Found<'a> {
    fn check(&mut self, holds: bool, field: impl Into<String>, message: impl Into<String>) {
        self.violations.check(holds, field, message);
    }

    fn sizes(&mut self, model: &Model) {
        let groups = &model.engagement.groups;
        let message = format!("{} groups are too many: use at most {MOST_GROUPS}", groups.len());
        self.check(groups.len() <= MOST_GROUPS, "engagement.groups", message);
        let rules: usize = groups.iter().map(|group| group.rules.len()).sum();
        let message = format!("{rules} rules are too many: use at most {MOST_RULES} in all groups");
        self.check(rules <= MOST_RULES, "engagement.groups", message);
        let rules = model.fit.rules.len();
        let message = format!("{rules} rules are too many: use at most {MOST_RULES}");
        self.check(rules <= MOST_RULES, "fit.rules", message);
    }

    fn name(&mut self, field: &str, name: &str, is_new: bool) {
        let plain = !name.trim().is_empty() && !name.chars().any(char::is_control);
        let message = format!("use a name of 1 to {LONGEST_NAME} bytes without control characters");
        self.check(plain && name.len() <= LONGEST_NAME, field, message);
        let message = "this name is taken: contributions could not be told apart";
        self.check(is_new, field, message);
    }

    fn cap(&mut self, field: &str, cap: Option<Points>) {
        let message = "a cap cannot be negative: use 0 or more, or leave it out for no limit";
        self.check(cap.is_none_or(|cap| cap >= Points::ZERO), field, message);
        let message = "use at most 1,000,000 points, or leave it out for no limit";
        self.check(cap.is_none_or(|cap| cap <= MOST_POINTS), field, message);
    }

    fn points(&mut self, field: &str, points: Points) {
        let size = points.billionths().unsigned_abs();
        let fits = size <= MOST_POINTS.billionths().unsigned_abs();
        self.check(fits, field, "use -1,000,000 to 1,000,000 points");
    }

    fn group(&mut self, field: &str, group: &'a Group) {
        let is_new = self.groups.insert(&group.name);
        self.name(&format!("{field}.name"), &group.name, is_new);
        self.cap(&format!("{field}.cap"), group.cap);
        self.decay(&format!("{field}.decay"), group.decay);
        for (place, rule) in group.rules.iter().enumerate() {
            self.rule(&format!("{field}.rules[{place}]"), rule);
        }
    }

    fn decay(&mut self, field: &str, decay: Decay) {
        match decay {
            Decay::None => {}
            Decay::HalfLife { days } => {
                let field = format!("{field}.half_life.days");
                let message = "use 1 to 36,525 whole days, or the decay `none`";
                self.check((1..=LONGEST_DAYS).contains(&days), field, message);
            }
            Decay::Step { loss_bps, months } => {
                let message = "use 1 to 10,000 basis points, or the decay `none`";
                let loss = format!("{field}.step.loss_bps");
                self.check((1..=10_000).contains(&loss_bps), loss, message);
                let message = "use 1 to 1,200 whole months, or the decay `none`";
                let field = format!("{field}.step.months");
                self.check((1..=LONGEST_MONTHS).contains(&months), field, message);
            }
        }
    }

    fn rule(&mut self, field: &str, rule: &'a Rule) {
        let is_new = self.rules.insert(&rule.name);
        self.name(&format!("{field}.name"), &rule.name, is_new);
        self.points(&format!("{field}.weight"), rule.weight);
        self.texts(&format!("{field}.when.kind"), std::slice::from_ref(&rule.when.kind));
        let attributes = &rule.when.attributes;
        let message = format!("use at most {MOST_ATTRIBUTES} attributes");
        let at = format!("{field}.when.attributes");
        self.check(attributes.len() <= MOST_ATTRIBUTES, at.as_str(), message);
        for (name, text) in attributes {
            let plain = !name.is_empty() && name.len() <= LONGEST_NAME;
            let message = format!("name an attribute in 1 to {LONGEST_NAME} bytes");
            self.check(plain, at.as_str(), message);
            self.text(&format!("{at}.{name}"), text);
        }
        let message = "use at least 1 a day, or leave it out for no limit";
        self.check(rule.per_day != Some(0), format!("{field}.per_day"), message);
    }

    fn text(&mut self, field: &str, text: &Text) {
        match text {
            Text::Present => {}
            Text::OneOf(texts) => self.texts(&format!("{field}.one_of"), texts),
            Text::StartsWith(start) => {
                self.texts(&format!("{field}.starts_with"), std::slice::from_ref(start));
            }
            Text::Contains(part) => {
                self.texts(&format!("{field}.contains"), std::slice::from_ref(part));
            }
        }
    }

    fn texts(&mut self, field: &str, texts: &[String]) {
        let fits = (1..=MOST_TEXTS).contains(&texts.len());
        self.check(fits, field, format!("use 1 to {MOST_TEXTS} texts"));
        let plain = |text: &String| (1..=LONGEST_TEXT).contains(&text.len());
        let message = format!("use texts of 1 to {LONGEST_TEXT} bytes");
        self.check(texts.iter().all(plain), field, message);
    }

    fn fit_rule(&mut self, field: &str, rule: &'a FitRule) {
        let is_new = self.rules.insert(&rule.name);
        self.name(&format!("{field}.name"), &rule.name, is_new);
        self.points(&format!("{field}.weight"), rule.weight);
        match &rule.who {
            Who::Domain(_) => {}
            Who::Role(text) => self.text(&format!("{field}.who.role"), text),
            Who::CompanySize { at_least, at_most } => {
                let field = format!("{field}.who.company_size");
                let message = "say at least how many people, or at most";
                self.check(at_least.is_some() || at_most.is_some(), field.as_str(), message);
                let least = at_least.unwrap_or(0);
                let sound = least >= 0 && at_most.is_none_or(|most| most >= least);
                self.check(sound, field, "no company has so many people: use 0 <= least <= most");
            }
            Who::Country(countries) => {
                let field = format!("{field}.who.country");
                let fits = (1..=MOST_TEXTS).contains(&countries.len());
                self.check(fits, field.as_str(), format!("use 1 to {MOST_TEXTS} countries"));
                let code =
                    |it: &String| it.len() == 2 && it.bytes().all(|it| it.is_ascii_alphabetic());
                let message = "use codes of two letters (ISO 3166-1 alpha-2), such as `DE`";
                self.check(countries.iter().all(code), field, message);
            }
        }
    }

    fn labels(&mut self, model: &Model) {
        let labels = &model.labels;
        let names = ["fit_a", "fit_b", "engagement_1", "engagement_2"];
        let steps = [labels.fit_a, labels.fit_b, labels.engagement_1, labels.engagement_2];
        let caps = [model.fit.cap, model.fit.cap, model.engagement.cap, model.engagement.cap];
        for ((name, step), cap) in names.into_iter().zip(steps).zip(caps) {
            let field = format!("labels.{name}");
            self.points(&field, step);
            let message = "nobody can reach this: it is above the cap";
            self.check(cap.is_none_or(|cap| step <= cap), field, message);
        }
        let message = "use a threshold above that of the next label";
        self.check(labels.fit_a > labels.fit_b, "labels.fit_a", message);
        let ascending = labels.engagement_1 > labels.engagement_2;
        self.check(ascending, "labels.engagement_1", message);
    }
}
