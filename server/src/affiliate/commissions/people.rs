//! One person under several names: a customer of the program's own telling, and a Stripe customer of
//! the same id.
//!
//! A program's server may tell of a sale outside Stripe by a customer whom Stripe knows, and name the
//! customer as Stripe does. What was touched, bought and counted under both names is one person's.
//! Email addresses do not join: a customer is told by an id, or by the key of an address.

use super::source_of;
use crate::affiliate::sales::Affected;
use crate::ingest::Key;
use std::collections::BTreeMap;

/// The sources whose customers are joined by their ids; none where the program has told of no sale.
#[derive(Debug, Default)]
pub(super) struct People(Vec<i64>);

impl People {
    /// Those of a program.
    pub(super) fn of(program: &str, sources: &BTreeMap<i64, String>) -> People {
        let own = source_of(program);
        if !sources.values().any(|name| *name == own) {
            return People::default();
        }
        let joined = |name: &String| {
            *name == own || (!name.starts_with("direct:") && name.ends_with(":live"))
        };
        People(sources.iter().filter(|(_, name)| joined(name)).map(|(number, _)| *number).collect())
    }

    /// The other names of a customer.
    pub(super) fn others<'a>(&'a self, (source, id): &'a Key) -> impl Iterator<Item = Key> + 'a {
        let sources = if self.0.contains(source) { &self.0[..] } else { &[] };
        sources.iter().filter(move |it| *it != source).map(move |it| (*it, id.clone()))
    }

    /// What is affected where a customer is, under every name.
    pub(super) fn join(&self, affected: &Affected) -> Affected {
        let mut joined = affected.clone();
        for customer in affected.customers() {
            self.others(customer).for_each(|other| joined.whole(other));
        }
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_joins_its_own_customers_with_those_of_live_accounts() {
        let names = ["stripe:a:live", "stripe:a:test", "direct:prg_1:live", "direct:prg_2:live"];
        let sources: BTreeMap<i64, String> = (1..).zip(names.map(str::to_owned)).collect();
        let people = People::of("prg_1", &sources);
        let others = |source| people.others(&(source, "cus_1".into())).collect::<Vec<_>>();
        assert_eq!(others(1), [(3, "cus_1".to_owned())]);
        assert_eq!(others(3), [(1, "cus_1".to_owned())]);
        assert_eq!([others(2), others(4)], [[], []]);
        assert!(People::of("prg_3", &sources).0.is_empty());
    }
}
