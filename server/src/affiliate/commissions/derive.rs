//! From customers with their sales to the rows that are missing.

use super::held::Held;
use super::scope::Scope;
use super::store::Stored;
use super::{Decisions, Earning, Row};
use crate::affiliate::agreement::{Agreed, Agreement};
use crate::affiliate::new_id;
use crate::ingest::{Key, Trouble};
use std::collections::{BTreeMap, BTreeSet};
use takings_core::affiliate::commission::{self, Key as Target, Kind, Targets};
use takings_core::affiliate::decision::{Act, Decision, Log, State, status};
use takings_core::affiliate::sale::Sale;
use takings_core::affiliate::terms::{Method, Rate};
use takings_core::ledger::LedgerError;
use takings_core::time::Timestamp;

/// The end of time: a state then is a function of facts and decisions alone.
const IN_THE_END: Timestamp = Timestamp(i64::MAX);

/// What a derivation works on.
pub(super) struct Derivation<'a> {
    pub(super) agreement: &'a Agreement,
    pub(super) scope: &'a Scope,
    pub(super) held: &'a [Held],
}

/// What must stand, by sale and partner.
type Wanted = BTreeMap<(Key, String), Targets>;

fn bad(error: LedgerError) -> Trouble {
    Trouble::Data(error.to_string())
}

