//! A PostgreSQL server that lives no longer than the process that started it.

use anyhow::{Context, Result, bail, ensure};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread::sleep;
use std::time::Duration;

/// Where Debian and its children install each major version.
const INSTALLED: &str = "/usr/lib/postgresql";
const ACCOUNT: &str = "postgres";
const MISSING: &str = "install postgresql (Debian: apt-get install postgresql)";
const READY: &str = "ready to accept connections";
const PORT_TAKEN: &str = "could not create any TCP/IP sockets";
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);

/// Runs the server until our end of its standard input closes, which the kernel does even for a
/// process that is killed. Then it stops the server at once and removes the folder.
const KEEPER: &str = r#"
folder=$1; shift
"$@" >>"$folder/log" 2>&1 &
server=$!
read -r _
kill -QUIT "$server" 2>/dev/null
wait "$server"
rm -rf "$folder"
"#;

static SHARED: OnceLock<Option<PostgresServer>> = OnceLock::new();

/// A running PostgreSQL server with a data folder and a port of its own.
///
/// Dropping it stops it and removes everything it stored; so does the end of our process, of
/// whatever kind.
#[derive(Debug)]
pub struct PostgresServer {
    keeper: Child,
    folder: PathBuf,
    bin: PathBuf,
    port: u16,
}

impl PostgresServer {
    /// The server that all tests of this process share; it does not wait for the disk.
    ///
    /// None, and `test` recorded as skipped, where PostgreSQL is not installed.
    ///
    /// # Panics
    ///
    /// If PostgreSQL is installed, but does not start.
    pub fn shared(test: &str) -> Option<&'static Self> {
        let server = SHARED.get_or_init(|| Self::installed(false)).as_ref();
        if server.is_none() {
            crate::skip(test, MISSING);
        }
        server
    }

    /// A new server; `durable` says whether a commit waits for the disk, as in production.
    ///
    /// None, and recorded as a skip, where PostgreSQL is not installed.
    ///
    /// # Panics
    ///
    /// If PostgreSQL is installed, but does not start.
    pub fn start(durable: bool) -> Option<Self> {
        let server = Self::installed(durable);
        if server.is_none() {
            crate::skip("a PostgreSQL server", MISSING);
        }
        server
    }

    fn installed(durable: bool) -> Option<Self> {
        let started = Self::run(binaries()?, durable);
        Some(started.unwrap_or_else(|error| panic!("PostgreSQL does not start: {error:#}")))
    }

    /// Creates an empty database, in place of an old one of that name, and returns its URL.
    ///
    /// # Panics
    ///
    /// If `name` is more than letters, digits and underscores, or the server refuses.
    pub fn database(&self, name: &str) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        assert!(!name.is_empty() && name.chars().all(plain), "not a database name: {name}");
        self.query(ACCOUNT, &format!("drop database if exists \"{name}\" with (force)"));
        self.query(ACCOUNT, &format!("create database \"{name}\" template template0"));
        format!("postgres://{ACCOUNT}@127.0.0.1:{}/{name}", self.port)
    }

    /// What psql prints for one statement: a line a row, columns parted by `|`.
    ///
    /// # Panics
    ///
    /// If the statement fails.
    pub fn query(&self, database: &str, statement: &str) -> String {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.args(["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1"])
            .args(["-p", &self.port.to_string(), "-U", ACCOUNT, "-d", database, "-c", statement])
            .env("PGCONNECT_TIMEOUT", "30")
            .env_remove("PGOPTIONS");
        finish(&mut psql).unwrap_or_else(|error| panic!("{error:#}")).trim_end().to_owned()
    }

    /// The folder of its data.
    pub fn data_folder(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's first process, whose children serve the connections.
    ///
    /// # Panics
    ///
    /// If the server has gone.
    pub fn pid(&self) -> u32 {
        let path = self.data_folder().join("postmaster.pid");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
        let first = text.lines().next().unwrap_or_default();
        first.parse().unwrap_or_else(|_| panic!("{path:?} begins with {first:?}"))
    }

    fn run(bin: PathBuf, durable: bool) -> Result<Self> {
        for _ in 0..5 {
            let folder = tempfile::Builder::new().prefix("takings-pg-").tempdir()?;
            // PostgreSQL refuses to run as root.
            let root = folder.path().metadata()?.uid() == 0;
            if root {
                let owner = format!("{ACCOUNT}:");
                finish(Command::new("chown").arg(owner).arg(folder.path()))?;
            }
            init(&bin, folder.path(), root)?;
            let port = crate::free_port()?;
            let mut keeper = spawn(&bin, folder.path(), root, port, durable)?;
            // From here on the keeper removes the folder.
            let folder = folder.keep();
            let said = listen(&folder.join("log"));
            if said.contains(READY) {
                return Ok(Self { keeper, folder, bin, port });
            }
            end(&mut keeper)?;
            ensure!(said.contains(PORT_TAKEN), "it says:\n{}", said.trim_end());
        }
        bail!("others took each port that was free")
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        if let Err(error) = end(&mut self.keeper) {
            eprintln!("PostgreSQL's keeper is lost: {error}");
        }
    }
}

