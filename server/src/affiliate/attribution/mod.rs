//! Why a customer belongs to a partner, or to none, and how a commission was computed.

mod arithmetic;
pub(super) mod convert;
mod store;

use super::agreement::Agreement;
use super::commissions::{self, Commission, source_of};
use super::programs::{self, Program};
use crate::app::App;
use crate::error::{Error, Reason};
use crate::ingest::Key;
use crate::revenue::convert::Span;
use crate::revenue::paging::Slice;
use arithmetic::Step;
use store::{Bound, Posted, Seen};
use takings_core::affiliate::attribution::{Conversion, Rule, Touch, is_eligible};
use takings_core::affiliate::click::Reason as Taken;
use takings_core::affiliate::credit::{ReportModel, credits};
use takings_core::time::Timestamp;

/// How many commissions are named.
const MOST_COMMISSIONS: i32 = 1_000;

/// What is to be explained.
#[derive(Debug)]
pub(super) enum Question {
    /// A commission.
    Commission(String),
    /// A customer of a program; of the source, or of the only one that has it.
    Customer { program: String, customer: String, source: Option<String> },
}

/// The whole way from the touches to the amount.
#[derive(Debug)]
pub(super) struct Explained {
    customer: String,
    touches: Vec<Explainable>,
    bound: Option<Bound>,
    rule: String,
    program: Program,
    commissions: Vec<Commission>,
    steps: Vec<Step>,
}

/// A touch, and what speaks for and against it.
#[derive(Debug)]
struct Explainable {
    touch: Touch,
    link: Option<String>,
    /// Why it could not win; `None`: it could.
    ineligible: Option<&'static str>,
    winner: bool,
    /// Basis points of the sale by the report models: linear, time decay, position.
    shares: [i64; 3],
}

/// The models that are told beside the one that pays.
const MODELS: [ReportModel; 3] =
    [ReportModel::Linear, ReportModel::TimeDecay, ReportModel::Position];

/// Explains.
pub(super) async fn explain(app: &App, question: Question) -> Result<Explained, Error> {
    let (program, customer, posted) = subject(app, question).await?;
    let db = &app.database;
    let bound = store::bound(db, &program, &customer).await?;
    let version = posted.as_ref().map(|it| it.version).filter(|version| *version > 0);
    let version = bound.as_ref().map(|it| it.version).or(version);
    let program = programs::find(app, &program, version).await?;
    let (seen, conversion) = store::touches(db, &program.id, &customer).await?;
    let window = window(app, &program, conversion, bound.as_ref()).await?;
    let touches = weighed(seen, conversion, window, bound.as_ref());
    let steps = match &posted {
        Some(posted) => computed(app, &program, posted).await?,
        None => Vec::new(),
    };
    let rule = sentence(bound.as_ref(), &touches, window);
    let commissions = listed(app, &program.id, &customer, posted.as_ref()).await?;
    Ok(Explained { customer: customer.1, touches, bound, rule, program, commissions, steps })
}

/// Within how many days a touch counts: whose a customer is follows from the program's terms that were
/// in force at the conversion, also where the sales are judged by a partner's own.
async fn window(
    app: &App,
    program: &Program,
    conversion: Conversion,
    bound: Option<&Bound>,
) -> Result<i64, Error> {
    let at = conversion.lead.or(conversion.first_sale).or(bound.map(|it| it.at));
    let agreement = Agreement::read(&app.database, &program.id).await?;
    let terms = at.and_then(|at| Some(&agreement.at(None, (at, at))?.terms));
    Ok(terms.unwrap_or(&program.terms).attribution.window_days)
}

/// How a commission was computed: by its own version of the terms.
async fn computed(app: &App, program: &Program, posted: &Posted) -> Result<Vec<Step>, Error> {
    let db = &app.database;
    let sale = store::sale(db, (posted.source, &posted.sale)).await?;
    let before = store::posted_before(db, &program.id, posted).await?;
    if [0, program.version].contains(&posted.version) {
        return arithmetic::steps(posted, sale.as_ref(), &program.terms, before);
    }
    let then = programs::find(app, &program.id, Some(posted.version)).await?;
    arithmetic::steps(posted, sale.as_ref(), &then.terms, before)
}

/// The program, the customer, and the commission that was named.
async fn subject(app: &App, question: Question) -> Result<(String, Key, Option<Posted>), Error> {
    match question {
        Question::Commission(id) => {
            let found = store::posted(&app.database, &id).await?;
            let found = found.ok_or_else(|| {
                let message = format!("there is no commission `{id}`");
                Error::not_found(Reason::CommissionNotFound, message)
            })?;
            let customer = (found.source, found.customer.clone());
            Ok((found.program.clone(), customer, Some(found)))
        }
        Question::Customer { program, customer, source } => {
            let program = programs::find(app, &program, None).await?.id;
            let names = app.sources.names().await?;
            let mut sources = store::sources(&app.database, &program, &customer).await?;
            if let Some(wanted) = &source {
                sources.retain(|number| names.get(number) == Some(wanted));
            }
            // The program's own name of a Stripe customer is the same person's.
            let own = source_of(&program);
            if sources.len() > 1 {
                sources.retain(|number| names.get(number) != Some(&own));
            }
            match sources.as_slice() {
                [one] => Ok((program, (*one, customer), None)),
                [] => Err(unknown_customer(&customer)),
                _ => Err(ambiguous(&customer)),
            }
        }
    }
}

