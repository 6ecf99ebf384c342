//! Chromium without a screen, driven as a person drives it: it opens, types, presses and reads. The
//! DevTools protocol goes over a pipe, so that no port is open and no driver is needed.

use serde_json::{Value, json};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];
const MISSING: &str = "install Chromium (Debian: apt-get install chromium)";
/// The protocol's pipe is the descriptors 3 and 4.
const PIPE: &str = r#"exec "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#;
const ARGUMENTS: [&str; 6] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--remote-debugging-pipe",
    "--disable-features=HttpsUpgrades",
];
const PATIENCE: Duration = Duration::from_secs(60);

/// A browser with one tab.
pub struct Browser {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    asked: u64,
    tab: Option<String>,
    events: VecDeque<String>,
    _profile: TempDir,
}

impl Browser {
    /// Starts the first one that runs here, which finds some hosts where it is told; none where none
    /// is installed, which is then reported.
    pub async fn start(test: &str, hosts: &[(&str, SocketAddr)]) -> Option<Browser> {
        let Some(name) = installed().await else {
            takings_testkit::skip(test, MISSING);
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        let rules: Vec<String> =
            hosts.iter().map(|(name, it)| format!("MAP {name} {it}")).collect();
        let mut command = Command::new("sh");
        command.args(["-c", PIPE, "browser", name]).args(ARGUMENTS);
        command.arg(format!("--user-data-dir={}", profile.path().display()));
        command.arg(format!("--host-resolver-rules={}", rules.join(",")));
        command
            .env("TMPDIR", profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true);
        let mut process = command.spawn().unwrap();
        let (requests, answers) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let mut browser = Browser {
            process,
            requests,
            answers: BufReader::new(answers),
            asked: 0,
            tab: None,
            events: VecDeque::new(),
            _profile: profile,
        };
        let tab = browser.call("Target.createTarget", json!({ "url": "about:blank" })).await;
        let attach = json!({ "targetId": tab["targetId"], "flatten": true });
        let attached = browser.call("Target.attachToTarget", attach).await;
        browser.tab = attached["sessionId"].as_str().map(str::to_owned);
        browser.call("Page.enable", json!({})).await;
        Some(browser)
    }

    /// Runs no script of any page from now on; [`Browser::look`] is none of theirs.
    pub async fn forbid_scripts(&mut self) {
        self.call("Emulation.setScriptExecutionDisabled", json!({ "value": true })).await;
    }

    /// Shows pages as a telephone of so many pixels does.
    pub async fn be_narrow(&mut self, width: u32) {
        let size = json!({ "width": width, "height": 640, "deviceScaleFactor": 1, "mobile": true });
        self.call("Emulation.setDeviceMetricsOverride", size).await;
    }

    /// Opens an address, and waits until its page is there.
    pub async fn open(&mut self, url: &str) {
        self.events.clear();
        let answer = self.call("Page.navigate", json!({ "url": url })).await;
        assert_eq!(answer["errorText"], Value::Null, "{url}");
        self.loaded().await;
    }

    /// Types a text into a field.
    pub async fn fill(&mut self, field: &str, text: &str) {
        self.look(&format!("document.querySelector({field:?}).focus()")).await;
        self.call("Input.insertText", json!({ "text": text })).await;
    }

    /// Presses the mouse's button in the middle of what leads to another page, and waits for it.
    pub async fn press(&mut self, what: &str) {
        let place = format!(
            "(() => {{ const it = document.querySelector({what:?}).getBoundingClientRect();
             return [it.x + it.width / 2, it.y + it.height / 2]; }})()"
        );
        let place = self.look(&place).await;
        self.events.clear();
        for kind in ["mousePressed", "mouseReleased"] {
            let press = json!({
                "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1,
            });
            self.call("Input.dispatchMouseEvent", press).await;
        }
        self.loaded().await;
    }

    /// What an expression says of the page.
    pub async fn look(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "returnByValue": true });
        let answer = self.call("Runtime.evaluate", asked).await;
        assert_eq!(answer["exceptionDetails"], Value::Null, "{expression}");
        answer["result"]["value"].clone()
    }

    /// The text that is to be seen.
    pub async fn text(&mut self) -> String {
        self.look("document.body.innerText").await.as_str().unwrap().to_owned()
    }

    /// What those who cannot see are told of a role, such as `heading` and `button`.
    pub async fn spoken(&mut self, role: &str) -> Vec<String> {
        let tree = self.call("Accessibility.getFullAXTree", json!({})).await;
        let nodes = tree["nodes"].as_array().unwrap().iter();
        let named = nodes.filter(|it| it["ignored"] == false && it["role"]["value"] == role);
        named.map(|it| it["name"]["value"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Ends it, and waits until it has.
    pub async fn close(mut self) {
        self.call("Browser.close", json!({})).await;
        let _ = timeout(PATIENCE, self.process.wait()).await;
    }

    async fn loaded(&mut self) {
        while !self.events.iter().any(|event| event == "Page.loadEventFired") {
            let heard = self.hear().await;
            self.note(&heard);
        }
    }

    fn note(&mut self, heard: &Value) {
        self.events.extend(heard["method"].as_str().map(str::to_owned));
    }

    async fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.asked += 1;
        let mut request = json!({ "id": self.asked, "method": method, "params": parameters });
        if let Some(tab) = &self.tab {
            request["sessionId"] = tab.as_str().into();
        }
        self.requests.write_all(format!("{request}\0").as_bytes()).await.unwrap();
        loop {
            let heard = self.hear().await;
            if heard["id"] == self.asked {
                assert_eq!(heard["error"], Value::Null, "{method}");
                return heard["result"].clone();
            }
            self.note(&heard);
        }
    }

    async fn hear(&mut self) -> Value {
        let mut message = Vec::new();
        let heard = timeout(PATIENCE, self.answers.read_until(0, &mut message)).await;
        heard.expect("the browser answers in time").unwrap();
        message.pop();
        serde_json::from_slice(&message).expect("the browser runs")
    }
}

async fn installed() -> Option<&'static str> {
    for name in NAMES {
        let output = Command::new(name).arg("--version").output().await;
        if output.is_ok_and(|it| it.status.success()) {
            return Some(name);
        }
    }
    None
}
