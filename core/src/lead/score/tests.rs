// The other opinion on decay is a float.
#![allow(clippy::float_arithmetic)]

mod bad_input;
mod fit;
mod models;
mod orders;

use super::*;
use crate::affiliate::calendar::utc;
use crate::affiliate::scanner::{MailClick, suspects};
use std::collections::BTreeMap;

const DAY: i64 = 86_400_000_000;

fn points(text: &str) -> Points {
    text.parse().unwrap()
}

fn rule(name: &str, weight: &str) -> Rule {
    let when = When { kind: name.to_owned(), attributes: BTreeMap::new() };
    Rule { name: name.to_owned(), weight: points(weight), when, per_day: None }
}

fn group(name: &str, cap: Option<&str>, decay: Decay, rules: Vec<Rule>) -> Group {
    Group { name: name.to_owned(), cap: cap.map(points), decay, rules }
}

/// A model without a cap on the whole.
fn model(groups: Vec<Group>) -> Model {
    Model { engagement: Engagement { cap: None, groups }, ..Model::default() }
}

fn one(decay: Decay, rules: Vec<Rule>) -> Model {
    model(vec![group("all", None, decay, rules)])
}

fn activity(id: &str, kind: &str, at: i64) -> Activity {
    Activity {
        at: Timestamp(at),
        id: id.to_owned(),
        kind: kind.to_owned(),
        attributes: BTreeMap::new(),
        recorded_at: Timestamp(at),
        automated_at: None,
    }
}

/// With everything known.
fn at(at: i64) -> AsOf {
    AsOf { at: Timestamp(at), known_at: Timestamp(i64::MAX) }
}

fn engagement(model: &Model, activities: &[Activity], as_of: AsOf) -> String {
    score_at(model, activities, &[], as_of).engagement.to_string()
}

#[test]
fn a_lead_who_did_nothing_scores_nothing() {
    let model = Model::default();
    let score = score_at(&model, &[], &[], at(0));
    assert_eq!((score.fit, score.engagement, score.label), (Points::ZERO, Points::ZERO, Label::B3));
    assert_eq!((score.traits.len(), score.contributions.len()), (0, 0));
    assert_eq!(score.groups.len(), 3, "each group is named");
}

#[test]
fn groups_10_minus_20_and_30_with_cap_25_give_15() {
    let groups = ["10", "-20", "30"]
        .map(|weight| group(weight, Some("25"), Decay::None, vec![rule(weight, weight)]));
    let mut model = model(groups.into());
    let activities = ["10", "-20", "30"].map(|kind| activity(kind, kind, 1));
    assert_eq!(engagement(&model, &activities, at(1)), "15");
    let score = score_at(&model, &activities, &[], at(1));
    let shown: Vec<_> = score.groups.iter().map(|it| (it.sum, it.points)).collect();
    let whole = |sum, points| (Points::whole(sum), Points::whole(points));
    assert_eq!(shown, [whole(10, 10), whole(-20, -20), whole(30, 25)]);
    model.engagement.cap = Some(points("12.5"));
    assert_eq!(engagement(&model, &activities, at(1)), "12.5");
}

#[test]
fn only_the_total_has_a_floor() {
    let model = one(Decay::None, vec![rule("form", "50"), rule("form_error", "-5")]);
    let errors = [activity("a", "form_error", 1), activity("b", "form_error", 2)];
    let score = score_at(&model, &errors, &[], at(3));
    assert_eq!((score.engagement, score.groups[0].sum), (Points::ZERO, Points::whole(-10)));
    let mut both = errors.to_vec();
    both.push(activity("c", "form", 3));
    assert_eq!(engagement(&model, &both, at(3)), "40", "what is below nothing is not forgiven");
}

