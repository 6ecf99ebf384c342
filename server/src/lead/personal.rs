//! What is known of the person behind a lead.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use takings_core::lead::score::{Domain, Trait};

/// The most attributes of a lead.
pub(super) const MOST_ATTRIBUTES: usize = 50;

/// What is known of a person: sealed as a whole. Of each field what was said last holds, so it does not
/// matter in which order captures arrive.
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
    /// When the address was given last, in microseconds.
    pub said_at: i64,
    /// When each of the others was said, or taken back, last.
    pub(super) times: Times,
}

/// Times in microseconds, by the names of fields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Times {
    fields: BTreeMap<String, i64>,
    attributes: BTreeMap<String, i64>,
    /// When the attributes were replaced as a whole.
    replaced: i64,
}

impl Times {
    /// Whether a field takes what was said at a time. What is not spoken of is left alone.
    fn take(&mut self, field: &str, at: i64) -> bool {
        let newer = self.fields.get(field).is_none_or(|known| at >= *known);
        if newer {
            self.fields.insert(field.to_owned(), at);
        }
        newer
    }
}

impl Personal {
    /// Takes over what somebody said at a time; what they left out stays.
    pub(super) fn learn(&mut self, said: Personal, at: i64) {
        self.date();
        let Personal { name, phone, role, company_size, country, attributes, .. } = said;
        let spoken = |text: String| Some(text).filter(|text| !text.is_empty());
        self.say(
            Said {
                name: spoken(name),
                phone: spoken(phone),
                role: spoken(role),
                company_size: company_size.map(Some),
                country: spoken(country),
                attributes: None,
            },
            at,
        );
        for (name, value) in attributes {
            let known = self.times.attributes.get(&name).copied().unwrap_or(i64::MIN);
            if at >= known.max(self.times.replaced) {
                self.times.attributes.insert(name.clone(), at);
                self.attributes.insert(name, value);
            }
        }
        self.forget_oldest();
    }

    /// Takes over what somebody said at a time, also that something is not so.
    pub(super) fn say(&mut self, said: Said, at: i64) {
        self.date();
        let texts = [
            ("name", &mut self.name, said.name),
            ("phone", &mut self.phone, said.phone),
            ("role", &mut self.role, said.role),
            ("country", &mut self.country, said.country),
        ];
        for (field, known, said) in texts {
            if let Some(said) = said.filter(|_| self.times.take(field, at)) {
                *known = said;
            }
        }
        if let Some(size) = said.company_size.filter(|_| self.times.take("company_size", at)) {
            self.company_size = size;
        }
        if let Some(attributes) = said.attributes.filter(|_| at >= self.times.replaced) {
            self.times.replaced = at;
            self.times.attributes = attributes.keys().map(|name| (name.clone(), at)).collect();
            self.attributes = attributes;
        }
    }

    /// What an earlier release stored is of one time.
    fn date(&mut self) {
        if self.said_at == 0 || self.times != Times::default() {
            return;
        }
        let set = [
            ("name", !self.name.is_empty()),
            ("phone", !self.phone.is_empty()),
            ("role", !self.role.is_empty()),
            ("country", !self.country.is_empty()),
            ("company_size", self.company_size.is_some()),
        ];
        let at = self.said_at;
        let set = set.into_iter().filter(|(_, set)| *set);
        self.times.fields = set.map(|(field, _)| (field.to_owned(), at)).collect();
        self.times.attributes = self.attributes.keys().map(|name| (name.clone(), at)).collect();
    }

    /// Of too many attributes those that were said last are kept.
    fn forget_oldest(&mut self) {
        while self.attributes.len() > MOST_ATTRIBUTES {
            let oldest = self.times.attributes.iter().min_by_key(|(name, at)| (**at, *name));
            let Some(oldest) = oldest.map(|(name, _)| name.clone()) else { return };
            self.times.attributes.remove(&oldest);
            self.attributes.remove(&oldest);
        }
    }
}

