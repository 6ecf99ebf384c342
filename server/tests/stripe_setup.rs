//! `takings stripe setup` and what `takings doctor` says of the account: the real binary, a
//! make-believe Stripe.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test stops where it fails")]

mod common;

use common::dice::count;
use common::door::{Door, now};
use common::place::Place;
use common::process::{Takings, command};
use common::stripe::{Account, Scripted, answer};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use takings_core::stripe::{API_VERSION, EVENT_TYPES};
use takings_simulator::{Key, sign};
use tokio::task::JoinSet;

const KEY: &str = "sk_test_4242424242";
const URL: &str = "https://example.com/revenue/webhooks/stripe";
const CREATE: &str = "POST /v1/webhook_endpoints";
const UPDATE: &str = "POST /v1/webhook_endpoints/{id}";

/// What a command said, on both channels, and whether it was content.
struct Said {
    content: bool,
    text: String,
}

impl Said {
    #[track_caller]
    fn holds(&self, parts: &[&str]) {
        for part in parts {
            assert!(self.text.contains(part), "{part:?} is missing:\n{}", self.text);
        }
    }

    #[track_caller]
    fn line(&self, begin: &str) -> &str {
        let mut lines = self.text.lines().filter(|line| line.starts_with(begin));
        lines.next().unwrap_or_else(|| panic!("no line begins with {begin:?}:\n{}", self.text))
    }
}

/// Runs the binary to its end; the key is never in what it says.
fn takings(url: &str, environment: &[(&str, &str)], arguments: &[&str]) -> Said {
    takings_at(&Place::sqlite(), url, environment, arguments)
}

fn takings_at(place: &Place, url: &str, more: &[(&str, &str)], arguments: &[&str]) -> Said {
    let mut environment =
        vec![("TAKINGS__STRIPE__API_KEY", KEY), ("TAKINGS__STRIPE__API_URL", url)];
    environment.extend(more);
    let output = command(&place.url, &environment).args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap()).concat();
    for (_, key) in environment.iter().filter(|(name, _)| name.ends_with("API_KEY")) {
        assert!(key.is_empty() || !text.contains(key), "it shows the key:\n{text}");
    }
    Said { content: output.status.success(), text }
}

fn setup(account: &Account, more: &[&str]) -> Said {
    takings(&account.url(), &[], &[&["stripe", "setup", "--url", URL], more].concat())
}

fn endpoint(account: &Account, form: &str) -> String {
    let form = format!("url={URL}&{form}");
    let (status, body) = account.stripe.call("POST", "webhook_endpoints", &form);
    assert_eq!(status, 200, "{body}");
    body["id"].as_str().unwrap().to_owned()
}