#[test]
fn half_is_lost_in_a_half_life() {
    let model = one(Decay::HalfLife { days: 30 }, vec![rule("form", "50")]);
    let form = [activity("a", "form", 0)];
    for (days, left) in [(0, "50"), (30, "25"), (60, "12.5"), (15, "35.355339059"), (2_000, "0")] {
        assert_eq!(engagement(&model, &form, at(days * DAY)), left, "{days} days");
    }
    let forgotten = score_at(&model, &form, &[], at(2_000 * DAY));
    assert_eq!(forgotten.contributions.len(), 1, "it is forgotten, and still told");
}

#[test]
fn hubspots_decay_goes_by_steps() {
    let decay = Decay::Step { loss_bps: 5_000, months: 2 };
    let model = one(decay, vec![rule("form", "50")]);
    let form = [activity("a", "form", utc(2026, 12, 31).0)];
    for ((year, month, day), left) in [
        ((2026, 12, 31), "50"),
        ((2027, 2, 27), "50"),
        ((2027, 2, 28), "25"),
        ((2027, 4, 29), "25"),
        ((2027, 4, 30), "12.5"),
    ] {
        let left_at = engagement(&model, &form, at(utc(year, month, day).0));
        assert_eq!(left_at, left, "{year}-{month}-{day}");
    }
    let tenth = one(Decay::Step { loss_bps: 1_000, months: 1 }, vec![rule("form", "50")]);
    assert_eq!(engagement(&tenth, &form, at(utc(2027, 3, 31).0)), "36.45", "50 * 0.9^3");
}

#[test]
fn the_instant_itself_counts_and_what_is_later_does_not() {
    let model = one(Decay::None, vec![rule("page", "1")]);
    let mut pages = [activity("a", "page", 5), activity("b", "page", 6)];
    assert_eq!(engagement(&model, &pages, at(4)), "0");
    assert_eq!(engagement(&model, &pages, at(5)), "1");
    pages[0].recorded_at = Timestamp(9);
    let known = |known_at| AsOf { at: Timestamp(7), known_at: Timestamp(known_at) };
    assert_eq!(engagement(&model, &pages, known(8)), "1");
    assert_eq!(engagement(&model, &pages, known(9)), "2");
}

#[test]
fn an_activity_that_is_told_twice_counts_once() {
    let model = one(Decay::None, vec![rule("page", "1")]);
    let mut other = activity("a", "page", 7);
    other.recorded_at = Timestamp(1);
    let pages = [activity("a", "page", 5), activity("a", "page", 5), other];
    assert_eq!(engagement(&model, &pages, at(9)), "1");
}

#[test]
fn only_the_first_of_a_utc_day_count() {
    let mut limited = rule("page", "1");
    limited.per_day = Some(2);
    let model = one(Decay::None, vec![limited]);
    let times = [DAY - 1, DAY, DAY + 1, DAY + 2, 2 * DAY, 2 * DAY + 1, 2 * DAY + 2];
    let pages: Vec<Activity> =
        times.iter().map(|at| activity(&format!("p{at}"), "page", *at)).collect();
    assert_eq!(engagement(&model, &pages, at(9 * DAY)), "5");
    let counted = score_at(&model, &pages, &[], at(9 * DAY)).contributions;
    let counted: Vec<i64> = counted.iter().map(|it| it.at.0).collect();
    assert_eq!(counted, [DAY - 1, DAY, DAY + 1, 2 * DAY, 2 * DAY + 1]);
}

#[test]
fn an_activity_counts_by_every_rule_that_applies() {
    let mut pricing = rule("pricing", "10");
    pricing.when.kind = "page".to_owned();
    pricing.when.attributes.insert("path".to_owned(), Text::StartsWith("/pricing".to_owned()));
    let model = one(Decay::None, vec![rule("page", "1"), pricing]);
    let mut page = activity("a", "page", 1);
    assert_eq!(engagement(&model, &[page.clone()], at(1)), "1", "it has no path");
    page.attributes.insert("path".to_owned(), "/Pricing/pro".to_owned());
    let pages = [page];
    let score = score_at(&model, &pages, &[], at(1));
    let told: Vec<_> = score.contributions.iter().map(|it| (it.rule, it.points)).collect();
    assert_eq!(told, [("page", Points::whole(1)), ("pricing", Points::whole(10))]);
    assert_eq!(engagement(&model, &[activity("a", "Page", 1)], at(1)), "0", "another kind");
}

