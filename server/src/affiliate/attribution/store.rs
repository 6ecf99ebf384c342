//! What explains a binding and a commission, as readers see it.

use crate::affiliate::commissions::source_of;
use crate::db::Database;
use crate::error::Error;
use crate::ingest::Key;
use sea_orm::{FromQueryResult, Value};
use takings_core::affiliate::attribution::{Binding, Conversion, Touch, TouchKind};
use takings_core::affiliate::sale::Sale;
use takings_core::time::Timestamp;

/// A commission, as far as its amount is explained.
#[derive(Clone, Debug)]
pub(super) struct Posted {
    pub(super) id: String,
    pub(super) program: String,
    pub(super) partner: String,
    pub(super) source: i64,
    pub(super) sale: String,
    pub(super) customer: String,
    pub(super) kind: String,
    pub(super) currency: String,
    pub(super) occurred: Timestamp,
    pub(super) revision: i64,
    pub(super) amount: i64,
    pub(super) version: i64,
}

/// A binding.
#[derive(Clone, Debug)]
pub(super) struct Bound {
    pub(super) version: i64,
    pub(super) at: Timestamp,
    pub(super) binding: Binding,
}

/// A touch, and what its click was taken for.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) touch: Touch,
    pub(super) link: Option<String>,
    pub(super) outcome: Option<String>,
}

#[derive(FromQueryResult)]
struct PostedRow {
    id: String,
    program: String,
    partner: String,
    source_id: i64,
    sale: String,
    customer: String,
    kind: String,
    currency: String,
    occurred_at: i64,
    revision: i64,
    amount: i64,
    terms_version: i64,
}

#[derive(FromQueryResult)]
struct TouchRow {
    id: String,
    partner: String,
    link: Option<String>,
    kind: String,
    touched_at: i64,
    outcome: Option<String>,
}

/// A commission.
pub(super) async fn posted(database: &Database, id: &str) -> Result<Option<Posted>, Error> {
    let text =
        "select id, program, partner, source_id, sale, customer, kind, currency, occurred_at,
                       revision, amount, terms_version
                from commissions where id = $1";
    let rows = database.fetch("explained_commission", text, vec![id.into()]).await?;
    let row = rows.first().map(|row| PostedRow::from_query_result(row, "")).transpose()?;
    Ok(row.map(|row| Posted {
        id: row.id,
        program: row.program,
        partner: row.partner,
        source: row.source_id,
        sale: row.sale,
        customer: row.customer,
        kind: row.kind,
        currency: row.currency,
        occurred: Timestamp(row.occurred_at),
        revision: row.revision,
        amount: row.amount,
        version: row.terms_version,
    }))
}

/// What earlier rows of a commission's target have posted.
pub(super) async fn posted_before(
    database: &Database,
    program: &str,
    it: &Posted,
) -> Result<i64, Error> {
    let text = "select cast(coalesce(sum(amount), 0) as bigint) as amount from commissions
                where program = $1 and source_id = $2 and sale = $3 and partner = $4 and kind = $5
                  and currency = $6 and occurred_at = $7 and revision < $8";
    let values: Vec<Value> = vec![
        program.into(),
        it.source.into(),
        it.sale.as_str().into(),
        it.partner.as_str().into(),
        it.kind.as_str().into(),
        it.currency.as_str().into(),
        it.occurred.0.into(),
        it.revision.into(),
    ];
    let rows = database.fetch("explained_before", text, values).await?;
    Ok(rows.first().map(|row| row.try_get("", "amount")).transpose()?.unwrap_or_default())
}

/// The sources that name a customer in a program.
pub(super) async fn sources(
    database: &Database,
    program: &str,
    customer: &str,
) -> Result<Vec<i64>, Error> {
    let text = "select source_id from touches where program = $1 and customer = $2
                union select source_id from bindings where program = $1 and customer = $2
                order by 1";
    let rows =
        database.fetch("explained_sources", text, vec![program.into(), customer.into()]).await?;
    Ok(rows.iter().map(|row| row.try_get("", "source_id")).collect::<Result<_, _>>()?)
}

