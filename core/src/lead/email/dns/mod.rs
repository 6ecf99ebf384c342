//! What the domain name system says about a domain, and in which order to ask it.
//!
//! Whoever can ask goes on like this until it is known:
//!
//! ```
//! use takings_core::lead::email::dns::{Answer, Answers, Finding, Question, Step};
//!
//! let mut answers = Answers::default();
//! let finding = loop {
//!     match answers.next() {
//!         Step::Ask(Question::Mx) => answers.mx = Some(Answer::Records(vec!["mx.example.".into()])),
//!         Step::Ask(_) => unreachable!("the first answer was enough"),
//!         Step::Known(finding) => break finding,
//!     }
//! };
//! assert_eq!(finding, Finding::TakesMail);
//! ```
//!
//! The rules are those of python-email-validator: a mail server that is named (MX), else an address
//! that the world can reach (RFC 5321, section 5.1), unless the domain says that nobody sends mail
//! from it. **What nobody answered is unknown**, and never taken for a no.

mod reach;
#[cfg(test)]
mod tests;

use super::Reason;
use core::net::{Ipv4Addr, Ipv6Addr};

/// Which records of the domain are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Question {
    /// Its mail servers.
    Mx,
    /// Its addresses of version 4.
    A,
    /// Its addresses of version 6.
    Aaaa,
    /// Its texts.
    Txt,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<T> {
    /// These records; none is the same as [`Answer::NoRecords`].
    Records(Vec<T>),
    /// The domain exists, and has no record of this kind (NOERROR without data).
    NoRecords,
    /// The domain does not exist (NXDOMAIN).
    NoDomain,
    /// Nobody said: a timeout, SERVFAIL, REFUSED, a connection that broke.
    Unanswered,
}

/// The answers so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// The exchanges' names, with or without their last dot; of the root, `.` or nothing.
    pub mx: Option<Answer<String>>,
    /// The addresses of version 4.
    pub a: Option<Answer<Ipv4Addr>>,
    /// The addresses of version 6.
    pub aaaa: Option<Answer<Ipv6Addr>>,
    /// The texts, the strings of each record joined without anything between them.
    pub txt: Option<Answer<Vec<u8>>>,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask this, and fill the field of its name in.
    Ask(Question),
    /// It is known.
    Known(Finding),
}

/// What is known about a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Finding {
    /// It takes mail.
    TakesMail,
    /// It says that it takes none: its only exchange is the root (RFC 7505).
    NullMx,
    /// It names no exchange, and has no address that the world can reach.
    NoServer,
    /// It names no exchange, and its only policy is that nobody sends from it: exactly `v=spf1 -all`
    /// (RFC 7208).
    SendsNoMail,
    /// It does not exist.
    NoDomain,
    /// Nobody answered.
    Unanswered,
}

impl Finding {
    /// What this says about an address there.
    pub fn reason(self) -> Option<Reason> {
        match self {
            Finding::TakesMail => None,
            Finding::NullMx => Some(Reason::NullMx),
            Finding::NoServer => Some(Reason::NoMailServer),
            Finding::SendsNoMail => Some(Reason::SendsNoMail),
            Finding::NoDomain => Some(Reason::DomainNotFound),
            Finding::Unanswered => Some(Reason::DnsUnanswered),
        }
    }
}

impl Answers {
    /// What to ask next, or what is known.
    pub fn next(&self) -> Step {
        self.decide().unwrap_or_else(|step| step)
    }

    /// `Err` ends it early.
    fn decide(&self) -> Result<Step, Step> {
        let exchanges = records(self.mx.as_ref(), Question::Mx)?;
        if exchanges.iter().any(|name| !name.trim_end_matches('.').is_empty()) {
            return Ok(Step::Known(Finding::TakesMail));
        }
        if !exchanges.is_empty() {
            return Ok(Step::Known(Finding::NullMx));
        }
        let reachable = records(self.a.as_ref(), Question::A)?.iter().any(|it| reach::v4(*it))
            || records(self.aaaa.as_ref(), Question::Aaaa)?.iter().any(|it| reach::v6(*it));
        if !reachable {
            return Ok(Step::Known(Finding::NoServer));
        }
        let texts = records(self.txt.as_ref(), Question::Txt)?;
        let refuses = texts.iter().any(|text| text == b"v=spf1 -all");
        Ok(Step::Known(if refuses { Finding::SendsNoMail } else { Finding::TakesMail }))
    }
}

/// The records of an answer, or what to do without one.
fn records<T>(answer: Option<&Answer<T>>, question: Question) -> Result<&[T], Step> {
    match answer {
        Some(Answer::Records(records)) => Ok(records),
        Some(Answer::NoRecords) => Ok(&[]),
        Some(Answer::NoDomain) => Err(Step::Known(Finding::NoDomain)),
        Some(Answer::Unanswered) => Err(Step::Known(Finding::Unanswered)),
        None => Err(Step::Ask(question)),
    }
}