fn unknown_customer(id: &str) -> Error {
    let shown: String = id.chars().filter(|it| !it.is_control()).take(64).collect();
    let message = format!("no touch and no sale names the customer `{shown}` in this program");
    Error::not_found(Reason::CustomerNotFound, message)
}

fn ambiguous(id: &str) -> Error {
    let message = format!("several sources have a customer `{id}`: name the source");
    Error::Precondition { reason: Reason::SourceAmbiguous, message }
}

/// The touches with what speaks against them, and their shares of the sale by other models.
fn weighed(
    seen: Vec<Seen>,
    conversion: Conversion,
    window: i64,
    bound: Option<&Bound>,
) -> Vec<Explainable> {
    let mut touches: Vec<Explainable> = Vec::new();
    for Seen { touch, link, outcome } in seen {
        let winner = bound.is_some_and(|it| it.binding.touch.id == touch.id);
        let against = against(&touch, outcome.as_deref(), conversion, window);
        let ineligible = against.filter(|_| !winner);
        touches.push(Explainable { touch, link, ineligible, winner, shares: [0; 3] });
    }
    let path: Vec<Touch> =
        touches.iter().filter(|it| it.ineligible.is_none()).map(|it| it.touch.clone()).collect();
    let at = conversion.lead.or(conversion.first_sale).unwrap_or_default();
    for (place, model) in MODELS.into_iter().enumerate() {
        let shares = credits(model, &path, at, 10_000);
        let eligible = touches.iter_mut().filter(|it| it.ineligible.is_none());
        eligible.zip(shares).for_each(|(touch, share)| touch.shares[place] = share);
    }
    touches
}

/// Why a touch could not win. Stripe tells whole seconds, so a touch within the second of the
/// conversion was before it.
fn against(
    touch: &Touch,
    outcome: Option<&str>,
    conversion: Conversion,
    window: i64,
) -> Option<&'static str> {
    let taken = outcome.and_then(Taken::parse);
    if taken.is_some_and(|it| !it.counts() && it != Taken::Duplicate) {
        return Some("rejected_click");
    }
    let instant = conversion.instant(touch.kind).filter(|_| !touch.kind.is_named())?;
    let instant = Timestamp(Timestamp::from_secs(instant.secs()).0 + 999_999);
    if is_eligible(touch, instant, window) {
        None
    } else if touch.at > instant {
        Some("after_binding")
    } else {
        Some("outside_window")
    }
}

/// Why that touch won, or why none did.
fn sentence(bound: Option<&Bound>, touches: &[Explainable], window: i64) -> String {
    let eligible = touches.iter().filter(|it| it.ineligible.is_none()).count();
    let of = format!("of {} touches, {eligible} of them within {window} days", touches.len());
    let Some(bound) = bound else {
        return format!("No partner: {of} before the first sale or lead, none was bound.");
    };
    let id = &bound.binding.touch.id;
    match bound.binding.rule {
        Rule::First => format!("Touch `{id}` won as the earliest {of} before the binding."),
        Rule::Last => format!("Touch `{id}` won as the latest {of} before the binding."),
        Rule::CouponWins => {
            format!("Touch `{id}` won because by the terms a coupon wins over a click, {of}.")
        }
        Rule::ClickWins => {
            format!("Touch `{id}` won because by the terms a click wins over a coupon, {of}.")
        }
        Rule::Manual => format!("Touch `{id}` won because a person or a call named the partner."),
    }
}

/// What the customer's sales have posted, the oldest first; or the one commission that was named.
async fn listed(
    app: &App,
    program: &str,
    (source, customer): &Key,
    posted: Option<&Posted>,
) -> Result<Vec<Commission>, Error> {
    let at = posted.map(|it| it.occurred.0);
    let filter = commissions::Filter {
        program: program.to_owned(),
        customer: customer.clone(),
        occurred: Span { start: at, end: at.map(|at| at + 1) },
        ..commissions::Filter::default()
    };
    let slice = Slice::read(MOST_COMMISSIONS, "", &[])?;
    let mut rows = commissions::page(app, &filter, &slice).await?.rows;
    rows.retain(|it| it.source_id == *source && posted.is_none_or(|posted| posted.id == it.id));
    rows.reverse();
    Ok(rows)
}
