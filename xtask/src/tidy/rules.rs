//! The rules themselves: where they hold, what breaks them, why.

/// Words that no committed text may hold, in halves, so that this file holds none of them.
pub(super) const TEXT_RULES: [([&str; 2], &str); 2] = [
    (["/work", "/"], "a path of some machine: name files from the project's root"),
    (["/tmp/", "wt/"], "a path of some machine: name files from the project's root"),
];

/// A rule about lines of code.
pub(super) struct Rule {
    /// Paths it holds for begin so.
    inside: &'static str,
    /// Paths that hold one of these are exempt.
    except: &'static [&'static str],
    /// A line with one of these breaks it.
    words: &'static [&'static str],
    /// Why.
    pub(super) reason: &'static str,
}

impl Rule {
    /// Whether the rule holds for a file.
    pub(super) fn applies(&self, path: &str) -> bool {
        path.starts_with(self.inside) && !self.except.iter().any(|part| path.contains(part))
    }

    /// Whether a line breaks it.
    pub(super) fn breaks(&self, line: &str) -> bool {
        let lower = line.to_ascii_lowercase();
        self.words.iter().any(|word| lower.contains(word))
    }
}

/// Every rule about lines.
pub(super) fn rules() -> Vec<Rule> {
    vec![
        Rule {
            inside: "core/src/",
            except: &[],
            words: &[
                "tokio::",
                "sea_orm",
                "sqlx",
                "tonic",
                "prost",
                "takings::",
                "takings_server",
                "takings_simulator",
                "systemtime",
                "std::time::instant",
                "std::env",
                "async fn",
                "std::fs",
                "std::net",
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
            inside: "server/src/",
            except: &["server/src/cli/demo"],
            words: &["takings_simulator"],
            reason: "the server depends on the simulator in `demo` alone",
        },
        Rule {
            inside: "server/src/",
            except: &["service.rs", "convert.rs", "/grpc/", "server/src/error.rs"],
            words: &["takings::"],
            reason: "generated types stop at service.rs, convert.rs, grpc/ and error.rs",
        },
        Rule {
            inside: "server/src/",
            except: &[
                "store.rs",
                "entity.rs",
                "/db/",
                "/jobs/",
                "server/src/error.rs",
                "server/src/ingest/mod.rs",
                "server/src/ingest/writer.rs",
            ],
            words: &["sea_orm", "sqlx::"],
            reason: "SeaORM is named in store.rs, entity.rs, db/ and jobs/ alone",
        },
        Rule {
            inside: "server/src/",
            except: &["/http/"],
            words: &["axum::"],
            reason: "axum is named in http/ alone",
        },
        Rule {
            inside: "server/src/",
            except: &["store.rs", "/db/", "/jobs/"],
            words: &[
                "\"select ",
                "\"insert into ",
                "\"update ",
                "\"delete from ",
                "\"create table ",
            ],
            reason: "SQL stands in store.rs, db/ and jobs/",
        },
        Rule {
            inside: "server/src/",
            except: &[
                "/analytics/",
                "/telemetry/",
                "/grpc/",
                "server/src/ingest/writer.rs",
                "server/src/db/tx.rs",
            ],
            words: &["f64", "f32"],
            reason: "no float near money: ratios and metrics alone are floats",
        },
        Rule {
            inside: "core/src/",
            except: &["core/src/metrics/"],
            words: &["f64", "f32"],
            reason: "no float near money: statistics live in core/src/metrics",
        },
        Rule {
            inside: "",
            except: &["xtask/src/tidy"],
            words: &["todo:", "fixme", "todo "],
            reason: "no note to do something without its issue",
        },
    ]
}
