//! What holds for any text.

use crate::EVERYTHING;
use proptest::prelude::*;
use takings_core::lead::email::{Address, Options, Reason, Verdict, validate};

/// Texts that look like addresses, well formed and not.
fn typed() -> impl Strategy<Value = String> {
    let local = prop_oneof![
        "[a-zA-Z0-9+.!'*-]{0,12}",
        "\"[ -~]{0,12}\"",
        "[a-zäÖßİΣςé\u{301}\u{30a}ＡＩ.+]{0,12}",
        "\\PC{0,8}",
    ];
    let domain = prop_oneof![
        "[a-z0-9-]{1,12}\\.(com|de|io|co\\.uk|example)",
        "(gmail|googlemail|outlook|icloud|proton|mailinator|duck)\\.(com|me)",
        "[a-zäöüß中文אב.-]{0,16}",
        "\\[[0-9a-fIPv:.]{0,24}\\]",
        "\\PC{0,12}",
    ];
    (local, domain).prop_map(|(local, domain)| format!("{local}@{domain}"))
}

/// Any text at all: of control characters and unpaired marks too.
fn anything() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        any::<String>(),
        "[@.\"\\\\\\[\\]()<>,;: \\r\\n\\t\u{200b}\u{202e}\u{301}xn-]{0,24}",
        typed(),
    ];
    prop::collection::vec(pieces, 0..3).prop_map(|it| it.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_text_is_too_strange_to_be_judged(text in anything()) {
        for options in [Options::default(), EVERYTHING] {
            let found = validate(&text, &options);
            let worst = found.reasons.iter().map(|it| it.verdict()).max();
            prop_assert_eq!(found.verdict, worst.unwrap_or(Verdict::Ok));
            prop_assert!(found.reasons.is_sorted_by(|a, b| a < b), "{:?}", found.reasons);
            prop_assert_eq!(found.address.is_none(), found.verdict == Verdict::Invalid);
            let typo = found.reasons.contains(&Reason::Typo);
            prop_assert_eq!(typo, found.suggestion.is_some());
        }
    }

    #[test]
    fn what_is_delivered_to_reads_back_as_itself(text in typed()) {
        let Ok(address) = Address::parse(&text, &EVERYTHING) else { return Ok(()) };
        let again = Address::parse(&address.delivery(), &EVERYTHING);
        prop_assert_eq!(again.as_ref().map(Address::delivery), Ok(address.delivery()));
        prop_assert!(address.delivery().len() <= 254 && address.local().len() <= 64);
        prop_assert!(address.domain().is_ascii());
        prop_assert!(!address.delivery().contains(['\r', '\n', '\0']));
    }

    #[test]
    fn a_key_is_its_own_key_and_never_empty(text in typed()) {
        let Ok(address) = Address::parse(&text, &EVERYTHING) else { return Ok(()) };
        let key = address.key();
        let again = Address::parse(&key, &EVERYTHING);
        prop_assert_eq!(again.map(|it| it.key()), Ok(key.clone()), "{}", text);
        prop_assert!(!key.starts_with('@'), "{}", key);
    }

    #[test]
    fn case_dots_and_tags_make_no_other_mailbox_at_google(
        name in "[a-z]{1,8}", tag in "[a-z.]{0,6}", dots in any::<u8>(), upper in any::<u8>(),
    ) {
        let mut typed = String::new();
        for (place, c) in name.chars().enumerate() {
            let bit = 1 << place;
            typed.extend((place > 0 && dots & bit != 0).then_some('.'));
            typed.push(if upper & bit != 0 { c.to_ascii_uppercase() } else { c });
        }
        let tag = tag.trim_matches('.').replace("..", "");
        let tagged = if tag.is_empty() { typed } else { format!("{typed}+{tag}") };
        for domain in ["gmail.com", "GoogleMail.com"] {
            let address = Address::parse(&format!("{tagged}@{domain}"), &Options::default());
            prop_assert_eq!(address.map(|it| it.key()), Ok(format!("{name}@gmail.com")));
        }
    }
}
