//! The order of one object's versions.