/// The folder of the newest installed version's programs.
fn binaries() -> Option<PathBuf> {
    let versions = fs::read_dir(INSTALLED).into_iter().flatten().flatten();
    let bins = versions.filter_map(|entry| {
        let version: u32 = entry.file_name().to_str()?.parse().ok()?;
        Some((version, entry.path().join("bin")))
    });
    let newest = bins.filter(|(_, bin)| complete(bin)).max_by_key(|(version, _)| *version);
    newest.map(|(_, bin)| bin).or_else(|| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).find(|bin| complete(bin))
    })
}

fn complete(bin: &Path) -> bool {
    ["initdb", "postgres", "psql"].iter().all(|program| bin.join(program).is_file())
}

/// A program of PostgreSQL and what must stand before it, so that it never runs as root.
fn program(bin: &Path, name: &str, root: bool) -> Vec<PathBuf> {
    let demoted = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"];
    let before: &[&str] = if root { &demoted } else { &[] };
    before.iter().map(PathBuf::from).chain([bin.join(name)]).collect()
}

/// Makes the data folder.
fn init(bin: &Path, folder: &Path, root: bool) -> Result<()> {
    let words = program(bin, "initdb", root);
    let mut initdb = Command::new(&words[0]);
    initdb.args(&words[1..]).args(["--username", ACCOUNT, "--auth", "trust"]);
    initdb.args(["--encoding", "UTF8", "--locale", "C", "--no-sync", "--pgdata"]);
    finish(initdb.arg(folder.join("data")).current_dir(folder))?;
    Ok(())
}

/// Starts the server and its keeper.
fn spawn(bin: &Path, folder: &Path, root: bool, port: u16, durable: bool) -> Result<Child> {
    let wait = if durable { "on" } else { "off" };
    let mut settings = vec![
        format!("port={port}"),
        "listen_addresses=127.0.0.1".to_owned(),
        format!("unix_socket_directories={}", folder.display()),
        "max_connections=200".to_owned(),
    ];
    settings.extend(
        ["fsync", "synchronous_commit", "full_page_writes"].map(|name| format!("{name}={wait}")),
    );
    let mut keeper = Command::new("sh");
    keeper.args(["-c", KEEPER, "keeper"]).arg(folder);
    keeper.args(program(bin, "postgres", root)).arg("-D").arg(folder.join("data"));
    keeper.args(settings.iter().flat_map(|setting| ["-c", setting]));
    // A group of its own: an interrupt meant for us must not end the keeper before its work.
    keeper.current_dir(folder).process_group(0);
    keeper.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    keeper.spawn().context("cannot run sh")
}

/// What the server has said by the time it accepts, has given up, or has used up our patience.
fn listen(log: &Path) -> String {
    let mut said = String::new();
    for _ in 0..PATIENCE.as_millis() / PAUSE.as_millis() {
        said = fs::read_to_string(log).unwrap_or_default();
        if said.contains(READY) || said.contains("FATAL:") {
            break;
        }
        sleep(PAUSE);
    }
    said
}

/// Lets the keeper do its work, and waits for it.
fn end(keeper: &mut Child) -> Result<()> {
    drop(keeper.stdin.take());
    keeper.wait()?;
    Ok(())
}

/// Runs a command to its end, and returns what it printed.
fn finish(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{} failed:\n{}", program.display(), said.trim_end());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
