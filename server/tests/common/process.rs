//! The real binary, as a process of its own.

use super::place::Place;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};
use takings::v1::analytics_service_client::AnalyticsServiceClient;
use takings::v1::revenue_service_client::RevenueServiceClient;
use tempfile::NamedTempFile;
use tonic::transport::{Channel, Endpoint};

/// The secret every test signs with.
pub const SECRET: &str = "whsec_test";

/// A `takings serve` that runs; it is killed when it is dropped.
pub struct Takings {
    child: Child,
    /// The HTTP door.
    pub http: SocketAddr,
    /// The gRPC door.
    pub grpc: SocketAddr,
    log: NamedTempFile,
    _output: BufReader<ChildStdout>,
}

impl Takings {
    /// Starts one on a place, and waits until it serves.
    pub fn start(place: &Place) -> Takings {
        Takings::start_with(place, &[])
    }

    /// The same, with more in its environment.
    pub fn start_with(place: &Place, environment: &[(&str, &str)]) -> Takings {
        Takings::try_start(&place.url, environment)
            .unwrap_or_else(|said| panic!("takings does not serve: {said}"))
    }

    /// The same; where it gives up, what it said.
    pub fn try_start(url: &str, environment: &[(&str, &str)]) -> Result<Takings, String> {
        let mut serve = command(url, environment);
        serve.args(["serve", "--migrate"]);
        Takings::spawn(serve)
    }

    /// Starts a command that ends in `serve`; where it gives up, what it said.
    pub fn spawn(mut command: Command) -> Result<Takings, String> {
        let log = NamedTempFile::new().unwrap();
        let mut child =
            command.stdout(Stdio::piped()).stderr(log.reopen().unwrap()).spawn().unwrap();
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        output.read_line(&mut line).unwrap();
        let address = |after: &str| {
            let text = line.split_once(after)?.1.split_whitespace().next()?;
            text.parse::<SocketAddr>().ok()
        };
        match (address("http://"), address("gRPC on ")) {
            (Some(http), Some(grpc)) => Ok(Takings { child, http, grpc, log, _output: output }),
            _ => {
                let _ = child.kill();
                child.wait().unwrap();
                Err(line + &read(&log))
            }
        }
    }

    /// The process's number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// `kill -9`: no chance to finish anything. Answers what it had logged.
    pub fn kill(mut self) -> String {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.log()
    }

    /// SIGTERM; the process is not waited for.
    pub fn terminate(&self) {
        let kill = format!("kill -TERM {}", self.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits for the process to end by itself; `None` where it does not in time.
    pub async fn ended(&mut self, within: Duration) -> Option<ExitStatus> {
        let until = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            if Instant::now() > until {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Whether the process still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        read(&self.log)
    }

    /// A connection to its gRPC door.
    pub async fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.grpc)).unwrap();
        endpoint.connect().await.unwrap()
    }

    /// A client of its `RevenueService`.
    pub async fn revenue(&self) -> RevenueServiceClient<Channel> {
        RevenueServiceClient::new(self.channel().await)
    }

    /// A client of its `AnalyticsService`.
    pub async fn analytics(&self) -> AnalyticsServiceClient<Channel> {
        AnalyticsServiceClient::new(self.channel().await)
    }
}

impl Drop for Takings {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- the log of takings {} ---\n{}", self.child.id(), read(&self.log));
        }
    }
}

fn read(log: &NamedTempFile) -> String {
    String::from_utf8_lossy(&std::fs::read(log.path()).unwrap_or_default()).into_owned()
}

/// The binary with a database and nobody else's configuration.
pub fn command(url: &str, environment: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_takings"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("TAKINGS_")) {
        command.env_remove(name);
    }
    command
        .env("TAKINGS__DATABASE__URL", url)
        .env("TAKINGS__HTTP__LISTEN", "127.0.0.1:0")
        .env("TAKINGS__GRPC__LISTEN", "127.0.0.1:0")
        .env("TAKINGS__STRIPE__WEBHOOK_SECRETS", SECRET)
        .envs(takings_testkit::master_key(url).map(|key| ("TAKINGS__PRIVACY__MASTER_KEY", key)))
        .envs(environment.iter().copied())
        .stdin(Stdio::null());
    command
}

/// Runs one command of the binary to its end.
pub fn run(place: &Place, arguments: &[&str]) -> Output {
    command(&place.url, &[]).args(arguments).output().unwrap()
}

/// `takings rebuild --verify`: it must agree; answers the state hash it prints.
pub fn verified_hash(place: &Place) -> String {
    let output = run(place, &["rebuild", "--verify"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "rebuild --verify disagrees:\n{said}{complaint}");
    let line = said.lines().find(|line| line.starts_with("state hash")).unwrap();
    line.trim_start_matches("state hash").trim().to_owned()
}
