use super::*;
use crate::testing::shuffled;
use proptest::prelude::*;

const SPAM: Stage = Stage::Disqualified(Disqualification::Spam);

fn rule(at: i64, rule: Rule) -> Step {
    Step { at: Timestamp(at), by: By::Rule(rule), id: format!("r{at}") }
}

fn act(at: i64, to: Stage, reason: Option<&str>) -> Step {
    let by = By::Actor { actor: "anna".to_owned(), to, reason: reason.map(str::to_owned) };
    Step { at: Timestamp(at), by, id: format!("a{at}") }
}

/// (to, at) of each row.
fn rows(steps: &[Step]) -> Vec<(Stage, i64)> {
    history(steps).iter().map(|row| (row.to, row.at.0)).collect()
}

#[test]
fn what_is_no_stage_is_not_read() {
    for (name, reason) in [
        ("", None),
        ("Lead", None),
        ("evangelist", None),
        ("disqualified", None),
        ("lead", Some(Disqualification::Spam)),
        ("other", Some(Disqualification::Spam)),
    ] {
        assert_eq!(Stage::parse(name, reason), None, "{name:?} {reason:?}");
    }
    assert_eq!([Disqualification::parse("x").is_none(), Rule::parse("x").is_none()], [true; 2]);
    assert_eq!(PartnerStatus::parse("closedWon"), None);
}

#[test]
fn names_read_back_as_written() {
    let disqualified = Disqualification::ALL.map(Stage::Disqualified);
    for stage in LADDER.into_iter().chain(disqualified).chain([Stage::Other]) {
        assert_eq!(Stage::parse(stage.as_str(), stage.disqualification()), Some(stage));
    }
    for reason in Disqualification::ALL {
        assert_eq!(Disqualification::parse(reason.as_str()), Some(reason));
    }
    for rule in Rule::ALL {
        assert_eq!(Rule::parse(rule.as_str()), Some(rule));
    }
    for status in PartnerStatus::ALL {
        assert_eq!(PartnerStatus::parse(status.as_str()), Some(status));
    }
}

#[test]
fn who_moves_a_lead_back_says_why() {
    let lead = Some(Stage::Lead);
    for (from, to) in [
        (Some(Stage::Sql), Stage::Lead),
        (lead, Stage::Subscriber),
        (lead, Stage::Other),
        (Some(SPAM), Stage::Customer),
        (Some(SPAM), Stage::Lead),
        (Some(Stage::Other), Stage::Lead),
    ] {
        assert_eq!(check(from, to, None), Err(BadMove::NoReason), "{from:?} {to:?}");
        assert_eq!(check(from, to, Some(" \n")), Err(BadMove::NoReason));
        assert_eq!(check(from, to, Some("a mistake")), Ok(()));
    }
    for (from, to) in [
        (None, Stage::Sql),
        (None, Stage::Other),
        (lead, Stage::Advocate),
        (lead, SPAM),
        (Some(SPAM), Stage::Disqualified(Disqualification::Lost)),
    ] {
        assert_eq!(check(from, to, None), Ok(()), "{from:?} {to:?}");
    }
    assert_eq!(check(lead, Stage::Lead, Some("again")), Err(BadMove::NotMoved));
    assert_eq!(check(Some(SPAM), SPAM, None), Err(BadMove::NotMoved));
}

#[test]
fn a_lead_without_steps_has_no_history() {
    assert_eq!(history(&[]), []);
    assert_eq!(stage_at(&[], Timestamp(i64::MAX)), None);
    assert_eq!(reached(&[]), [None; 7]);
}

#[test]
fn rules_move_a_lead_forward_only() {
    let steps = [
        rule(1, Rule::Subscribed),
        rule(2, Rule::Captured),
        rule(3, Rule::Scored),
        rule(4, Rule::Captured),
        rule(5, Rule::CheckoutStarted),
        rule(6, Rule::Scored),
        rule(7, Rule::Paid),
        rule(8, Rule::CheckoutStarted),
        rule(9, Rule::Referred),
        rule(10, Rule::Paid),
    ];
    let expected = [
        (Stage::Subscriber, 1),
        (Stage::Lead, 2),
        (Stage::Mql, 3),
        (Stage::Opportunity, 5),
        (Stage::Customer, 7),
        (Stage::Advocate, 9),
    ];
    assert_eq!(rows(&steps), expected);
    let history = history(&steps);
    assert_eq!(history[0].from, None);
    assert!(history.windows(2).all(|pair| pair[1].from == Some(pair[0].to)));
    assert_eq!(history[2].by, By::Rule(Rule::Scored));
    assert_eq!(history[2].step, "r3");
    let at = |at| stage_at(&history, Timestamp(at));
    assert_eq!([at(0), at(5), at(6)], [None, Some(Stage::Opportunity), Some(Stage::Opportunity)]);
}

#[test]
fn only_a_customer_becomes_an_advocate_by_rule() {
    assert_eq!(rows(&[rule(1, Rule::Referred)]), []);
    assert_eq!(rows(&[rule(1, Rule::Captured), rule(2, Rule::Referred)]), [(Stage::Lead, 1)]);
}

#[test]
fn of_one_instant_the_lower_stage_comes_first_and_people_come_last() {
    let steps = [act(1, SPAM, None), rule(1, Rule::Paid), rule(1, Rule::Captured)];
    assert_eq!(rows(&steps), [(Stage::Lead, 1), (Stage::Customer, 1), (SPAM, 1)]);
}