#[test]
fn contributions_add_up_to_their_group() {
    let model = one(Decay::HalfLife { days: 7 }, vec![rule("page", "0.1"), rule("form", "-3.3")]);
    let activities: Vec<Activity> = (0..1_000)
        .map(|it| activity(&it.to_string(), ["page", "form"][it as usize % 2], it * 977_000_000))
        .collect();
    let score = score_at(&model, &activities, &[], at(30 * DAY));
    let sum: i64 = score.contributions.iter().map(|it| it.points.billionths()).sum();
    assert_eq!((score.contributions.len(), score.groups[0].sum.billionths()), (1_000, sum));
}

#[test]
fn ten_thousand_activities_are_scored_in_one_pass() {
    let model = Model::default();
    let kinds = ["page", "click", "session", "search", "form_error", "other"];
    let activities: Vec<Activity> = (0..10_000)
        .map(|it| activity(&format!("act_{it:05}"), kinds[it as usize % 6], it * 61_000_000))
        .collect();
    let score = score_at(&model, &activities, &[], at(10 * DAY));
    assert_eq!(score.contributions.len(), 8_334, "all but the kind nobody asked for");
    assert!(score.contributions.is_sorted_by_key(|it| (it.at, it.activity)));
}

/// Each test shows that a mistake seen elsewhere does not happen here.
mod mistakes {
    use super::*;

    #[test]
    fn scanner_clicks_raise_scores() {
        // A scanner follows every link of a mail at once, one second after it was delivered and
        // again later; a reader follows one of them the next day.
        let delivered = Timestamp(DAY);
        let seconds = [1, 1, 1, 60, 61, 62, 86_400];
        let links = ["a", "b", "c", "a", "b", "c", "b"];
        let clicks: Vec<MailClick<'_>> = (0..7)
            .map(|it| MailClick {
                link: links[it],
                network: if it < 6 { "scanner" } else { "reader" },
                at: Timestamp(DAY + seconds[it] * 1_000_000),
            })
            .collect();
        let suspect = suspects(delivered, 3, &clicks);
        assert_eq!(suspect.iter().filter(|it| **it).count(), 6);
        let told = |(place, click): (usize, &MailClick<'_>)| {
            let mut activity = activity(&place.to_string(), "click", click.at.0);
            activity.automated_at = suspect[place].then_some(Timestamp(DAY + 90_000_000));
            activity
        };
        let activities: Vec<Activity> = clicks.iter().enumerate().map(told).collect();
        let model = Model::default();
        let now = at(DAY + 86_400 * 1_000_000);
        assert_eq!(engagement(&model, &activities, now), "3");
        assert_eq!(engagement(&model, &activities, now), engagement(&model, &activities[6..], now));
        let before = AsOf { known_at: Timestamp(DAY + 89_000_000), ..now };
        let scanned = score_at(&model, &activities, &[], before).contributions.len();
        assert_eq!(scanned, 6, "what was reported before they were recognised can be told again");
    }

    #[test]
    fn scanner_clicks_use_up_a_days_limit() {
        let mut limited = rule("click", "3");
        limited.per_day = Some(1);
        let model = one(Decay::None, vec![limited]);
        let mut clicks = [activity("a", "click", 1), activity("b", "click", 2)];
        clicks[0].automated_at = Some(Timestamp(1));
        let score = score_at(&model, &clicks, &[], at(3));
        assert_eq!(score.contributions.iter().map(|it| it.activity).collect::<Vec<_>>(), ["b"]);
    }
}
