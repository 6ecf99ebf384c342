//! Models: the one to begin with, how they are written down, and since when they hold.

use super::fit::fit_model;
use super::*;

#[test]
fn the_model_to_begin_with_has_account_engagements_weights() {
    let model = Model::default();
    assert_eq!(model.validate(), []);
    let kinds = [("form", "50"), ("search", "3"), ("click", "3"), ("session", "3"), ("page", "1")];
    for (kind, weight) in kinds {
        assert_eq!(engagement(&model, &[activity("a", kind, 1)], at(1)), weight, "{kind}");
    }
    let failed = [activity("a", "form", 1), activity("b", "form_error", 1)];
    assert_eq!(engagement(&model, &failed, at(1)), "45");
}

#[test]
fn every_condition_reads_back_as_written() {
    let mut model = fit_model();
    let attributes = &mut model.engagement.groups[0].rules[0].when.attributes;
    for (name, text) in [
        ("a", Text::Present),
        ("b", Text::OneOf(vec!["x".into(), "y".into()])),
        ("c", Text::StartsWith("x".into())),
        ("d", Text::Contains("x".into())),
    ] {
        attributes.insert(name.to_owned(), text);
    }
    model.engagement.groups[1].decay = Decay::Step { loss_bps: 2_500, months: 1 };
    model.engagement.groups[2].decay = Decay::None;
    let text = serde_json::to_string(&model).unwrap();
    for part in [
        r#""decay":{"half_life":{"days":30}}"#,
        r#""decay":{"step":{"loss_bps":2500,"months":1}}"#,
        r#""decay":"none""#,
        r#""a":"present","b":{"one_of":["x","y"]},"c":{"starts_with":"x"},"d":{"contains":"x"}"#,
        r#""who":{"company_size":{"at_least":11,"at_most":200}}"#,
        r#""who":{"domain":"disposable"}"#,
        r#""qualified":["A1","A2","B1"]"#,
    ] {
        assert!(text.contains(part), "{part} {text}");
    }
    assert_eq!(serde_json::from_str::<Model>(&text).unwrap(), model);
}

#[test]
fn what_a_model_does_not_say_has_a_default() {
    let text = r#"{"engagement": {"groups": [{"name": "g", "rules": [
            {"name": "r", "weight": 5, "when": {"kind": "form"}}]}]},
        "fit": {"rules": []},
        "labels": {"fit_a": 2, "fit_b": 1, "engagement_1": 2, "engagement_2": 1,
            "qualified": []}}"#;
    let model: Model = serde_json::from_str(text).unwrap();
    assert_eq!(model.validate(), []);
    let group = &model.engagement.groups[0];
    assert_eq!((model.engagement.cap, group.cap, group.decay), (None, None, Decay::None));
    assert_eq!(group.rules, [rule_named("r", "form", "5")]);
}

fn rule_named(name: &str, kind: &str, weight: &str) -> Rule {
    Rule { name: name.to_owned(), ..rule(kind, weight) }
}

#[test]
fn a_model_holds_from_when_it_was_recorded() {
    let version = |number, recorded_at| Version {
        number,
        recorded_at: Timestamp(recorded_at),
        model: Model::default(),
    };
    let versions = [version(3, 20), version(1, 10), version(2, 20)];
    let in_force = |at| Version::in_force(&versions, Timestamp(at)).map(|it| it.number);
    assert_eq!([9, 10, 19, 20].map(in_force), [None, Some(1), Some(1), Some(3)]);
}
