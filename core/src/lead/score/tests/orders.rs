//! Scores of all that is known, whatever the order in which it came.

use super::*;
use crate::testing::shuffled;
use proptest::prelude::*;

fn any_model() -> impl Strategy<Value = Model> {
    let decay = prop_oneof![
        Just(Decay::None),
        (1_i64..60).prop_map(|days| Decay::HalfLife { days }),
        (1_i64..10_000, 1_i64..3).prop_map(|(loss_bps, months)| Decay::Step { loss_bps, months }),
    ];
    let rule = (0_usize..3, -60_000_i64..60_000, prop::option::of(1_u32..3));
    let group = (decay, prop::option::of(0_i32..60), prop::collection::vec(rule, 0..4));
    let named = |(place, (decay, cap, rules)): (usize, (Decay, Option<i32>, Vec<_>))| Group {
        name: place.to_string(),
        cap: cap.map(Points::whole),
        decay,
        rules: rules.into_iter().enumerate().map(|it| named_rule(place, it)).collect(),
    };
    (prop::collection::vec(group, 1..4), prop::option::of(50_i32..100)).prop_map(
        move |(groups, cap)| {
            let groups = groups.into_iter().enumerate().map(named).collect();
            let engagement = Engagement { cap: cap.map(Points::whole), groups };
            Model { engagement, ..Model::default() }
        },
    )
}

fn named_rule(group: usize, (place, it): (usize, (usize, i64, Option<u32>))) -> Rule {
    let (kind, thousandths, per_day) = it;
    let weight = Points::from_billionths(thousandths * 1_000_000);
    let when = When { kind: KINDS[kind].to_owned(), attributes: BTreeMap::new() };
    Rule { name: format!("{group}.{place}"), weight, when, per_day }
}

const KINDS: [&str; 3] = ["form", "click", "page"];

/// Activities of 100 days, some learned late, some recognised as a robot's later still.
fn any_activities() -> impl Strategy<Value = Vec<Activity>> {
    let late = prop_oneof![3 => Just(0_i64), 1 => 0..20 * DAY];
    let one = (0..100 * DAY, 0_usize..3, late, prop::option::weighted(0.2, 0..20 * DAY));
    prop::collection::vec(one, 0..60).prop_map(|activities| {
        let told = |(id, (at, kind, late, robot)): (usize, (i64, usize, i64, Option<i64>))| {
            let recorded_at = Timestamp(at + late);
            let automated_at = robot.map(|it| Timestamp(recorded_at.0 + it));
            Activity { recorded_at, automated_at, ..activity(&id.to_string(), KINDS[kind], at) }
        };
        activities.into_iter().enumerate().map(told).collect()
    })
}

fn any_facts() -> impl Strategy<Value = Vec<ProfileFact>> {
    let trait_ = prop_oneof![
        prop::option::of(0_i64..300).prop_map(Trait::CompanySize),
        prop::option::of(prop_oneof![Just("engineer"), Just("painter")])
            .prop_map(|it| Trait::Role(it.map(str::to_owned))),
        prop_oneof![Just(Domain::Company), Just(Domain::Disposable), Just(Domain::Free)]
            .prop_map(|it| Trait::Domain(Some(it))),
    ];
    let fact = (0_i64..20, 0_i64..5, trait_);
    prop::collection::vec(fact, 0..12).prop_map(|facts| {
        let told = |(id, (at, late, said)): (usize, (i64, i64, Trait))| ProfileFact {
            at: Timestamp(at * 5 * DAY),
            recorded_at: Timestamp((at + late) * 5 * DAY),
            id: id.to_string(),
            said,
        };
        facts.into_iter().enumerate().map(told).collect()
    })
}

