//! Cases that others published: data/README.md says by whom.

use crate::{EVERYTHING, lines};
use takings_core::lead::email::typo::{Known, MAILCHECK, suggest};
use takings_core::lead::email::{Address, Options, Reason, suffix};

#[test]
fn isemail_s_categories_are_accepted_by_policy() {
    let cases: Vec<(String, String)> =
        serde_json::from_str(include_str!("data/isemail.json")).expect("pairs");
    // Spaces and line ends around an address are nothing that was typed, so these say less of us.
    let (bare, padded): (Vec<_>, Vec<_>) =
        cases.into_iter().partition(|(typed, _)| typed.trim() == typed);
    assert_eq!((bare.len(), padded.len()), (154, 31));
    for (typed, diagnosis) in &bare {
        let valid = diagnosis == "valid" || diagnosis.starts_with("dnsWarn");
        // isemail asked for `io`, which exists; we want a dot.
        let by_default = valid && typed != "test@io";
        let by_option = valid || diagnosis.starts_with("rfc5321");
        let found = |options: &Options| Address::parse(typed, options).is_ok();
        assert_eq!(found(&Options::default()), by_default, "{typed:?} {diagnosis}");
        assert_eq!(found(&EVERYTHING), by_option, "{typed:?} {diagnosis}, every option");
    }
}

#[test]
fn to_ascii_is_unicode_s_less_what_cannot_be_seen_and_what_is_too_long() {
    let (mut equal, mut stricter) = (0, Vec::new());
    for (number, line) in lines(include_str!("data/idna.txt")) {
        let (source, expected) = idna(line);
        let found = Address::parse(&format!("a@{source}"), &EVERYTHING);
        match (found, expected) {
            (Ok(address), Some(ascii)) => {
                assert_eq!(address.domain(), ascii, "line {number}: {line}");
                equal += 1;
            }
            (Ok(_), None) => panic!("line {number}: {line}"),
            (Err(_), None) => {}
            (Err(reasons), Some(_)) => stricter.extend(reasons),
        }
    }
    stricter.sort_unstable();
    let expected = [[Reason::TooLong; 2].as_slice(), &[Reason::HiddenCharacter; 12]].concat();
    assert_eq!((equal, stricter), (138, expected));
}

/// A line's source, and what toASCII without transitional processing makes of it, if anything.
fn idna(line: &str) -> (String, Option<String>) {
    let mut columns = line.split(';').map(str::trim).chain(std::iter::repeat(""));
    let mut next = || unescaped(columns.next().unwrap_or_default());
    let or = |given: String, before: &str| if given.is_empty() { before.to_owned() } else { given };
    let source = next();
    let unicode = or(next(), &source);
    let status = next();
    let ascii = or(next(), &unicode);
    let status = or(next(), &status);
    let valid = status.is_empty() || status == "[]";
    (source, valid.then_some(ascii))
}

/// The file's `\u0301` and `\uD800` written out; a lone surrogate is no character of ours.
fn unescaped(text: &str) -> String {
    let mut plain = String::new();
    let mut pieces = text.split("\\u");
    plain.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let code = u32::from_str_radix(&piece[..4], 16).expect("four digits");
        plain.push(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
        plain.push_str(&piece[4..]);
    }
    if plain == "\"\"" { String::new() } else { plain }
}

#[test]
fn registrable_domains_are_the_public_suffix_list_s() {
    let mut count = 0;
    for line in include_str!("data/public_suffixes.txt").lines() {
        let Some(arguments) = line.strip_prefix("checkPublicSuffix(") else { continue };
        let (given, expected) = arguments.trim_end_matches(");").split_once(", ").expect("two");
        let text = |it: &str| it.strip_prefix('\'').map(|it| it.trim_end_matches('\'').to_owned());
        let Some(given) = text(given) else { continue };
        let address = Address::parse(&format!("a@{given}"), &EVERYTHING);
        let ascii = |it: String| {
            Address::parse(&format!("a@{it}"), &EVERYTHING).expect("a domain").domain().to_owned()
        };
        let found = address.ok().and_then(|it| suffix::registrable(it.domain()).map(str::to_owned));
        assert_eq!(found, text(expected).map(ascii), "{line}");
        count += 1;
    }
    assert_eq!(count, 77);
}

