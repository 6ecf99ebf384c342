//! Labels: both scores in two characters.

use super::points::Points;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Fit A to C, the best first, and engagement 1 to 3, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Label {
    /// Best fit, most engaged.
    A1,
    /// Best fit, engaged.
    A2,
    /// Best fit, hardly engaged.
    A3,
    /// Fits, most engaged.
    B1,
    /// Fits, engaged.
    B2,
    /// Fits, hardly engaged.
    B3,
    /// Hardly fits, most engaged.
    C1,
    /// Hardly fits, engaged.
    C2,
    /// Hardly fits, hardly engaged.
    C3,
}

/// Every label, by fit and within it by engagement.
const GRID: [[Label; 3]; 3] = [
    [Label::A1, Label::A2, Label::A3],
    [Label::B1, Label::B2, Label::B3],
    [Label::C1, Label::C2, Label::C3],
];

impl Label {
    /// The name in databases and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Label::A1 => "A1",
            Label::A2 => "A2",
            Label::A3 => "A3",
            Label::B1 => "B1",
            Label::B2 => "B2",
            Label::B3 => "B3",
            Label::C1 => "C1",
            Label::C2 => "C2",
            Label::C3 => "C3",
        }
    }

    /// The label of that name.
    pub fn parse(name: &str) -> Option<Label> {
        GRID.into_iter().flatten().find(|label| label.as_str() == name)
    }
}

/// From which scores on a lead has which label. Scores are compared as they are shown: rounded to
/// 0.01.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    /// The least fit of an A.
    pub fit_a: Points,
    /// The least fit of a B; below it is C.
    pub fit_b: Points,
    /// The least engagement of a 1.
    pub engagement_1: Points,
    /// The least engagement of a 2; below it is 3.
    pub engagement_2: Points,
    /// The labels that make a lead one for marketing (an MQL).
    pub qualified: BTreeSet<Label>,
}

impl Labels {
    /// The label of two scores.
    pub fn of(&self, fit: Points, engagement: Points) -> Label {
        let place = |score: Points, steps: [Points; 2]| {
            steps.iter().position(|step| score.rounded() >= *step).unwrap_or(2)
        };
        let fit = place(fit, [self.fit_a, self.fit_b]);
        GRID[fit][place(engagement, [self.engagement_1, self.engagement_2])]
    }
}