#[test]
fn a_lead_that_was_moved_back_comes_forward_again_by_what_happens_later() {
    let back = act(5, Stage::Lead, Some("no budget this year"));
    let steps = [rule(1, Rule::Captured), rule(4, Rule::Scored), back, rule(9, Rule::Scored)];
    let expected = [(Stage::Lead, 1), (Stage::Mql, 4), (Stage::Lead, 5), (Stage::Mql, 9)];
    assert_eq!(rows(&steps), expected);
}

#[test]
fn out_of_the_cycle_only_a_payment_or_a_person_brings_a_lead_back() {
    for out in [SPAM, Stage::Other] {
        let gone = [rule(1, Rule::Captured), act(2, out, Some("as it seems"))];
        let with = |step| rows(&[&gone[..], &[step]].concat()).get(2).copied();
        assert_eq!(with(rule(3, Rule::Scored)), None);
        assert_eq!(with(rule(3, Rule::CheckoutStarted)), None);
        assert_eq!(with(rule(3, Rule::Referred)), None);
        assert_eq!(with(rule(3, Rule::Paid)), Some((Stage::Customer, 3)));
        assert_eq!(with(act(3, Stage::Lead, None)), None);
        assert_eq!(with(act(3, Stage::Lead, Some("a mistake"))), Some((Stage::Lead, 3)));
    }
}

#[test]
fn a_payment_learned_late_restates_the_history() {
    let known = [rule(1, Rule::Captured), act(5, Stage::Sql, None)];
    assert_eq!(rows(&known), [(Stage::Lead, 1), (Stage::Sql, 5)]);
    let all = [&known[..], &[rule(3, Rule::Paid)]].concat();
    assert_eq!(rows(&all), [(Stage::Lead, 1), (Stage::Customer, 3)], "to sales would be back");
}

#[test]
fn who_jumps_a_stage_has_reached_it() {
    let steps = [
        rule(1, Rule::Captured),
        rule(5, Rule::Paid),
        act(6, Stage::Lead, Some("refunded")),
        rule(7, Rule::Scored),
    ];
    let times = reached(&history(&steps)).map(|at| at.map(|at| at.0));
    assert_eq!(times, [Some(1), Some(1), Some(5), Some(5), Some(5), Some(5), None]);
    let out = reached(&history(&[act(1, SPAM, None), act(2, Stage::Other, Some("x"))]));
    assert_eq!(out, [None; 7]);
}

#[test]
fn a_partner_sees_dubs_seven_states() {
    for status in PartnerStatus::ALL {
        assert_eq!(PartnerStatus::of(status.stage()), status, "{status:?}");
    }
    assert_eq!(PartnerStatus::of(Stage::Subscriber), PartnerStatus::Pending);
    assert_eq!(PartnerStatus::of(Stage::Advocate), PartnerStatus::ClosedWon);
    assert_eq!(PartnerStatus::of(SPAM), PartnerStatus::Unqualified);
}

fn any_step() -> impl Strategy<Value = Step> {
    let disqualified = Disqualification::ALL.map(Stage::Disqualified);
    let stages: Vec<Stage> = LADDER.into_iter().chain(disqualified).chain([Stage::Other]).collect();
    let reason = prop::option::of(prop_oneof![Just(""), Just("because")]);
    let person = (prop::sample::select(stages), reason).prop_map(|(to, reason)| By::Actor {
        actor: "anna".to_owned(),
        to,
        reason: reason.map(str::to_owned),
    });
    let by = prop_oneof![prop::sample::select(&Rule::ALL[..]).prop_map(By::Rule), person];
    (0_i64..8, by, 0_u8..3).prop_map(|(at, by, id)| Step {
        at: Timestamp(at),
        by,
        id: id.to_string(),
    })
}

proptest! {
    #[test]
    fn every_order_gives_the_same_history(
        (steps, turned) in shuffled(prop::collection::vec(any_step(), 0..12)),
    ) {
        let repeated = [&turned[..], &steps[..]].concat();
        prop_assert_eq!(history(&steps), history(&turned));
        prop_assert_eq!(history(&steps), history(&repeated));
    }

    #[test]
    fn every_row_follows_from_the_one_before(steps in prop::collection::vec(any_step(), 0..12)) {
        let history = history(&steps);
        let mut stage = None;
        for row in &history {
            prop_assert_eq!(row.from, stage);
            prop_assert_ne!(row.from, Some(row.to));
            let forward = row.from.is_none_or(|from| from.rank() < row.to.rank());
            match &row.by {
                By::Rule(rule) => prop_assert!(forward && rule.stage() == row.to, "{:?}", row),
                By::Actor { reason, .. } => {
                    let explained = reason.as_deref() == Some("because");
                    let out = row.to.disqualification().is_some();
                    let beside = row.from.is_some_and(|from| from.rank().is_none());
                    prop_assert!(explained || out || (forward && !beside), "{:?}", row);
                }
            }
            stage = Some(row.to);
        }
        prop_assert!(history.is_sorted_by_key(|row| row.at));
        let reached = reached(&history);
        let ordered = reached.windows(2).all(|it| it[1].is_none() || it[0] <= it[1]);
        prop_assert!(ordered, "{:?}", reached);
    }
}
