//! Signals of fraud: each holds commissions by a logged decision until somebody decides.
//!
//! A decision of a signal is known by its id, `<signal>_<act>_<source>_<sale>`: so a sale is held
//! once by each signal, however often it is derived, and what a signal holds can be told.

pub(super) mod convert;
mod entity;
mod raise;
mod resolve;
mod store;

pub use raise::{Case, count, examine, raise};

use crate::app::App;
use crate::error::{Error, Reason};
use crate::revenue::paging::{Page, Slice};
use takings_core::time::Timestamp;

/// What looks wrong about a customer of a partner, or about a partner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signal {
    id: String,
    program: String,
    partner: String,
    /// Empty where it is about the partner as a whole.
    customer: String,
    kind: String,
    evidence: String,
    state: State,
    raised_at: Timestamp,
    resolved_at: Option<Timestamp>,
    note: String,
    /// The commissions that it holds or has held.
    commissions: Vec<String>,
}

/// What was decided about a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing yet.
    Open,
    /// It is fraud.
    Confirmed,
    /// It is none.
    Dismissed,
}

impl State {
    const ALL: [State; 3] = [State::Open, State::Confirmed, State::Dismissed];

    fn as_str(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Confirmed => "confirmed",
            State::Dismissed => "dismissed",
        }
    }

    fn parse(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// Acts on a sale's commission, as they are stored.
const HOLD: &str = "hold";
const RELEASE: &str = "release";
const REJECT: &str = "reject";

/// The id of a signal's decision about a sale.
fn decision_id(signal: &str, act: &str, source: i64, sale: &str) -> String {
    format!("{signal}_{act}_{source}_{sale}")
}

fn unknown(id: &str) -> Error {
    let message = format!("there is no signal `{id}`: send an id that ListFraudSignals answers");
    Error::not_found(Reason::FraudSignalNotFound, message)
}

/// Which signals are asked for; what is empty lets everything through.
#[derive(Debug, Default)]
pub(super) struct Filter {
    program: String,
    partner: String,
    kind: &'static str,
    state: Option<State>,
}

/// Reads a page, the newest first.
pub(super) async fn page(
    app: &App,
    filter: &Filter,
    slice: &Slice<String>,
) -> Result<Page<Signal>, Error> {
    let before = slice.after.as_deref();
    let rows = store::page(&app.database, filter, before, slice.limit()).await?;
    Ok(slice.page(rows, |signal| signal.id.clone()))
}
