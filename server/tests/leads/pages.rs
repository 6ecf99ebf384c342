//! Forms, mails and pages in a real browser that runs no scripts.

use crate::common::browser::Browser;
use crate::consents::{CONFIRM, UNSUBSCRIBE, ask, open};
use crate::desk::{Desk, places, until};
use crate::smtp::{Mail, Smtp};
use std::net::SocketAddr;
use takings::v1::person_key::Key;
use takings::v1::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A page of a shop. Where scripts run, it says so.
const SHOP: &str = r#"<!doctype html><html lang="en"><title>The shop</title>
<form method="post" action="http://leads.example/revenue/leads">
<label>Email <input name="email" type="email"></label>
<label>Name <input name="name"></label>
<label hidden>Leave it empty <input name="website"></label>
<input type="hidden" name="consent_purpose" value="newsletter">
<input type="hidden" name="consent_text" value="Yes, write to me once a month.">
<button>Subscribe</button></form>
<script>document.title = "Scripts run";</script></html>"#;

/// Serves the shop's page until the task ends.
async fn shop(tasks: &mut JoinSet<()>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let head = format!("content-type: text/html\r\ncontent-length: {}\r\n", SHOP.len());
    let answer = format!("HTTP/1.1 200 OK\r\n{head}connection: close\r\n\r\n{SHOP}");
    tasks.spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 8_192]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    address
}

/// Reads a page as its reader does: with eyes on a telephone, or by its voice.
async fn shows(browser: &mut Browser, title: &str, text: &str, button: Option<&str>) {
    assert_eq!(browser.look("document.title").await, title);
    let seen = browser.text().await;
    let expected = [Some(title), Some(text), button];
    let expected: Vec<&str> = expected.into_iter().flatten().collect();
    let lines: Vec<&str> = seen.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines, expected);
    assert_eq!(browser.spoken("RootWebArea").await, [title]);
    assert_eq!(browser.spoken("heading").await, [title]);
    assert_eq!(browser.spoken("button").await, Vec::from_iter(button));
    let how = browser
        .look(
            "(() => { const style = getComputedStyle(document.querySelector('p'));
             return [document.documentElement.lang, innerWidth, style.fontSize, style.color,
                 document.styleSheets.length, document.scripts.length].join(); })()",
        )
        .await;
    assert_eq!(how, "en,360,16px,rgb(0, 0, 0),0,0", "black on white, as large as elsewhere");
}

/// A browser without scripts, on a telephone, that knows the shop and the server by name.
async fn browser(desk: &Desk, shop: SocketAddr) -> Option<Browser> {
    let hosts = [("shop.example", shop), ("leads.example", desk.server.http)];
    let mut browser = Browser::start("pages of leads in a browser", &hosts).await?;
    browser.forbid_scripts().await;
    browser.be_narrow(360).await;
    Some(browser)
}

/// The newest mail, once so many have arrived and are noted.
async fn mail(desk: &Desk, smtp: &Smtp, number: usize) -> Mail {
    let sent = "select count(*) as n from outbox where state = 'sent'";
    until("a mail arrives", async || desk.count(sent).await as usize == number).await;
    smtp.mails().pop().unwrap()
}

async fn state(desk: &mut Desk, lead: &str) -> ConsentState {
    desk.consent(lead, "newsletter").await.state()
}

