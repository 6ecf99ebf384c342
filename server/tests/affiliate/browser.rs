//! The script in a real browser: it keeps a click, and hands it to Stripe's payment links.

use crate::common::browser::Browser;
use crate::common::place::Place;
use crate::desk::Desk;
use serde_json::Value;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const CLICK: &str = "clk_0190f3c1a2b47c3d8e5f60718293a4b5";

/// A page of a shop: it does what its fragment says, then loads the script, then clicks every link.
const PAGE: &str = r#"<!doctype html><title>Shop</title>
<script>eval(decodeURIComponent(location.hash.slice(1)));</script>
<script src="/takings.js"></script>
<a id="pay" href="https://buy.stripe.com/test_1?locale=de">Pay</a>
<a id="own" href="https://buy.stripe.com/test_2?client_reference_id=mine">Pay</a>
<a id="away" href="https://elsewhere.example/a">Away</a>
<script>
  document.addEventListener("click", function (event) { event.preventDefault(); });
  var links = ["pay", "own", "away"].map(function (id) {
    var link = document.getElementById(id);
    link.click();
    return link.href;
  });
  window.said = { click: takings.clickId(), links: links, cookie: document.cookie };
</script>"#;

/// Visits pages one after the other, and writes down what each said.
const FRAME: &str = r##"<!doctype html><pre id="said"></pre><script>
  var forget = "localStorage.clear(); document.cookie = 'tk_click=; Max-Age=0; Path=/';";
  var visits = [
    ["", ""],
    ["?tk_click=CLICK", ""],
    ["", ""],
    ["", "localStorage.clear()"],
    ["?tk_click=CLICK", ""],
    ["", "document.cookie = 'tk_click=; Max-Age=0; Path=/'"],
    ["?tk_click=anna%40example.com", forget],
    ["?tk_click=CLICK", forget + "Object.defineProperty(navigator, 'globalPrivacyControl', { value: true })"],
  ];
  var told = [];
  function next() {
    if (told.length === visits.length) {
      document.getElementById("said").textContent = JSON.stringify(told);
      return;
    }
    var frame = document.createElement("iframe");
    var visit = visits[told.length];
    frame.onload = function () {
      told.push(frame.contentWindow.said);
      frame.remove();
      next();
    };
    frame.src = "/page" + visit[0] + "#" + encodeURIComponent(visit[1]);
    document.body.appendChild(frame);
  }
  next();
</script>"##;

/// Serves the frame, the page and the script, until it is dropped.
async fn serve(listener: TcpListener, script: String) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let script = script.clone();
        tokio::spawn(async move {
            let mut asked = vec![0; 8_192];
            let read = stream.read(&mut asked).await.unwrap_or(0);
            let asked = String::from_utf8_lossy(&asked[..read]).into_owned();
            let path = asked.split_whitespace().nth(1).unwrap_or_default();
            let (kind, body) = match path.split('?').next() {
                Some("/") => ("text/html", FRAME.replace("CLICK", CLICK)),
                Some("/page") => ("text/html", PAGE.to_owned()),
                Some("/takings.js") => ("text/javascript", script),
                _ => ("text/plain", String::new()),
            };
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\
                 connection: close\r\n\r\n",
                body.len()
            );
            let _ = stream.write_all((head + &body).as_bytes()).await;
        });
    }
}

/// What the pages said; none where there is no browser.
async fn visit(script: String) -> Option<Vec<Value>> {
    let mut browser = Browser::start("the script in a browser", &[]).await?;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(serve(listener, script));
    browser.open(&format!("http://{address}/")).await;
    let mut said = String::new();
    for _ in 0..1_000 {
        said = browser.look("document.getElementById('said').textContent").await.to_string();
        if said != "\"\"" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    browser.close().await;
    serving.abort();
    let said: String = serde_json::from_str(&said).unwrap();
    Some(serde_json::from_str(&said).unwrap_or_else(|_| panic!("the pages said {said:?}")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_script_keeps_a_click_and_hands_it_to_payment_links() {
    let desk = Desk::open(&Place::sqlite()).await;
    let script = desk.ask("GET", "/takings.js", &[]).await.body;
    let Some(said) = visit(script).await else { return };
    let clicks: Vec<&str> = said.iter().map(|it| it["click"].as_str().unwrap()).collect();
    let expected = [
        ("a first visit", ""),
        ("a click leads here", CLICK),
        ("it is kept", CLICK),
        ("by the cookie alone", CLICK),
        ("a click leads here again", CLICK),
        ("by the storage alone", CLICK),
        ("what is no click is not kept", ""),
        ("who does not want it is not tracked", ""),
    ];
    for ((visit, expected), found) in expected.iter().zip(&clicks) {
        assert_eq!(found, expected, "{visit}: {said:?}");
    }
    assert_eq!(said.len(), expected.len());
    let own = "https://buy.stripe.com/test_2?client_reference_id=mine";
    let plain = "https://buy.stripe.com/test_1?locale=de";
    let handed = format!("{plain}&client_reference_id={CLICK}");
    for (place, click) in clicks.iter().enumerate() {
        let pay = if click.is_empty() { plain } else { &handed };
        let links: Vec<&str> = said[place]["links"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it.as_str().unwrap())
            .collect();
        assert_eq!(links, [pay, own, "https://elsewhere.example/a"], "visit {place}");
    }
    assert!(said[7]["cookie"].as_str().unwrap().is_empty(), "{said:?}");
}
