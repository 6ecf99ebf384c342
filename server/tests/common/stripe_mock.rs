//! Stripe's own mock as the judge of what is sent: it knows every path and parameter of Stripe's
//! specification, and does nothing else.

use std::process::{Child, Command, Stdio};
use std::time::Duration;
use takings_simulator::Heard;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What Stripe has and the mock's specification, which is of an earlier month, has not.
const NEWER: [&str; 1] = ["/pause"];

/// A running mock; it ends with the test.
pub struct Mock {
    process: Child,
    port: u16,
}

impl Drop for Mock {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Mock {
    /// Starts it; none where there is no such program, which is then reported.
    pub async fn start(test: &str) -> Option<Mock> {
        let Some(program) = takings_testkit::stripe_mock() else {
            let reason = "there is no stripe-mock: run it by `cargo xtask test`";
            takings_testkit::skip(test, reason);
            return None;
        };
        let port = takings_testkit::free_port().unwrap();
        let mut command = Command::new(program);
        command.args(["-http-port", &port.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        let mock = Mock { process: command.spawn().unwrap(), port };
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Some(mock)
    }

    /// `stripe.api_url`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// What it answers: the status, and all it says.
    async fn ask(&self, Heard { method, target, form }: &Heard) -> (u16, String) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let length = form.len();
        let request = format!(
            "{method} {target} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer sk_test_123\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\
             connection: close\r\n\r\n{form}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        (status, answer)
    }
}

/// Every request is one that Stripe's specification knows, parameter by parameter.
pub async fn assert_known(test: &str, heard: &[Heard]) {
    let Some(mock) = Mock::start(test).await else { return };
    assert!(!heard.is_empty());
    let mut wrong = Vec::new();
    for heard in heard {
        let (status, answer) = mock.ask(heard).await;
        let newer = NEWER.iter().any(|path| heard.target.contains(path));
        if status != 200 && !newer {
            let said = answer.split("\r\n\r\n").nth(1).unwrap_or_default();
            wrong.push(format!("{heard:?}: {status} {said}"));
        }
    }
    println!("{test}: stripe-mock knows {} different requests", heard.len() - wrong.len());
    assert!(wrong.is_empty(), "{wrong:#?}");
}
