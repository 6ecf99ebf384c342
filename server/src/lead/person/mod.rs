//! What is held about persons as leads, and forgetting it.

mod store;

pub(crate) use store::{forget, held};

use crate::app::App;
use crate::db::Tx;
use crate::error::{Error, Reason};
use crate::once::Act;
use crate::privacy::{By, Erased, erase_within, export};
use takings_core::time::Timestamp;

/// A person is erased.
#[derive(Debug)]
pub(super) struct Erase {
    pub(super) now: Timestamp,
    pub(super) by: By,
}

impl Act for Erase {
    type Done = Erased;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Erased, Error> {
        erase_within(tx, &self.by, self.now).await?.ok_or_else(nobody)
    }
}

/// All that is held about a person, as JSON.
pub(super) async fn exported(app: &App, by: &By) -> Result<String, Error> {
    let held = export(&app.database, by).await?.ok_or_else(nobody)?;
    Ok(held.to_string())
}

/// The customer of an id: in a source by its name, or in the only one that holds the id.
pub(super) async fn customer(app: &App, source: &str, id: &str) -> Result<By, Error> {
    let names = app.sources.names().await?;
    let mut found = store::sources(&app.database, id).await?;
    found.retain(|number| source.is_empty() || names.get(number).is_some_and(|it| it == source));
    match found[..] {
        [] => Err(nobody()),
        [number] => Ok(By::Customer(number, id.to_owned())),
        _ => {
            let message = "several sources hold this customer: say which by naming `source`";
            Err(Error::Precondition { reason: Reason::SourceAmbiguous, message: message.into() })
        }
    }
}

/// Refuses a lead that nobody has captured.
pub(super) async fn is_known(app: &App, lead: &str) -> Result<(), Error> {
    let found = super::store::load(&mut &app.database.primary(), &[lead]).await?;
    if found.is_empty() { Err(nobody()) } else { Ok(()) }
}

fn nobody() -> Error {
    let message = "nothing is held about this person: there is nothing to do";
    Error::not_found(Reason::PersonNotFound, message)
}
