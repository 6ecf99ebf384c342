//! Schema changes, one a file, for SQLite and PostgreSQL.
