//! The barest HTTP client: one kept connection, the bodies of answers are read and thrown away.

use anyhow::Context;
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

/// What every request says.
const HEAD: &str = "host: bench\r\nauthorization: Bearer sk_test_bench\r\n";

/// A kept connection to a server.
pub(crate) struct Wire {
    stream: BufReader<TcpStream>,
    body: Vec<u8>,
}

/// What is looked at of an answer; its letters are small.
struct Answer {
    length: usize,
    location: Option<String>,
}

impl Wire {
    /// Connects.
    pub(crate) async fn connect(address: SocketAddr) -> anyhow::Result<Wire> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Wire { stream: BufReader::new(stream), body: Vec::new() })
    }

    /// Gets what is at a path; answers how many bytes that was.
    pub(crate) async fn get(&mut self, target: &str) -> anyhow::Result<usize> {
        Ok(self.send(format!("GET {target} HTTP/1.1\r\n{HEAD}\r\n"), "200").await?.length)
    }

    /// Follows a link as a visitor; answers where it leads.
    pub(crate) async fn follow(&mut self, path: &str, headers: &str) -> anyhow::Result<String> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: bench\r\n{headers}\r\n");
        self.send(request, "302").await?.location.context("an answer that leads nowhere")
    }

    /// Posts a form under an idempotency key.
    pub(crate) async fn post(&mut self, path: &str, key: &str, form: &str) -> anyhow::Result<()> {
        let length = form.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\n{HEAD}idempotency-key: {key}\r\ncontent-type: \
             application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n"
        );
        self.send(head + form, "200").await.map(drop)
    }

    async fn send(&mut self, request: String, expected: &str) -> anyhow::Result<Answer> {
        self.stream.write_all(request.as_bytes()).await?;
        let status = self.line().await?;
        anyhow::ensure!(status.split(' ').nth(1) == Some(expected), "answered {status}");
        let (mut length, mut location) = (None, None);
        loop {
            let line = self.line().await?.to_ascii_lowercase();
            if line.trim().is_empty() {
                break;
            }
            let value = line.strip_prefix("content-length:");
            length = value.map(|it| it.trim().parse()).transpose()?.or(length);
            location = line.strip_prefix("location:").map(|it| it.trim().to_owned()).or(location);
        }
        let length = length.context("an answer without its length")?;
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).await?;
        Ok(Answer { length, location })
    }

    async fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.stream.read_line(&mut line).await?;
        Ok(line)
    }
}
