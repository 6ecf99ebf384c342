//! Rows of `fraud_signals` and of `decisions` that follow from them; what signs are read from.

pub(super) mod clickless;
pub(super) mod visitors;

use super::entity::Row;
use super::raise::Case;
use super::{Filter, Signal, State};
use crate::db::{self, Cell, Database, Insert, Query, Rows, Tx, Type};
use crate::error::Error;
use crate::ingest::Trouble;
use crate::privacy::{Keys, customers, partners};
use sea_orm::{FromQueryResult, Value};
use std::collections::{BTreeMap, BTreeSet};
use takings_core::affiliate::fraud::Evidence;
use takings_core::time::Timestamp;

/// How many commissions of one signal are named.
const MOST_COMMISSIONS: usize = 1_000;

static RAISE: Insert = Insert::new(
    "fraud_signals",
    &[
        ("id", Type::Text),
        ("program", Type::Text),
        ("partner", Type::Text),
        ("source_id", Type::Int),
        ("customer", Type::Text),
        ("kind", Type::Text),
        ("evidence", Type::Text),
        ("state", Type::Text),
        ("raised_at", Type::Int),
        ("resolution", Type::Text),
    ],
    "",
);

/// One about a partner as a whole is one, whichever source it was first told by.
static STANDING: Query = Query::new(
    "fraud_standing",
    "select f.id, f.kind, f.state from {0} cross join fraud_signals f
     where f.program = t0.wanted and f.partner = t0.payee and f.customer = t0.buyer
       and (f.source_id = t0.number or t0.buyer = '')",
    &[("wanted", Type::Text), ("payee", Type::Text), ("number", Type::Int), ("buyer", Type::Text)],
);

static DECIDE: Insert = Insert::new(
    "decisions",
    &[
        ("id", Type::Text),
        ("program", Type::Text),
        ("source_id", Type::Int),
        ("sale", Type::Text),
        ("act", Type::Text),
        ("reason", Type::Text),
        ("decided_at", Type::Int),
    ],
    "on conflict (id) do nothing returning id",
);

static LOAD: Query = Query::new(
    "fraud_load",
    "select f.id, f.program, f.partner, f.customer, f.kind, f.evidence, f.state,
            f.raised_at, f.resolved_at, f.resolution
     from {0} cross join fraud_signals f where f.id = t0.signal",
    &[("signal", Type::Text)],
);

static RESOLVE: Query = Query::new(
    "fraud_resolve",
    "update fraud_signals set state = t0.decided, resolved_at = t0.instant, resolution = t0.note
     from {0} where fraud_signals.id = t0.signal and state = 'open' returning id",
    &[
        ("signal", Type::Text),
        ("decided", Type::Text),
        ("instant", Type::Int),
        ("note", Type::Text),
    ],
);

/// The commissions that a signal has held, with their sales.
static HELD: Query = Query::new(
    "fraud_held",
    "select c.id, c.source_id, c.sale, c.customer
     from {0} cross join fraud_signals f cross join commissions c cross join decisions d
     where f.id = t0.signal and c.program = f.program and c.partner = f.partner
       and (f.customer = '' or (c.customer = f.customer and c.source_id = f.source_id))
       and d.id = f.id || '_hold_' || cast(c.source_id as text) || '_' || c.sale",
    &[("signal", Type::Text)],
);

static DECISIONS: Query = Query::new(
    "fraud_decisions",
    "select d.id, d.act, d.decided_at from {0} cross join decisions d
     where d.program = t0.wanted and d.source_id = t0.number and d.sale = t0.sold",
    &[("wanted", Type::Text), ("number", Type::Int), ("sold", Type::Text)],
);

static OPEN: Query = Query::new(
    "fraud_open",
    "select f.id from {0} cross join fraud_signals f
     where f.program = t0.wanted and f.state = 'open'",
    &[("wanted", Type::Text)],
);

static PARTNER: Query = Query::new(
    "fraud_partner",
    "select p.email, p.email_key,
            (select count(*) from partners o
             where o.payout_key = p.payout_key and o.program = p.program and o.id <> p.id)
     from {0} cross join partners p where p.id = t0.payee",
    &[("payee", Type::Text)],
);

static PERSONAL: Query = Query::new(
    "fraud_personal",
    "select c.personal from {0} cross join customers c
     where c.source_id = t0.number and c.id = t0.buyer",
    &[("number", Type::Int), ("buyer", Type::Text)],
);

/// How many customers of a partner have bought, and how many of them got money back.
static COUNTED: Query = Query::new(
    "fraud_counted",
    "select (select count(*) from (
                select 1 from commissions c where c.program = t0.wanted and c.partner = t0.payee
                group by c.customer) as bought),
            (select count(*) from (
                select 1 from commissions c where c.program = t0.wanted and c.partner = t0.payee
                  and c.kind = 'reversed'
                group by c.customer) as refunded)
     from {0}",
    &[("wanted", Type::Text), ("payee", Type::Text)],
);

