//! localstripe: a Stripe that is not ours, with shapes of 2017, run as a process.

use super::python::interpreter;
use std::process::{Child, Stdio};
use std::time::Duration;
use tokio::net::TcpStream;

/// A running localstripe; it ends with the test.
pub struct Localstripe {
    process: Child,
    /// Where it listens.
    pub port: u16,
}

impl Drop for Localstripe {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Localstripe {
    /// Starts an empty one; none where there is no such program, which is then reported.
    pub async fn start(test: &str) -> Option<Localstripe> {
        let mut command = interpreter(test)?;
        let port = takings_testkit::free_port().unwrap();
        command.args(["-m", "localstripe", "--from-scratch", "--port", &port.to_string()]);
        command.current_dir(std::env::temp_dir()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut localstripe = Localstripe { process: command.spawn().unwrap(), port };
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert_eq!(localstripe.process.try_wait().unwrap(), None, "localstripe ends at once");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Some(localstripe)
    }

    /// `stripe.api_url`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}
