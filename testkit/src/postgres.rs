//! A PostgreSQL server of a test's own, in a temporary folder.

use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;
use tempfile::TempDir;

/// A running server; it stops, and its data goes, when this is dropped or its process dies.
pub struct PostgresServer {
    folder: TempDir,
    port: u16,
    bin: PathBuf,
    /// A shell that waits for us to be gone, then stops the server.
    keeper: Child,
}

impl PostgresServer {
    /// The one server of this test process, without fsync; `None`, and a skip, where PostgreSQL is
    /// not installed.
    pub fn shared(test: &str) -> Option<&'static PostgresServer> {
        static SHARED: OnceLock<Option<PostgresServer>> = OnceLock::new();
        let server = SHARED.get_or_init(|| PostgresServer::start(false)).as_ref();
        if server.is_none() {
            crate::skip(test, "install postgresql (Debian: apt-get install postgresql)");
        }
        server
    }

    /// A server of its own; `durable` is as production would have it. `None` where PostgreSQL is
    /// not installed.
    pub fn start(durable: bool) -> Option<PostgresServer> {
        let bin = binaries()?;
        match launch(bin, durable) {
            Ok(server) => Some(server),
            Err(error) => {
                println!("PostgreSQL did not start: {error:#}");
                None
            }
        }
    }

    /// The folder of its data.
    pub fn data_folder(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Makes an empty database and answers its URL.
    pub fn database(&self, name: &str) -> String {
        let url = |name: &str| format!("postgres://postgres@127.0.0.1:{}/{name}", self.port);
        let made = Command::new(self.bin.join("psql"))
            .args(["-q", "-d", &url("postgres"), "-c"])
            .arg(format!("drop database if exists {name} with (force)"))
            .args(["-c", &format!("create database {name}")])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        assert!(made.is_ok_and(|status| status.success()), "database {name} was not made");
        url(name)
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Where the server's programs are: the newest of Debian's, or on the path.
fn binaries() -> Option<PathBuf> {
    let packaged = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut versions: Vec<PathBuf> = packaged.map(|entry| entry.path().join("bin")).collect();
    versions.sort_by_key(|bin| {
        let version = bin.parent().and_then(Path::file_name).and_then(|it| it.to_str());
        version.and_then(|it| it.parse::<u32>().ok())
    });
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut all: Vec<PathBuf> = std::env::split_paths(&path).collect();
    all.extend(versions);
    all.into_iter().rev().find(|bin| bin.join("initdb").exists() && bin.join("postgres").exists())
}

fn launch(bin: PathBuf, durable: bool) -> anyhow::Result<PostgresServer> {
    let folder = tempfile::Builder::new().prefix("takings-pg-").tempdir()?;
    let port = crate::free_port()?;
    if is_root() {
        run(Command::new("chown").arg("postgres").arg(folder.path()))?;
    }
    let data = folder.path().join("data");
    run(as_postgres(&bin.join("initdb"))
        .args(["-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-D"])
        .arg(&data))?;
    let sync = if durable { "on" } else { "off" };
    let options = format!(
        "-p {port} -k {} -c listen_addresses=127.0.0.1 -c fsync={sync} -c synchronous_commit={sync} \
         -c max_connections=200",
        folder.path().display()
    );
    let log = folder.path().join("log");
    run(as_postgres(&bin.join("pg_ctl"))
        .args(["-s", "-w", "-t", "60", "-D"])
        .arg(&data)
        .args(["-o", &options, "-l"])
        .arg(&log)
        .arg("start"))?;
    let keeper = keeper(&bin, folder.path())?;
    Ok(PostgresServer { folder, port, bin, keeper })
}

/// A shell that outlives us for the moment it takes to stop the server and remove its folder:
/// reading ends when our side of the pipe is gone, however we went.
fn keeper(bin: &Path, folder: &Path) -> anyhow::Result<Child> {
    let user =
        if is_root() { "setpriv --reuid=postgres --regid=postgres --clear-groups " } else { "" };
    let (stop, folder) = (bin.join("pg_ctl"), folder.display());
    let script = format!(
        "trap '' INT TERM HUP; read _; {user}{} -s -m immediate -D {folder}/data stop; rm -rf {folder}",
        stop.display()
    );
    Command::new("sh")
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("sh did not start")
}

/// A program as the user `postgres` where we are root: the server refuses root.
fn as_postgres(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}

fn is_root() -> bool {
    static ROOT: OnceLock<bool> = OnceLock::new();
    *ROOT.get_or_init(|| {
        let id = Command::new("id").arg("-u").output();
        id.is_ok_and(|output| output.stdout.starts_with(b"0"))
    })
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .current_dir("/")
        .spawn()
        .with_context(|| format!("{command:?}"))?;
    for _ in 0..1200 {
        if let Some(status) = child.try_wait()? {
            return if status.success() { Ok(()) } else { bail!("{command:?} failed: {status}") };
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    bail!("{command:?} did not end within a minute")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_answers() {
        let Some(server) = PostgresServer::shared("a_server_answers") else { return };
        let url = server.database("answers");
        let output = Command::new(server.bin.join("psql"))
            .args(["-At", "-d", &url, "-c", "select 40 + 2"])
            .output()
            .unwrap();
        assert_eq!(output.stdout, b"42\n");
    }
}
