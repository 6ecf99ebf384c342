//! What a model must not say.

use super::*;

fn fields(model: &Model) -> Vec<String> {
    model.validate().into_iter().map(|it| it.field).collect()
}

#[test]
fn a_group_forgets_in_a_sensible_time() {
    let of = |decay| fields(&one(decay, vec![rule("form", "50")]));
    for days in [-30, 0, 36_526, i64::MIN, i64::MAX] {
        assert_eq!(of(Decay::HalfLife { days }), ["engagement.groups[0].decay.half_life.days"]);
    }
    let both =
        ["engagement.groups[0].decay.step.loss_bps", "engagement.groups[0].decay.step.months"];
    assert_eq!(of(Decay::Step { loss_bps: 0, months: 0 }), both);
    assert_eq!(of(Decay::Step { loss_bps: 10_001, months: 1_201 }), both);
    assert_eq!(of(Decay::HalfLife { days: 1 }), [""; 0]);
    assert_eq!(of(Decay::Step { loss_bps: 10_000, months: 1 }), [""; 0]);
}

#[test]
fn a_model_that_was_not_validated_scores_without_harm() {
    for decay in [
        Decay::HalfLife { days: i64::MIN },
        Decay::HalfLife { days: 0 },
        Decay::Step { loss_bps: i64::MIN, months: i64::MIN },
        Decay::Step { loss_bps: i64::MAX, months: 0 },
    ] {
        let mut model = one(decay, vec![rule("form", "999999999")]);
        model.engagement.cap = Some(points("-1"));
        let forms: Vec<Activity> = [i64::MIN, 0, i64::MAX]
            .iter()
            .map(|it| activity(&it.to_string(), "form", *it))
            .collect();
        for t in [i64::MIN, 0, i64::MAX] {
            assert_eq!(engagement(&model, &forms, at(t)), "0", "{decay:?} {t}");
        }
    }
}

#[test]
fn sums_beyond_all_numbers_stop_at_the_last() {
    let model = one(Decay::None, vec![rule("form", "999999999"), rule("fall", "-999999999")]);
    let many = |kind: &str| -> Vec<Activity> {
        (0..20).map(|it| activity(&format!("{kind}{it}"), kind, it)).collect()
    };
    assert_eq!(engagement(&model, &many("form"), at(30)), "9223372036.854775807");
    assert_eq!(engagement(&model, &many("fall"), at(30)), "0");
    let both = [many("form"), many("fall")].concat();
    assert_eq!(engagement(&model, &both, at(30)), "0", "the sum itself is exact");
}

#[test]
fn caps_are_not_negative() {
    let mut model = model(vec![group("forms", Some("-1"), Decay::None, vec![])]);
    model.engagement.cap = Some(points("-0.01"));
    model.fit.cap = Some(points("1000000.01"));
    let found = fields(&model);
    assert_eq!(found[..3], ["engagement.cap", "engagement.groups[0].cap", "fit.cap"]);
    let nothing = self::model(vec![group("forms", Some("0"), Decay::None, vec![])]);
    assert_eq!(fields(&nothing), [""; 0], "a cap of 0 switches a group off");
}

#[test]
fn names_are_there_and_told_apart() {
    let groups = vec![
        group("forms", None, Decay::None, vec![rule("form", "50"), rule(" ", "1")]),
        group("forms", None, Decay::None, vec![rule("form", "5")]),
        group("", None, Decay::None, vec![]),
        group(&"x".repeat(65), None, Decay::None, vec![rule("a\nb", "1")]),
    ];
    let mut model = model(groups);
    model.fit.rules[0].name = "form".to_owned();
    let expected = [
        "engagement.groups[0].rules[1].name",
        "engagement.groups[1].name",
        "engagement.groups[1].rules[0].name",
        "engagement.groups[2].name",
        "engagement.groups[3].name",
        "engagement.groups[3].rules[0].name",
        "fit.rules[0].name",
    ];
    assert_eq!(fields(&model), expected);
}

#[test]
fn too_many_groups_and_rules_are_refused_before_all_else() {
    let many = |count: usize| (0..count).map(|it| rule(&it.to_string(), "1")).collect::<Vec<_>>();
    let groups = |count: usize| {
        (0..count).map(|it| group(&it.to_string(), Some("-1"), Decay::None, vec![])).collect()
    };
    assert_eq!(fields(&model(groups(51))), ["engagement.groups"]);
    assert_eq!(fields(&one(Decay::None, many(501))), ["engagement.groups"]);
    assert_eq!(fields(&one(Decay::None, many(500))), [""; 0]);
    let mut model = Model::default();
    model.fit.rules = vec![model.fit.rules[0].clone(); 501];
    assert_eq!(fields(&model), ["fit.rules"]);
    let message = &model.validate()[0].message;
    assert_eq!(message, "501 rules are too many: use at most 500");
}

