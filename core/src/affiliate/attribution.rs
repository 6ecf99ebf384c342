//! To whom a customer is bound: a function of all touches, whenever they were learned.

use super::terms::{Attribution, CouponPolicy, Model};
use crate::time::{DAY_MICROS, Timestamp};
use serde::{Deserialize, Serialize};

/// What brought a customer near.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TouchKind {
    /// A click on a link.
    Link,
    /// The use of a partner's coupon; without a click it stands for one.
    Coupon,
    /// The program's own server named the partner.
    Api,
    /// A logged act of an operator.
    Manual,
}

impl TouchKind {
    /// Whether it names the partner outright, in place of every other touch.
    pub fn is_named(self) -> bool {
        matches!(self, TouchKind::Api | TouchKind::Manual)
    }

    /// Every kind.
    pub const ALL: [TouchKind; 4] =
        [TouchKind::Link, TouchKind::Coupon, TouchKind::Api, TouchKind::Manual];

    /// The name in databases and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            TouchKind::Link => "link",
            TouchKind::Coupon => "coupon",
            TouchKind::Api => "api",
            TouchKind::Manual => "manual",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<TouchKind> {
        TouchKind::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// One touch of a partner with a customer to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Touch {
    /// Its id; the smaller one wins a tie.
    pub id: String,
    /// Whose it is.
    pub partner: String,
    /// What it was.
    pub kind: TouchKind,
    /// The click it stands for.
    pub click: Option<String>,
    /// When it was.
    pub at: Timestamp,
}

/// What a customer did, so far as it decides the binding.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conversion {
    /// When the lead was created.
    pub lead: Option<Timestamp>,
    /// When the first sale was paid.
    pub first_sale: Option<Timestamp>,
}

impl Conversion {
    /// The instant by which a touch must have been: for clicks the lead's creation, or the first
    /// sale where there was no lead; for coupons, which are shown at the till, the first sale.
    pub fn instant(&self, kind: TouchKind) -> Option<Timestamp> {
        match kind {
            TouchKind::Coupon => self.first_sale.or(self.lead),
            _ => self.lead.or(self.first_sale),
        }
    }
}

/// By which rule a binding was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The earliest touch inside its window.
    First,
    /// The latest touch inside its window.
    Last,
    /// A coupon stood against a click, and the coupon wins.
    CouponWins,
    /// A coupon stood against a click, and the click wins.
    ClickWins,
    /// Somebody said so: an operator, or the program's own server.
    Manual,
}

impl Rule {
    /// Every rule.
    pub const ALL: [Rule; 5] =
        [Rule::First, Rule::Last, Rule::CouponWins, Rule::ClickWins, Rule::Manual];

    /// The name in databases and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Rule::First => "first",
            Rule::Last => "last",
            Rule::CouponWins => "coupon_wins",
            Rule::ClickWins => "click_wins",
            Rule::Manual => "manual",
        }
    }

    /// The rule of that name.
    pub fn parse(name: &str) -> Option<Rule> {
        Rule::ALL.into_iter().find(|rule| rule.as_str() == name)
    }
}

/// To whom a customer is bound, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The partner.
    pub partner: String,
    /// The version of the program's terms that is copied onto the binding.
    pub terms: String,
    /// The touch that won.
    pub touch: Touch,
    /// All eligible touches, by time and id.
    pub path: Vec<Touch>,
    /// By which rule.
    pub rule: Rule,
}

/// Whether a touch counts for a conversion: `touch.at <= conversion < touch.at + window`.
pub fn is_eligible(touch: &Touch, conversion: Timestamp, window_days: i64) -> bool {
    let window = window_days.saturating_mul(DAY_MICROS);
    touch.at <= conversion && conversion.0 < touch.at.0.saturating_add(window)
}

/// Binds a customer under one version of terms; `None`: no touch is eligible.
///
/// The newest manual touch freezes the binding, whatever its window. A binding on which a payout
/// was already sent, `paid`, stays; only a manual touch is stronger. Else the newest call that names a
/// partner wins, whatever its window.
pub fn bind(
    rules: Attribution,
    terms: &str,
    conversion: Conversion,
    touches: &[Touch],
    paid: Option<&Binding>,
) -> Option<Binding> {
    let path = path(rules, conversion, touches);
    let newest = |kind: TouchKind| {
        touches.iter().filter(|touch| touch.kind == kind).max_by(|a, b| later(a, b))
    };
    if let Some(touch) = newest(TouchKind::Manual) {
        return Some(binding(touch, terms, path, Rule::Manual));
    }
    if let Some(paid) = paid {
        return Some(paid.clone());
    }
    if let Some(touch) = newest(TouchKind::Api) {
        return Some(binding(touch, terms, path, Rule::Manual));
    }
    let (touch, rule) = winner(rules, &path)?;
    let touch = touch.clone();
    Some(binding(&touch, terms, path, rule))
}

