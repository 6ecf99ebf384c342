//! The demo's mail server: it takes every mail, and keeps what they say in memory.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A mail server for one demo.
pub(super) struct Mailbox {
    /// Where it listens.
    pub(super) address: SocketAddr,
    said: Arc<Mutex<String>>,
    _tasks: JoinSet<()>,
}

impl Mailbox {
    /// Opens one.
    pub(super) async fn open() -> std::io::Result<Mailbox> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let (address, said) = (listener.local_addr()?, Arc::new(Mutex::new(String::new())));
        let (kept, mut tasks) = (said.clone(), JoinSet::new());
        tasks.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let _ = talk(stream, &kept).await;
            }
        });
        Ok(Mailbox { address, said, _tasks: tasks })
    }

    /// The path of the first link in a mail that begins so, once there is one.
    pub(super) async fn link(&self, start: &str) -> Option<String> {
        for _ in 0..300 {
            let said = self.said.lock().unwrap_or_else(PoisonError::into_inner).clone();
            // Lines end softly where they would be too long (RFC 2045).
            let whole = said.replace("=\r\n", "");
            if let Some((_, rest)) = whole.split_once(start) {
                let token = rest.split(|it: char| !it.is_ascii_alphanumeric()).next();
                return token.map(|token| format!("{start}{token}"));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        None
    }
}

/// Speaks SMTP as far as one sender needs it (RFC 5321).
async fn talk(stream: TcpStream, said: &Mutex<String>) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let (mut lines, mut line, mut in_mail) = (BufReader::new(read), String::new(), false);
    write.write_all(b"220 demo\r\n").await?;
    while lines.read_line(&mut line).await? > 0 {
        let word = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer = match word.as_str() {
            _ if in_mail && line != ".\r\n" => {
                said.lock().unwrap_or_else(PoisonError::into_inner).push_str(&line);
                ""
            }
            "DATA" => {
                in_mail = true;
                "354 go on\r\n"
            }
            "QUIT" => "221 bye\r\n",
            _ => {
                in_mail = false;
                "250 ok\r\n"
            }
        };
        write.write_all(answer.as_bytes()).await?;
        line.clear();
    }
    Ok(())
}