fn all_types() -> String {
    EVENT_TYPES.map(|kind| format!("enabled_events[]={kind}")).join("&")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn setup_makes_the_endpoint_and_says_where_its_secret_goes() {
    let account = Account::empty().await;
    let said = setup(&account, &[]);
    assert!(said.content, "{}", said.text);
    let made = &account.endpoints()[0];
    assert_eq!(
        (made["url"].as_str(), made["api_version"].as_str()),
        (Some(URL), Some(API_VERSION))
    );
    assert_eq!(made["enabled_events"], serde_json::json!(EVENT_TYPES[..]));
    assert!(said.line("secret").starts_with("secret  whsec_"));
    said.holds(&["TAKINGS__STRIPE__WEBHOOK_SECRETS, after a comma (1 there now)", "test mode"]);
    let none = [("TAKINGS__STRIPE__WEBHOOK_SECRETS", "")];
    let other = "https://other.example.com/revenue/webhooks/stripe";
    takings(&account.url(), &none, &["stripe", "setup", "--url", other])
        .holds(&["set TAKINGS__STRIPE__WEBHOOK_SECRETS to it"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_setup_finds_the_endpoint_and_changes_nothing() {
    let account = Account::empty().await;
    assert!(setup(&account, &[]).content);
    for more in [&[][..], &["--update"]] {
        let said = setup(&account, more);
        assert!(said.content, "{}", said.text);
        said.holds(&["is as it is needed; nothing was changed"]);
        assert!(!said.text.contains("whsec_"));
    }
    assert_eq!((account.asked(CREATE), account.asked(UPDATE)), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn differences_are_named_and_mended_only_when_asked() {
    let account = Account::empty().await;
    let form = format!("api_version={API_VERSION}&{}", all_types());
    let form = form.replace("=invoice.paid&", "=balance.available&");
    let id = endpoint(&account, &form);
    account.stripe.call("POST", &format!("webhook_endpoints/{id}"), "disabled=true");
    let said = setup(&account, &[]);
    assert!(!said.content);
    said.holds(&[
        "nothing was changed",
        "it is disabled, so nothing arrives",
        "it does not send 1 types that are needed: invoice.paid",
        "it sends 1 types that are not used: balance.available",
        "--update",
    ]);
    assert_eq!(account.asked(UPDATE), 0);
    let said = setup(&account, &["--update"]);
    assert!(said.content, "{}", said.text);
    said.holds(&[&format!("updated {id}"), "the same as before"]);
    let now = &account.endpoints()[0];
    assert_eq!(now["enabled_events"], serde_json::json!(EVENT_TYPES[..]));
    assert_eq!(now["status"], "enabled");
    assert!(setup(&account, &[]).content);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_of_another_version_gets_one_of_the_right_version_beside_it() {
    let account = Account::empty().await;
    let old = endpoint(&account, &format!("api_version=2025-03-31.basil&{}", all_types()));
    let said = setup(&account, &[]);
    assert!(!said.content);
    said.holds(&[&format!("it sends version 2025-03-31.basil; needed: {API_VERSION}")]);
    let said = setup(&account, &["--update"]);
    assert!(said.content, "{}", said.text);
    said.holds(&[&format!("kept    {old}"), "delete it", "secret  whsec_"]);
    assert_eq!(account.endpoints().len(), 2);
    setup(&account, &["--update"]).holds(&["nothing was changed"]);
    assert_eq!(account.endpoints().len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_urls_are_refused_before_anything_is_asked() {
    let account = Account::empty().await;
    for (url, why) in [
        ("http://example.com/revenue/webhooks/stripe", "Stripe sends only over https"),
        ("example.com/revenue/webhooks/stripe", "this is no URL with a scheme"),
        ("https://example.com", "the path is missing"),
        ("https://localhost/revenue/webhooks/stripe", "Stripe cannot reach this machine"),
        ("https://exa mple.com/", "this is no URL with a scheme"),
    ] {
        let said = takings(&account.url(), &[], &["stripe", "setup", "--url", url]);
        assert!(!said.content);
        said.holds(&[why, "for example https://example.com/revenue/webhooks/stripe"]);
    }
    assert_eq!(account.asked("*"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_that_will_not_do_are_told_apart() {
    let account = Account::empty().await;
    account.stripe.allow(&[
        Key::secret(KEY),
        Key::revoked("sk_test_gone4711"),
        Key::restricted("rk_test_reads4711", &["webhook_endpoints:read"]),
    ]);
    let key = "TAKINGS__STRIPE__API_KEY";
    let livemode = "TAKINGS__STRIPE__LIVEMODE";
    for (environment, why) in [
        (vec![(key, "")], "no key for Stripe's API: set TAKINGS__STRIPE__API_KEY"),
        (vec![(key, "pk_test_4711")], "stripe.api_key must be one secret key"),
        (vec![(key, "sk_test_wrong4711")], "Stripe does not accept stripe.api_key"),
        (vec![(key, "sk_test_gone4711")], "Expired API Key"),
        (vec![(key, "rk_test_reads4711")], "'webhook_endpoints:write' permission"),
        (vec![(livemode, "true")], "takes only live events, but stripe.api_key is a test key"),
        (
            vec![(key, "sk_live_4711"), (livemode, "false")],
            "takes only test events, but stripe.api_key is a live key",
        ),
    ] {
        let said = takings(&account.url(), &environment, &["stripe", "setup", "--url", URL]);
        assert!(!said.content);
        said.holds(&[why]);
    }
    assert!(account.endpoints().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_is_not_stripe_is_said_to_be_none() {
    let closed = format!("http://127.0.0.1:{}", takings_testkit::free_port().unwrap());
    let page = answer(200, &["content-type: text/html"], "<html><h1>Welcome</h1></html>");
    let login = answer(302, &["location: /login"], "");
    let (page, login) = (Scripted::start(&[&page]).await, Scripted::start(&[&login]).await);
    for (url, why) in [
        (closed.as_str(), "is not available: it cannot be reached"),
        (&page.url, "HTTP 200 with `<html><h1>Welcome</h1></html>`; is stripe.api_url right?"),
        (&login.url, "does not answer as Stripe does: it answers HTTP 302"),
        ("http://api.stripe.com", "the key would travel unencrypted"),
    ] {
        for arguments in [&["stripe", "setup", "--url", URL][..], &["doctor"]] {
            let said = takings(url, &[], arguments);
            assert!(!said.content);
            said.holds(&[why]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_compares_the_account_with_what_is_needed() {
    let (account, place) = (Account::empty().await, Place::sqlite());
    place.open().await;
    let doctor = |more: &[(&str, &str)]| takings_at(&place, &account.url(), more, &["doctor"]);
    let said = doctor(&[]);
    assert!(!said.content);
    said.line("BAD   webhook endpoint: none of the account's 0 sends to /revenue/webhooks/stripe");
    said.line("note  stripe key: accepted, test mode, but events of both modes are taken");

    let old = endpoint(&account, "enabled_events[]=invoice.paid&enabled_events[]=topup.created");
    let said = doctor(&[]);
    assert!(!said.content);
    let needed = EVENT_TYPES.len() - 1;
    said.line(&format!("BAD   webhook endpoint {old} at {URL}: it does not send {needed} types"));
    said.line(&format!("note  webhook endpoint {old} at {URL}: it sends the account's default"));
    said.holds(&["not used: topup.created", &format!("setup --update --url {URL}")]);

    account.stripe.call("DELETE", &format!("webhook_endpoints/{old}"), "");
    assert!(setup(&account, &[]).content);
    let said = doctor(&[("TAKINGS__STRIPE__LIVEMODE", "false")]);
    assert!(said.content, "{}", said.text);
    said.line("ok    stripe key: accepted, test mode, as stripe.livemode says");
    // Both tell whole seconds, and one may begin between two looks.
    assert!(
        ["ok    clock: 0 s from Stripe's", "ok    clock: 1 s from Stripe's"]
            .contains(&said.line("ok    clock: "))
    );
    said.line("ok    webhook endpoint we_");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_says_what_is_wrong_with_the_key() {
    let account = Account::empty().await;
    account.stripe.allow(&[Key::secret(KEY), Key::restricted("rk_test_4711", &["invoices:read"])]);
    let key = "TAKINGS__STRIPE__API_KEY";
    for (more, line) in [
        ((key, ""), "note  stripe key: none, so Takings only receives"),
        ((key, "sk_test_wrong4711"), "BAD   stripe key: Stripe does not accept stripe.api_key"),
        ((key, "rk_test_4711"), "BAD   stripe key: stripe.api_key may not do this"),
        (("TAKINGS__STRIPE__LIVEMODE", "true"), "BAD   stripe key: stripe.livemode = true takes"),
    ] {
        takings(&account.url(), &[more], &["doctor"]).line(line);
    }
    account.stripe.set_now(account.stripe.now() + 900);
    let said = takings(&account.url(), &[], &["doctor"]);
    assert!(said.line("BAD   clock: ").contains("s from Stripe's"), "{}", said.text);
}

/// Whether an event of this number is taken in, signed by this secret.
async fn is_taken(door: &mut Door, number: usize, secret: &str) -> bool {
    let body = format!(
        r#"{{"id":"evt_{number}","object":"event","type":"invoice.created","created":{},
        "livemode":false,"data":{{"object":{{"id":"in_{number}","object":"invoice"}}}}}}"#,
        now()
    );
    let signature = sign(secret, now(), body.as_bytes());
    let answer = door.post_with(body.as_bytes(), &[&signature]).await.unwrap();
    assert!(answer.acknowledges() || answer.status == 400, "{answer:?}");
    answer.acknowledges()
}

/// Asks until the answer is the one hoped for.
async fn wait_until(hoped: bool, address: SocketAddr, numbers: &AtomicUsize, secret: &str) {
    for _ in 0..200 {
        // A refusal may end the connection.
        let mut door = Door::connect(address).await.unwrap();
        if is_taken(&mut door, numbers.fetch_add(1, Ordering::Relaxed), secret).await == hoped {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("after ten seconds {secret} is still {}", if hoped { "refused" } else { "taken" });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_rotate_under_load_and_no_valid_event_is_refused() {
    let (place, folder) = (Place::sqlite(), tempfile::tempdir().unwrap());
    let file = folder.path().join("secrets");
    std::fs::write(&file, "whsec_0").unwrap();
    let path = file.display().to_string();
    let server =
        Takings::start_with(&place, &[("TAKINGS__STRIPE__WEBHOOK_SECRETS_FILE", path.as_str())]);
    let (address, numbers) = (server.http, Arc::new(AtomicUsize::new(0)));
    let current = Arc::new(Mutex::new("whsec_0".to_owned()));
    let done = Arc::new(AtomicBool::new(false));
    let mut senders = JoinSet::new();
    for _ in 0..4 {
        let (numbers, current, done) = (numbers.clone(), current.clone(), done.clone());
        senders.spawn(async move {
            let (mut door, mut sent) = (Door::connect(address).await.unwrap(), 0);
            while !done.load(Ordering::Relaxed) {
                let secret = current.lock().unwrap().clone();
                let number = numbers.fetch_add(1, Ordering::Relaxed);
                assert!(is_taken(&mut door, number, &secret).await, "{secret} was active");
                sent += 1;
            }
            sent
        });
    }
    let rotations = count(3, 20);
    for round in 1..=rotations {
        let (old, new) = (format!("whsec_{}", round - 1), format!("whsec_{round}"));
        std::fs::write(&file, format!("{old}\n{new}\n")).unwrap();
        wait_until(true, address, &numbers, &new).await;
        new.clone_into(&mut current.lock().unwrap());
        std::fs::write(&file, &new).unwrap();
        wait_until(false, address, &numbers, &old).await;
    }
    done.store(true, Ordering::Relaxed);
    let sent: usize = senders.join_all().await.into_iter().sum();
    println!("{rotations} rotations, {sent} events under load, none refused");
    assert!(sent > rotations);
}
