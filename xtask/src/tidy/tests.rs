use super::file;

/// Each of these lines breaks one rule where it stands.
const BROKEN: [(&str, &str); 26] = [
    ("core/src/a.rs", "use tokio::net;"),
    ("core/src/a.rs", "use sea_orm::DbErr;"),
    ("core/src/a.rs", "let at = std::time::SystemTime::now();"),
    ("core/src/a.rs", "use std::time::Instant;"),
    ("core/src/a.rs", "pub async fn fetch() {}"),
    ("core/src/a.rs", "use takings::v1::Money;"),
    ("core/src/money.rs", "fn share() -> f64 {"),
    ("simulator/src/world.rs", "use takings_core::money::Money;"),
    ("simulator/src/world.rs", "let amount = 1.0f64;"),
    ("server/src/analytics/mod.rs", "use takings::v1::Money;"),
    ("server/src/revenue/service.rs", "use sea_orm::DbErr;"),
    ("server/src/revenue/service.rs", "use axum::Router;"),
    ("server/src/revenue/service.rs", "let q = \"select id from x\";"),
    ("server/src/revenue/service.rs", "let q = \"SELECT\n  id from x\";"),
    ("server/src/revenue/service.rs", "let q = r#\"\n  insert into x values (1)\"#;"),
    ("server/src/revenue/service.rs", "let q = \"\\\n  delete from x\";"),
    ("server/src/revenue/bookstore.rs", "let q = \"update x set y = 1\";"),
    ("server/src/revenue/mod.rs", "let q = \"with paid as (select 1) select * from paid\";"),
    ("server/src/revenue/mod.rs", "let q = \"create unique index x on y (z)\";"),
    ("migrations/src/m0001.rs", "use takings_core::money::Money;"),
    ("server/src/serve.rs", "use takings_simulator::play;"),
    ("server/src/ledger/mod.rs", "fn share() -> f64 {"),
    ("server/src/ingest/apply.rs", "fn run(on: &DatabaseTransaction) {}"),
    ("server/src/ledger/mod.rs", "// TODO: later"),
    ("server/tests/all.rs", "// FIXME(me) later"),
    ("bench/src/main.rs", "// XXX later"),
];

/// None of these breaks any.
const SOUND: [(&str, &str); 17] = [
    ("core/src/a.rs", "// use tokio::net;"),
    ("core/src/a.rs", "let span = 1; // no tokio here"),
    ("core/src/a.rs", "use crate::partakings::Part;"),
    ("core/src/metrics/ratio.rs", "fn share() -> f64 {"),
    ("server/src/analytics/convert.rs", "use takings::v1::Money;"),
    ("server/src/analytics/convert/values.rs", "use takings::v1::Money;"),
    ("server/src/grpc/mod.rs", "use takings::v1::Money;"),
    ("server/src/revenue/store.rs", "let q = \"select id from x\";\nuse sea_orm::DbErr;"),
    ("server/src/revenue/mod.rs", "let kind = \"selected\"; let text = \"updates\";"),
    ("server/src/revenue/mod.rs", "let text = \"with no payments\"; let id = \"sub_XXX\";"),
    ("migrations/src/m0001.rs", "let q = \"create index x on y (z)\";"),
    ("server/src/http/mod.rs", "use axum::Router;"),
    ("server/src/cli/demo.rs", "use takings_simulator::play;"),
    ("server/src/cli/demo/show.rs", "use takings_simulator::play;"),
    ("server/src/ledger/mod.rs", "// TODO(#12): later"),
    ("server/tests/all.rs", "use sea_orm::DbErr; let q = \"select 1.5\"; let x: f64;"),
    ("client-sdk/rust/src/v1.rs", "let x: f64; // TODO"),
];

#[test]
fn every_rule_finds_what_breaks_it() {
    for (path, text) in BROKEN {
        let found = file(path, text);
        assert_eq!(found.len(), 1, "{path}: {text}: {found:?}");
        assert!(found[0].starts_with(&format!("{path}:1: ")), "{found:?}");
    }
}

#[test]
fn no_rule_finds_what_is_sound() {
    for (path, text) in SOUND {
        assert_eq!(file(path, text), Vec::<String>::new(), "{path}: {text}");
    }
}

#[test]
fn test_modules_may_import_what_they_like_and_what_follows_them_may_not() {
    let inline = "#[cfg(test)]\nmod tests {\n    fn now() {}\n    use std::env;\n}\n";
    assert_eq!(file("core/src/a.rs", inline), Vec::<String>::new());
    let after = format!("{inline}use std::env;\n");
    assert!(file("core/src/a.rs", &after)[0].starts_with("core/src/a.rs:6: "));
    let apart = "#[cfg(test)]\nmod tests;\nuse std::env;\n";
    assert!(file("core/src/a.rs", apart)[0].starts_with("core/src/a.rs:3: "));
}

#[test]
fn a_file_has_a_longest_length() {
    assert_eq!(file("core/src/a.rs", &"\n".repeat(400)).len(), 0);
    assert_eq!(file("core/src/a.rs", &"\n".repeat(401)).len(), 1);
    assert_eq!(file("core/tests/a.rs", &"\n".repeat(600)).len(), 0);
    assert_eq!(file("core/tests/a.rs", &"\n".repeat(601)).len(), 1);
}

#[test]
fn a_manifest_obeys_the_workspace_and_no_text_names_a_machine() {
    assert_eq!(file("core/Cargo.toml", "[package]\n").len(), 1);
    assert_eq!(file("core/Cargo.toml", "[lints]\nworkspace = true\n").len(), 0);
    let path = ["see /work", "/main"].concat();
    assert_eq!(
        file("docs/API.md", &format!("\n{path}\n"))[0].split(": ").next(),
        Some("docs/API.md:2")
    );
}