/// Stores signals that are new, each under its id.
pub(super) async fn raise(
    tx: &mut Tx<'_>,
    case: &Case<'_>,
    new: &[(String, &Evidence)],
    now: Timestamp,
) -> Result<(), Trouble> {
    let mut rows = Rows::default();
    for (id, Evidence { signal, text }) in new {
        rows.push([
            id.as_str().into(),
            case.program.into(),
            case.partner.into(),
            case.source.into(),
            case.customer.into(),
            signal.as_str().into(),
            text.as_str().into(),
            State::Open.as_str().into(),
            now.0.into(),
            "".into(),
        ]);
    }
    tx.insert(&RAISE, &rows).await?;
    Ok(())
}

/// The signals about a customer of a partner: id, kind, state.
pub(super) async fn standing(
    tx: &mut Tx<'_>,
    case: &Case<'_>,
) -> Result<Vec<(String, String, State)>, Trouble> {
    let mut row = Rows::default();
    let Case { program, partner, source, customer, .. } = *case;
    row.push([program.into(), partner.into(), source.into(), customer.into()]);
    let rows = tx.fetch(&STANDING, &row).await?;
    let read = |row: &db::Row| {
        let name = row.text(2)?;
        let unreadable = || Trouble::Unreadable { what: "signal", why: format!("`{name}`") };
        let state = State::parse(&name).ok_or_else(unreadable)?;
        Ok::<_, Trouble>((row.text(0)?, row.text(1)?, state))
    };
    rows.iter().map(read).collect()
}

/// Logs decisions about a sale: id, act, reason; tells whether one is new.
pub(super) async fn decide(
    tx: &mut Tx<'_>,
    (program, source, sale): (&str, i64, &str),
    decisions: &[(String, &str, &str)],
    now: Timestamp,
) -> Result<bool, Trouble> {
    let mut rows = Rows::default();
    for (id, act, reason) in decisions {
        rows.push([
            id.as_str().into(),
            program.into(),
            source.into(),
            sale.into(),
            (*act).into(),
            (*reason).into(),
            now.0.into(),
        ]);
    }
    Ok(!tx.insert(&DECIDE, &rows).await?.is_empty())
}

/// A signal as a transaction sees it.
pub(super) async fn load(tx: &mut Tx<'_>, id: &str) -> Result<Option<Signal>, Error> {
    let rows = tx.fetch(&LOAD, &one(id)).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let row = Row::read(row)?;
    let held: Vec<String> =
        tx.fetch(&HELD, &one(id)).await?.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?;
    row.signal(cut(held)).map(Some)
}

fn cut(mut commissions: Vec<String>) -> Vec<String> {
    commissions.sort();
    commissions.truncate(MOST_COMMISSIONS);
    commissions
}

/// Decides about an open signal; tells whether it was open.
pub(super) async fn resolve(
    tx: &mut Tx<'_>,
    id: &str,
    state: State,
    note: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let mut row = Rows::default();
    row.push([id.into(), state.as_str().into(), now.0.into(), note.into()]);
    Ok(!tx.fetch(&RESOLVE, &row).await?.is_empty())
}

/// The sales that a signal has held: source, id, whose.
pub(super) async fn held(
    tx: &mut Tx<'_>,
    signal: &str,
) -> Result<BTreeSet<(i64, String, String)>, Error> {
    let rows = tx.fetch(&HELD, &one(signal)).await?;
    let sales = rows.iter().map(|row| Ok((row.int(1)?, row.text(2)?, row.text(3)?)));
    sales.collect::<Result<_, db::Error>>().map_err(Error::from)
}

/// The decisions about a sale in order: ids and acts.
pub(super) async fn decisions(
    tx: &mut Tx<'_>,
    program: &str,
    source: i64,
    sale: &str,
) -> Result<Vec<(String, String)>, Error> {
    let mut row = Rows::default();
    row.push([program.into(), source.into(), sale.into()]);
    let rows = tx.fetch(&DECISIONS, &row).await?;
    let read = rows.iter().map(|row| Ok((row.int(2)?, row.text(0)?, row.text(1)?)));
    let mut decisions: Vec<(i64, String, String)> = read.collect::<Result<_, db::Error>>()?;
    decisions.sort();
    Ok(decisions.into_iter().map(|(_, id, act)| (id, act)).collect())
}

/// The open signals of a program.
pub(super) async fn open(tx: &mut Tx<'_>, program: &str) -> Result<BTreeSet<String>, Error> {
    let rows = tx.fetch(&OPEN, &one(program)).await?;
    Ok(rows.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?)
}

