//! The domain name system, on a real name server of this machine.

use crate::desk::{Desk, capture, places, why};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;
use takings::v1::*;
use tokio::net::UdpSocket;
use tokio::task::JoinSet;
use tonic::Code;

const A: u16 = 1;
const MX: u16 = 15;
const TXT: u16 = 16;

/// Whether `moved.example` is no more.
static GONE: AtomicBool = AtomicBool::new(false);

/// The data of a record, or a code of failure.
type Found = Result<Vec<u8>, u8>;

fn name(text: &str) -> Vec<u8> {
    let labels = text.split('.').filter(|label| !label.is_empty());
    let mut bytes: Vec<u8> =
        labels.flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat()).collect();
    bytes.push(0);
    bytes
}

fn mx(host: &str) -> Option<Found> {
    Some(Ok([&[0, 10], name(host).as_slice()].concat()))
}

/// What the server knows; nothing: it is silent.
fn answer(host: &str, kind: u16) -> Option<Found> {
    match (host, kind) {
        ("takes.example", MX) => mx("mail.takes.example"),
        ("moved.example", MX) if !GONE.load(Ordering::SeqCst) => mx("mail.moved.example"),
        ("moved.example", _) if GONE.load(Ordering::SeqCst) => Some(Err(3)),
        ("null.example", MX) => Some(Ok(vec![0, 0, 0])),
        ("gone.example", _) => Some(Err(3)),
        ("broken.example", _) => Some(Err(2)),
        ("address.example" | "spf.example", A) => Some(Ok(vec![93, 184, 215, 14])),
        ("private.example", A) => Some(Ok(vec![10, 0, 0, 1])),
        ("spf.example", TXT) => Some(Ok([&[11], b"v=spf1 -all".as_slice()].concat())),
        ("silent.example", _) => None,
        _ => Some(Err(0)),
    }
}

/// Answers one question after the other.
async fn serve(socket: UdpSocket) {
    let mut packet = [0; 1_500];
    while let Ok((length, peer)) = socket.recv_from(&mut packet).await {
        let question = &packet[12..length];
        let (mut host, mut at) = (Vec::new(), 0);
        while question[at] != 0 {
            let end = at + 1 + usize::from(question[at]);
            host.push(String::from_utf8_lossy(&question[at + 1..end]).to_ascii_lowercase());
            at = end;
        }
        let kind = u16::from_be_bytes([question[at + 1], question[at + 2]]);
        let question = &question[..at + 5];
        let Some(found) = answer(&host.join("."), kind) else { continue };
        let (code, records) = match &found {
            Ok(_) => (0, 1),
            Err(code) => (*code, 0),
        };
        let head = [packet[0], packet[1], 0x81, 0x80 | code, 0, 1, 0, records, 0, 0, 0, 0];
        let mut reply = [&head, question].concat();
        if let Ok(data) = found {
            let [high, low] = kind.to_be_bytes();
            reply.extend([0xc0, 12, high, low, 0, 1, 0, 0, 0, 0]);
            reply.extend((data.len() as u16).to_be_bytes());
            reply.extend(data);
        }
        socket.send_to(&reply, peer).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_name_servers_say_decides_and_silence_is_unknown() {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).await.unwrap();
    let servers = format!("[\"{}\"]", socket.local_addr().unwrap());
    let mut tasks = JoinSet::new();
    tasks.spawn(serve(socket));
    let place = &places("leads_dns")[0];
    let environment = [("TAKINGS__LEADS__DNS", "true"), ("TAKINGS__LEADS__DNS_SERVERS", &servers)];
    let mut desk = Desk::open_with(place, &environment).await;
    for (host, verdict, reason) in [
        ("takes.example", EmailVerdict::Ok, ""),
        ("address.example", EmailVerdict::Ok, ""),
        ("null.example", EmailVerdict::Invalid, "null_mx"),
        ("gone.example", EmailVerdict::Invalid, "domain_not_found"),
        ("private.example", EmailVerdict::Invalid, "no_mail_server"),
        ("spf.example", EmailVerdict::Invalid, "sends_no_mail"),
        ("broken.example", EmailVerdict::Unknown, "dns_unanswered"),
        ("silent.example", EmailVerdict::Unknown, "dns_unanswered"),
    ] {
        let started = Instant::now();
        let asked = ValidateEmailRequest { email: format!("anna@{host}"), skip_dns: false };
        let answer = desk.client.validate_email(asked).await.unwrap().into_inner();
        let found = answer.validation.unwrap();
        assert_eq!(
            (found.verdict(), found.reasons.join(" ")),
            (verdict, reason.to_owned()),
            "{host}"
        );
        assert!(found.dns_checked && started.elapsed().as_secs() < 5, "{host}");
    }
    let skipped = ValidateEmailRequest { email: "anna@gone.example".into(), skip_dns: true };
    let found = desk.client.validate_email(skipped).await.unwrap().into_inner().validation.unwrap();
    assert_eq!((found.verdict(), found.dns_checked), (EmailVerdict::Ok, false));
    let status = desk.client.capture_lead(capture("anna@gone.example")).await.unwrap_err();
    assert_eq!(why(&status), (Code::InvalidArgument, "INVALID_EMAIL".into()));
    let lead = desk.capture("anna@silent.example").await;
    assert_eq!(lead.verdict(), EmailVerdict::Unknown, "nobody is lost to a silent server");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeat_is_answered_as_it_was_whatever_name_servers_say_by_now() {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).await.unwrap();
    let servers = format!("[\"{}\"]", socket.local_addr().unwrap());
    let mut tasks = JoinSet::new();
    tasks.spawn(serve(socket));
    let place = &places("leads_dns_repeat")[0];
    let environment = [("TAKINGS__LEADS__DNS", "true"), ("TAKINGS__LEADS__DNS_SERVERS", &servers)];
    let mut desk = Desk::open_with(place, &environment).await;
    let asked = capture("anna@moved.example");
    let first = desk.client.capture_lead(asked.clone()).await.unwrap().into_inner();
    GONE.store(true, Ordering::SeqCst);
    let status = desk.client.capture_lead(capture("bert@moved.example")).await.unwrap_err();
    assert_eq!(why(&status), (Code::InvalidArgument, "INVALID_EMAIL".into()));
    assert_eq!(desk.client.capture_lead(asked).await.unwrap().into_inner(), first);
    let metrics = desk.ask("GET", "/metrics", &[], "").await.body;
    assert!(metrics.contains("lead_captures_total{verdict=\"ok\"} 1"), "a repeat is counted once");
}