const ASKED: &str = "You asked for: newsletter. One more step:";
const LEAVE: &str = "Press the button, and you will not be written to any more.";
const LEFT: &str = "You will not be written to any more.";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_a_mail_and_its_buttons_need_no_script() {
    let (smtp, mut tasks) = (Smtp::open().await, JoinSet::new());
    let place = &places("leads_pages")[0];
    let mut desk = open(place, &smtp).await;
    let shop = shop(&mut tasks).await;
    let Some(mut browser) = browser(&desk, shop).await else { return };
    browser.open("http://shop.example/").await;
    assert_eq!(browser.look("document.title").await, "The shop", "no script runs");
    browser.fill("[name=email]", "Anna@Shop.example").await;
    browser.fill("[name=name]", "Anna Smith").await;
    browser.press("button").await;
    assert_eq!(browser.look("location.href").await, "http://leads.example/revenue/leads");
    let text = "Thank you. A mail is on its way to you: please confirm by the link in it.";
    shows(&mut browser, "Thank you", text, None).await;

    let mail = mail(&desk, &smtp, 1).await;
    let asked = GetLeadRequest { email: "anna@shop.example".into(), ..Default::default() };
    let lead = desk.client.get_lead(asked).await.unwrap().into_inner().lead.unwrap();
    assert_eq!(lead.profile.unwrap().name, "Anna Smith");
    let (lead, link) = (lead.lead_id, format!("{CONFIRM}{}", mail.after(CONFIRM)));
    for _ in 0..2 {
        browser.open(&link).await;
        shows(&mut browser, "Please confirm", ASKED, Some("Confirm")).await;
        assert_eq!(state(&mut desk, &lead).await, ConsentState::Sent, "looking changes nothing");
    }
    browser.press("button").await;
    shows(&mut browser, "Confirmed", "Thank you. Confirmed: newsletter.", None).await;
    assert_eq!(state(&mut desk, &lead).await, ConsentState::Confirmed);

    let link = format!("{UNSUBSCRIBE}{}", mail.after(UNSUBSCRIBE));
    browser.open(&link).await;
    shows(&mut browser, "Unsubscribe", LEAVE, Some("Unsubscribe")).await;
    assert_eq!(state(&mut desk, &lead).await, ConsentState::Confirmed, "looking changes nothing");
    for _ in 0..2 {
        browser.open(&link).await;
        browser.press("button").await;
        shows(&mut browser, "Unsubscribed", LEFT, None).await;
        assert_eq!(state(&mut desk, &lead).await, ConsentState::Withdrawn);
    }
    browser.close().await;

    let person = Some(PersonKey { key: Some(Key::LeadId(lead)), source: String::new() });
    let held = desk.client.export_person(ExportPersonRequest { person }).await.unwrap();
    let held = held.into_inner().json;
    for evidence in ["\"http://shop.example/\"", "\"127.0.0.1\"", "Chrome/"] {
        assert!(held.contains(evidence), "{evidence}: {held}");
    }
    assert!(
        !held.contains("/revenue/leads/"),
        "tokens stay out of addresses that are kept: {held}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_is_guessed_or_used_says_so_plainly() {
    let (smtp, mut tasks) = (Smtp::open().await, JoinSet::new());
    let place = &places("leads_links")[0];
    let mut desk = open(place, &smtp).await;
    let shop = shop(&mut tasks).await;
    let Some(mut browser) = browser(&desk, shop).await else { return };
    let guessed = "0".repeat(64);
    browser.open(&format!("{CONFIRM}{guessed}")).await;
    let invalid = "This link is not valid: ask for a new one.";
    shows(&mut browser, "Nothing to confirm", invalid, None).await;
    browser.open(&format!("{UNSUBSCRIBE}{guessed}")).await;
    let short = "This link is not valid: perhaps it was cut short.";
    shows(&mut browser, "Not found", short, None).await;

    let lead = ask(&mut desk, "bert@shop.example").await;
    let mail = mail(&desk, &smtp, 1).await;
    let token = mail.after(CONFIRM);
    browser.open(&format!("{CONFIRM}{token}")).await;
    // Confirmed elsewhere, while this page is open.
    let path = format!("/revenue/leads/confirm/{token}");
    assert_eq!(desk.ask("POST", &path, &[], "").await.status, 200);
    browser.press("button").await;
    let used = "This link was used before: it is confirmed already.";
    shows(&mut browser, "Nothing to confirm", used, None).await;
    browser.open(&format!("{CONFIRM}{token}")).await;
    shows(&mut browser, "Nothing to confirm", used, None).await;
    assert_eq!(state(&mut desk, &lead).await, ConsentState::Confirmed);

    browser.open("http://shop.example/").await;
    browser.fill("[name=email]", "carla@shop").await;
    browser.press("button").await;
    let said = browser.text().await;
    assert!(said.contains("cannot be written to") && !said.contains("carla"), "{said}");
    browser.close().await;
}
