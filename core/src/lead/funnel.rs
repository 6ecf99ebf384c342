//! Leads as the statistics of [`crate::metrics`] take them: as hits of a funnel, and as subjects
//! that are watched until they convert.

use super::stage::{Reached, Stage};
use crate::metrics::funnel::Hit;
use crate::metrics::survival::Watched;
use crate::time::Timestamp;

/// The hits of a funnel whose steps are these stages; one beside the ladder is never hit.
pub fn hits(reached: &Reached, steps: &[Stage]) -> Vec<Hit> {
    let hit = |(step, stage): (usize, &Stage)| Some(Hit { at: time(reached, *stage)?, step });
    steps.iter().enumerate().filter_map(hit).collect()
}

/// How long a lead took from one stage to a later one, in microseconds; `None`: by then it had not
/// come to the first.
///
/// Who has not come to the later one is censored at `until`: the time that is asked for, or, if
/// that is earlier, the lead's erasure. Who is disqualified goes on being watched: they may still
/// buy, and to leave them out would make everyone else look faster.
pub fn watched(reached: &Reached, from: Stage, to: Stage, until: Timestamp) -> Option<Watched> {
    let start = time(reached, from).filter(|start| *start <= until)?;
    let end = time(reached, to).filter(|end| *end <= until);
    let time = end.unwrap_or(until).0.saturating_sub(start.0);
    Some(Watched { time: u64::try_from(time).unwrap_or(0), ended: end.is_some() })
}

fn time(reached: &Reached, stage: Stage) -> Option<Timestamp> {
    reached[stage.rank()?]
}

#[cfg(test)]
mod tests {
    use super::super::stage::{By, Disqualification, Rule, Step, history, reached};
    use super::*;

    const SPAM: Stage = Stage::Disqualified(Disqualification::Spam);

    /// Captured at 10, disqualified at 20, paid at 40.
    fn lead() -> Reached {
        let actor = "anna".to_owned();
        let steps = [
            (10, By::Rule(Rule::Captured)),
            (20, By::Actor { actor, to: SPAM, reason: None }),
            (40, By::Rule(Rule::Paid)),
        ];
        let steps = steps.map(|(at, by)| Step { at: Timestamp(at), by, id: at.to_string() });
        reached(&history(&steps))
    }

    fn to_customer(until: i64) -> Option<(u64, bool)> {
        let watched = watched(&lead(), Stage::Lead, Stage::Customer, Timestamp(until));
        watched.map(|it| (it.time, it.ended))
    }

    #[test]
    fn who_has_not_come_in_is_not_watched() {
        assert_eq!(to_customer(9), None);
        for (from, to) in [(SPAM, Stage::Customer), (Stage::Advocate, Stage::Customer)] {
            assert_eq!(watched(&lead(), from, to, Timestamp(99)), None, "{from:?}");
        }
    }

    #[test]
    fn who_is_disqualified_is_watched_on_and_may_still_convert() {
        assert_eq!(to_customer(10), Some((0, false)));
        assert_eq!(to_customer(39), Some((29, false)));
        assert_eq!([to_customer(40), to_customer(99)], [Some((30, true)); 2]);
    }

    #[test]
    fn nobody_converts_to_what_no_ladder_has() {
        let never = watched(&lead(), Stage::Lead, Stage::Other, Timestamp(99)).unwrap();
        assert_eq!((never.time, never.ended), (89, false));
    }

    #[test]
    fn stages_are_the_steps_of_a_funnel() {
        let steps = [Stage::Lead, SPAM, Stage::Sql, Stage::Customer, Stage::Advocate];
        let hits: Vec<(usize, i64)> =
            hits(&lead(), &steps).iter().map(|hit| (hit.step, hit.at.0)).collect();
        assert_eq!(hits, [(0, 10), (2, 40), (3, 40)]);
    }
}