/// What somebody says of a lead; what is `None` was not spoken of.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    pub(super) name: Option<String>,
    pub(super) phone: Option<String>,
    pub(super) role: Option<String>,
    pub(super) company_size: Option<Option<i64>>,
    pub(super) country: Option<String>,
    /// All of them.
    pub(super) attributes: Option<BTreeMap<String, String>>,
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What forms say, and when.
    fn forms() -> Vec<(i64, Personal)> {
        let form = |role: &str, phone: &str, plan: &str| Personal {
            role: role.into(),
            phone: phone.into(),
            company_size: (role == "CEO").then_some(50),
            attributes: [("plan", plan), (role, "1")]
                .into_iter()
                .filter(|(name, value)| !name.is_empty() && !value.is_empty())
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            ..Personal::default()
        };
        vec![
            (1, form("Engineer", "1", "")),
            (2, form("CEO", "", "pro")),
            (3, form("", "3", "free")),
            (4, form("", "", "")),
        ]
    }

    fn all_orders(count: usize) -> Vec<Vec<usize>> {
        if count == 0 {
            return vec![Vec::new()];
        }
        let place = |order: Vec<usize>| {
            (0..count).map(move |at| {
                let mut order = order.clone();
                order.insert(at, count - 1);
                order
            })
        };
        all_orders(count - 1).into_iter().flat_map(place).collect()
    }

    #[test]
    fn of_each_field_what_was_said_last_holds_in_whatever_order_it_is_learned() {
        let forms = forms();
        for order in all_orders(forms.len()) {
            let mut known = Personal::default();
            for form in order.iter().map(|place| &forms[*place]) {
                known.learn(form.1.clone(), form.0);
            }
            assert_eq!((known.role.as_str(), known.phone.as_str()), ("CEO", "3"), "{order:?}");
            assert_eq!((known.company_size, known.attributes["plan"].as_str()), (Some(50), "free"));
        }
    }

    #[test]
    fn what_was_taken_back_does_not_come_back_by_what_was_said_before() {
        let mut known = Personal::default();
        known.learn(forms()[1].1.clone(), 2);
        let nothing = Said {
            role: Some(String::new()),
            company_size: Some(None),
            attributes: Some(BTreeMap::new()),
            ..Said::default()
        };
        known.say(nothing, 3);
        known.learn(forms()[0].1.clone(), 1);
        assert_eq!((known.role.as_str(), known.company_size), ("", None));
        assert!(known.attributes.is_empty(), "{known:?}");
        assert_eq!(known.phone, "1", "nobody took that back");
        known.learn(forms()[1].1.clone(), 4);
        assert_eq!((known.role.as_str(), known.attributes.len()), ("CEO", 2));
    }

    #[test]
    fn of_too_many_attributes_the_newest_are_kept() {
        let named = |names: std::ops::Range<usize>| Personal {
            attributes: names.map(|it| (format!("a{it:02}"), String::from("1"))).collect(),
            ..Personal::default()
        };
        let (full, more) = (named(0..MOST_ATTRIBUTES), named(90..92));
        for order in [[(1, &full), (2, &more)], [(2, &more), (1, &full)]] {
            let mut known = Personal::default();
            order.into_iter().for_each(|(at, said)| known.learn(said.clone(), at));
            assert_eq!(known.attributes.len(), MOST_ATTRIBUTES);
            assert!(known.attributes.contains_key("a91") && !known.attributes.contains_key("a01"));
        }
    }

    #[test]
    fn what_an_earlier_release_stored_is_of_the_time_of_its_newest_part() {
        let old = r#"{"email":"anna@shop.example","role":"Engineer","said_at":5}"#;
        let mut known: Personal = serde_json::from_str(old).unwrap();
        known.learn(forms()[1].1.clone(), 2);
        assert_eq!((known.role.as_str(), known.company_size), ("Engineer", Some(50)));
    }
}
