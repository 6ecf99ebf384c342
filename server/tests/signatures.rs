//! The official Python package of Stripe signs and judges: our verdict is its verdict, or a
//! stricter one that is listed here.
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::disallowed_methods,
    reason = "a test stops where it fails, and times what it runs"
)]

mod common;

use common::dice::{Dice, count, seed};
use common::python::{Dialogue, program};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use takings_core::stripe::envelope;
use takings_core::stripe::signature::{SignatureError, verify};
use takings_core::time::Timestamp;

const NOW: i64 = 1_800_000_000;
const TOLERANCE: i64 = 300;
const SECRETS: [&str; 3] = ["whsec_test", "whsec_old", "whsec_ünïcode"];

/// One question for both judges.
struct Case {
    body: Vec<u8>,
    header: String,
    secret: &'static str,
}

#[test]
fn mutated_headers_and_bodies_get_stripes_verdict_or_a_stricter_one() {
    let Some(oracle) = program("signature_oracle.py") else { return };
    let mut oracle = Oracle(Dialogue::start(oracle));
    println!(
        "the official package's version: {}",
        oracle.0.ask(&json!({"ask": "hello"}))["version"]
    );
    let (seed, rounds) = (seed(), count(1_000, 10_000));
    let mut dice = Dice::new(seed);
    let mut verdicts: BTreeMap<String, usize> = BTreeMap::new();
    for round in 0..rounds {
        let case = oracle.case(&mut dice);
        let ours = case.ours();
        let verdict = match (oracle.accepts(&case), &ours) {
            (None, ours) => refused_as_no_utf8(&case, ours),
            (Some(true), Ok(())) => "both accept".to_owned(),
            (Some(false), Err(_)) => "both refuse".to_owned(),
            (Some(true), Err(error)) => stricter(&case.header, error).map_or_else(
                || panic!("round {round}, seed {seed}: only we refuse {:?}: {error}", case.header),
                |why| format!("only we refuse: {why}"),
            ),
            (Some(false), Ok(())) => {
                panic!("round {round}, seed {seed}: only we accept {:?}", case.header)
            }
        };
        *verdicts.entry(verdict).or_default() += 1;
    }
    println!("{rounds} headers and bodies, seed {seed}:");
    verdicts.iter().for_each(|(verdict, times)| println!("  {times:>6}  {verdict}"));
    for verdict in ["both accept", "both refuse"] {
        assert!(verdicts[verdict] > rounds / 20, "too few cases for: {verdict}");
    }
}

#[test]
fn a_secret_of_spaces_is_no_secret_to_either() {
    let Some(oracle) = program("signature_oracle.py") else { return };
    let mut oracle = Oracle(Dialogue::start(oracle));
    oracle.0.ask(&json!({"ask": "hello"}));
    let header = takings_simulator::sign("  ", NOW, b"{}");
    let case = Case { body: b"{}".to_vec(), header, secret: "  " };
    assert_eq!(oracle.accepts(&case), Some(false));
    assert_eq!(case.ours(), Err(SignatureError::NoSecret));
}

/// Everything in which we are stricter on purpose, by the header and by what we said.
fn stricter(header: &str, error: &SignatureError) -> Option<&'static str> {
    let parts: Vec<(&str, Option<&str>)> = header
        .split(',')
        .map(|part| part.split_once('=').map_or((part, None), |(key, value)| (key, Some(value))))
        .collect();
    let times: Vec<&str> =
        parts.iter().filter(|(key, _)| *key == "t").filter_map(|(_, value)| *value).collect();
    let time = times.first().copied().unwrap_or_default();
    let digits = time.bytes().all(|byte| byte.is_ascii_digit());
    let list: [(&'static str, bool); 7] = [
        ("the time lies ahead", *error == SignatureError::Future),
        ("letters beyond ASCII", !header.is_ascii()),
        ("a part without =", parts.iter().any(|(_, value)| value.is_none())),
        ("a second t", times.len() > 1),
        ("t is more than digits, or begins with 0", !digits || time.starts_with('0')),
        ("t beyond 64 bits", digits && time.parse::<i64>().is_err()),
        ("more = after the hex", parts.iter().any(|it| it.1.is_some_and(|it| it.contains('=')))),
    ];
    list.into_iter().find(|(_, applies)| *applies).map(|(why, _)| why)
}

/// The official package cannot even read such a body. We verify bytes; the body is refused next.
fn refused_as_no_utf8(case: &Case, ours: &Result<(), SignatureError>) -> String {
    assert!(ours.is_err() || envelope::parse(&case.body).is_err(), "a body that is not UTF-8");
    "both refuse: not UTF-8".to_owned()
}

struct Oracle(Dialogue);

impl Oracle {
    fn accepts(&mut self, case: &Case) -> Option<bool> {
        let question = json!({
            "ask": "verify", "header": case.header, "body": hex(&case.body),
            "secret": case.secret, "now": NOW, "tolerance": TOLERANCE,
        });
        self.0.ask(&question)["accepts"].as_bool()
    }