impl Derivation<'_> {
    /// The rows to append, and how each sale stands.
    pub(super) fn compare(
        &self,
        program: &str,
        sources: &BTreeMap<i64, String>,
        decisions: &Decisions,
        stored: &BTreeMap<Key, Stored>,
    ) -> Result<(Vec<Row>, Vec<Earning>), Trouble> {
        let wanted = self.wanted(sources, decisions)?;
        let owners: BTreeMap<Key, (&Held, &Sale)> = self
            .held
            .iter()
            .flat_map(|it| it.sales.iter().map(move |sale| (it.key(sale), (it, sale))))
            .collect();
        let logs: BTreeMap<i64, Log<'_>> =
            decisions.iter().map(|(source, it)| (*source, Log::of(it))).collect();
        let nothing = Log::default();
        let (mut rows, mut earnings) = (Vec::new(), Vec::new());
        for (key, stored) in stored {
            let mut partners: BTreeSet<String> = stored.sums.keys().cloned().collect();
            let of_sale = wanted.range((key.clone(), String::new())..);
            let of_sale = of_sale.take_while(|((sale, _), _)| sale == key);
            partners.extend(of_sale.map(|((_, partner), _)| partner.clone()));
            let owner = owners.get(key).copied();
            for partner in partners {
                let none = Targets::new();
                let targets = wanted.get(&(key.clone(), partner.clone())).unwrap_or(&none);
                let of = OfSale { program, key, partner: &partner, owner, stored };
                self.append(&of, targets, &mut rows)?;
                let log = logs.get(&key.0).unwrap_or(&nothing);
                self.stand(&of, targets, log, &mut earnings)?;
            }
        }
        Ok((rows, earnings))
    }

    /// Everything that must stand.
    fn wanted(
        &self,
        sources: &BTreeMap<i64, String>,
        decisions: &Decisions,
    ) -> Result<Wanted, Trouble> {
        let mut wanted = Wanted::new();
        for it in self.held {
            let Some(bound) = &it.bound else { continue };
            let agreed = it.earning().filter_map(|sale| it.agreed(self.agreement, sale));
            let versions: BTreeMap<i64, &Agreed> = agreed
                .filter(|agreed| !agreed.terms.by_period())
                .map(|agreed| (agreed.number, agreed))
                .collect();
            for agreed in versions.into_values() {
                let group = Group { agreed, held: vec![it], sources, decisions };
                let partner = &bound.binding.partner;
                group.derive(self.agreement, partner, |_| true, &mut wanted)?;
            }
        }
        for (partner, number) in self.scope.groups() {
            let Some(agreed) = self.agreement.number(number) else { continue };
            let of_partner = |it: &&Held| {
                it.bound.as_ref().is_some_and(|bound| bound.binding.partner == partner)
            };
            let held = self.held.iter().filter(of_partner).collect();
            let group = Group { agreed, held, sources, decisions };
            let inside = |sale: &Sale| self.scope.holds(partner, agreed, sale);
            group.derive(self.agreement, partner, inside, &mut wanted)?;
        }
        Ok(wanted)
    }

    fn append(
        &self,
        of: &OfSale<'_>,
        targets: &Targets,
        rows: &mut Vec<Row>,
    ) -> Result<(), Trouble> {
        let none = BTreeMap::new();
        let sums = of.stored.sums.get(of.partner).unwrap_or(&none);
        let amounts: BTreeMap<Target, i64> =
            sums.iter().map(|(target, sum)| (target.clone(), sum.amount)).collect();
        let agreed = of.owner.and_then(|(held, sale)| held.agreed(self.agreement, sale));
        for (target, amount) in commission::difference(targets, &amounts).map_err(bad)? {
            let sum = sums.get(&target);
            let revision = sum.map_or(0, |sum| sum.revision) + 1;
            let agreed = agreed.filter(|_| of.is_bound());
            let rate = agreed.filter(|_| revision == 1 && target.kind == Kind::Earned);
            rows.push(Row {
                id: new_id("com"),
                program: of.program.to_owned(),
                partner: of.partner.to_owned(),
                source: of.key.0,
                customer: of.customer(),
                link: of.link(),
                revision,
                amount,
                base: of.base(&target).map_err(bad)?,
                base_currency: of.owner.map_or(target.currency, |(_, sale)| sale.currency),
                rate: rate.and_then(rate_of),
                version: agreed.map(|it| it.number).or(sum.map(|it| it.version)).unwrap_or(0),
                target,
            });
        }
        Ok(())
    }

    fn stand(
        &self,
        of: &OfSale<'_>,
        targets: &Targets,
        log: &Log<'_>,
        earnings: &mut Vec<Earning>,
    ) -> Result<(), Trouble> {
        let stored = of.stored.sums.get(of.partner).into_iter().flatten();
        let currencies: BTreeSet<_> = stored
            .map(|(target, _)| target.currency)
            .chain(targets.keys().map(|it| it.currency))
            .collect();
        let (state, reason, due_at) = self.state(of, log)?;
        for currency in currencies {
            let own = targets.iter().filter(|(target, _)| target.currency == currency);
            earnings.push(Earning {
                sale: of.key.clone(),
                partner: of.partner.to_owned(),
                currency: currency.as_str().to_owned(),
                state,
                reason: reason.clone(),
                amount: own.map(|(_, amount)| amount).sum(),
                due_at,
            });
        }
        Ok(())
    }

    /// The state, why, and when the hold ends. Approval by rule says `auto`: until the hold is over
    /// it still waits.
    fn state(
        &self,
        of: &OfSale<'_>,
        log: &Log<'_>,
    ) -> Result<(&'static str, String, i64), Trouble> {
        let reversed = |why: &str, at: i64| (State::Reversed.as_str(), why.to_owned(), at);
        let Some((held, sale)) = of.owner else { return Ok(reversed("sale_gone", 0)) };
        let agreed = held.agreed(self.agreement, sale).filter(|_| of.is_bound());
        let Some(agreed) = agreed else { return Ok(reversed("other_partner", sale.paid_at.0)) };
        let status = status(&agreed.terms, sale, log, IN_THE_END).map_err(bad)?;
        let own = log.on(sale);
        let last = |wanted: fn(&Act) -> bool| own.iter().rev().find(|it| wanted(&it.act));
        let reason = match status.state {
            State::Pending => String::new(),
            State::Approved => {
                let by_hand = last(|act| matches!(act, Act::Approve)).is_some();
                if by_hand { String::new() } else { "auto".to_owned() }
            }
            State::Held => last(|act| matches!(act, Act::Hold))
                .filter(|_| !sale.is_disputed(IN_THE_END))
                .map_or("dispute".to_owned(), |it| it.reason.clone()),
            State::Rejected => {
                last(|act| matches!(act, Act::Reject)).map_or(String::new(), |it| it.reason.clone())
            }
            State::Reversed => "refunded".to_owned(),
        };
        Ok((status.state.as_str(), reason, status.due.0))
    }
}

/// A sale and one of its partners.
struct OfSale<'a> {
    program: &'a str,
    key: &'a Key,
    partner: &'a str,
    owner: Option<(&'a Held, &'a Sale)>,
    stored: &'a Stored,
}

