//! Everything that is found about an address, and what follows.

use super::address::Typed;
use super::dns::Finding;
use super::lists::{Class, class, is_role};
use super::{Address, Options, Reason, Verdict, typo};

/// What was found about an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validation {
    /// The worst that a reason makes of it.
    pub verdict: Verdict,
    /// What was found, in the order of [`Reason`], each once.
    pub reasons: Vec<Reason>,
    /// The address, where it is one.
    pub address: Option<Address>,
    /// What was probably meant; given exactly where [`Reason::Typo`] is.
    pub suggestion: Option<Address>,
}

/// Reads an address and looks it up in the lists; nobody is asked.
pub fn validate(text: &str, options: &Options) -> Validation {
    let typed = match Typed::read(text, options) {
        Ok(typed) => typed,
        Err(reasons) => return concluded(reasons, None, None),
    };
    let meant = meant(&typed, options);
    let (mut reasons, address) = match typed.address() {
        Ok(address) => (listed(&address), Some(address)),
        Err(reasons) => (reasons, None),
    };
    reasons.extend(meant.is_some().then_some(Reason::Typo));
    concluded(reasons, address, meant)
}

impl Validation {
    /// Adds what the domain name system said.
    #[must_use]
    pub fn with(self, finding: Finding) -> Validation {
        let Validation { verdict: _, mut reasons, address, suggestion } = self;
        reasons.extend(finding.reason());
        concluded(reasons, address, suggestion)
    }

    /// The form to write to.
    pub fn delivery(&self) -> Option<String> {
        self.address.as_ref().map(Address::delivery)
    }

    /// The form by which addresses of one mailbox are equal.
    pub fn key(&self) -> Option<String> {
        self.address.as_ref().map(Address::key)
    }
}

/// What was probably meant, where only the domain may be wrong. Names that no public server answers
/// for, and addresses in brackets, are nobody's misspelling.
fn meant(typed: &Typed, options: &Options) -> Option<Address> {
    let local = typed.local.as_ref().ok()?;
    let domain = match &typed.domain {
        Ok(domain) if domain.starts_with('[') => return None,
        Ok(domain) => Some(domain.as_str()),
        Err(Reason::DomainSpecialUse | Reason::DomainLiteral) => return None,
        Err(_) => None,
    };
    Address::at(local, &typo::suspected(&typed.typed_domain, domain)?, options)
}

/// What the lists say.
fn listed(address: &Address) -> Vec<Reason> {
    let of_domain = address.host().and_then(class).map(|class| match class {
        Class::Relay => Reason::Relay,
        Class::Disposable => Reason::Disposable,
        Class::Free => Reason::FreeProvider,
    });
    let role = is_role(address.local()).then_some(Reason::Role);
    let international = address.needs_smtputf8().then_some(Reason::NeedsSmtpUtf8);
    of_domain.into_iter().chain(role).chain(international).collect()
}

fn concluded(
    mut reasons: Vec<Reason>,
    address: Option<Address>,
    suggestion: Option<Address>,
) -> Validation {
    reasons.sort_unstable();
    reasons.dedup();
    let verdict = reasons.iter().map(|it| it.verdict()).max().unwrap_or(Verdict::Ok);
    Validation { verdict, reasons, address, suggestion }
}
