//! What was agreed with whom, and when: every version of a program's terms.

mod store;

use crate::analytics::calendar::Zone;
use crate::db::{Rows, Tx};
use crate::ingest::Trouble;
use std::collections::{BTreeMap, BTreeSet};
use takings_core::affiliate::Terms;
use takings_core::affiliate::attribution::{Version, version};
use takings_core::time::Timestamp;

/// One version of terms.
#[derive(Clone, Debug)]
pub(super) struct Agreed {
    /// Its number.
    pub(super) number: i64,
    id: String,
    partner: Option<String>,
    from: Timestamp,
    /// The terms.
    pub(super) terms: Terms,
    /// The time zone in which their months are counted.
    pub(super) zone: Zone,
}

/// All versions of a program's terms.
#[derive(Clone, Debug, Default)]
pub(super) struct Agreement {
    versions: Vec<Agreed>,
    /// Partners whose own terms are in force.
    own: BTreeSet<String>,
}

impl Agreement {
    /// Loads a program's.
    pub(super) async fn load(tx: &mut Tx<'_>, program: &str) -> Result<Agreement, Trouble> {
        let mut wanted = Rows::default();
        wanted.push([program.into()]);
        let (mut own, mut since) = (BTreeSet::new(), BTreeMap::new());
        for row in tx.fetch(&store::PARTNERS, &wanted).await? {
            since.insert(row.text(0)?, row.int(1)?);
            if row.opt_int(2)?.is_some() {
                own.insert(row.text(0)?);
            }
        }
        let mut versions = Vec::new();
        for row in tx.fetch(&store::TERMS, &wanted).await? {
            let (number, partner, created) = (row.int(0)?, row.opt_text(1)?, row.int(3)?);
            // What a partner began with was never otherwise.
            let first = partner.as_ref().is_some_and(|it| since.get(it) == Some(&created));
            let from = Timestamp(if first { i64::MIN } else { created });
            let (terms, zone) = read(&row.text(2)?)?;
            // Texts are compared: numbers of equal width stand in their order.
            versions.push(Agreed {
                number,
                id: format!("{number:020}"),
                partner,
                from,
                terms,
                zone,
            });
        }
        Ok(Agreement { versions, own })
    }

    /// The version of a number.
    pub(super) fn number(&self, number: i64) -> Option<&Agreed> {
        self.versions.iter().find(|it| it.number == number)
    }

    /// The version by which a sale is judged that was paid at an instant, of a customer bound to a
    /// partner at another; `kept` is what was copied onto the binding. Without a partner: the
    /// program's own.
    pub(super) fn at(
        &self,
        partner: Option<&str>,
        (bound, paid): (Timestamp, Timestamp),
        kept: Option<i64>,
    ) -> Option<&Agreed> {
        let kept = kept.and_then(|number| self.number(number));
        let own = match (kept, partner) {
            (Some(kept), _) => kept.partner.is_some(),
            (None, Some(partner)) => self.own.contains(partner),
            (None, None) => false,
        };
        let holds = |it: &&Agreed| it.from <= bound || (it.terms.migrate && it.from <= paid);
        let of = |whose: Option<&str>| {
            self.versions.iter().filter(|it| it.partner.as_deref() == whose).collect::<Vec<_>>()
        };
        let owned = if own { of(partner) } else { Vec::new() };
        let candidates = if owned.iter().any(holds) { owned } else { of(None) };
        let versions: Vec<Version<'_>> = candidates
            .iter()
            .map(|it| Version { id: &it.id, from: it.from, migrate: it.terms.migrate })
            .collect();
        let chosen = version(&versions, bound, paid)?.id.to_owned();
        candidates.into_iter().find(|it| it.id == chosen)
    }
}

fn read(terms: &str) -> Result<(Terms, Zone), Trouble> {
    let unreadable = |why: String| Trouble::Unreadable { what: "terms", why };
    let terms: Terms = serde_json::from_str(terms).map_err(|it| unreadable(it.to_string()))?;
    let zone = Zone::parse(&terms.time_zone).map_err(|it| unreadable(it.to_string()))?;
    Ok((terms, zone))
}

#[cfg(test)]
mod tests {
    use super::*;
    use takings_core::money::Currency;

    fn agreed(number: i64, partner: Option<&str>, from: i64, migrate: bool) -> Agreed {
        let terms = Terms::percent(Currency::parse("usd").unwrap(), number);
        Agreed {
            number,
            id: format!("{number:020}"),
            partner: partner.map(str::to_owned),
            from: Timestamp(from),
            terms: Terms { migrate, ..terms },
            zone: Zone::parse("").unwrap(),
        }
    }

    /// The number of the version for a partner, bound and paid then.
    fn chosen(
        agreement: &Agreement,
        partner: Option<&str>,
        bound: i64,
        paid: i64,
        kept: Option<i64>,
    ) -> i64 {
        let instants = (Timestamp(bound), Timestamp(paid));
        agreement.at(partner, instants, kept).unwrap().number
    }

    #[test]
    fn a_binding_keeps_its_version_unless_a_newer_one_migrates() {
        let versions =
            vec![agreed(1, None, 10, false), agreed(2, None, 20, false), agreed(3, None, 30, true)];
        let agreement = Agreement { versions, ..Agreement::default() };
        let of = |bound, paid| chosen(&agreement, Some("anna"), bound, paid, None);
        assert_eq!([of(5, 5), of(15, 29), of(25, 29), of(15, 30), of(35, 40)], [1, 1, 2, 3, 3]);
    }

    #[test]
    fn own_terms_hold_for_bindings_made_while_they_are_in_force() {
        let versions = vec![agreed(1, None, 10, false), agreed(2, Some("anna"), 20, false)];
        let own = BTreeSet::from(["anna".to_owned()]);
        let agreement = Agreement { versions: versions.clone(), own };
        let anna = |bound, kept| chosen(&agreement, Some("anna"), bound, bound, kept);
        assert_eq!([anna(15, None), anna(25, None), anna(25, Some(1))], [1, 2, 1]);
        assert_eq!(chosen(&agreement, Some("bert"), 25, 25, None), 1);
        assert_eq!(chosen(&agreement, None, 25, 25, None), 1);
        // Given up since: what was copied onto a binding stays, and others get the program's.
        let after = Agreement { versions, own: BTreeSet::new() };
        assert_eq!(chosen(&after, Some("anna"), 25, 40, Some(2)), 2);
        assert_eq!(chosen(&after, Some("anna"), 25, 40, None), 1);
    }

    #[test]
    fn what_a_partner_began_with_was_never_otherwise() {
        let versions = vec![agreed(1, None, 10, false), agreed(2, Some("anna"), i64::MIN, false)];
        let own = BTreeSet::from(["anna".to_owned()]);
        let agreement = Agreement { versions, own };
        assert_eq!(chosen(&agreement, Some("anna"), 5, 5, None), 2);
    }
}