impl OfSale<'_> {
    /// Whether the customer is bound to the partner.
    fn is_bound(&self) -> bool {
        let bound = self.owner.and_then(|(held, _)| held.bound.as_ref());
        bound.is_some_and(|bound| bound.binding.partner == self.partner)
    }

    fn customer(&self) -> String {
        let known = || self.stored.customer.clone();
        self.owner.map_or_else(known, |(held, _)| held.customer.1.clone())
    }

    fn link(&self) -> Option<String> {
        let bound = self.owner.and_then(|(held, _)| held.bound.as_ref());
        bound.filter(|_| self.is_bound())?.link.clone()
    }

    /// What the rate was applied to: what was paid, or, negative, what went back.
    fn base(&self, target: &Target) -> Result<i64, LedgerError> {
        let Some((_, sale)) = self.owner else { return Ok(0) };
        match target.kind {
            Kind::Earned => sale.base_at(target.occurred),
            Kind::Reversed | Kind::Reinstated => {
                let before = sale.net_at(Timestamp(target.occurred.0.saturating_sub(1)))?;
                Ok(sale.net_at(target.occurred)?.saturating_sub(before))
            }
            Kind::Rejected => Ok(0),
        }
    }
}

/// The rate that applies sale by sale.
fn rate_of(agreed: &Agreed) -> Option<i64> {
    match (&agreed.terms.tiers, agreed.terms.rate) {
        (None, Rate::Bps(bps)) => Some(bps),
        (Some(tiers), _) if tiers.steps.len() == 1 && tiers.method == Method::Slab => {
            tiers.steps.first().map(|step| step.rate_bps)
        }
        _ => None,
    }
}

/// Customers that are derived together by one version of terms.
struct Group<'a> {
    agreed: &'a Agreed,
    held: Vec<&'a Held>,
    sources: &'a BTreeMap<i64, String>,
    decisions: &'a Decisions,
}

impl Group<'_> {
    /// Names are told apart by their sources: ids of different accounts may be equal.
    fn scoped(&self, source: i64, name: &str) -> String {
        let source = self.sources.get(&source).map_or("", String::as_str);
        format!("{source}/{name}")
    }

    /// A sale under names that are told apart.
    fn named(&self, (source, person): (i64, i64), sale: &Sale) -> Sale {
        Sale {
            id: self.scoped(source, &sale.id),
            order: self.scoped(source, &sale.order),
            customer: sale.customer.as_deref().map(|it| self.scoped(person, it)),
            ..sale.clone()
        }
    }

    fn derive(
        &self,
        agreement: &Agreement,
        partner: &str,
        inside: impl Fn(&Sale) -> bool,
        wanted: &mut Wanted,
    ) -> Result<(), Trouble> {
        let (mut sales, mut names, mut within) = (Vec::new(), BTreeMap::new(), BTreeSet::new());
        let mut decisions = Vec::new();
        let sources: BTreeSet<i64> = self.held.iter().map(|it| it.customer.0).collect();
        for source in sources {
            for decision in self.decisions.get(&source).into_iter().flatten() {
                let sale = self.scoped(source, &decision.sale);
                decisions.push(Decision { sale, ..decision.clone() });
            }
        }
        for it in &self.held {
            let source = it.customer.0;
            for sale in it.earning() {
                let id = self.scoped(source, &sale.id);
                let agreed = it.agreed(agreement, sale).map(|agreed| agreed.number);
                if agreed == Some(self.agreed.number) && inside(sale) {
                    within.insert(id.clone());
                }
                names.insert(id, it.key(sale));
                sales.push(self.named((source, it.person()), sale));
            }
        }
        // What a person has bought under another name counts, and posts under that name.
        let mut elsewhere = BTreeMap::new();
        for it in &self.held {
            for (source, sale) in it.earning_elsewhere() {
                let sale = self.named((source, it.person()), sale);
                if !names.contains_key(&sale.id) {
                    elsewhere.insert(sale.id.clone(), sale);
                }
            }
        }
        sales.extend(elsewhere.into_values());
        let (terms, zone) = (&self.agreed.terms, &self.agreed.zone);
        let targets =
            commission::derive(terms, zone, &sales, &decisions, |sale| within.contains(&sale.id))
                .map_err(bad)?;
        for (target, amount) in targets {
            let Some(key) = names.get(&target.sale) else { continue };
            let own = wanted.entry((key.clone(), partner.to_owned())).or_default();
            own.insert(Target { sale: key.1.clone(), ..target }, amount);
        }
        Ok(())
    }
}