    /// A header that the official package makes itself.
    fn sign(&mut self, body: &[u8], secret: &str, at: i64) -> String {
        let question = json!({"ask": "sign", "body": hex(body), "secret": secret, "now": at});
        match &self.0.ask(&question)["header"] {
            Value::String(header) => header.clone(),
            other => panic!("no header: {other}"),
        }
    }

    /// A good header and body, then changed or not.
    fn case(&mut self, dice: &mut Dice) -> Case {
        let mut body = body(dice);
        let secret = *dice.pick(&SECRETS);
        let offset = *dice.pick(&[0, 0, 0, 1, -1, -299, -300, -301, 299, 300, 301, -86_400]);
        let mut header = self.sign(&body, secret, NOW + offset);
        if dice.below(4) == 0 {
            let other = self.sign(&body, "whsec_other", NOW + offset);
            let extra = other.split_once(',').unwrap().1;
            let place = if dice.below(2) == 0 { header.len() } else { header.find(',').unwrap() };
            header.insert_str(place, &format!(",{extra}"));
        }
        for _ in 0..*dice.pick(&[0, 1, 1, 1, 2, 3]) {
            header = mutate_header(dice, header);
        }
        if dice.below(8) == 0 {
            mutate_body(dice, &mut body);
        }
        Case { body, header, secret }
    }
}

impl Case {
    fn ours(&self) -> Result<(), SignatureError> {
        let now = Timestamp::from_secs(NOW);
        verify(&self.header, &self.body, &[self.secret], now, TOLERANCE)
    }
}

fn body(dice: &mut Dice) -> Vec<u8> {
    let name = dice.pick(&["plain", "Grüße", "日本語", "a\\u0000b", "\u{feff}", ""]);
    let number = dice.roll();
    match dice.below(12) {
        0 => Vec::new(),
        1 => b"not json".to_vec(),
        _ => format!(r#"{{"id":"evt_{number}","object":"event","name":"{name}"}}"#).into_bytes(),
    }
}

fn mutate_body(dice: &mut Dice, body: &mut Vec<u8>) {
    let place = dice.below(body.len() + 1);
    match dice.below(4) {
        0 => body.insert(place, b' '),
        1 => body.push(b'\n'),
        2 => body.truncate(place),
        _ => body.insert(place, *dice.pick(&[0xff, 0xc3, 0x00, b'x'])),
    }
}

/// One change; most leave something that still looks like a header.
fn mutate_header(dice: &mut Dice, header: String) -> String {
    let mut parts: Vec<String> = header.split(',').map(str::to_owned).collect();
    let place = dice.below(parts.len());
    match dice.below(14) {
        0 => return change_letter(dice, &header),
        1 => return change_time(dice, &header),
        2 => parts.push(parts[place].clone()),
        3 => dice.shuffle(&mut parts),
        4 => drop(parts.remove(place)),
        5 => parts.insert(place, (*dice.pick(&EXTRAS)).to_owned()),
        6 => parts[place] = parts[place].to_uppercase(),
        7 => parts[place].push_str(dice.pick::<&str>(&["=", "=x", " ", "0", "\t", "é"])),
        8 => parts[place].insert_str(0, dice.pick::<&str>(&[" ", "v", "="])),
        9 => parts[place] = parts[place].replacen('=', dice.pick::<&str>(&["", "==", " = "]), 1),
        10 => drop(parts[place].pop()),
        11 => {
            parts[place] = parts[place].replacen("v1", dice.pick::<&str>(&["v0", "V1", "v11"]), 1)
        }
        12 if dice.below(4) == 0 => parts.clear(),
        _ => parts.insert(
            place,
            "v0=5257a869e7ecebeda32affa62cdca3fa51cad7e77a0e56ff536d0ce8e108d8bd".into(),
        ),
    }
    parts.join(",")
}

const EXTRAS: [&str; 10] =
    ["", "nonsense", "v1=", "v1=zz", "t=", "t=1", "v2=abc", "scheme=value", "=", "v1=é"];

/// The time in another notation: some read it as the same number.
fn change_time(dice: &mut Dice, header: &str) -> String {
    let Some((before, rest)) = header.split_once("t=") else { return header.to_owned() };
    let (time, after) = rest.split_once(',').unwrap_or((rest, ""));
    let time = match dice.below(9) {
        0 => format!("+{time}"),
        1 => format!("0{time}"),
        2 => format!(" {time}"),
        3 => format!("{time}.0"),
        4 => format!("-{time}"),
        5 => time.chars().map(|it| if it == '8' { '٨' } else { it }).collect(),
        6 => format!("{time}000000000000"),
        7 => time.replacen('8', "8_", 1),
        _ => format!("{time} "),
    };
    format!("{before}t={time},{after}")
}

fn change_letter(dice: &mut Dice, header: &str) -> String {
    let mut letters: Vec<char> = header.chars().collect();
    let place = dice.below(letters.len() + 1);
    let letter = *dice.pick(&[' ', ',', '=', 't', 'v', '1', '0', 'a', 'F', '+', '_', '\t', 'ü']);
    match dice.below(2) {
        0 if place < letters.len() => letters[place] = letter,
        _ => letters.insert(place, letter),
    }
    letters.into_iter().collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