/// The eligible touches, by time and id.
pub fn path(rules: Attribution, conversion: Conversion, touches: &[Touch]) -> Vec<Touch> {
    let eligible = |touch: &&Touch| {
        !touch.kind.is_named()
            && conversion
                .instant(touch.kind)
                .is_some_and(|instant| is_eligible(touch, instant, rules.window_days))
    };
    let mut path: Vec<Touch> = touches.iter().filter(eligible).cloned().collect();
    path.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
    path.dedup_by(|a, b| a.id == b.id);
    path
}

fn binding(touch: &Touch, terms: &str, path: Vec<Touch>, rule: Rule) -> Binding {
    Binding {
        partner: touch.partner.clone(),
        terms: terms.to_owned(),
        touch: touch.clone(),
        path,
        rule,
    }
}

/// Later in time wins; of one instant, the smaller id.
fn later(a: &Touch, b: &Touch) -> std::cmp::Ordering {
    (a.at, &b.id).cmp(&(b.at, &a.id))
}

/// The touch that wins: by the model within coupons and within clicks, by the policy between them.
fn winner(rules: Attribution, path: &[Touch]) -> Option<(&Touch, Rule)> {
    let by_model = |coupons: Option<bool>| {
        let fits =
            |touch: &&Touch| coupons.is_none_or(|it| it == (touch.kind == TouchKind::Coupon));
        let mut fitting = path.iter().filter(fits);
        match rules.model {
            Model::First => fitting.next(),
            Model::Last => fitting.max_by(|a, b| later(a, b)),
        }
    };
    if let (Some(coupon), Some(click)) = (by_model(Some(true)), by_model(Some(false)))
        && coupon.partner != click.partner
    {
        return Some(match rules.coupon_policy {
            CouponPolicy::CouponWins => (coupon, Rule::CouponWins),
            CouponPolicy::ClickWins => (click, Rule::ClickWins),
        });
    }
    let rule = match rules.model {
        Model::First => Rule::First,
        Model::Last => Rule::Last,
    };
    by_model(None).map(|touch| (touch, rule))
}

/// Whose terms a version is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Whose {
    /// The program's.
    #[default]
    Program,
    /// The partner's own.
    Partner,
    /// Nobody's: the partner's own end, and the program's hold again.
    Ended,
}

/// A version of terms that a program has with a partner, so far as it decides which one holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version<'a> {
    /// Its id.
    pub id: &'a str,
    /// Whose it is.
    pub whose: Whose,
    /// From when on it holds.
    pub from: Timestamp,
    /// Whether it takes the place of earlier ones on bindings that exist.
    pub migrate: bool,
}

/// The version that a sale is judged by: the one in force when the customer was bound, or a newer one
/// that migrates and held when the sale was paid. Before any version: the program's earliest.
///
/// The partner's own are in force from their first to their end. They migrate every binding of the
/// partner's; the program's migrate those under the program's, and all where no own are in force.
pub fn version<'a>(
    versions: &[Version<'a>],
    bound: Timestamp,
    paid: Timestamp,
) -> Option<Version<'a>> {
    let mut versions = versions.to_vec();
    versions.sort_by_key(|it| (it.from, it.id));
    let later = versions.partition_point(|it| it.from <= bound);
    let (known, later) = versions.split_at(later);
    let program = |it: &&Version<'a>| it.whose == Whose::Program;
    let own = known.iter().rfind(|it| it.whose != Whose::Program);
    let own = own.filter(|it| it.whose == Whose::Partner);
    let mut owned = own.is_some();
    let newest = own.or_else(|| known.iter().rfind(program));
    let mut chosen = newest.or_else(|| versions.iter().find(program))?;
    for it in later.iter().filter(|it| it.from <= paid) {
        let takes = match it.whose {
            Whose::Program => !owned || chosen.whose == Whose::Program,
            Whose::Partner => true,
            Whose::Ended => false,
        };
        if it.whose != Whose::Program {
            owned = it.whose == Whose::Partner;
        }
        if takes && it.migrate {
            chosen = it;
        }
    }
    Some(*chosen)
}

/// How somebody is named: ids first, the email's key last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Identity<'a> {
    /// The program's own id of the customer.
    pub customer: Option<&'a str>,
    /// Stripe's id of the customer.
    pub billing: Option<&'a str>,
    /// The blind index of the email.
    pub email_key: Option<&'a str>,
}

/// Which of the `known` a sale belongs to: by customer id, else by billing id, else by email key;
/// of several, the first.
pub fn join(sale: &Identity<'_>, known: &[Identity<'_>]) -> Option<usize> {
    let by = |of: fn(&Identity<'_>) -> Option<String>| {
        let own = of(sale)?;
        known.iter().position(|it| of(it).as_ref() == Some(&own))
    };
    by(|it| it.customer.map(str::to_owned))
        .or_else(|| by(|it| it.billing.map(str::to_owned)))
        .or_else(|| by(|it| it.email_key.map(str::to_owned)))
}

#[cfg(test)]
mod tests;
