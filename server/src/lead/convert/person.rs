//! Persons, as the contract says them.

use super::super::person::{Erase, customer, is_known};
use super::{lead_id, request, words};
use crate::app::App;
use crate::error::{Error, Reason};
use crate::lead::email;
use crate::once::Request;
use crate::privacy::{By, Erased};
use crate::revenue::convert::required;
use std::mem::take;
use takings::v1 as pb;
use takings::v1::person_key::Key;
use takings_core::privacy::Subject;

/// The person that is meant.
async fn by(app: &App, given: Option<pb::PersonKey>) -> Result<By, Error> {
    let invalid = |message: &str| Error::invalid(Reason::InvalidField, "person", message);
    let pb::PersonKey { key, source } = given.ok_or_else(|| invalid("`person` is required"))?;
    match key {
        Some(Key::Email(address)) => match email::mailbox(app, &address)? {
            Some(_) => Ok(By::Email(address)),
            None => Err(invalid("this is no email address")),
        },
        Some(Key::LeadId(id)) => {
            let id = lead_id(id)?;
            is_known(app, &id).await?;
            Ok(By::Subject(Subject::Lead(id)))
        }
        Some(Key::CustomerId(id)) => {
            let id = required("person.customer_id", words("person.customer_id", id, 255)?)?;
            customer(app, &words("person.source", source, 255)?, &id).await
        }
        None => Err(invalid("name the person by an address, a lead or a customer")),
    }
}

/// The person to export.
pub(in crate::lead) async fn export(
    app: &App,
    asked: pb::ExportPersonRequest,
) -> Result<By, Error> {
    let pb::ExportPersonRequest { person } = asked;
    by(app, person).await
}

/// The person to erase. A repeat is told by its key alone: who was erased is not found again.
pub(in crate::lead) async fn erase(
    app: &App,
    mut asked: pb::ErasePersonRequest,
) -> Result<(Request, Erase), Error> {
    let request = request(app, &take(&mut asked.request_id), "ErasePerson", &asked)?;
    let pb::ErasePersonRequest { person, request_id: _ } = asked;
    Ok((request, Erase { now: app.now(), by: by(app, person).await? }))
}

impl From<Erased> for pb::ErasePersonResponse {
    fn from(Erased { erasure, subjects }: Erased) -> pb::ErasePersonResponse {
        let subject_count = i64::try_from(subjects.len()).unwrap_or(i64::MAX);
        pb::ErasePersonResponse { erasure, subject_count }
    }
}
