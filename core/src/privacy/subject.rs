//! Whose key something is sealed under.

use std::fmt;

/// A record that names a person, or may; each has a key of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A customer at the provider: the source's number, and the customer's id.
    Customer(i64, String),
    /// An event that names nobody yet: the source's number, its id, and its API version.
    Event(i64, String, String),
    /// A lead, by its id.
    Lead(String),
    /// A partner, by its id.
    Partner(String),
    /// Commands that were under way on a day, as days since the epoch: whom they name is not known.
    Calls(i64),
}

impl fmt::Display for Subject {
    /// The name that its key is stored under.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Customer(source, id) => write!(f, "customer:{source}:{id}"),
            Subject::Event(source, id, version) => write!(f, "event:{source}:{version}:{id}"),
            Subject::Lead(id) => write!(f, "lead:{id}"),
            Subject::Partner(id) => write!(f, "partner:{id}"),
            Subject::Calls(day) => write!(f, "calls:{day}"),
        }
    }
}

impl Subject {
    /// The subject of a name.
    pub fn parse(name: &str) -> Option<Subject> {
        let (kind, rest) = name.split_once(':')?;
        let numbered = || {
            let (source, id) = rest.split_once(':')?;
            Some((source.parse().ok()?, id))
        };
        Some(match kind {
            "customer" => {
                let (source, id) = numbered()?;
                Subject::Customer(source, id.to_owned())
            }
            "event" => {
                let (source, rest) = numbered()?;
                let (version, id) = rest.split_once(':')?;
                Subject::Event(source, id.to_owned(), version.to_owned())
            }
            "lead" => Subject::Lead(rest.to_owned()),
            "partner" => Subject::Partner(rest.to_owned()),
            "calls" => Subject::Calls(rest.parse().ok()?),
            _ => return None,
        })
    }

    /// Whether it is a person, who can be erased.
    pub fn is_person(&self) -> bool {
        match self {
            Subject::Customer(..) | Subject::Lead(_) | Subject::Partner(_) => true,
            Subject::Event(..) | Subject::Calls(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_back_as_it_was_written() {
        let all = [
            Subject::Customer(3, "cus_1:x".into()),
            Subject::Event(3, "evt_1:y".into(), "2026-10-28.endive".into()),
            Subject::Event(3, "evt_1".into(), String::new()),
            Subject::Lead("lead_1".into()),
            Subject::Partner("prt_1".into()),
            Subject::Calls(20_000),
        ];
        for subject in all {
            assert_eq!(Subject::parse(&subject.to_string()).as_ref(), Some(&subject));
        }
    }

    #[test]
    fn other_names_are_no_subjects() {
        for name in ["", "customer", "customer:cus_1", "customer:x:cus_1", "calls:x", "person:1"] {
            assert_eq!(Subject::parse(name), None, "{name}");
        }
    }
}
