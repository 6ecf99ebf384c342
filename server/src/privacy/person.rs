//! Who a person is: every subject with the same mailbox.

use super::customers::{customer, email_index};
use super::{Names, store};
use crate::db::{Kind, Rows, Tx};
use crate::ingest::Trouble;

/// By what a person is named.
#[derive(Clone, Debug)]
pub enum By {
    /// An email address.
    Email(String),
    /// A customer: the source's number, and the id.
    Customer(i64, String),
    /// Any other subject.
    Subject(takings_core::privacy::Subject),
}

/// A person, as far as anything is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The subjects, by the names of their keys.
    pub subjects: Names,
    /// By what their mailboxes are found.
    pub(super) indexes: Names,
}

impl Person {
    /// Finds a person: by a mailbox everybody who has it; by a subject also whoever has its mailbox.
    pub(crate) async fn find(tx: &mut Tx<'_>, by: &By) -> Result<Person, Trouble> {
        let mut person = Person::default();
        match by {
            By::Email(address) => {
                person.indexes.extend(email_index(tx.vault().unlocked_indexes()?, address));
            }
            By::Customer(source, id) => drop(person.subjects.insert(customer(*source, id))),
            By::Subject(subject) => drop(person.subjects.insert(subject.to_string())),
        }
        for row in tx.fetch(&store::MAILBOXES, &rows_of(&person.subjects)).await? {
            person.indexes.insert(row.text(0)?);
        }
        lock(tx, &rows_of(&person.indexes)).await?;
        for row in tx.fetch(&store::PEOPLE, &rows_of(&person.indexes)).await? {
            person.subjects.insert(row.text(0)?);
        }
        Ok(person)
    }
}

/// Notes by what mailbox a subject is found, by the index of its address.
pub(crate) async fn list(
    tx: &mut Tx<'_>,
    subject: &str,
    email_index: Option<&str>,
) -> Result<(), Trouble> {
    let mut row = Rows::default();
    email_index.into_iter().for_each(|index| row.push([subject.into(), index.into()]));
    tx.insert(&store::LIST, &row).await?;
    Ok(())
}

/// The same, and by no other any more.
pub(crate) async fn relist(
    tx: &mut Tx<'_>,
    subject: &str,
    email_index: Option<&str>,
) -> Result<(), Trouble> {
    tx.fetch(&store::UNLISTED, &rows_of(&Names::from([subject.to_owned()]))).await?;
    list(tx, subject, email_index).await
}

/// Holds a mailbox until the transaction ends, so that nobody who has it is made or erased meanwhile;
/// tells whether whoever had it was erased, and is not to be kept again.
pub(crate) async fn hold_mailbox(tx: &mut Tx<'_>, index: &str) -> Result<bool, Trouble> {
    let mut row = Rows::default();
    row.push([index.into()]);
    lock(tx, &row).await?;
    let mut hash = Rows::default();
    hash.push([tx.vault().unlocked_indexes()?.suppressed("email", index).into()]);
    Ok(!tx.read_keys(&store::SUPPRESSED, &hash).await?.is_empty())
}

/// SQLite has one writer.
async fn lock(tx: &mut Tx<'_>, mailboxes: &Rows) -> Result<(), Trouble> {
    if tx.kind() == Kind::Postgres && !mailboxes.is_empty() {
        tx.fetch(&store::LOCK_MAILBOXES, mailboxes).await?;
    }
    Ok(())
}

pub(super) fn rows_of(names: &Names) -> Rows {
    let mut rows = Rows::default();
    names.iter().for_each(|name| rows.push([name.as_str().into()]));
    rows
}

/// Whether whoever has a mailbox was erased, and is not to be written to.
///
/// # Errors
///
/// If the key store does not answer.
pub async fn is_suppressed(
    database: &crate::db::Database,
    address: &str,
) -> Result<bool, crate::error::Error> {
    let indexes = database.vault.unlocked_indexes()?;
    let Some(index) = email_index(indexes, address) else { return Ok(false) };
    let mut row = Rows::default();
    row.push([indexes.suppressed("email", &index).into()]);
    Ok(!database.read_keys(&store::SUPPRESSED, &row).await?.is_empty())
}
