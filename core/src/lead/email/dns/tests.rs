//! Every way through the questions, on canned answers.

use super::super::{Options, Verdict, validate};
use super::*;
use Answer::{NoDomain, NoRecords, Records, Unanswered};

fn mx(names: &[&str]) -> Answer<String> {
    Records(names.iter().map(|it| (*it).to_owned()).collect())
}

fn a(addresses: &[&str]) -> Answer<Ipv4Addr> {
    Records(addresses.iter().map(|it| it.parse().unwrap()).collect())
}

fn aaaa(addresses: &[&str]) -> Answer<Ipv6Addr> {
    Records(addresses.iter().map(|it| it.parse().unwrap()).collect())
}

fn txt(texts: &[&str]) -> Answer<Vec<u8>> {
    Records(texts.iter().map(|it| it.as_bytes().to_vec()).collect())
}

/// What is asked of a domain that answers so, and what is known in the end.
fn asked(zone: &Answers) -> (Vec<Question>, Finding) {
    let (mut answers, mut asked) = (Answers::default(), Vec::new());
    loop {
        let question = match answers.next() {
            Step::Known(finding) => return (asked, finding),
            Step::Ask(question) => question,
        };
        asked.push(question);
        match question {
            Question::Mx => answers.mx = Some(zone.mx.clone().expect("MX was asked for")),
            Question::A => answers.a = Some(zone.a.clone().expect("A was asked for")),
            Question::Aaaa => answers.aaaa = Some(zone.aaaa.clone().expect("AAAA was asked for")),
            Question::Txt => answers.txt = Some(zone.txt.clone().expect("TXT was asked for")),
        }
    }
}

fn with_mx(mx: Answer<String>) -> Answers {
    Answers { mx: Some(mx), ..Answers::default() }
}

fn without_mx(
    a: Answer<Ipv4Addr>,
    aaaa: Option<Answer<Ipv6Addr>>,
    txt: Option<Answer<Vec<u8>>>,
) -> Answers {
    Answers { mx: Some(NoRecords), a: Some(a), aaaa, txt }
}

#[test]
fn a_domain_with_a_mail_server_is_asked_nothing_else() {
    for names in [&["mx.example.com."][..], &["mx"], &[".", "mx.example.com."]] {
        assert_eq!(
            asked(&with_mx(mx(names))),
            (vec![Question::Mx], Finding::TakesMail),
            "{names:?}"
        );
    }
}

#[test]
fn a_mail_server_named_by_a_dot_alone_takes_no_mail() {
    for names in [&["."][..], &[""], &[".", "."]] {
        assert_eq!(asked(&with_mx(mx(names))).1, Finding::NullMx, "{names:?}");
    }
}

#[test]
fn a_domain_that_does_not_exist_is_known_from_any_answer() {
    let zones = [
        with_mx(NoDomain),
        without_mx(NoDomain, None, None),
        without_mx(NoRecords, Some(NoDomain), None),
        without_mx(a(&["1.1.1.1"]), None, Some(NoDomain)),
    ];
    for zone in zones {
        assert_eq!(asked(&zone).1, Finding::NoDomain, "{zone:?}");
    }
}

#[test]
fn without_mail_servers_an_address_that_the_world_reaches_is_enough() {
    use Question::{A, Aaaa, Mx, Txt};
    let by_v4 = without_mx(a(&["10.0.0.1", "1.1.1.1"]), None, Some(NoRecords));
    assert_eq!(asked(&by_v4), (vec![Mx, A, Txt], Finding::TakesMail));
    let by_v6 = without_mx(a(&["192.168.0.1"]), Some(aaaa(&["2606:4700::1"])), Some(txt(&["x"])));
    assert_eq!(asked(&by_v6), (vec![Mx, A, Aaaa, Txt], Finding::TakesMail));
    let empty = Answers { mx: Some(Records(Vec::new())), ..by_v4 };
    assert_eq!(asked(&empty), (vec![Mx, A, Txt], Finding::TakesMail));
}

#[test]
fn addresses_that_nobody_reaches_are_no_mail_servers() {
    let zones = [
        without_mx(NoRecords, Some(NoRecords), None),
        without_mx(a(&["127.0.0.1", "10.1.1.1"]), Some(aaaa(&["::1", "fd00::1"])), None),
        without_mx(a(&[]), Some(aaaa(&["2001:db8::1"])), None),
    ];
    for zone in zones {
        assert_eq!(asked(&zone).1, Finding::NoServer, "{zone:?}");
    }
}

#[test]
fn a_domain_from_which_nobody_sends_takes_no_mail_without_a_mail_server() {
    let zone = |text| without_mx(a(&["1.1.1.1"]), None, Some(txt(&["other", text])));
    assert_eq!(asked(&zone("v=spf1 -all")).1, Finding::SendsNoMail);
    for text in ["v=spf1 ~all", "v=spf1 mx -all", "v=spf1 -all ", "v=spf1  -all", "spf1 -all", ""] {
        assert_eq!(asked(&zone(text)).1, Finding::TakesMail, "{text:?}");
    }
    let named = Answers { mx: Some(mx(&["mx.example.com"])), ..zone("v=spf1 -all") };
    assert_eq!(asked(&named).1, Finding::TakesMail, "its mail server was named");
}

#[test]
fn a_dns_timeout_does_not_count_as_invalid() {
    let zones = [
        with_mx(Unanswered),
        without_mx(Unanswered, None, None),
        without_mx(NoRecords, Some(Unanswered), None),
        without_mx(a(&["1.1.1.1"]), None, Some(Unanswered)),
    ];
    for zone in zones {
        let (_, finding) = asked(&zone);
        assert_eq!(finding, Finding::Unanswered, "{zone:?}");
        let validation = validate("anna@example.com", &Options::default()).with(finding);
        assert_eq!(validation.verdict, Verdict::Unknown);
        assert_eq!(validation.reasons, [Reason::DnsUnanswered]);
    }
}

#[test]
fn what_is_wrong_for_sure_is_worse_than_what_nobody_answered() {
    let told = |text: &str, finding: Finding| {
        let validation = validate(text, &Options::default()).with(finding);
        (validation.verdict, validation.reasons)
    };
    let (verdict, reasons) = told("a@mailinator.com", Finding::Unanswered);
    assert_eq!(verdict, Verdict::Unknown);
    assert_eq!(reasons, [Reason::DnsUnanswered, Reason::Disposable]);
    let (verdict, reasons) = told("sales@gmail.com", Finding::NoDomain);
    assert_eq!(verdict, Verdict::Invalid);
    assert_eq!(reasons, [Reason::DomainNotFound, Reason::Role, Reason::FreeProvider]);
    let (verdict, reasons) = told("a@localhost", Finding::Unanswered);
    assert_eq!(verdict, Verdict::Invalid);
    assert_eq!(reasons, [Reason::DomainSpecialUse, Reason::DnsUnanswered]);
    assert_eq!(told("anna@example.com", Finding::TakesMail), (Verdict::Ok, vec![]));
}

#[test]
fn every_finding_but_one_speaks_against_the_address() {
    let cases = [
        (Finding::TakesMail, Verdict::Ok),
        (Finding::NullMx, Verdict::Invalid),
        (Finding::NoServer, Verdict::Invalid),
        (Finding::SendsNoMail, Verdict::Invalid),
        (Finding::NoDomain, Verdict::Invalid),
        (Finding::Unanswered, Verdict::Unknown),
    ];
    for (finding, verdict) in cases {
        let found = finding.reason().map_or(Verdict::Ok, Reason::verdict);
        assert_eq!(found, verdict, "{finding:?}");
    }
}
