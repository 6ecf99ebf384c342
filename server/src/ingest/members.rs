//! The members of settlements, for whoever derives something else from them.

use super::facts::Stored;
use super::{Key, Trouble, store};
use crate::db::{Rows, Tx};
use std::collections::{BTreeMap, HashMap};
use takings_core::ledger::Member;
use takings_core::version::settle;

/// The members of some settlements with their moments, by source and settlement. A settlement that
/// has become part of another has none.
pub(crate) async fn members(
    tx: &mut Tx<'_>,
    settlements: impl Iterator<Item = &Key>,
) -> Result<BTreeMap<Key, Vec<Member>>, Trouble> {
    let mut roots = Rows::default();
    settlements.for_each(|(source, root)| roots.push([(*source).into(), root.as_str().into()]));
    let (mut facts, mut settlement_of) = (Stored::default(), HashMap::new());
    for row in tx.fetch(&store::MEMBERS, &roots).await? {
        let (source, root, id) = (row.int(0)?, row.text(1)?, row.text(2)?);
        settlement_of.insert((source, id.clone()), root);
        if row.opt_int(3)?.is_some() {
            facts.read((source, id), &row, 3)?;
        }
    }
    let mut members: BTreeMap<Key, Vec<Member>> = BTreeMap::new();
    for (key, versions) in facts.versions()? {
        let Some(root) = settlement_of.get(&key) else { continue };
        let member = Member { id: key.1, moments: settle(None, &versions) };
        members.entry((key.0, root.clone())).or_default().push(member);
    }
    Ok(members)
}