#[test]
fn a_rule_says_when_it_applies() {
    let mut wrong = rule("", "1000000.01");
    wrong.name = "form".to_owned();
    wrong.per_day = Some(0);
    let long = "x".repeat(257);
    for (name, text) in [
        ("a", Text::OneOf(vec![])),
        ("b", Text::StartsWith(String::new())),
        ("c", Text::Contains(long)),
        ("", Text::Present),
    ] {
        wrong.when.attributes.insert(name.to_owned(), text);
    }
    let found = fields(&one(Decay::None, vec![wrong.clone()]));
    let found: Vec<&str> =
        found.iter().map(|it| it.trim_start_matches("engagement.groups[0].rules[0].")).collect();
    let expected = [
        "weight",
        "when.kind",
        "when.attributes",
        "when.attributes.a.one_of",
        "when.attributes.b.starts_with",
        "when.attributes.c.contains",
        "per_day",
    ];
    assert_eq!(found, expected);
    wrong = rule("form", "1");
    wrong.when.attributes = (0..21).map(|it| (it.to_string(), Text::Present)).collect();
    let found = fields(&one(Decay::None, vec![wrong]));
    assert_eq!(found, ["engagement.groups[0].rules[0].when.attributes"]);
}

#[test]
fn a_fit_rule_says_who_fits() {
    let mut model = Model::default();
    let mut add = |who| {
        let name = model.fit.rules.len().to_string();
        model.fit.rules.push(FitRule { name, weight: points("-1000000.01"), who });
    };
    add(Who::CompanySize { at_least: None, at_most: None });
    add(Who::CompanySize { at_least: Some(50), at_most: Some(10) });
    add(Who::CompanySize { at_least: Some(-1), at_most: None });
    add(Who::Country(vec![]));
    add(Who::Country(vec!["Germany".to_owned()]));
    add(Who::Role(Text::OneOf(vec![String::new()])));
    let expected = [
        "fit.rules[2].who.company_size",
        "fit.rules[3].who.company_size",
        "fit.rules[4].who.company_size",
        "fit.rules[5].who.country",
        "fit.rules[6].who.country",
        "fit.rules[7].who.role.one_of",
    ];
    let found = fields(&model);
    let (weights, found): (Vec<_>, Vec<_>) = found.iter().partition(|it| it.ends_with(".weight"));
    assert_eq!(
        (weights.len(), found),
        (6, expected.iter().map(|it| it.to_string()).collect::<Vec<_>>().iter().collect())
    );
}

#[test]
fn labels_can_be_reached_and_told_apart() {
    let mut model = Model::default();
    model.labels.fit_a = model.labels.fit_b;
    model.labels.engagement_1 = points("100.01");
    model.labels.engagement_2 = points("100");
    assert_eq!(fields(&model), ["labels.engagement_1", "labels.fit_a"]);
    model.engagement.cap = None;
    assert_eq!(fields(&model), ["labels.fit_a"]);
}

#[test]
fn what_json_cannot_say_is_refused_with_its_place() {
    let text = serde_json::to_string_pretty(&Model::default()).unwrap();
    let read = |from: &str, to: &str| {
        assert!(text.contains(from), "{from}");
        serde_json::from_str::<Model>(&text.replacen(from, to, 1)).map_err(|it| it.to_string())
    };
    for weight in ["\"NaN\"", "NaN", "2.5", "1e3", "\"1e3\"", "null", "\"Infinity\"", "[]"] {
        assert!(read(r#""weight": "50""#, &format!(r#""weight": {weight}"#)).is_err(), "{weight}");
    }
    let refused = read(r#""weight": "50""#, r#""weight": 2.5"#).unwrap_err();
    assert!(
        refused.contains("points as text such as \"2.5\"") && refused.contains("line"),
        "{refused}"
    );
    assert!(read(r#""half_life""#, r#""half_live""#).is_err());
    assert!(read(r#""days": 30"#, r#""days": 30.5"#).is_err());
    assert!(read(r#""days": 30"#, r#""days": 30, "hours": 1"#).is_err());
    assert!(read(r#""per_day": null"#, r#""per_day": -1"#).is_err());
    assert!(read(r#""per_day""#, r#""per_dya""#).is_err());
    assert!(read(r#""A1""#, r#""D1""#).is_err());
    assert_eq!(read(r#""weight": "50""#, r#""weight": 50"#), Ok(Model::default()));
}
