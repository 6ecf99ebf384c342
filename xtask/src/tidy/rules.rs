//! The rules themselves: where they hold, what breaks them, why.

/// Words that no committed text may hold, in halves, so that this file holds none of them.
pub(super) const PATHS: [[&str; 2]; 2] = [["/work", "/"], ["/tmp/", "wt"]];
pub(super) const PATHS_REASON: &str = "a path of some machine: name files from the project's root";

/// How a statement of SQL begins.
const STATEMENTS: [&str; 9] = [
    "select",
    "insert into",
    "update",
    "delete from",
    "create table",
    "create index",
    "create unique index",
    "alter table",
    "drop table",
];
const SQL_HOMES: [&str; 4] = ["store.rs", "/store/", "/db/", "/jobs/"];
pub(super) const SQL_REASON: &str = "SQL stands in store.rs, db/ and jobs/ alone";

/// A rule about the code of a file outside its test modules.
pub(super) struct Rule {
    /// Paths it holds for begin so.
    inside: &'static str,
    /// Exempt: names of files, folders between slashes, and beginnings of paths.
    except: &'static [&'static str],
    /// A line that names one of these breaks it.
    words: &'static [&'static str],
    /// Why.
    pub(super) reason: &'static str,
}

impl Rule {
    /// Whether the rule holds for a file.
    pub(super) fn applies(&self, path: &str) -> bool {
        path.starts_with(self.inside) && !exempt(path, self.except)
    }

    /// Whether a line breaks it.
    pub(super) fn breaks(&self, line: &str) -> bool {
        self.words.iter().any(|word| names(line, word))
    }
}

/// Every rule about lines. A file that outgrew one room is a folder of the same name.
pub(super) const RULES: [Rule; 10] = [
    Rule {
        inside: "core/src/",
        except: &[],
        words: &[
            "tokio",
            "sea_orm",
            "sqlx",
            "tonic",
            "prost",
            "takings::",
            "takings_",
            "SystemTime",
            "Instant",
            "std::env",
            "std::fs",
            "std::net",
            "async fn",
        ],
        reason: "core holds rules and does no IO: no async, no SQL, no protobuf, no clock",
    },
    Rule {
        inside: "simulator/src/",
        except: &[],
        words: &["takings_core", "takings_server", "takings::"],
        reason: "the simulator is the other opinion: it imports nothing of ours",
    },
    Rule {
        inside: "proto/",
        except: &[],
        words: &["takings_core", "takings_server"],
        reason: "the contract imports nothing of ours",
    },
    Rule {
        inside: "migrations/src/",
        except: &[],
        words: &["takings_core", "takings_server", "takings_simulator", "takings::"],
        reason: "migrations import nothing of ours: an old one must not change with a rule",
    },
    Rule {
        inside: "server/src/",
        except: &["server/src/cli/demo"],
        words: &["takings_simulator"],
        reason: "the server depends on the simulator in `demo` alone",
    },
    Rule {
        inside: "server/src/",
        except: &[
            "service.rs",
            "/service/",
            "convert.rs",
            "/convert/",
            "/grpc/",
            "server/src/error.rs",
        ],
        words: &["takings::"],
        reason: "generated types stop at service.rs, convert.rs, grpc/ and error.rs",
    },
    Rule {
        inside: "server/src/",
        except: &[
            "store.rs",
            "/store/",
            "entity.rs",
            "/db/",
            "/jobs/",
            "server/src/error.rs",
            "server/src/ingest/mod.rs",
        ],
        words: &["sea_orm", "sqlx", "rusqlite"],
        reason: "SeaORM is named in store.rs, entity.rs, db/ and jobs/ alone",
    },
    Rule {
        inside: "server/src/",
        except: &["/http/"],
        words: &["axum"],
        reason: "axum is named in http/ alone",
    },
    Rule {
        inside: "",
        except: &[
            "bench/",
            "core/src/metrics/",
            "server/src/analytics/",
            "server/src/telemetry/",
            "server/src/grpc/",
            "server/src/ingest/writer.rs",
            "server/src/db/tx.rs",
        ],
        words: &["f64", "f32"],
        reason: "no float near money: ratios, statistics and telemetry alone are floats",
    },
    Rule {
        inside: "server/src/ingest/",
        except: &["store.rs", "/store/"],
        words: &["DatabaseConnection", "DatabaseTransaction"],
        reason: "ingest sees only db::Tx",
    },
];

/// Whether a line, or a literal that it opens for the next, begins a statement of SQL where none
/// may stand.
pub(super) fn misplaced_sql(path: &str, line: &str, next: &str) -> bool {
    let opened = line.trim_end().trim_end_matches('\\').ends_with('"');
    let literals = line.split('"').skip(1).chain(opened.then_some(next.trim_start()));
    path.starts_with("server/src/")
        && !exempt(path, &SQL_HOMES)
        && literals.into_iter().any(begins_statement)
}

fn begins_statement(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    if lower.strip_prefix("with ").is_some_and(|rest| rest.contains(" as (")) {
        return true;
    }
    STATEMENTS.iter().filter_map(|word| lower.strip_prefix(word)).any(|rest| {
        // What follows is a space, or the end of the line, written out or real.
        [" ", "\\n", "\\"].iter().any(|end| rest.starts_with(end)) || rest.is_empty()
    })
}

/// Whether a line has a note to do something that names no issue.
pub(super) fn unowned(line: &str) -> bool {
    let note = ["TODO", "FIXME", "XXX"].iter().any(|word| names(line, word));
    let owned = line.split('#').skip(1).any(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    note && !owned
}

/// Whether the line holds a name that begins with the word, not merely a part of another name.
fn names(line: &str, word: &str) -> bool {
    let before = |place: usize| line[..place].chars().next_back();
    line.match_indices(word)
        .any(|(place, _)| !before(place).is_some_and(|c| c.is_alphabetic() || c == '_'))
}

fn exempt(path: &str, patterns: &[&str]) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    patterns.iter().any(|pattern| match (pattern.starts_with('/'), pattern.contains('/')) {
        (true, _) => path.contains(pattern),
        (false, true) => path.starts_with(pattern),
        (false, false) => name == *pattern,
    })
}
