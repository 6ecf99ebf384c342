//! The script in a real browser: it keeps a click, and hands it to Stripe's payment links.

use crate::common::place::Place;
use crate::desk::Desk;
use serde_json::Value;
use std::process::Command;
use takings_testkit::skip;
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

/// The first browser that runs here.
fn browser() -> Option<&'static str> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let runs = |name: &&str| {
        Command::new(name).arg("--version").output().is_ok_and(|it| it.status.success())
    };
    names.into_iter().find(runs)
}

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

/// What the pages said.
async fn visit(browser: &'static str, script: String) -> Vec<Value> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let serving = tokio::spawn(serve(listener, script));
    let profile = tempfile::tempdir().unwrap();
    let folder = format!("--user-data-dir={}", profile.path().display());
    let run = move || {
        let mut command = Command::new(browser);
        command.args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]);
        command.args(["--no-first-run", "--virtual-time-budget=20000", &folder]);
        command.arg(format!("http://{address}/")).output().unwrap()
    };
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    serving.abort();
    let page = String::from_utf8_lossy(&output.stdout).into_owned();
    let said = page.split_once("<pre id=\"said\">").and_then(|(_, it)| it.split_once("</pre>"));
    let said = said.unwrap_or_else(|| panic!("{page} {output:?}")).0.replace("&amp;", "&");
    serde_json::from_str(&said).unwrap_or_else(|_| panic!("{page}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_script_keeps_a_click_and_hands_it_to_payment_links() {
    let Some(browser) = browser() else {
        skip("the script in a browser", "install Chromium (Debian: apt-get install chromium)");
        return;
    };
    let desk = Desk::open(&Place::sqlite()).await;
    let script = desk.ask("GET", "/takings.js", &[]).await.body;
    let said = visit(browser, script).await;
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
