//! Lists: newest first, filtered, a page at a time.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::account::Account;
use super::filter::Wanted;
use super::kind::Kind;
use super::params::Params;
use super::problem::{Answer, Problem};

/// What every list takes.
const COMMON: [&str; 5] = ["created", "ending_before", "expand", "limit", "starting_after"];
/// The most event types one question may name.
const MOST_TYPES: usize = 20;

/// A page, and where it lies.
struct Page {
    limit: usize,
    starting_after: Option<String>,
    ending_before: Option<String>,
}

impl Page {
    fn of(params: &Params) -> Answer<Self> {
        let limit = params.integer("limit")?.unwrap_or(10);
        let wrong = || Problem::invalid("This value must be between 1 and 100.").param("limit");
        let limit = usize::try_from(limit).ok().filter(|limit| (1..=100).contains(limit));
        let cursor = |key| params.text(key).map(str::to_owned);
        let page = Self {
            limit: limit.ok_or_else(wrong)?,
            starting_after: cursor("starting_after"),
            ending_before: cursor("ending_before"),
        };
        if page.starting_after.is_some() && page.ending_before.is_some() {
            let both =
                "You may only specify one of these parameters: starting_after, ending_before.";
            return Err(Problem::invalid(both));
        }
        Ok(page)
    }

    /// Cuts the page out of entries, newest first.
    fn cut<T>(
        &self,
        entries: Vec<T>,
        id: impl Fn(&T) -> String,
        noun: &str,
    ) -> Answer<(Vec<T>, bool)> {
        let at = |cursor: &str, param| {
            let found = entries.iter().position(|entry| id(entry) == cursor);
            found.ok_or_else(|| Problem::no_such(noun, cursor, param))
        };
        let (from, to) = match (&self.starting_after, &self.ending_before) {
            (Some(cursor), _) => (at(cursor, "starting_after")? + 1, entries.len()),
            (_, Some(cursor)) => {
                let end = at(cursor, "ending_before")?;
                let from = end.saturating_sub(self.limit);
                let page = entries.into_iter().take(end).skip(from).collect();
                return Ok((page, from > 0));
            }
            _ => (0, entries.len()),
        };
        let more = to - from > self.limit;
        Ok((entries.into_iter().skip(from).take(self.limit).collect(), more))
    }
}

fn list(data: Vec<Value>, has_more: bool, url: &str) -> Value {
    json!({ "object": "list", "data": data, "has_more": has_more, "url": url })
}

impl Account {
    /// A list of a kind.
    pub(super) fn list(&self, kind: Kind, params: &Params, url: &str) -> Answer {
        let page = Page::of(params)?;
        let filter = Filter::of(kind, params)?;
        let mut places: Vec<usize> = (0..self.count(kind))
            .filter(|index| self.is_seen(kind, *index) && !self.is_gone(kind, *index))
            .collect();
        let wanted = Wanted::of(params);
        places.retain(|index| self.fits(kind, *index, &wanted));
        self.cut_created(kind, params, &mut places)?;
        places.sort_by_key(|index| Reverse((self.created(kind, *index), *index)));
        // Objects are rendered only where a filter needs it.
        if !filter.is_empty() {
            places.retain(|index| self.body(kind, *index).is_some_and(|body| filter.fits(&body)));
        }
        let (places, more) = page.cut(places, |index| self.id_of(kind, *index), kind.noun())?;
        let data = places.into_iter().filter_map(|index| self.body(kind, index)).collect();
        Ok(list(data, more, url))
    }

    fn cut_created(&self, kind: Kind, params: &Params, places: &mut Vec<usize>) -> Answer<()> {
        let bounds = params.hash("created");
        bounds.only(&["gt", "gte", "lt", "lte"])?;
        let (above, least) = (bounds.integer("gt")?, bounds.integer("gte")?);
        let (below, most) = (bounds.integer("lt")?, bounds.integer("lte")?);
        let exact = params.integer("created")?;
        places.retain(|index| {
            let at = self.created(kind, *index);
            above.is_none_or(|bound| at > bound)
                && least.is_none_or(|bound| at >= bound)
                && below.is_none_or(|bound| at < bound)
                && most.is_none_or(|bound| at <= bound)
                && exact.is_none_or(|bound| at == bound)
        });
        Ok(())
    }
}

/// Entries that belong to one object, oldest first, as a list.
pub(super) fn embedded(entries: Vec<Value>, params: &Params, url: &str, noun: &str) -> Answer {
    let id = |entry: &Value| entry["id"].as_str().unwrap_or_default().to_owned();
    let (data, more) = Page::of(params)?.cut(entries, id, noun)?;
    Ok(list(data, more, url))
}

/// What of an object must be what.
struct Filter<'a>(Vec<(&'static str, &'a str)>);

impl<'a> Filter<'a> {
    fn of(kind: Kind, params: &'a Params) -> Answer<Self> {
        let known = COMMON.iter().chain(kind.filters()).chain(kind.quick_filters());
        params.only(&known.copied().collect::<Vec<_>>())?;
        if params.texts("types").len() > MOST_TYPES {
            return Err(Problem::invalid("You may only specify 20 event types.").param("types"));
        }
        let given = kind.filters().iter().filter_map(|key| Some((*key, params.text(key)?)));
        Ok(Self(given.collect()))
    }

    const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn fits(&self, body: &Value) -> bool {
        self.0.iter().all(|(key, wanted)| match &body[key] {
            Value::String(text) => text == wanted,
            Value::Bool(flag) => *wanted == if *flag { "true" } else { "false" },
            _ => false,
        })
    }
}
