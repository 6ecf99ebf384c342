//! `GET /r/{code}`: the visitor always goes on, whatever becomes of the click.

use crate::common::place::Place;
use crate::common::rows;
use crate::desk::{BROWSER, Desk, link, places, uuid};
use std::time::{Duration, Instant};
use takings::v1::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_visitor_goes_on_with_a_click_in_address_and_cookie() {
    for place in places("affiliate_follow") {
        let mut desk = Desk::open(&place).await;
        desk.link("Anna").await;
        let page = desk.follow("aNNa?sub1=summer&url=https://evil.example", &[]).await;
        let click = page.click().to_owned();
        assert_eq!(page.status, 302);
        assert_eq!(
            page.header("location"),
            format!("https://shop.example/start?from=friends&sub1=summer&tk_click={click}")
        );
        assert!(click.starts_with("clk_") && click.len() == 36, "{click}");
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("referrer-policy"), "strict-origin");
        let cookie = format!("tk_click={click}; Max-Age=7776000; Path=/; SameSite=Lax");
        assert_eq!(page.header("set-cookie"), cookie);
        assert_eq!(desk.outcomes(1).await, [("valid".to_owned(), 1)].into());
        let stored = rows(&desk.database, "select id, visitor, program from clicks").await;
        assert_eq!(stored[0].try_get::<String>("", "id").unwrap(), click);
        assert_eq!(stored[0].try_get::<String>("", "visitor").unwrap().len(), 64);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_click_of_a_person_is_kept_with_every_reason() {
    for place in places("affiliate_signals") {
        let mut desk = Desk::open(&place).await;
        desk.link("anna").await;
        assert_eq!(desk.ask("HEAD", "/r/anna", &[BROWSER]).await.status, 302);
        assert_eq!(desk.ask("GET", "/r/anna", &[]).await.status, 302);
        let bot = [("user-agent", "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)")];
        assert_eq!(desk.ask("HEAD", "/r/anna", &bot).await.status, 302);
        let ahead = desk.follow("anna", &[("sec-purpose", "prefetch;prerender")]).await;
        assert_eq!(ahead.status, 302);
        let private = desk.follow("anna", &[("dnt", "1"), ("referer", "https://a.example/")]).await;
        assert_eq!(private.header("location"), "https://shop.example/start?from=friends");
        assert_eq!((private.click(), private.header("set-cookie")), ("", ""));
        let expected = [("non_get", 2), ("no_ua", 1), ("prefetch", 1), ("opt_out", 1)];
        let expected = expected.map(|(outcome, count)| (outcome.to_owned(), count)).into();
        assert_eq!(desk.outcomes(5).await, expected, "on {}", place.kind());
        let both = rows(&desk.database, "select id from clicks where signals = 'non_get bot_ua'");
        assert_eq!(both.await.len(), 1);
        let nothing = "select id from clicks where outcome = 'opt_out' and visitor is null
                       and referrer_host is null";
        assert_eq!(rows(&desk.database, nothing).await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_visitor_counts_once_an_hour_and_no_address_is_stored() {
    for place in places("affiliate_visits") {
        let proxies = [("TAKINGS__HTTP__TRUSTED_PROXIES", r#"["127.0.0.0/8"]"#)];
        let mut desk = Desk::open_with(&place, &proxies).await;
        let made = desk.link("anna").await;
        let other = link(&made.partner_id, "other");
        desk.client.create_affiliate_link(other).await.unwrap();
        let from = |address: &'static str| [("x-forwarded-for", address)];
        let referrer =
            [("x-forwarded-for", "203.0.113.77"), ("referer", "https://Blog.example/a?e=x@y.z")];
        for _ in 0..3 {
            desk.follow("anna?gclid=1", &referrer).await;
        }
        desk.follow("anna", &from("203.0.113.78")).await;
        desk.follow("other", &from("203.0.113.77")).await;
        desk.follow("anna", &from("2001:db8::1")).await;
        desk.follow("anna", &from("2001:db8::2")).await;
        desk.follow("anna", &[("user-agent", "x")]).await;
        let expected = [("valid", 4), ("duplicate", 3), ("dedup_unknown", 1)];
        let expected = expected.map(|(outcome, count)| (outcome.to_owned(), count)).into();
        assert_eq!(desk.outcomes(8).await, expected, "on {}", place.kind());
        let known = "select id from clicks where referrer_host = 'blog.example'
                     and ad_parameter = 'gclid'";
        assert_eq!(rows(&desk.database, known).await.len(), 3);
        let everything = "select id, signals, visitor, referrer_host, ad_parameter from clicks";
        for row in rows(&desk.database, everything).await {
            for column in ["id", "signals", "visitor", "referrer_host", "ad_parameter"] {
                let cell: Option<String> = row.try_get("", column).unwrap();
                let cell = cell.unwrap_or_default();
                assert!(!cell.contains("203.0.113") && !cell.contains('@'), "{column}: {cell}");
            }
        }
        assert_eq!(rows(&desk.database, "select day from click_salts").await.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_forged_header_does_not_make_a_visitor() {
    let place = Place::sqlite();
    let mut desk = Desk::open(&place).await;
    desk.link("anna").await;
    for address in ["203.0.113.1", "203.0.113.2", "203.0.113.3"] {
        desk.follow("anna", &[("x-forwarded-for", address)]).await;
    }
    let expected = [("valid".to_owned(), 1), ("duplicate".to_owned(), 2)].into();
    assert_eq!(desk.outcomes(3).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cookie_is_secure_where_a_trusted_proxy_says_https() {
    for (trusted, said, secure) in [
        (r#"["127.0.0.0/8"]"#, "https", true),
        (r#"["127.0.0.0/8"]"#, "HTTPS, http", true),
        (r#"["127.0.0.0/8"]"#, "http", false),
        (r#"["10.0.0.0/8"]"#, "https", false),
    ] {
        let place = Place::sqlite();
        let proxies = [("TAKINGS__HTTP__TRUSTED_PROXIES", trusted)];
        let mut desk = Desk::open_with(&place, &proxies).await;
        desk.link("anna").await;
        let page = desk.follow("anna", &[("x-forwarded-proto", said)]).await;
        let cookie = page.header("set-cookie");
        assert_eq!(cookie.ends_with("; Path=/; SameSite=Lax; Secure"), secure, "{said}: {cookie}");
        assert!(cookie.contains("; SameSite=Lax"), "{cookie}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unknown_codes_end_here_and_disabled_links_lead_to_the_program() {
    for place in places("affiliate_gone") {
        let mut desk = Desk::open(&place).await;
        let made = desk.link("anna").await;
        for code in ["nobody", "a", "%2e%2e%2fetc", "anna/../../x", "\u{ff41}nna", "admin"] {
            let path: String = code.chars().flat_map(escape).collect();
            let page = desk.ask("GET", &format!("/r/{path}"), &[BROWSER]).await;
            assert_eq!((page.status, page.header("location")), (404, ""), "{code}");
        }
        let own = CreateAffiliateLinkRequest {
            destination_url: "https://www.shop.example/own".into(),
            ..link(&made.partner_id, "bert")
        };
        let own = desk.client.create_affiliate_link(own).await.unwrap().into_inner().link.unwrap();
        assert!(desk.follow("bert", &[]).await.header("location").starts_with("https://www.shop"));
        desk.outcomes(1).await;
        let disable = DisableAffiliateLinkRequest { link_id: own.link_id, request_id: uuid() };
        desk.client.disable_affiliate_link(disable).await.unwrap();
        let page = desk.follow("bert", &[]).await;
        assert_eq!(page.header("location"), "https://shop.example/start?from=friends");
        assert_eq!((page.status, page.header("set-cookie")), (302, ""));
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(desk.outcomes(1).await.values().sum::<i64>(), 1, "nothing is tracked");
    }
}

fn escape(letter: char) -> Vec<char> {
    let mut bytes = [0; 4];
    let bytes = letter.encode_utf8(&mut bytes).bytes();
    if letter.is_ascii() {
        return vec![letter];
    }
    bytes.flat_map(|byte| format!("%{byte:02X}").chars().collect::<Vec<_>>()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn durable_clicks_are_stored_before_the_visitor_goes_on() {
    for place in places("affiliate_durable") {
        let durable = [("TAKINGS__AFFILIATE__CLICKS", "durable")];
        let mut desk = Desk::open_with(&place, &durable).await;
        desk.link("anna").await;
        desk.follow("anna", &[]).await;
        let stored = rows(&desk.database, "select id from clicks").await;
        assert_eq!(stored.len(), 1, "on {}", place.kind());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_database_holds_up_no_visitor_and_loses_no_click() {
    let place = Place::sqlite();
    let mut desk = Desk::open(&place).await;
    desk.link("anna").await;
    desk.follow("anna", &[]).await;
    desk.outcomes(1).await;
    let file = place.url.trim_start_matches("sqlite://").to_owned();
    let lock = rusqlite::Connection::open(file).unwrap();
    lock.execute_batch("begin immediate").unwrap();
    let started = Instant::now();
    for _ in 0..20 {
        assert_eq!(desk.follow("anna", &[]).await.status, 302);
    }
    let took = started.elapsed();
    assert!(took < Duration::from_secs(2), "20 redirects took {took:?}");
    lock.execute_batch("rollback").unwrap();
    let expected = [("valid".to_owned(), 1), ("duplicate".to_owned(), 20)].into();
    assert_eq!(desk.outcomes(21).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clicks_in_memory_are_stored_when_the_server_stops() {
    let place = Place::sqlite();
    let mut desk = Desk::open(&place).await;
    desk.link("anna").await;
    for _ in 0..10 {
        desk.follow("anna", &[]).await;
    }
    desk.server.terminate();
    assert!(desk.server.ended(Duration::from_secs(20)).await.unwrap().success());
    assert_eq!(rows(&desk.database, "select id from clicks").await.len(), 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_address_cannot_fill_the_disk() {
    for place in places("affiliate_flood") {
        let mut desk = Desk::open(&place).await;
        desk.link("anna").await;
        let mut limited = 0;
        for _ in 0..300 {
            let page = desk.follow("anna", &[]).await;
            assert_eq!(page.status, 302);
            limited += i64::from(page.click().is_empty());
        }
        // A minute may end in between.
        assert!((180..=240).contains(&limited), "{limited}");
        desk.outcomes(300 - limited).await;
        let counted = "select cast(sum(clicks) as bigint) as n from click_counts
                       where outcome = 'limited'";
        let mut found = None;
        for _ in 0..100 {
            found = rows(&desk.database, counted).await[0].try_get("", "n").unwrap();
            if found == Some(limited) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(found, Some(limited), "on {}", place.kind());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_script_is_served_and_outcomes_are_measured() {
    let place = Place::sqlite();
    let mut desk = Desk::open(&place).await;
    desk.link("anna").await;
    let script = desk.ask("GET", "/takings.js", &[]).await;
    assert_eq!(script.status, 200);
    assert_eq!(script.header("content-type"), "text/javascript; charset=utf-8");
    assert!(script.body.contains("client_reference_id") && script.body.len() < 2_048);
    desk.follow("anna", &[]).await;
    desk.outcomes(1).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let metrics = desk.ask("GET", "/metrics", &[]).await.body;
    assert!(metrics.contains(r#"clicks_total{outcome="valid"} 1"#), "{metrics}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_click_is_judged_by_where_it_comes_from() {
    for place in places("affiliate_origins") {
        let environment = [
            ("TAKINGS__HTTP__TRUSTED_PROXIES", r#"["127.0.0.0/8"]"#),
            ("TAKINGS__AFFILIATE__DATACENTER_NETWORKS", r#"["203.0.113.0/24", "2001:db8::/32"]"#),
            ("TAKINGS__AFFILIATE__ROBOT_REFERRERS", r#"["*.spam.example"]"#),
        ];
        let mut desk = Desk::open_with(&place, &environment).await;
        desk.link("anna").await;
        let from = |address: &'static str| [("x-forwarded-for", address)];
        for address in ["203.0.113.7", "2001:db8::1", "198.51.100.1", "66.249.66.1"] {
            desk.follow("anna", &from(address)).await;
        }
        let referrer = [("x-forwarded-for", "198.51.100.2"), ("referer", "https://a.spam.example")];
        desk.follow("anna", &referrer).await;
        let expected = [("datacenter", 2), ("valid", 1), ("bot_ip", 1), ("bot_referrer", 1)];
        let expected = expected.map(|(outcome, count)| (outcome.to_owned(), count)).into();
        assert_eq!(desk.outcomes(5).await, expected, "on {}", place.kind());
    }
}
