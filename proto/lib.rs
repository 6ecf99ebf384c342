//! The `takings.v1` contract.
