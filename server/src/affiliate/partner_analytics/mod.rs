//! What a partner, or all partners of a program, have brought: clicks, customers, money.
//!
//! A lead is a customer at the instant of the binding: at the lead that a Checkout session or a call
//! told of, or at the first sale where nothing did before.

pub(super) mod convert;
mod store;
mod sums;

use super::{links, partners, programs};
use crate::analytics::calendar::{Granularity, Zone};
use crate::app::App;
use crate::error::{Error, Reason};
use std::collections::BTreeMap;
use sums::{Amounts, Funnel, too_large};
use takings_core::money::{Currency, share};
use takings_core::time::{Range, Timestamp};

/// What is asked for.
#[derive(Debug)]
pub(super) struct Question {
    whose: Whose,
    link: Option<String>,
    start: Option<Timestamp>,
    end: Timestamp,
    zone: Zone,
    granularity: Option<Granularity>,
}

/// Whose numbers they are.
#[derive(Debug)]
enum Whose {
    Partner(String),
    Program(String),
}

/// Which rows count.
#[derive(Clone, Debug)]
struct Scope {
    program: String,
    partner: Option<String>,
    link: Option<String>,
}

/// What was brought.
#[derive(Debug)]
pub(super) struct Answer {
    totals: Point,
    points: Vec<Point>,
    settled: Timestamp,
}

/// What was brought in one range.
#[derive(Debug)]
struct Point {
    range: Range,
    funnel: Funnel,
    amounts: BTreeMap<Currency, Amounts>,
}

impl Point {
    fn new(range: Range) -> Point {
        Point { range, funnel: Funnel::default(), amounts: BTreeMap::new() }
    }
}

/// Answers a question.
pub(super) async fn read(app: &App, question: Question) -> Result<Answer, Error> {
    let scope = scope(app, question.whose, question.link).await?;
    let start = match question.start {
        Some(start) => start,
        None => store::beginning(&app.database, &scope).await?.min(question.end),
    };
    let range = Range { start, end: question.end };
    let bounds = match question.granularity {
        Some(granularity) => question.zone.periods(granularity, range)?,
        None => Vec::new(),
    };
    let ranges = bounds.windows(2).map(|ends| Range { start: ends[0], end: ends[1] });
    let mut points: Vec<Point> = std::iter::once(range).chain(ranges).map(Point::new).collect();
    let settled = settled(app).await?;
    count(app, &scope, &mut points).await?;
    earn(app, &scope, &mut points).await?;
    sell(app, &scope, &mut points).await?;
    let points_of_series = points.split_off(1);
    let totals = points.pop().unwrap_or_else(|| Point::new(range));
    Ok(Answer { totals, points: points_of_series, settled })
}

/// The program, and the partner and the link of it that are meant.
async fn scope(app: &App, whose: Whose, link: Option<String>) -> Result<Scope, Error> {
    let scope = match whose {
        Whose::Program(id) => {
            let program = programs::find(app, &id, None).await?.id;
            Scope { program, partner: None, link }
        }
        Whose::Partner(id) => {
            let partner = partners::find(app, &id).await?;
            Scope { program: partner.program, partner: Some(partner.id), link }
        }
    };
    if let Some(link) = &scope.link
        && !store::has_link(&app.database, &scope, link).await?
    {
        return Err(links::unknown(link));
    }
    Ok(scope)
}

/// Up to when everything is worked in: events, and the sales that follow from them.
async fn settled(app: &App) -> Result<Timestamp, Error> {
    let settled = crate::analytics::settled_through(app).await?;
    let waiting = store::oldest_changed_sale(&app.database).await?;
    Ok(waiting.map_or(settled, |waiting| waiting.min(settled)))
}

/// Clicks, leads, trials, conversions.
async fn count(app: &App, scope: &Scope, points: &mut [Point]) -> Result<(), Error> {
    let ranges: Vec<Range> = points.iter().map(|point| point.range).collect();
    let db = &app.database;
    for (place, counts, clicks, visitors) in store::clicks(db, scope, &ranges).await? {
        let Some(point) = points.get_mut(place) else { continue };
        if counts {
            point.funnel.clicks += clicks;
            point.funnel.visitors += visitors;
        } else {
            point.funnel.rejected += clicks;
        }
    }
    for step in store::Step::ALL {
        for (place, customers) in store::customers(db, scope, &ranges, step).await? {
            let Some(point) = points.get_mut(place) else { continue };
            *match step {
                store::Step::Lead => &mut point.funnel.leads,
                store::Step::Trial => &mut point.funnel.trials,
                store::Step::Conversion => &mut point.funnel.conversions,
            } += customers;
        }
    }
    Ok(())
}

/// What was earned, and how far it is.
async fn earn(app: &App, scope: &Scope, points: &mut [Point]) -> Result<(), Error> {
    let ranges: Vec<Range> = points.iter().map(|point| point.range).collect();
    for row in store::earned(&app.database, scope, &ranges, app.now()).await? {
        let Some(point) = points.get_mut(row.place) else { continue };
        point.amounts.entry(row.currency).or_default().earn(&row)?;
    }
    Ok(())
}

/// What bound customers paid, and got back. What they paid is summed by the database; sales of which
/// nothing ever went back are not read.
async fn sell(app: &App, scope: &Scope, points: &mut [Point]) -> Result<(), Error> {
    let (db, ranges) = (&app.database, points.iter().map(|point| point.range).collect::<Vec<_>>());
    for (place, currency, sold) in store::sold(db, scope, &ranges).await? {
        let Some(point) = points.get_mut(place) else { continue };
        point.amounts.entry(currency).or_default().sold = sold;
    }
    let end = points.first().map_or(Timestamp(0), |total| total.range.end);
    let mut returned: BTreeMap<Currency, i64> = BTreeMap::new();
    for sale in store::returned(db, scope, end).await? {
        sums::give_back(points, &sale)?;
        let back = sale.returned_at(Timestamp(end.0 - 1)).map_err(Error::internal)?;
        let sum = returned.entry(sale.currency).or_default();
        *sum = sum.checked_add(back).ok_or_else(too_large)?;
    }
    let Some(totals) = points.first_mut() else { return Ok(()) };
    for (currency, sold, customers) in store::ever_sold(db, scope, end).await? {
        let back = returned.get(&currency).copied().unwrap_or(0);
        let kept = sold.checked_sub(back).ok_or_else(too_large)?;
        totals.amounts.entry(currency).or_default().lifetime = share(kept, 1, customers);
    }
    Ok(())
}

/// Neither a partner nor a program is named, or both are.
fn one_of_both() -> Error {
    let message = "give `partner_id` or `program_id`, and not both";
    Error::invalid(Reason::InvalidField, "partner_id", message)
}
