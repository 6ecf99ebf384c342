//! How a partner sees a lead that they submitted: Dub's seven states.

use super::{Disqualification, Stage};

/// What a partner is told of a lead of theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PartnerStatus {
    /// Nobody has decided yet.
    Pending,
    /// The lead is promising.
    Qualified,
    /// Sales talks to them.
    Meeting,
    /// They are about to buy.
    Negotiation,
    /// They bought.
    ClosedWon,
    /// They decided against it.
    ClosedLost,
    /// It is no lead.
    Unqualified,
}

impl PartnerStatus {
    /// Every status.
    pub const ALL: [PartnerStatus; 7] = [
        PartnerStatus::Pending,
        PartnerStatus::Qualified,
        PartnerStatus::Meeting,
        PartnerStatus::Negotiation,
        PartnerStatus::ClosedWon,
        PartnerStatus::ClosedLost,
        PartnerStatus::Unqualified,
    ];

    /// The name in databases and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            PartnerStatus::Pending => "pending",
            PartnerStatus::Qualified => "qualified",
            PartnerStatus::Meeting => "meeting",
            PartnerStatus::Negotiation => "negotiation",
            PartnerStatus::ClosedWon => "closed_won",
            PartnerStatus::ClosedLost => "closed_lost",
            PartnerStatus::Unqualified => "unqualified",
        }
    }

    /// The status of that name.
    pub fn parse(name: &str) -> Option<PartnerStatus> {
        PartnerStatus::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// What a partner is told of a lead in that stage.
    pub fn of(stage: Stage) -> PartnerStatus {
        match stage {
            Stage::Subscriber | Stage::Lead => PartnerStatus::Pending,
            Stage::Mql => PartnerStatus::Qualified,
            Stage::Sql => PartnerStatus::Meeting,
            Stage::Opportunity => PartnerStatus::Negotiation,
            Stage::Customer | Stage::Advocate => PartnerStatus::ClosedWon,
            Stage::Disqualified(Disqualification::Lost) => PartnerStatus::ClosedLost,
            Stage::Disqualified(_) | Stage::Other => PartnerStatus::Unqualified,
        }
    }

    /// The stage that a lead with this status is in, when it is taken over from elsewhere.
    pub fn stage(self) -> Stage {
        match self {
            PartnerStatus::Pending => Stage::Lead,
            PartnerStatus::Qualified => Stage::Mql,
            PartnerStatus::Meeting => Stage::Sql,
            PartnerStatus::Negotiation => Stage::Opportunity,
            PartnerStatus::ClosedWon => Stage::Customer,
            PartnerStatus::ClosedLost => Stage::Disqualified(Disqualification::Lost),
            PartnerStatus::Unqualified => Stage::Disqualified(Disqualification::NoFit),
        }
    }
}