/// A customer's binding in a program.
pub(super) async fn bound(
    database: &Database,
    program: &str,
    (source, customer): &Key,
) -> Result<Option<Bound>, Error> {
    let text = "select terms_version, bound_at, content from bindings
                where program = $1 and source_id = $2 and customer = $3";
    let values = vec![program.into(), (*source).into(), customer.as_str().into()];
    let rows = database.fetch("explained_binding", text, values).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let content: String = row.try_get("", "content")?;
    Ok(Some(Bound {
        version: row.try_get("", "terms_version")?,
        at: Timestamp(row.try_get("", "bound_at")?),
        binding: serde_json::from_str(&content).map_err(Error::internal)?,
    }))
}

/// A customer's touches in a program by time, and what the customer did; under every name that the
/// program's own sales give the person.
pub(super) async fn touches(
    database: &Database,
    program: &str,
    (source, customer): &Key,
) -> Result<(Vec<Seen>, Conversion), Error> {
    let text = "select distinct t.id, t.partner, t.link, t.kind, t.touched_at, c.outcome
                from touches t left join clicks c on c.id = t.id
                where t.customer = $2 and t.program in ($3, '')
                  and (t.source_id = $1 or exists (
                      select 1 from sources s where s.name = $4 and s.id in ($1, t.source_id)))
                order by t.touched_at, t.id";
    let own = source_of(program);
    let values =
        vec![(*source).into(), customer.as_str().into(), program.into(), own.as_str().into()];
    let rows = database.fetch("explained_touches", text, values).await?;
    let (mut seen, mut conversion) = (Vec::new(), Conversion::default());
    for row in &rows {
        let row = TouchRow::from_query_result(row, "")?;
        let at = Timestamp(row.touched_at);
        let Some(kind) = TouchKind::parse(&row.kind) else {
            // A lead: when its session was made.
            conversion.lead = Some(conversion.lead.map_or(at, |lead| lead.min(at)));
            continue;
        };
        let click = Some(row.id.clone()).filter(|_| kind == TouchKind::Link);
        let touch = Touch { id: row.id, partner: row.partner, kind, click, at };
        seen.push(Seen { touch, link: row.link, outcome: row.outcome });
    }
    conversion.first_sale = first_sale(database, *source, customer, &own).await?;
    let first = conversion.first_sale;
    let is_before = |lead: &Timestamp| first.is_none_or(|sale| lead.secs() <= sale.secs());
    conversion.lead = conversion.lead.filter(is_before);
    Ok((seen, conversion))
}

async fn first_sale(
    database: &Database,
    source: i64,
    customer: &str,
    own: &str,
) -> Result<Option<Timestamp>, Error> {
    let text = "select min(b.paid_at) as first from sources o
                join sales b on b.source_id = o.id and b.customer = $2
                where b.amount > 0 and (o.id = $1 or exists (
                    select 1 from sources s where s.name = $3 and s.id in ($1, o.id)))";
    let values = vec![source.into(), customer.into(), own.into()];
    let rows = database.fetch("explained_first_sale", text, values).await?;
    let first: Option<i64> =
        rows.first().map(|row| row.try_get("", "first")).transpose()?.flatten();
    Ok(first.map(Timestamp))
}

/// A sale.
pub(super) async fn sale(
    database: &Database,
    (source, id): (i64, &str),
) -> Result<Option<Sale>, Error> {
    let text = "select content from sales where source_id = $1 and id = $2";
    let rows = database.fetch("explained_sale", text, vec![source.into(), id.into()]).await?;
    let content: Option<String> = rows.first().map(|row| row.try_get("", "content")).transpose()?;
    content.map(|it| serde_json::from_str(&it)).transpose().map_err(Error::internal)
}
