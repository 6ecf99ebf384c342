//! A mail server of RFC 5321 that keeps what it takes, and refuses what it is told to.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

/// A mail as it was taken.
#[derive(Clone, Debug)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    pub data: String,
}

impl Mail {
    /// A part's text, with its lines whole again (quoted-printable, RFC 2045).
    pub fn text(&self) -> String {
        let joined = self.data.replace("=\r\n", "");
        joined.replace("=3D", "=")
    }

    /// What follows a text, up to a space, a quote or the end of the line.
    pub fn after(&self, start: &str) -> String {
        let text = self.text();
        let rest = text.split_once(start).map_or("", |(_, rest)| rest);
        rest.split(['"', ' ', '\r', '\n', '<', '>']).next().unwrap_or_default().to_owned()
    }
}

/// What the server says to receivers.
#[derive(Clone, Debug)]
struct State {
    mails: Vec<Mail>,
    /// Receivers are answered as they are let through here.
    gate: Arc<Semaphore>,
    refusal: Option<&'static str>,
    /// Says to logins.
    login: Option<&'static str>,
    logins: usize,
    tries: usize,
}

/// A mail server that runs.
pub struct Smtp {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
    _tasks: JoinSet<()>,
}

impl Smtp {
    /// Opens one.
    pub async fn open() -> Smtp {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            mails: Vec::new(),
            gate: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
            refusal: None,
            login: None,
            logins: 0,
            tries: 0,
        }));
        let mut tasks = JoinSet::new();
        let kept = state.clone();
        tasks.spawn(async move {
            let mut talks = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                talks.spawn(talk(stream, kept.clone()));
            }
        });
        Smtp { address, state, _tasks: tasks }
    }

    /// Answers so many more receivers, and lets the next wait.
    pub fn let_through(&self, count: usize) {
        self.state.lock().unwrap().gate = Arc::new(Semaphore::new(count));
    }

    /// Answers so many more of those who wait.
    pub fn release(&self, count: usize) {
        self.state.lock().unwrap().gate.add_permits(count);
    }

    /// Refuses receivers from now on; `None` takes them.
    pub fn refuse(&self, answer: Option<&'static str>) {
        self.state.lock().unwrap().refusal = answer;
    }

    /// Refuses logins from now on; `None` takes them.
    pub fn refuse_logins(&self, answer: Option<&'static str>) {
        self.state.lock().unwrap().login = answer;
    }

    /// How often somebody tried to log in.
    pub fn logins(&self) -> usize {
        self.state.lock().unwrap().logins
    }

    /// What was taken.
    pub fn mails(&self) -> Vec<Mail> {
        self.state.lock().unwrap().mails.clone()
    }

    /// How many receivers were named.
    pub fn tries(&self) -> usize {
        self.state.lock().unwrap().tries
    }
}

async fn talk(stream: TcpStream, state: Arc<Mutex<State>>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read);
    let mut mail = Mail { from: String::new(), to: Vec::new(), data: String::new() };
    let mut say = async |line: &str| write.write_all(format!("{line}\r\n").as_bytes()).await;
    if say("220 sink.example ESMTP").await.is_err() {
        return;
    }
    let mut line = String::new();
    loop {
        line.clear();
        if !matches!(lines.read_line(&mut line).await, Ok(1..)) {
            return;
        }
        let word = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer = match word.as_str() {
            "EHLO" => "250-sink.example\r\n250-8BITMIME\r\n250-AUTH PLAIN\r\n250 SMTPUTF8",
            "AUTH" => {
                let mut state = state.lock().unwrap();
                state.logins += 1;
                state.login.unwrap_or("235 welcome")
            }
            "MAIL" => {
                mail.from = line.trim().to_owned();
                "250 ok"
            }
            "RCPT" => {
                let gate = {
                    let mut state = state.lock().unwrap();
                    state.tries += 1;
                    state.gate.clone()
                };
                gate.acquire().await.unwrap().forget();
                mail.to.push(line.trim().to_owned());
                state.lock().unwrap().refusal.unwrap_or("250 ok")
            }
            "DATA" => {
                if say("354 go on").await.is_err() {
                    return;
                }
                loop {
                    line.clear();
                    if !matches!(lines.read_line(&mut line).await, Ok(1..)) {
                        return;
                    }
                    if line == ".\r\n" {
                        break;
                    }
                    mail.data.push_str(line.strip_prefix('.').unwrap_or(&line));
                }
                state.lock().unwrap().mails.push(mail.clone());
                mail.to.clear();
                mail.data.clear();
                "250 taken"
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        if say(answer).await.is_err() || word == "QUIT" {
            return;
        }
    }
}
