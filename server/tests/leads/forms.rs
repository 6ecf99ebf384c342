//! Forms of the web, sent to the HTTP door.

use crate::desk::{Desk, places};
use takings::v1::*;

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forms_that_are_too_large_too_many_or_no_forms_are_refused() {
    let place = &places("leads_forms_refused")[0];
    let limits = [("TAKINGS__LEADS__FORMS_PER_MINUTE", "12")];
    let desk = Desk::open_with(place, &limits).await;
    assert_eq!(desk.announce(10 << 20).await, "413");
    let many: String = (0..2_000).map(|it| format!("&field{it}=x")).collect();
    assert_eq!(desk.submit(&format!("email=anna@shop.example{many}")).await.status, 413);
    let long: String = format!("email=anna@shop.example&text={}", "x".repeat(1_001));
    assert_eq!(desk.submit(&long).await.status, 400);
    let kinds = [("text/plain", "email=a", 415), ("", "email=a", 415)];
    for (kind, body, status) in kinds {
        let page = desk.ask("POST", "/revenue/leads", &[("content-type", kind)], body).await;
        assert_eq!(page.status, status, "{kind}");
    }
    for body in ["{", "[]", "{\"email\": {\"a\": 1}}", "{\"email\": \"anna@example\"}"] {
        let page = desk.ask("POST", "/revenue/leads", &[JSON], body).await;
        assert_eq!(page.status, 400, "{body}");
        assert!(!page.body.contains("anna"), "{page:?}");
    }
    let page = desk.submit("email=anna@shop.example%0D%0ABcc:+bert@shop.example").await;
    assert!(page.status == 400 && !page.body.contains("bert"), "{page:?}");
    assert_eq!(desk.count("select count(*) as n from leads").await, 0);
    let statuses =
        [desk.submit("email=a@shop.example").await, desk.submit("email=b@shop.example").await];
    assert_eq!(statuses.map(|it| it.status), [202, 202]);
    let limited = desk.submit("email=c@shop.example").await;
    assert_eq!((limited.status, limited.header("retry-after")), (429, "60"));
    assert_eq!(desk.count("select count(*) as n from leads").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_is_a_capture_and_its_other_fields_are_attributes() {
    for place in places("leads_forms") {
        let mut desk = Desk::open(&place).await;
        let page = desk
            .submit(
                "email=Anna%40Shop.example&name=Anna+Smith&plan=pro&utm_campaign=spring&website=\
                 &consent_purpose=newsletter&consent_text=Yes&country=de&company_size=12",
            )
            .await;
        assert!(page.status == 202 && page.body.contains("mail is on its way"), "{page:?}");
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
        let asked = GetLeadRequest { email: "anna@shop.example".into(), ..Default::default() };
        let lead = desk.client.get_lead(asked).await.unwrap().into_inner().lead.unwrap();
        let profile = lead.profile.unwrap();
        assert_eq!((profile.name.as_str(), profile.country.as_str()), ("Anna Smith", "DE"));
        assert_eq!(profile.attributes, [("plan".to_owned(), "pro".to_owned())].into());
        assert_eq!((lead.source.as_str(), profile.company_size), ("web_form", Some(12)));
        assert_eq!(lead.consents[0].state(), ConsentState::Requested);
        let form = "&consent_purpose=newsletter&consent_text=Yes";
        let robot = format!("email=bot@shop.example&website=http%3A%2F%2Fspam.example{form}");
        let robot = desk.submit(&robot).await;
        assert_eq!((robot.status, robot.body), (202, page.body), "a robot is not told");
        let long = "x".repeat(3_000);
        let filled = format!("email=carl@shop.example&tk_click=carl@shop.example&utm_term={long}");
        let referer = format!("http://shop.example/{long}");
        let headers =
            [("content-type", "application/x-www-form-urlencoded"), ("referer", referer.as_str())];
        let page = desk.ask("POST", "/revenue/leads", &headers, format!("{filled}{form}")).await;
        assert_eq!(page.status, 202, "what the page fills in nobody can correct: {page:?}");
        assert_eq!(desk.count("select count(*) as n from leads where click is null").await, 2);
        let body = "{\"email\": \"bert@shop.example\", \"seats\": 5, \"newsletter_only\": true}";
        let page = desk.ask("POST", "/revenue/leads", &[JSON], body).await;
        assert_eq!((page.status, page.body.trim()), (202, "{\"accepted\":true}"));
        assert_eq!(desk.count("select count(*) as n from leads").await, 3);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_form_fifty_times_at_once_is_one_lead_and_one_act() {
    for place in places("leads_forms_again") {
        let desk = std::sync::Arc::new(Desk::open(&place).await);
        let mut callers = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let desk = desk.clone();
            callers
                .spawn(async move { desk.submit("email=anna@shop.example&plan=pro").await.status });
        }
        while let Some(status) = callers.join_next().await {
            assert_eq!(status.unwrap(), 202);
        }
        assert_eq!(desk.count("select count(*) as n from leads").await, 1);
        let acts = desk.count("select count(*) as n from lead_activities").await;
        assert!(acts <= 2, "{acts}: two, where ten minutes ended meanwhile");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_configured_pages_may_send_forms_by_scripts() {
    let place = &places("leads_cors")[0];
    let origins = [("TAKINGS__LEADS__ALLOWED_ORIGINS", "[\"https://www.shop.example\"]")];
    let desk = Desk::open_with(place, &origins).await;
    for (origin, allowed) in [
        ("https://www.shop.example", "https://www.shop.example"),
        ("https://evil.example", ""),
        ("https://www.shop.example.evil.example", ""),
        ("null", ""),
    ] {
        let headers = [("origin", origin), ("access-control-request-method", "POST")];
        let page = desk.ask("OPTIONS", "/revenue/leads", &headers, "").await;
        assert_eq!((page.status, page.header("access-control-allow-origin")), (204, allowed));
        let body = format!("{{\"email\": \"a{}@shop.example\"}}", origin.len());
        let page = desk.ask("POST", "/revenue/leads", &[("origin", origin), JSON], body).await;
        assert_eq!(page.header("access-control-allow-origin"), allowed, "{page:?}");
        assert_eq!(page.header("vary"), "origin");
    }
}
