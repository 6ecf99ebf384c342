//! `takings keys`: the master keys that personal data is sealed under.

use crate::config::Config;
use crate::privacy;
use crate::serve::open_existing;
use clap::Subcommand;
use std::process::ExitCode;

/// What to do about master keys.
#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// List the master keys by their ids, and how many keys each wraps.
    List,
    /// Wrap every key by the current master key, while servers serve. A key in a file beside the
    /// database, or in privacy.master_key_file, is made anew first. Otherwise append the new key to
    /// privacy.master_key, so that all servers can read by it, and restart them one by one; put it
    /// in front and restart them once more; and then rotate.
    Rotate,
}

pub(super) async fn run(config: Config, command: KeysCommand) -> anyhow::Result<ExitCode> {
    let database = open_existing(&config).await?;
    if let KeysCommand::Rotate = command {
        if privacy::renew(&database)? {
            println!("a new master key was put in front of the others in its file");
        }
        let wrapped = privacy::rotate(&database).await? + privacy::rotate_rest(&database).await?;
        println!("{wrapped} keys are wrapped by the current master key now");
    }
    for it in privacy::wrapped(&database).await? {
        let what = match (it.current, it.keys) {
            (true, _) => "current",
            (false, 0) => "older; wraps nothing here, so it is needed for older backups alone",
            (false, _) => "older; run `takings keys rotate`",
        };
        println!("{} {} keys ({what})", it.master, it.keys);
    }
    Ok(ExitCode::SUCCESS)
}