/// A partner, as far as signs need it.
pub(super) struct Known {
    pub(super) email: String,
    pub(super) email_key: String,
    /// Whether another partner of the program is paid into the same account.
    pub(super) shares_account: bool,
}

/// A partner.
pub(super) async fn partner(tx: &mut Tx<'_>, id: &str) -> Result<Option<Known>, Trouble> {
    let rows = tx.fetch(&PARTNER, &one(id)).await?;
    let keys = Keys::load(tx, partners::names([id].into_iter())).await?;
    let read = |row: &db::Row| {
        let shares_account = row.int(2)? > 0;
        let email = partners::open(&keys, id, "email", &row.text(0)?)?;
        Ok::<_, Trouble>(Known { email, email_key: row.text(1)?, shares_account })
    };
    rows.first().map(read).transpose()
}

/// A customer's email address.
pub(super) async fn email(
    tx: &mut Tx<'_>,
    source: i64,
    customer: &str,
) -> Result<Option<String>, Trouble> {
    let mut row = Rows::default();
    row.push([source.into(), customer.into()]);
    let rows = tx.fetch(&PERSONAL, &row).await?;
    let sealed = rows.first().map(|row| row.opt_text(0)).transpose()?.flatten();
    let Some(sealed) = sealed else { return Ok(None) };
    let keys = Keys::load(tx, customers::names([(source, customer)].into_iter())).await?;
    let personal = customers::open(&keys, source, customer, &sealed)?;
    Ok(personal.and_then(|plain| customers::email_of(&plain)))
}

/// How many customers of a partner have bought, and how many of them got money back.
pub(super) async fn counted(
    tx: &mut Tx<'_>,
    program: &str,
    partner: &str,
) -> Result<(i64, i64), Trouble> {
    let mut row = Rows::default();
    row.push([program, partner].map(Cell::from));
    let rows = tx.fetch(&COUNTED, &row).await?;
    let counts = rows.first().map(|row| Ok::<_, db::Error>((row.int(0)?, row.int(1)?)));
    Ok(counts.transpose()?.unwrap_or_default())
}

/// Signals that a filter lets through, the newest first.
pub(super) async fn page(
    database: &Database,
    Filter { program, partner, kind, state }: &Filter,
    before: Option<&str>,
    limit: u64,
) -> Result<Vec<Signal>, Error> {
    let conditions = [
        ("program =", Some(program.as_str())),
        ("partner =", Some(partner.as_str())),
        ("kind =", Some(*kind)),
        ("state =", state.map(State::as_str)),
        ("id <", before),
    ];
    let mut text = "select id, program, partner, customer, kind, evidence, state,
                           raised_at, resolved_at, resolution
                    from fraud_signals where 1 = 1"
        .to_owned();
    let mut values = Vec::new();
    for (condition, value) in conditions {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            values.push(Value::from(value));
            text.push_str(&format!(" and {condition} ${}", values.len()));
        }
    }
    text.push_str(&format!(" order by id desc limit {limit}"));
    let rows = database.fetch("fraud_signals", text, values).await?;
    let rows: Vec<Row> =
        rows.iter().map(|row| Row::from_query_result(row, "")).collect::<Result<_, _>>()?;
    let ids: Vec<&str> = rows.iter().map(Row::id).collect();
    let mut held = held_by(database, &ids).await?;
    let signal = |row: Row| {
        let commissions = held.remove(row.id()).unwrap_or_default();
        row.signal(cut(commissions))
    };
    rows.into_iter().map(signal).collect()
}

/// The commissions that signals have held, by signal.
async fn held_by(
    database: &Database,
    signals: &[&str],
) -> Result<BTreeMap<String, Vec<String>>, Error> {
    let mut held: BTreeMap<String, Vec<String>> = BTreeMap::new();
    if signals.is_empty() {
        return Ok(held);
    }
    let places: Vec<String> = (1..=signals.len()).map(|place| format!("${place}")).collect();
    let text = format!(
        "select f.id as signal, c.id as commission
         from fraud_signals f
         join commissions c on c.program = f.program and c.partner = f.partner
            and (f.customer = '' or (c.customer = f.customer and c.source_id = f.source_id))
         join decisions d on d.id = f.id || '_hold_' || cast(c.source_id as text) || '_' || c.sale
         where f.id in ({})",
        places.join(", ")
    );
    let values = signals.iter().map(|id| Value::from(*id)).collect();
    for row in database.fetch("fraud_commissions", text, values).await? {
        held.entry(row.try_get("", "signal")?).or_default().push(row.try_get("", "commission")?);
    }
    Ok(held)
}

fn one(id: &str) -> Rows {
    let mut row = Rows::default();
    row.push([id.into()]);
    row
}
