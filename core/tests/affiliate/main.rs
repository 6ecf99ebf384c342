//! Commissions as tables, as lives and as properties.

mod mistakes;
mod properties;
mod rates;
mod returns;
mod support;
mod tiers;
