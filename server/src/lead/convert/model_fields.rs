//! Where in the contract's scoring model something cannot stand.

use takings::v1 as pb;
use takings_core::lead::score::{BadPoints, Points};

/// The rules' names of parts, and the contract's.
const NAMES: [(&str, &str); 9] = [
    ("engagement.cap", "engagement_cap"),
    ("engagement.groups", "groups"),
    ("fit.cap", "fit_cap"),
    ("fit.rules", "fit_rules"),
    (".decay.half_life.days", ".half_life_days"),
    (".decay.step", ".step"),
    (".when.", "."),
    (".per_day", ".most_per_day"),
    (".who.", "."),
];

/// A part by the contract's name.
pub(super) fn named(field: &str) -> String {
    let named = NAMES.iter().fold(field.to_owned(), |it, (ours, theirs)| it.replace(ours, theirs));
    format!("model.{}", named.replace(".country", ".countries"))
}

/// Every text of a model that is to be points and is none.
pub(super) fn unreadable(model: &pb::ScoringModel) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut look = |field: String, text: &str, required: bool| {
        let read: Result<Points, BadPoints> = text.parse();
        match read {
            Ok(_) => {}
            Err(_) if text.is_empty() && !required => {}
            Err(_) if text.is_empty() => found.push((field, "give points, such as `5`".to_owned())),
            Err(error) => found.push((field, error.to_string())),
        }
    };
    look("model.engagement_cap".into(), &model.engagement_cap, false);
    for (group, place) in model.groups.iter().zip(0..) {
        look(format!("model.groups[{place}].cap"), &group.cap, false);
        for (rule, at) in group.rules.iter().zip(0..) {
            look(format!("model.groups[{place}].rules[{at}].weight"), &rule.weight, true);
        }
    }
    look("model.fit_cap".into(), &model.fit_cap, false);
    for (rule, place) in model.fit_rules.iter().zip(0..) {
        look(format!("model.fit_rules[{place}].weight"), &rule.weight, true);
    }
    let labels = model.labels.iter().flat_map(|labels| {
        let pb::ScoringLabels { fit_a, fit_b, engagement_1, engagement_2, qualified: _ } = labels;
        [
            ("fit_a", fit_a),
            ("fit_b", fit_b),
            ("engagement_1", engagement_1),
            ("engagement_2", engagement_2),
        ]
    });
    labels.for_each(|(name, text)| look(format!("model.labels.{name}"), text, true));
    found
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn parts_are_named_as_the_contract_names_them() {
        for (ours, theirs) in [
            ("engagement.cap", "model.engagement_cap"),
            ("engagement.groups[0].decay.half_life.days", "model.groups[0].half_life_days"),
            ("engagement.groups[1].decay.step.months", "model.groups[1].step.months"),
            ("engagement.groups[0].rules[2].when.kind", "model.groups[0].rules[2].kind"),
            ("engagement.groups[0].rules[2].per_day", "model.groups[0].rules[2].most_per_day"),
            ("fit.rules[2].name", "model.fit_rules[2].name"),
            ("fit.rules[0].who.role.one_of", "model.fit_rules[0].role.one_of"),
            ("fit.rules[0].who.country", "model.fit_rules[0].countries"),
            ("labels.fit_a", "model.labels.fit_a"),
        ] {
            assert_eq!(named(ours), theirs);
        }
    }
}
