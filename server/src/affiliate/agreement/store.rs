//! Rows of `program_terms`, as agreements see them.

use crate::db::Query;
use crate::db::Type::Text;

/// Every version of a program's terms, those of its partners and their ends included.
pub(super) static TERMS: Query = Query::new(
    "load_agreement",
    "select v.version, v.partner, v.terms, v.created_at
     from {0} cross join program_terms v where v.program = t0.wanted",
    &[("wanted", Text)],
);

/// Partners who have, or had, terms of their own.
pub(super) static PARTNERS: Query = Query::new(
    "load_own_terms",
    "select p.id, p.created_at
     from {0} cross join partners p
     where p.program = t0.wanted
       and p.id in (select v.partner from program_terms v where v.program = t0.wanted)",
    &[("wanted", Text)],
);
