//! Addresses as people type them, and what must be found.

use crate::lines;
use takings_core::lead::email::{Address, Options, Reason, Verdict, validate};

const TABLE: &str = include_str!("data/addresses.txt");

/// `\n`, `\u{...}` and `<a*64>` written out.
fn written_out(text: &str) -> String {
    let (mut plain, mut rest) = (String::new(), text);
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        if let Some((what, after)) = (c == '<').then(|| repeated(rest)).flatten() {
            plain.push_str(&what);
            rest = after;
        } else if c == '\\' {
            let (what, after) = escaped(rest);
            plain.push(what);
            rest = after;
        } else {
            plain.push(c);
        }
    }
    plain
}

fn repeated(text: &str) -> Option<(String, &str)> {
    let (inside, after) = text.split_once('>')?;
    let (what, times) = inside.rsplit_once('*')?;
    Some((written_out(what).repeat(times.parse().ok()?), after))
}

fn escaped(text: &str) -> (char, &str) {
    let letter = text.chars().next().expect("a character after a backslash");
    let plain = match letter {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        '0' => '\0',
        'u' => {
            let (code, after) = text[2..].split_once('}').expect("a code in braces");
            let code = u32::from_str_radix(code, 16).expect("a hexadecimal code");
            return (char::from_u32(code).expect("a character"), after);
        }
        other => other,
    };
    (plain, &text[letter.len_utf8()..])
}

/// What was found, in the table's words.
fn found(typed: &str) -> [String; 4] {
    let validation = validate(typed, &Options::default());
    let codes: Vec<&str> = validation.reasons.iter().map(|it| it.code()).collect();
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    let reasons = if codes.is_empty() { "-".into() } else { codes.join(",") };
    let meant = validation.suggestion.as_ref().map(Address::delivery);
    let verdict = validation.verdict.as_str().to_owned();
    [verdict, reasons, or_none(validation.delivery()), or_none(meant)]
}

#[test]
fn every_address_of_the_table_is_judged_as_it_says() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (number, line) in lines(TABLE) {
        let mut columns = line.split('\t').map(written_out);
        let typed = columns.next().expect("what is typed");
        let expected: Vec<String> = columns.chain(std::iter::repeat("-".into())).take(4).collect();
        let found = found(&typed);
        count += 1;
        if found[..] != expected[..] {
            wrong.push(format!("{number}: {line}\n    found {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 150, "{count}");
}

#[test]
fn every_reason_that_needs_no_server_is_in_the_table_or_behind_an_option() {
    let from_dns =
        ["domain_not_found", "null_mx", "no_mail_server", "sends_no_mail", "dns_unanswered"];
    let by_option = "local_international";
    for reason in Reason::ALL {
        let code = reason.code();
        let named = lines(TABLE).any(|(_, line)| {
            line.split('\t').nth(2).is_some_and(|it| it.split(',').any(|it| it == code))
        });
        assert_eq!(named, !from_dns.contains(&code) && code != by_option, "{code}");
    }
}

#[test]
fn relay_addresses_are_not_banned_as_disposable() {
    for domain in ["privaterelay.appleid.com", "mozmail.com", "duck.com", "simplelogin.com"] {
        let validation = validate(&format!("x7f3@{domain}"), &Options::default());
        assert_eq!(validation.verdict, Verdict::Ok, "{domain}");
        assert_eq!(validation.reasons, [Reason::Relay], "{domain}");
    }
}

#[test]
fn ten_megabytes_are_refused_without_being_read() {
    let text = format!("{}@example.com", "a".repeat(10_000_000));
    let validation = validate(&text, &Options::default());
    assert_eq!((validation.verdict, validation.reasons), (Verdict::Invalid, vec![Reason::TooLong]));
}

#[test]
fn letters_beyond_ascii_are_refused_before_the_at_alone_where_that_is_asked_for() {
    let ascii = Options { international: false, ..Options::default() };
    assert_eq!(validate("jürgen@example.com", &ascii).reasons, [Reason::LocalInternational]);
    assert_eq!(validate("anna@bücher.example", &ascii).verdict, Verdict::Ok);
}

#[test]
fn no_address_is_shown_where_a_validation_is() {
    let validation = validate("secret.anna@gmal.com", &Options::default());
    let shown = format!("{validation:?}");
    assert!(validation.suggestion.is_some());
    assert!(!shown.contains("anna") && !shown.contains("gma"), "{shown}");
}