const DOMAINS: [&str; 7] = [
    "google.com",
    "gmail.com",
    "emaildomain.com",
    "comcast.net",
    "facebook.com",
    "msn.com",
    "gmx.de",
];
const SECOND: [&str; 6] = ["yahoo", "hotmail", "mail", "live", "outlook", "gmx"];
const TOP: [&str; 5] = ["co.uk", "com", "org", "info", "fr"];

#[test]
fn suggestions_are_those_of_mailcheck_s_own_spec() {
    let none = Known { domains: &[], second_levels: &[], top_levels: &[] };
    for (number, line) in lines(include_str!("data/mailcheck_spec.txt")) {
        let words: Vec<&str> = line.split(' ').collect();
        let [lists, domain, expected] = words[..] else { panic!("line {number}: {line}") };
        let known = match lists {
            "own" => MAILCHECK,
            "domains" => Known { domains: &DOMAINS, ..none },
            "all" => Known { domains: &DOMAINS, second_levels: &SECOND, top_levels: &TOP },
            "second" => Known { second_levels: &SECOND, ..none },
            "top" => Known { top_levels: &TOP, ..none },
            other => panic!("line {number}: {other}"),
        };
        let found = suggest(&domain.to_lowercase(), &known);
        assert_eq!(found.as_deref().unwrap_or("-"), expected, "line {number}: {line}");
    }
}

#[test]
fn suggestions_are_those_that_mailcheck_makes_of_random_misspellings() {
    let mut count = 0;
    for (number, line) in lines(include_str!("data/mailcheck.txt")) {
        let (domain, expected) = line.split_once(' ').expect("two words");
        let found = suggest(domain, &MAILCHECK);
        assert_eq!(found.as_deref().unwrap_or("-"), expected, "line {number}: {line}");
        count += 1;
    }
    assert_eq!(count, 600);
}

/// `mailcheck.splitEmail` of the spec, less an address whose quoted part is longer than 64 octets.
#[test]
fn addresses_are_split_where_mailcheck_splits_them() {
    let cases = [
        ("test@example.com", "test", "example.com"),
        ("test@example.co.uk", "test", "example.co.uk"),
        ("test@mail.randomsmallcompany.co.uk", "test", "mail.randomsmallcompany.co.uk"),
        ("\"foo@bar\"@example.com", "\"foo@bar\"", "example.com"),
        ("containsnumbers1234567890@example.com", "containsnumbers1234567890", "example.com"),
        ("contains+symbol@example.com", "contains+symbol", "example.com"),
        ("contains-symbol@example.com", "contains-symbol", "example.com"),
        ("contains.symbol@domain.contains.symbol", "contains.symbol", "domain.contains.symbol"),
        ("\"contains.and symbols\"@example.com", "\"contains.and symbols\"", "example.com"),
        (
            "\"contains.and.@.symbols.com\"@example.com",
            "\"contains.and.@.symbols.com\"",
            "example.com",
        ),
        ("postbox@com", "postbox", "com"),
        (" postbox@com", "postbox", "com"),
        ("postbox@com ", "postbox", "com"),
    ];
    for (typed, local, domain) in cases {
        let address = Address::parse(typed, &EVERYTHING).expect(typed);
        assert_eq!((address.local(), address.domain()), (local, domain), "{typed}");
    }
    for typed in ["example.com", "abc.example.com", "@example.com", "test@"] {
        assert!(Address::parse(typed, &EVERYTHING).is_err(), "{typed}");
    }
}
