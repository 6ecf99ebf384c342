//! Who a lead is, and which label that gives with what they do.

use super::*;

fn said(id: &str, at: i64, said: Trait) -> ProfileFact {
    ProfileFact { at: Timestamp(at), recorded_at: Timestamp(at), id: id.to_owned(), said }
}

pub(super) fn fit_model() -> Model {
    let fit = |name: &str, weight: &str, who| FitRule {
        name: name.to_owned(),
        weight: points(weight),
        who,
    };
    let mut model = Model::default();
    model.fit.rules = vec![
        fit("engineer", "15", Who::Role(Text::Contains("engineer".to_owned()))),
        fit("size", "20", Who::CompanySize { at_least: Some(11), at_most: Some(200) }),
        fit("market", "10", Who::Country(vec!["DE".to_owned(), "at".to_owned()])),
        fit("company", "20", Who::Domain(Domain::Company)),
        fit("disposable", "-50", Who::Domain(Domain::Disposable)),
    ];
    model
}

#[test]
fn fit_is_the_sum_of_traits_under_a_cap_and_is_not_forgotten() {
    let facts = [
        said("a", 1, Trait::Role(Some("Principal Engineer".into()))),
        said("b", 1, Trait::CompanySize(Some(200))),
        said("c", 1, Trait::Country(Some("AT".into()))),
        said("d", 1, Trait::Domain(Some(Domain::Company))),
    ];
    let mut model = fit_model();
    let later = at(10_000 * DAY);
    let score = score_at(&model, &[], &facts, later);
    let applied: Vec<&str> = score.traits.iter().map(|it| it.rule).collect();
    assert_eq!((score.fit, score.label), (Points::whole(65), Label::A3));
    assert_eq!(applied, ["engineer", "size", "market", "company"]);
    model.fit.cap = Some(Points::whole(30));
    assert_eq!(score_at(&model, &[], &facts, later).fit, Points::whole(30));
}

#[test]
fn a_disposable_address_speaks_against_a_lead_and_a_relay_does_not() {
    let fit = |domain| {
        let facts = [said("a", 1, Trait::Domain(Some(domain)))];
        let model = Model::default();
        let score = score_at(&model, &[], &facts, at(1));
        (score.fit.to_string(), score.label.as_str())
    };
    assert_eq!(fit(Domain::Disposable), ("-50".to_owned(), "C3"));
    assert_eq!(fit(Domain::Relay), ("0".to_owned(), "B3"));
    assert_eq!(fit(Domain::Free), ("0".to_owned(), "B3"));
    assert_eq!(fit(Domain::Company), ("20".to_owned(), "A3"));
}

#[test]
fn what_was_said_last_holds_and_can_be_taken_back() {
    let model = fit_model();
    let facts = [
        said("c", 9, Trait::Role(None)),
        said("a", 1, Trait::Role(Some("engineer".into()))),
        said("b", 5, Trait::Role(Some("painter".into()))),
    ];
    let fits = [0, 1, 4, 5, 9].map(|t| score_at(&model, &[], &facts, at(t)).fit.to_string());
    assert_eq!(fits, ["0", "15", "15", "0", "0"]);
    let known = AsOf { at: Timestamp(9), known_at: Timestamp(4) };
    assert_eq!(score_at(&model, &[], &facts, known).fit, Points::whole(15));
}

#[test]
fn labels_compare_what_is_shown() {
    let labels = Model::default().labels;
    let label = |fit: &str, engagement: &str| labels.of(points(fit), points(engagement)).as_str();
    assert_eq!(label("20", "50"), "A1");
    assert_eq!(label("19.995", "49.995"), "A1", "both are shown as the threshold");
    assert_eq!(label("19.994999999", "49.994999999"), "B2");
    assert_eq!(label("-0.004999999", "9.994999999"), "B3");
    assert_eq!(label("-0.005", "10"), "C2");
    for name in ["A1", "A2", "A3", "B1", "B2", "B3", "C1", "C2", "C3"] {
        assert_eq!(Label::parse(name).map(Label::as_str), Some(name));
        let json = serde_json::to_string(&Label::parse(name)).unwrap();
        assert_eq!(json, format!("\"{name}\""));
    }
    assert_eq!(Label::parse("D1"), None);
}

#[test]
fn a_label_that_qualifies_makes_a_lead_one_for_marketing() {
    let model = Model::default();
    let form = [activity("a", "form", 1)];
    let company = [said("a", 1, Trait::Domain(Some(Domain::Company)))];
    let disposable = [said("a", 1, Trait::Domain(Some(Domain::Disposable)))];
    assert!(score_at(&model, &form, &company, at(1)).qualifies(&model));
    assert!(score_at(&model, &form, &[], at(1)).qualifies(&model));
    assert!(!score_at(&model, &form, &disposable, at(1)).qualifies(&model));
    assert!(!score_at(&model, &[], &company, at(1)).qualifies(&model));
}
