//! What is known of the person behind a lead.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use takings_core::lead::score::{Domain, Trait};

/// The most attributes of a lead.
pub(super) const MOST_ATTRIBUTES: usize = 50;

/// What is known of a person: sealed as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Personal {
    /// The address to write to.
    pub email: String,
    pub name: String,
    pub phone: String,
    pub role: String,
    pub company_size: Option<i64>,
    /// Two letters, upper case.
    pub country: String,
    pub attributes: BTreeMap<String, String>,
    /// `utm_source`, `utm_medium`, `utm_term`, `utm_content` of the first capture.
    pub utm: [String; 4],
    /// When the newest of it was said, in microseconds.
    pub said_at: i64,
}

impl Personal {
    /// Takes over what somebody said before: it fills what nobody spoke of since.
    pub(super) fn fill(&mut self, said: Personal) {
        let newer = std::mem::replace(self, said);
        let (utm, said_at) = (newer.utm.clone(), newer.said_at);
        self.learn(newer);
        (self.utm, self.said_at) = (utm, said_at);
    }

    /// Takes over what somebody said; what they left out stays.
    pub(super) fn learn(&mut self, said: Personal) {
        let Personal { email, name, phone, role, company_size, country, attributes, .. } = said;
        let texts = [
            (&mut self.email, email),
            (&mut self.name, name),
            (&mut self.phone, phone),
            (&mut self.role, role),
            (&mut self.country, country),
        ];
        for (known, said) in texts {
            if !said.is_empty() {
                *known = said;
            }
        }
        self.company_size = company_size.or(self.company_size);
        self.attributes.extend(attributes);
        while self.attributes.len() > MOST_ATTRIBUTES {
            self.attributes.pop_last();
        }
    }
}

/// What was said of the traits that decide the fit: a fact, sealed as a whole. What is missing was not
/// spoken of; an empty text, or 0, takes back what was said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Statement {
    pub(super) role: Option<String>,
    pub(super) company_size: Option<i64>,
    pub(super) country: Option<String>,
    pub(super) domain: Option<Domain>,
}

impl Statement {
    /// What a capture says.
    pub(super) fn of(said: &Personal, domain: Domain) -> Statement {
        let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        Statement {
            role: some(&said.role),
            company_size: said.company_size,
            country: some(&said.country),
            domain: Some(domain),
        }
    }

    /// Whether nothing was said.
    pub(super) fn is_empty(&self) -> bool {
        *self == Statement::default()
    }

    /// As facts.
    pub(super) fn traits(self) -> Vec<Trait> {
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        let role = self.role.map(|role| Trait::Role(some(role)));
        let size =
            self.company_size.map(|size| Trait::CompanySize(Some(size).filter(|size| *size != 0)));
        let country = self.country.map(|country| Trait::Country(some(country)));
        let domain = self.domain.map(|domain| Trait::Domain(Some(domain)));
        [role, size, country, domain].into_iter().flatten().collect()
    }
}
