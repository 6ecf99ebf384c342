//! Programs, as the contract says them.

use super::{Create, Program, Update};
use crate::affiliate::convert::{id, required_terms, some_words, terms, terms_of};
use crate::app::App;
use crate::error::{Error, Reason};
use crate::once::Request;
use crate::revenue::convert::{changed, instant, required};
use crate::revenue::paging::{Page, Slice};
use std::collections::BTreeSet;
use std::mem::take;
use takings::v1 as pb;
use takings_core::affiliate::destination::Destination;
use takings_core::affiliate::hosts::Host;

/// The most further hosts of a program.
const MOST_HOSTS: usize = 50;
/// The longest name, in characters.
const LONGEST_NAME: usize = 200;

/// A program that is to be made.
pub(in crate::affiliate) fn create(
    app: &App,
    mut asked: pb::CreateProgramRequest,
) -> Result<(Request, Create), Error> {
    let request = Request::of(&take(&mut asked.request_id), "CreateProgram", &asked)?;
    let pb::CreateProgramRequest { name, destination_url, allowed_hosts, terms, request_id: _ } =
        asked;
    let create = Create {
        now: app.now(),
        name: some_words("name", name, LONGEST_NAME)?,
        destination: destination("destination_url", required("destination_url", destination_url)?)?,
        hosts: hosts(allowed_hosts)?,
        terms: required_terms("terms", terms)?,
    };
    Ok((request, create))
}

/// What is to change about a program.
pub(in crate::affiliate) fn update(
    app: &App,
    mut asked: pb::UpdateProgramRequest,
) -> Result<(Request, Update), Error> {
    let request = Request::of(&take(&mut asked.request_id), "UpdateProgram", &asked)?;
    let pb::UpdateProgramRequest {
        program_id,
        name,
        destination_url,
        allowed_hosts,
        terms: given,
        update_mask,
        request_id: _,
    } = asked;
    let changes = changed(
        update_mask,
        &[
            ("name", !name.is_empty()),
            ("destination_url", !destination_url.is_empty()),
            ("allowed_hosts", !allowed_hosts.is_empty()),
            ("terms", given.is_some()),
        ],
    )?;
    let wants = |field: &str| changes.contains(&field);
    let update = Update {
        now: app.now(),
        id: program_id_of(program_id)?,
        name: wants("name").then(|| some_words("name", name, LONGEST_NAME)).transpose()?,
        destination: wants("destination_url")
            .then(|| destination("destination_url", destination_url))
            .transpose()?,
        hosts: wants("allowed_hosts").then(|| hosts(allowed_hosts)).transpose()?,
        terms: match given {
            Some(given) if wants("terms") => Some(terms("terms", given)?),
            None if wants("terms") => Some(required_terms("terms", None)?),
            _ => None,
        },
    };
    Ok((request, update))
}

/// The program that is asked for, and the version of its terms.
pub(in crate::affiliate) fn one(
    asked: pb::GetProgramRequest,
) -> Result<(String, Option<i64>), Error> {
    let pb::GetProgramRequest { program_id, terms_version } = asked;
    if terms_version < 0 {
        let message = "send 0 for the terms in force, or a version from 1";
        return Err(Error::invalid(Reason::InvalidField, "terms_version", message));
    }
    Ok((program_id_of(program_id)?, Some(terms_version).filter(|version| *version > 0)))
}

/// The page that is asked for.
pub(in crate::affiliate) fn list(asked: pb::ListProgramsRequest) -> Result<Slice<String>, Error> {
    let pb::ListProgramsRequest { page_size, page_token } = asked;
    Slice::read(page_size, &page_token, &["ListPrograms"])
}

/// A program's id.
pub(in crate::affiliate) fn program_id_of(given: String) -> Result<String, Error> {
    id("program_id", given, "prg", Reason::ProgramNotFound)
}

/// An address that a link could lead to.
pub(in crate::affiliate) fn destination(
    field: &'static str,
    given: String,
) -> Result<String, Error> {
    let read = Destination::parse(&given);
    let refuse = |error| Error::invalid(Reason::DestinationRefused, field, format!("{error}"));
    read.map(|address| address.as_str().to_owned()).map_err(refuse)
}

fn hosts(given: Vec<String>) -> Result<Vec<String>, Error> {
    let refuse =
        |message: String| Err(Error::invalid(Reason::DestinationRefused, "allowed_hosts", message));
    if given.len() > MOST_HOSTS {
        return refuse(format!("name at most {MOST_HOSTS} hosts"));
    }
    let mut read = BTreeSet::new();
    for name in &given {
        match Host::parse(name) {
            Ok(host) => read.insert(host.as_str().to_owned()),
            Err(error) => return refuse(error.to_string()),
        };
    }
    Ok(read.into_iter().collect())
}

impl From<Program> for pb::Program {
    fn from(program: Program) -> pb::Program {
        let Program { id, name, destination, hosts, terms, version, created_at, updated_at } =
            program;
        pb::Program {
            program_id: id,
            name,
            destination_url: destination,
            allowed_hosts: hosts,
            terms: Some(terms_of(&terms)),
            terms_version: version,
            created_time: Some(instant(created_at.0)),
            updated_time: Some(instant(updated_at.0)),
        }
    }
}

impl From<Program> for pb::CreateProgramResponse {
    fn from(program: Program) -> pb::CreateProgramResponse {
        pb::CreateProgramResponse { program: Some(program.into()) }
    }
}

impl From<Program> for pb::UpdateProgramResponse {
    fn from(program: Program) -> pb::UpdateProgramResponse {
        pb::UpdateProgramResponse { program: Some(program.into()) }
    }
}

impl From<Program> for pb::GetProgramResponse {
    fn from(program: Program) -> pb::GetProgramResponse {
        pb::GetProgramResponse { program: Some(program.into()) }
    }
}

impl From<Page<Program>> for pb::ListProgramsResponse {
    fn from(page: Page<Program>) -> pb::ListProgramsResponse {
        let (programs, next_page_token) = page.answer();
        pb::ListProgramsResponse { programs, next_page_token }
    }
}
