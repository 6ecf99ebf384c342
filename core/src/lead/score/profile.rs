//! Who a lead is, so far as it decides the fit.

use super::activity::AsOf;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Whose the domain of an email address is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Domain {
    /// An organisation's own.
    Company,
    /// A provider's with whom anybody may have an address.
    Free,
    /// A service's that hides the address behind it; not disposable.
    Relay,
    /// A provider's whose addresses are thrown away.
    Disposable,
}

/// What was said of a lead; `None`: nothing any more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trait {
    /// What they do, in their own words.
    Role(Option<String>),
    /// How many people their company has.
    CompanySize(Option<i64>),
    /// Where they are: ISO 3166-1 alpha-2.
    Country(Option<String>),
    /// Whose the domain of their address is.
    Domain(Option<Domain>),
}

/// One time at which something was said of a lead.
// The order of the fields is the order of statements: the greatest of a trait holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ProfileFact {
    /// From when on it holds.
    pub at: Timestamp,
    /// When it was learned; of one instant, what was learned last holds.
    pub recorded_at: Timestamp,
    /// Its id.
    pub id: String,
    /// What was said.
    pub said: Trait,
}

/// Who a lead is at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Profile<'a> {
    /// What they do.
    pub role: Option<&'a str>,
    /// How many people their company has.
    pub company_size: Option<i64>,
    /// Where they are.
    pub country: Option<&'a str>,
    /// Whose the domain of their address is.
    pub domain: Option<Domain>,
}

impl<'a> Profile<'a> {
    /// What was last said of each trait.
    pub fn of(facts: &'a [ProfileFact], as_of: AsOf) -> Profile<'a> {
        let mut known: Vec<&ProfileFact> =
            facts.iter().filter(|fact| as_of.includes(fact.at, fact.recorded_at)).collect();
        known.sort_unstable();
        let mut profile = Profile::default();
        for fact in known {
            match &fact.said {
                Trait::Role(role) => profile.role = role.as_deref(),
                Trait::CompanySize(size) => profile.company_size = *size,
                Trait::Country(country) => profile.country = country.as_deref(),
                Trait::Domain(domain) => profile.domain = *domain,
            }
        }
        profile
    }
}
