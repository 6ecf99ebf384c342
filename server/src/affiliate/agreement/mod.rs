//! What was agreed with whom, and when: every version of a program's terms.

mod store;

use crate::analytics::calendar::Zone;
use crate::db::{Database, Row, Rows, Tx};
use crate::ingest::Trouble;
use std::collections::BTreeMap;
use takings_core::affiliate::Terms;
use takings_core::affiliate::attribution::{Version, Whose, version};
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

/// The end of a partner's own terms: the program's hold again.
#[derive(Clone, Debug)]
struct End {
    id: String,
    partner: Option<String>,
    from: Timestamp,
}

/// All versions of a program's terms.
#[derive(Clone, Debug, Default)]
pub(super) struct Agreement {
    versions: Vec<Agreed>,
    ends: Vec<End>,
}

impl Agreement {
    /// Loads a program's.
    pub(super) async fn load(tx: &mut Tx<'_>, program: &str) -> Result<Agreement, Trouble> {
        let wanted = wanted(program);
        let partners = tx.fetch(&store::PARTNERS, &wanted).await?;
        Agreement::of(&partners, &tx.fetch(&store::TERMS, &wanted).await?)
    }

    /// Reads a program's, outside a transaction.
    pub(super) async fn read(database: &Database, program: &str) -> Result<Agreement, Trouble> {
        let wanted = wanted(program);
        let partners = database.rows(&store::PARTNERS, &wanted).await?;
        Agreement::of(&partners, &database.rows(&store::TERMS, &wanted).await?)
    }

    /// What is agreed, by rows of partners and of terms.
    fn of(partners: &[Row], terms: &[Row]) -> Result<Agreement, Trouble> {
        let mut since = BTreeMap::new();
        for row in partners {
            since.insert(row.text(0)?, row.int(1)?);
        }
        let mut agreement = Agreement::default();
        for row in terms {
            let (number, partner, created) = (row.int(0)?, row.opt_text(1)?, row.int(3)?);
            // What a partner began with was never otherwise.
            let first = partner.as_ref().is_some_and(|it| since.get(it) == Some(&created));
            let from = Timestamp(if first { i64::MIN } else { created });
            // Texts are compared: numbers of equal width stand in their order.
            let id = format!("{number:020}");
            match read(&row.text(2)?)? {
                Some((terms, zone)) => {
                    agreement.versions.push(Agreed { number, id, partner, from, terms, zone });
                }
                None => {
                    agreement.ends.push(End { id, partner, from: Timestamp(created) });
                }
            }
        }
        Ok(agreement)
    }

    /// The version of a number.
    pub(super) fn number(&self, number: i64) -> Option<&Agreed> {
        self.versions.iter().find(|it| it.number == number)
    }

    /// The version by which a sale is judged that was paid at an instant, of a customer bound to a
    /// partner at another. Without a partner: the program's own.
    pub(super) fn at(
        &self,
        partner: Option<&str>,
        (bound, paid): (Timestamp, Timestamp),
    ) -> Option<&Agreed> {
        let known = self.versions.iter().filter_map(|it| {
            let whose = match it.partner.as_deref() {
                None => Whose::Program,
                own if own == partner => Whose::Partner,
                Some(_) => return None,
            };
            Some(Version { id: &it.id, whose, from: it.from, migrate: it.terms.migrate })
        });
        let ends =
            self.ends.iter().filter(|it| partner.is_some() && it.partner.as_deref() == partner);
        let ends = ends.map(|End { id, from, .. }| Version {
            id,
            whose: Whose::Ended,
            from: *from,
            migrate: false,
        });
        let versions: Vec<Version<'_>> = known.chain(ends).collect();
        let chosen = version(&versions, bound, paid)?.id;
        self.versions.iter().find(|it| it.id == chosen)
    }
}

fn wanted(program: &str) -> Rows {
    let mut wanted = Rows::default();
    wanted.push([program.into()]);
    wanted
}

/// Terms, with the time zone in which their months are counted; `None`: an end.
fn read(terms: &str) -> Result<Option<(Terms, Zone)>, Trouble> {
    let unreadable = |why: String| Trouble::Unreadable { what: "terms", why };
    let terms: Option<Terms> =
        serde_json::from_str(terms).map_err(|it| unreadable(it.to_string()))?;
    let Some(terms) = terms else { return Ok(None) };
    let zone = Zone::parse(&terms.time_zone).map_err(|it| unreadable(it.to_string()))?;
    Ok(Some((terms, zone)))
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
    fn chosen(agreement: &Agreement, partner: Option<&str>, bound: i64, paid: i64) -> i64 {
        agreement.at(partner, (Timestamp(bound), Timestamp(paid))).unwrap().number
    }

    #[test]
    fn a_binding_keeps_its_version_unless_a_newer_one_migrates() {
        let versions =
            vec![agreed(1, None, 10, false), agreed(2, None, 20, false), agreed(3, None, 30, true)];
        let agreement = Agreement { versions, ..Agreement::default() };
        let of = |bound, paid| chosen(&agreement, Some("anna"), bound, paid);
        assert_eq!([of(5, 5), of(15, 29), of(25, 29), of(15, 30), of(35, 40)], [1, 1, 2, 3, 3]);
    }

    #[test]
    fn own_terms_hold_for_bindings_made_while_they_are_in_force_and_for_no_other_partner() {
        let versions = vec![agreed(1, None, 10, false), agreed(2, Some("anna"), 20, false)];
        let end =
            End { id: format!("{:020}", 3), partner: Some("anna".to_owned()), from: Timestamp(30) };
        let agreement = Agreement { versions, ends: vec![end] };
        let anna = |bound| chosen(&agreement, Some("anna"), bound, 40);
        assert_eq!([anna(15), anna(25), anna(35)], [1, 2, 1]);
        assert_eq!(chosen(&agreement, Some("bert"), 25, 25), 1);
        assert_eq!(chosen(&agreement, None, 25, 25), 1);
    }

    #[test]
    fn what_a_partner_began_with_was_never_otherwise() {
        let versions = vec![agreed(1, None, 10, false), agreed(2, Some("anna"), i64::MIN, false)];
        let agreement = Agreement { versions, ..Agreement::default() };
        assert_eq!(chosen(&agreement, Some("anna"), 5, 5), 2);
    }
}
