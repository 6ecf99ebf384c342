//! What was found about an address, and what follows.

/// Whether an address is worth writing to, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// Nothing speaks against it.
    Ok,
    /// It can be written to, and is probably not what a lead should have.
    Risky,
    /// Nobody could say: the domain's servers did not answer.
    Unknown,
    /// It cannot be written to.
    Invalid,
}

impl Verdict {
    /// The name in databases and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Risky => "risky",
            Verdict::Unknown => "unknown",
            Verdict::Invalid => "invalid",
        }
    }
}

/// What was found about an address, in the order in which it is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    /// There is nothing but spaces.
    Empty,
    /// The whole is longer than 254 octets with its domain as A-labels (RFC 5321, erratum 1690).
    TooLong,
    /// A control character, a line separator: what follows would be another header.
    ControlCharacter,
    /// A format character: of zero width, or turning the direction of the text.
    HiddenCharacter,
    /// A character for private use, or none at all in the Unicode version in use.
    UnassignedCharacter,
    /// A mark that combines with the character before it, where a part begins.
    LeadingCombiningMark,
    /// There is no `@` outside quotes.
    NoAtSign,
    /// Nothing stands before the `@`.
    LocalEmpty,
    /// More than 64 octets stand before the `@` (RFC 5321, section 4.5.3.1.1).
    LocalTooLong,
    /// A dot at the beginning or the end before the `@`, or two in a row.
    LocalDots,
    /// A character before the `@` that may not stand there: a space, a comment, an unpaired quote.
    LocalSyntax,
    /// The part before the `@` is quoted, which [`Options`](super::Options) do not accept.
    LocalQuoted,
    /// Letters beyond ASCII before the `@`, which [`Options`](super::Options) do not accept.
    LocalInternational,
    /// Nothing stands after the `@`.
    DomainEmpty,
    /// What stands after the `@` is no name of a host, by UTS 46 with IDNA 2008's rules.
    DomainSyntax,
    /// A label of the domain is longer than 63 octets as A-label.
    DomainLabelTooLong,
    /// An address of the network in place of a domain, which [`Options`](super::Options) do not
    /// accept.
    DomainLiteral,
    /// A name that no public server answers for (RFC 6761 and its registry).
    DomainSpecialUse,
    /// The domain has no dot, or ends in a number.
    DomainTopLevel,
    /// The domain does not exist.
    DomainNotFound,
    /// The domain says that it takes no mail (RFC 7505).
    NullMx,
    /// The domain names no server, and has no address that the world can reach.
    NoMailServer,
    /// The domain names no server, and says that nobody sends mail from it (RFC 7208).
    SendsNoMail,
    /// The domain's servers did not answer, or said that they could not.
    DnsUnanswered,
    /// Addresses of this domain are thrown away.
    Disposable,
    /// The domain looks like a misspelling of another; [`Validation`](super::Validation) says of
    /// which.
    Typo,
    /// The domain forwards to a mailbox that its owner hides. It is nothing to refuse.
    Relay,
    /// A function and no person: `info`, `sales`, `postmaster` (RFC 2142).
    Role,
    /// A provider with whom anybody may have an address.
    FreeProvider,
    /// Only servers with SMTPUTF8 take it (RFC 6531).
    NeedsSmtpUtf8,
}

impl Reason {
    /// Every reason, in order.
    pub const ALL: [Reason; 30] = [
        Reason::Empty,
        Reason::TooLong,
        Reason::ControlCharacter,
        Reason::HiddenCharacter,
        Reason::UnassignedCharacter,
        Reason::LeadingCombiningMark,
        Reason::NoAtSign,
        Reason::LocalEmpty,
        Reason::LocalTooLong,
        Reason::LocalDots,
        Reason::LocalSyntax,
        Reason::LocalQuoted,
        Reason::LocalInternational,
        Reason::DomainEmpty,
        Reason::DomainSyntax,
        Reason::DomainLabelTooLong,
        Reason::DomainLiteral,
        Reason::DomainSpecialUse,
        Reason::DomainTopLevel,
        Reason::DomainNotFound,
        Reason::NullMx,
        Reason::NoMailServer,
        Reason::SendsNoMail,
        Reason::DnsUnanswered,
        Reason::Disposable,
        Reason::Typo,
        Reason::Relay,
        Reason::Role,
        Reason::FreeProvider,
        Reason::NeedsSmtpUtf8,
    ];

    /// The name in databases and answers; it never changes.
    pub fn code(self) -> &'static str {
        match self {
            Reason::Empty => "empty",
            Reason::TooLong => "too_long",
            Reason::ControlCharacter => "control_character",
            Reason::HiddenCharacter => "hidden_character",
            Reason::UnassignedCharacter => "unassigned_character",
            Reason::LeadingCombiningMark => "leading_combining_mark",
            Reason::NoAtSign => "no_at_sign",
            Reason::LocalEmpty => "local_empty",
            Reason::LocalTooLong => "local_too_long",
            Reason::LocalDots => "local_dots",
            Reason::LocalSyntax => "local_syntax",
            Reason::LocalQuoted => "local_quoted",
            Reason::LocalInternational => "local_international",
            Reason::DomainEmpty => "domain_empty",
            Reason::DomainSyntax => "domain_syntax",
            Reason::DomainLabelTooLong => "domain_label_too_long",
            Reason::DomainLiteral => "domain_literal",
            Reason::DomainSpecialUse => "domain_special_use",
            Reason::DomainTopLevel => "domain_top_level",
            Reason::DomainNotFound => "domain_not_found",
            Reason::NullMx => "null_mx",
            Reason::NoMailServer => "no_mail_server",
            Reason::SendsNoMail => "sends_no_mail",
            Reason::DnsUnanswered => "dns_unanswered",
            Reason::Disposable => "disposable",
            Reason::Typo => "typo",
            Reason::Relay => "relay",
            Reason::Role => "role",
            Reason::FreeProvider => "free_provider",
            Reason::NeedsSmtpUtf8 => "needs_smtputf8",
        }
    }

    /// What this alone makes of an address; of several the worst counts.
    pub fn verdict(self) -> Verdict {
        match self {
            Reason::DnsUnanswered => Verdict::Unknown,
            Reason::Disposable | Reason::Typo => Verdict::Risky,
            Reason::Relay | Reason::Role | Reason::FreeProvider | Reason::NeedsSmtpUtf8 => {
                Verdict::Ok
            }
            _ => Verdict::Invalid,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_reason_has_a_code_of_its_own_and_a_place_in_the_order() {
        let codes: BTreeSet<&str> = Reason::ALL.iter().map(|it| it.code()).collect();
        assert_eq!(codes.len(), Reason::ALL.len());
        assert!(Reason::ALL.is_sorted());
        assert_eq!(Reason::ALL.last().map(|it| *it as usize + 1), Some(Reason::ALL.len()));
    }

    #[test]
    fn worse_reasons_are_reported_first() {
        let verdicts: Vec<Verdict> = Reason::ALL.iter().map(|it| it.verdict()).collect();
        assert!(verdicts.is_sorted_by(|a, b| a >= b), "{verdicts:?}");
    }
}
