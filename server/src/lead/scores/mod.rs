//! How promising leads are: derived from what is known of them whenever that is asked for.

mod store;

pub(super) use store::{keep_profile, versions};

use super::reads::Reads;
use super::sealed::subjects;
use super::stages;
use super::{activities, unknown};
use crate::app::App;
use crate::db::Tx;
use crate::error::{Error, Reason};
use crate::once::Act;
use std::collections::HashMap;
use takings_core::lead::score::{
    Activity, AsOf, Label, Model, Points, ProfileFact, Score, Version, score_at,
};
use takings_core::lead::stage::{Rule, history};
use takings_core::time::Timestamp;

/// A score without its reasons.
#[derive(Clone, Debug)]
pub(crate) struct Scored {
    pub(super) fit: Points,
    pub(super) engagement: Points,
    pub(super) label: Label,
    pub(super) qualified: bool,
    pub(super) version: i64,
}

/// All versions of the model.
pub(super) struct Models(Vec<Version>);

impl Models {
    /// Reads them.
    pub(super) async fn load(reads: &mut impl Reads) -> Result<Models, Error> {
        let mut versions = versions(reads).await?;
        // The one to begin with was always there.
        let (number, recorded_at) = (0, Timestamp(i64::MIN));
        versions.push(Version { number, recorded_at, model: Model::default() });
        Ok(Models(versions))
    }

    /// The version in force at a recorded time.
    pub(super) fn at(&self, known_at: Timestamp) -> Result<&Version, Error> {
        Version::in_force(&self.0, known_at).ok_or_else(|| no_version(0))
    }
}

/// Everything of some leads that scores follow from.
#[derive(Default)]
pub(super) struct Facts {
    activities: HashMap<String, Vec<Activity>>,
    profiles: HashMap<String, Vec<ProfileFact>>,
}

impl Facts {
    /// Reads it.
    pub(super) async fn load(reads: &mut impl Reads, leads: &[&str]) -> Result<Facts, Error> {
        let keys = reads.keys(subjects(leads.iter().copied())).await?;
        let activities = activities::load(reads, &keys, leads).await?;
        let profiles = store::profiles(reads, &keys, leads).await?;
        Ok(Facts { activities, profiles })
    }

    /// The score of a lead.
    pub(super) fn score<'a>(&'a self, model: &'a Model, lead: &str, as_of: AsOf) -> Score<'a> {
        let activities = self.activities.get(lead).map_or(&[][..], Vec::as_slice);
        let profile = self.profiles.get(lead).map_or(&[][..], Vec::as_slice);
        score_at(model, activities, profile, as_of)
    }

    /// The same without its reasons.
    pub(super) fn scored(&self, version: &Version, lead: &str, as_of: AsOf) -> Scored {
        let score = self.score(&version.model, lead, as_of);
        summary(&score, version)
    }
}

/// A score without its reasons.
pub(super) fn summary(score: &Score<'_>, version: &Version) -> Scored {
    Scored {
        fit: score.fit,
        engagement: score.engagement,
        label: score.label,
        qualified: score.qualifies(&version.model),
        version: version.number,
    }
}

/// A lead with all that its score follows from.
pub(super) struct Asked {
    pub(super) lead: String,
    pub(super) as_of: AsOf,
    pub(super) facts: Facts,
    pub(super) version: Version,
}

/// Reads what a score is asked from.
pub(super) async fn ask(app: &App, lead: &str, as_of: AsOf) -> Result<Asked, Error> {
    let mut reads = &app.database;
    if super::store::load(&mut reads, &[lead]).await?.is_empty() {
        return Err(unknown(lead));
    }
    let version = Models::load(&mut reads).await?.at(as_of.known_at)?.clone();
    let facts = Facts::load(&mut reads, &[lead]).await?;
    Ok(Asked { lead: lead.to_owned(), as_of, facts, version })
}

/// Lets the rules that look at a lead's score move it, and stores where it stands.
pub(super) async fn restage(tx: &mut Tx<'_>, lead: &str, now: Timestamp) -> Result<(), Error> {
    let mut steps = stages::of(tx, lead).await?;
    let stands = history(&steps).last().map(|last| last.to);
    if Rule::Scored.moves(stands) {
        let models = Models::load(tx).await?;
        let facts = Facts::load(tx, &[lead]).await?;
        let as_of = AsOf { at: now, known_at: now };
        if facts.scored(models.at(now)?, lead, as_of).qualified {
            // After all that was noted before, whose clock may go ahead of ours.
            let last = steps.iter().map(|it| it.at).max();
            let at = last.map_or(now, |last| now.max(Timestamp(last.0 + 1)));
            steps.push(stages::step(tx, lead, Rule::Scored, at, now).await?);
        }
    }
    stages::stand(tx, lead, &steps).await?;
    Ok(())
}

/// A new version of the model.
#[derive(Debug)]
pub(super) struct Update {
    pub(super) now: Timestamp,
    pub(super) model: Model,
}

/// A version as it is stored.
#[derive(Debug)]
pub(super) struct Stands(pub(super) Version);

impl Act for Update {
    type Done = Stands;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Stands, Error> {
        let Models(versions) = Models::load(tx).await?;
        let newest =
            versions.into_iter().max_by_key(|it| it.number).ok_or_else(|| no_version(0))?;
        if newest.model == self.model {
            return Ok(Stands(newest));
        }
        // Clocks of processes differ; versions ascend all the same.
        let recorded_at = self.now.max(newest.recorded_at);
        let version = Version { number: newest.number + 1, recorded_at, model: self.model.clone() };
        if store::keep(tx, &version).await? { Ok(Stands(version)) } else { Err(Error::Conflict) }
    }
}

/// A version of the model; `None`: the one in force.
pub(super) async fn find(app: &App, number: Option<i64>) -> Result<Stands, Error> {
    let models = Models::load(&mut &app.database).await?;
    match number {
        None => models.at(app.now()).cloned().map(Stands),
        Some(number) => {
            let found = models.0.into_iter().find(|it| it.number == number);
            found.map(Stands).ok_or_else(|| no_version(number))
        }
    }
}

fn no_version(number: i64) -> Error {
    let message = format!("the scoring model has no version {number}: leave it out");
    Error::not_found(Reason::ScoringModelNotFound, message)
}
