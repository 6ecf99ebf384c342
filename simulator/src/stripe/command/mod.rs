//! Commands: what changes the account, and tells of it.

use serde_json::Value;

use super::account::Account;
use super::problem::Answer;
use super::route::Request;

/// Does what is asked; nothing where there is no such command.
pub(super) fn run(_account: &mut Account, _request: &Request<'_>) -> Answer<Option<Value>> {
    Ok(None)
}