/// The formula word by word, in floats.
fn oracle(model: &Model, activities: &[Activity], as_of: AsOf) -> f64 {
    let points = |points: Points| points.billionths() as f64 / 1e9;
    let cap = |cap: Option<Points>, sum: f64| cap.map_or(sum, |cap| sum.min(points(cap)));
    let mut total = 0.0;
    for group in &model.engagement.groups {
        let mut sum = 0.0;
        for rule in &group.rules {
            let mut own: Vec<&Activity> = activities
                .iter()
                .filter(|it| it.kind == rule.when.kind && it.at <= as_of.at)
                .filter(|it| it.recorded_at <= as_of.known_at)
                .filter(|it| it.automated_at.is_none_or(|at| at > as_of.known_at))
                .collect();
            own.sort_by_key(|it| (it.at, it.id.clone()));
            for (place, activity) in own.iter().enumerate() {
                let same_day = own[..place].iter().filter(|it| it.at.day() == activity.at.day());
                if rule.per_day.is_none_or(|most| same_day.count() < most as usize) {
                    let age = (as_of.at.0 - activity.at.0) as f64 / DAY as f64;
                    let months = Utc.whole_months(activity.at, as_of.at);
                    let left = match group.decay {
                        Decay::None => 1.0,
                        Decay::HalfLife { days } => 0.5_f64.powf(age / days as f64),
                        Decay::Step { loss_bps, months: each } => {
                            (1.0 - loss_bps as f64 / 10_000.0).powi((months / each) as i32)
                        }
                    };
                    sum += points(rule.weight) * left;
                }
            }
        }
        total += cap(group.cap, sum);
    }
    cap(model.engagement.cap, total).max(0.0)
}

proptest! {
    #[test]
    fn every_order_gives_the_same_score(
        model in any_model(),
        (activities, turned) in shuffled(any_activities()),
        (facts, turned_facts) in shuffled(any_facts()),
        t in 0_i64..130 * DAY,
    ) {
        let repeated = [&turned[..], &activities[..]].concat();
        let score = score_at(&model, &activities, &facts, at(t));
        prop_assert_eq!(&score, &score_at(&model, &turned, &turned_facts, at(t)));
        prop_assert_eq!(&score, &score_at(&model, &repeated, &turned_facts, at(t)));
    }

    #[test]
    fn the_score_is_the_formulas(
        model in any_model(), activities in any_activities(),
        t in 0_i64..130 * DAY, known in 0_i64..150 * DAY,
    ) {
        let as_of = AsOf { at: Timestamp(t), known_at: Timestamp(known) };
        let score = score_at(&model, &activities, &[], as_of).engagement.billionths() as f64 / 1e9;
        let expected = oracle(&model, &activities, as_of);
        prop_assert!((score - expected).abs() < 1e-6, "{} {}", score, expected);
    }

    #[test]
    fn a_past_score_is_the_one_reported_then(
        model in any_model(), activities in any_activities(), facts in any_facts(),
        t in 0_i64..130 * DAY, known in 0_i64..130 * DAY,
    ) {
        // What the system held at `known`: nothing it learned later, no robot it did not see yet.
        let known = Timestamp(known);
        let mut then: Vec<Activity> =
            activities.iter().filter(|it| it.recorded_at <= known).cloned().collect();
        then.iter_mut().for_each(|it| it.automated_at = it.automated_at.filter(|at| *at <= known));
        let facts_then: Vec<ProfileFact> =
            facts.iter().filter(|it| it.recorded_at <= known).cloned().collect();
        let reported = score_at(&model, &then, &facts_then, at(t));
        let asked = AsOf { at: Timestamp(t), known_at: known };
        prop_assert_eq!(reported, score_at(&model, &activities, &facts, asked));
    }

    #[test]
    fn a_model_reads_back_as_written(model in any_model()) {
        let text = serde_json::to_string(&model).unwrap();
        prop_assert_eq!(serde_json::from_str::<Model>(&text).unwrap(), model);
    }

    #[test]
    fn points_never_panic(text in "[-0-9.]{0,24}", billionths in any::<i64>()) {
        let _ = text.parse::<Points>();
        let shown = Points::from_billionths(billionths).to_string();
        if let Ok(read) = shown.parse::<Points>() {
            prop_assert_eq!(read.billionths(), billionths);
        }
    }
}
