//! The stages by name.

/// How far a lead has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// They read the newsletter.
    Subscriber,
    /// They gave their address for more than that.
    Lead,
    /// Promising enough for marketing.
    Mql,
    /// Promising enough for sales.
    Sql,
    /// They are about to buy.
    Opportunity,
    /// They paid.
    Customer,
    /// They brought others.
    Advocate,
    /// Out of the cycle, for a reason.
    Disqualified(Disqualification),
    /// In none of these stages: a supplier, a colleague.
    Other,
}

/// Why a lead is out of the cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Disqualification {
    /// The address reaches nobody.
    Invalid,
    /// Nobody meant it.
    Spam,
    /// The same person is here already.
    Duplicate,
    /// They sell the same.
    Competitor,
    /// What is sold is not what they need.
    NoFit,
    /// They did not answer.
    Unresponsive,
    /// They decided against it.
    Lost,
}

/// The stages a lead passes, first to last.
pub const LADDER: [Stage; 7] = [
    Stage::Subscriber,
    Stage::Lead,
    Stage::Mql,
    Stage::Sql,
    Stage::Opportunity,
    Stage::Customer,
    Stage::Advocate,
];

impl Disqualification {
    /// Every reason.
    pub const ALL: [Disqualification; 7] = [
        Disqualification::Invalid,
        Disqualification::Spam,
        Disqualification::Duplicate,
        Disqualification::Competitor,
        Disqualification::NoFit,
        Disqualification::Unresponsive,
        Disqualification::Lost,
    ];

    /// The name in databases and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Disqualification::Invalid => "invalid",
            Disqualification::Spam => "spam",
            Disqualification::Duplicate => "duplicate",
            Disqualification::Competitor => "competitor",
            Disqualification::NoFit => "no_fit",
            Disqualification::Unresponsive => "unresponsive",
            Disqualification::Lost => "lost",
        }
    }

    /// The reason of that name.
    pub fn parse(name: &str) -> Option<Disqualification> {
        Disqualification::ALL.into_iter().find(|reason| reason.as_str() == name)
    }
}

impl Stage {
    /// The name in databases and answers; why a lead is out of the cycle stands beside it.
    pub fn as_str(self) -> &'static str {
        match self {
            Stage::Subscriber => "subscriber",
            Stage::Lead => "lead",
            Stage::Mql => "mql",
            Stage::Sql => "sql",
            Stage::Opportunity => "opportunity",
            Stage::Customer => "customer",
            Stage::Advocate => "advocate",
            Stage::Disqualified(_) => "disqualified",
            Stage::Other => "other",
        }
    }

    /// Why a lead is out of the cycle.
    pub fn disqualification(self) -> Option<Disqualification> {
        match self {
            Stage::Disqualified(reason) => Some(reason),
            _ => None,
        }
    }

    /// The stage of that name; only a disqualified lead has, and needs, a reason.
    pub fn parse(name: &str, reason: Option<Disqualification>) -> Option<Stage> {
        match (name, reason) {
            ("disqualified", Some(reason)) => Some(Stage::Disqualified(reason)),
            ("other", None) => Some(Stage::Other),
            (_, None) => LADDER.into_iter().find(|stage| stage.as_str() == name),
            _ => None,
        }
    }

    /// The place on the ladder; `None`: beside it.
    pub fn rank(self) -> Option<usize> {
        LADDER.into_iter().position(|stage| stage == self)
    }

    /// Whether the way from here to there leads up the ladder; beside it there is no way.
    pub(super) fn is_before(self, to: Stage) -> bool {
        self.rank().zip(to.rank()).is_some_and(|(from, to)| from < to)
    }
}
