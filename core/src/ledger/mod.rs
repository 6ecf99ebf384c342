//! The ledger: accounts, transfers, and what every settlement should have posted.
