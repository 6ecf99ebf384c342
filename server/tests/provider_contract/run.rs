//! A run through the steps, and what holds of each.

use crate::ear::Exchange;
use crate::world::World;
use anyhow::{Context, anyhow, ensure};
use serde_json::Value;
use takings_core::stripe::observe;

/// The steps taken so far.
pub struct Run {
    /// What the steps share.
    pub world: World,
    /// Each step with what became of it.
    pub outcomes: Vec<(String, anyhow::Result<()>)>,
}

impl Run {
    /// At the beginning.
    pub fn new(world: World) -> Run {
        Run { world, outcomes: Vec::new() }
    }

    /// Takes a step. Whatever it holds itself: it asks the stand-in, and what is answered can be
    /// read.
    pub async fn step(
        &mut self,
        name: &str,
        act: impl AsyncFnOnce(&mut World) -> anyhow::Result<()>,
    ) {
        self.world.begin();
        let acted = act(&mut self.world).await;
        let readable = self.world.heard().iter().try_for_each(readable);
        let outcome = acted.and(readable).and_then(|()| {
            ensure!(!self.world.heard().is_empty(), "nothing was asked");
            Ok(())
        });
        let outcome = outcome.map_err(|error| match self.world.heard().last() {
            Some(last) if last.status >= 300 => {
                anyhow!("{error:#}; {} was answered {}", last.call, last.status)
            }
            _ => error,
        });
        self.outcomes.push((name.to_owned(), outcome));
    }
}

/// Our own reading of an answer: an object, or each entry of a list.
fn readable(exchange: &Exchange) -> anyhow::Result<()> {
    if exchange.status != 200 {
        return Ok(());
    }
    let list = exchange.body["data"].as_array().filter(|_| exchange.body["object"] == "list");
    let objects = list.map_or(std::slice::from_ref(&exchange.body), Vec::as_slice);
    for object in objects {
        let object =
            object.as_object().with_context(|| format!("{} shows no object", exchange.call))?;
        let read = observe(object).map_err(|refusal| anyhow!("{}", refusal.message()));
        read.with_context(|| {
            format!(
                "{} shows an unreadable {}",
                exchange.call,
                object.get("object").unwrap_or(&Value::Null)
            )
        })?;
    }
    Ok(())
}
