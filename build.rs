//! Compiles `proto/` to Rust, in Rust: nothing needs to be installed.
//!
//! Writes the messages, clients and servers, and beside them the descriptor set with its comments,
//! from which a server answers reflection.

#![allow(clippy::disallowed_methods, reason = "cargo speaks to build scripts by the environment")]

use protox::Compiler;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

const ROOT: &str = "proto";
const PACKAGE: &str = "proto/takings/v1";
const DESCRIPTOR_SET: &str = "takings_v1.bin";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={PACKAGE}");
    let mut compiler = Compiler::new([ROOT])?;
    compiler.include_imports(true).include_source_info(true).open_files(files()?)?;
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo sets OUT_DIR")?);
    fs::write(out.join(DESCRIPTOR_SET), compiler.encode_file_descriptor_set())?;
    tonic_prost_build::configure()
        .bytes(".takings.v1.IngestWebhookRequest.payload")
        // A request is told from another by its bytes, which have to come in one order.
        .btree_map(".takings.v1.LeadProfile")
        .btree_map(".takings.v1.RecordLeadActivityRequest")
        .btree_map(".takings.v1.ActivityRule")
        .compile_fds(compiler.file_descriptor_set())?;
    Ok(())
}

/// The files of the package, relative to the root, in one order on every machine.
fn files() -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(PACKAGE)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "proto") {
            println!("cargo::rerun-if-changed={}", path.display());
            files.push(path.strip_prefix(Path::new(ROOT))?.to_owned());
        }
    }
    files.sort();
    Ok(files)
}
