//! When a rule applies. Letters match in either case.

use super::activity::Activity;
use super::profile::{Domain, Profile};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What an activity must be like: all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// Its kind, to the letter.
    pub kind: String,
    /// Its attributes; those that are not named may be anything.
    #[serde(default)]
    pub attributes: BTreeMap<String, Text>,
}

/// What a text must be like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Text {
    /// Any text at all.
    Present,
    /// One of these.
    OneOf(Vec<String>),
    /// It begins so.
    StartsWith(String),
    /// It has this somewhere.
    Contains(String),
}

/// What a lead must be like.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    /// By what they do.
    Role(Text),
    /// By how many people their company has, both ends included.
    CompanySize {
        /// The least; `None`: any.
        #[serde(default)]
        at_least: Option<i64>,
        /// The most; `None`: any.
        #[serde(default)]
        at_most: Option<i64>,
    },
    /// By where they are: one of these, ISO 3166-1 alpha-2.
    Country(Vec<String>),
    /// By whose the domain of their address is.
    Domain(Domain),
}

impl When {
    /// Whether the activity's attributes are so; whoever asks has looked at the kind.
    pub(super) fn attributes_match(&self, activity: &Activity) -> bool {
        self.attributes
            .iter()
            .all(|(name, text)| activity.attributes.get(name).is_some_and(|it| text.matches(it)))
    }
}

impl Text {
    /// Whether a text is so.
    pub fn matches(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        match self {
            Text::Present => true,
            Text::OneOf(texts) => texts.iter().any(|it| it.to_lowercase() == text),
            Text::StartsWith(start) => text.starts_with(&start.to_lowercase()),
            Text::Contains(part) => text.contains(&part.to_lowercase()),
        }
    }
}

impl Who {
    /// Whether a lead is so; of whom nothing is known is not.
    pub fn matches(&self, profile: &Profile<'_>) -> bool {
        match self {
            Who::Role(text) => profile.role.is_some_and(|role| text.matches(role)),
            Who::CompanySize { at_least, at_most } => profile.company_size.is_some_and(|size| {
                at_least.is_none_or(|least| size >= least)
                    && at_most.is_none_or(|most| size <= most)
            }),
            Who::Country(countries) => profile
                .country
                .is_some_and(|it| countries.iter().any(|country| country.eq_ignore_ascii_case(it))),
            Who::Domain(domain) => profile.domain == Some(*domain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_match_in_either_case() {
        let one_of = Text::OneOf(vec!["Pro".into(), "team".into()]);
        let cases = [
            (&one_of, "pro", true),
            (&one_of, "TEAM", true),
            (&one_of, "professional", false),
            (&Text::StartsWith("/pricing".into()), "/Pricing?plan=pro", true),
            (&Text::StartsWith("/pricing".into()), "/blog/pricing", false),
            (&Text::Contains("engineer".into()), "Head of Engineering", true),
            (&Text::Contains("ÄRZT".into()), "Oberärztin", true),
            (&Text::Present, "", true),
        ];
        for (text, given, expected) in cases {
            assert_eq!(text.matches(given), expected, "{text:?} {given}");
        }
    }

    #[test]
    fn of_whom_nothing_is_known_matches_nothing() {
        let nobody = Profile::default();
        for who in [
            Who::Role(Text::Present),
            Who::CompanySize { at_least: None, at_most: None },
            Who::Country(vec!["DE".into()]),
            Who::Domain(Domain::Company),
        ] {
            assert!(!who.matches(&nobody), "{who:?}");
        }
    }

    #[test]
    fn a_company_size_matches_at_both_ends() {
        let who = Who::CompanySize { at_least: Some(11), at_most: Some(50) };
        let sizes = [10, 11, 50, 51]
            .map(|size| who.matches(&Profile { company_size: Some(size), ..Profile::default() }));
        assert_eq!(sizes, [false, true, true, false]);
    }
}
