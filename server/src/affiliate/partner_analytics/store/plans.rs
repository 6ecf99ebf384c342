//! No question about a partner goes through everybody's clicks.

use super::{FIRST_CLICK, clicks_of, first_of_links};
use crate::affiliate::partner_analytics::Scope;
use crate::db::{Database, Kind, Options};
use crate::privacy::MasterSource;
use sea_orm::{ConnectionTrait, Value};
use takings_core::time::{Range, Timestamp};
use takings_testkit::{PostgresServer, master_key};

/// A database with 20,000 clicks of 200 partners, each of whom has a link.
async fn crowded(url: String) -> Database {
    let master = master_key(&url).map(MasterSource::of).unwrap_or_default();
    let database = Database::open(&Options { master, ..Options::new(url) }).await.unwrap();
    database.migrate().await.unwrap();
    for statement in [
        "with recursive n(i) as (select 0 union all select i + 1 from n where i < 199)
         insert into affiliate_links (id, code, code_key, program, partner, campaign, created_at)
         select 'lnk_' || i, 'c' || i, 'c' || i, 'prg_1', 'prt_' || i, '', 0 from n",
        "with recursive n(i) as (select 0 union all select i + 1 from n where i < 19999)
         insert into clicks (id, link, program, partner, clicked_at, recorded_at, outcome, signals)
         select 'clk_' || i, 'lnk_' || (i % 200), 'prg_1', 'prt_' || (i % 200), i, i, 'valid', ''
         from n",
        "analyze",
    ] {
        database.write.execute_unprepared(statement).await.unwrap();
    }
    database
}

/// How a database goes about a query.
async fn plan(database: &Database, (text, values): (String, Vec<Value>)) -> String {
    let (explain, column) = match database.kind {
        Kind::Sqlite => ("explain query plan", "detail"),
        Kind::Postgres => ("explain", "QUERY PLAN"),
    };
    let rows = database.fetch("plan", format!("{explain} {text}"), values).await.unwrap();
    let lines = rows.iter().map(|row| row.try_get::<String>("", column).unwrap());
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn the_clicks_of_a_partner_are_found_by_links_and_time() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite://{}", folder.path().join("t.db").display());
    let server = PostgresServer::shared("partner_plans");
    let postgres = server.map(|server| server.database("partner_plans"));
    let scope = Scope { program: "prg_1".into(), partner: Some("prt_7".into()), link: None };
    let day = |from| Range { start: Timestamp(from), end: Timestamp(from + 500) };
    for url in [Some(sqlite), postgres].into_iter().flatten() {
        let database = crowded(url).await;
        for query in [clicks_of(&scope, &[day(0), day(500)]), first_of_links(&scope, FIRST_CLICK)] {
            let plan = plan(&database, query).await;
            assert!(plan.contains("clicks_link"), "{plan}");
            for scan in ["SCAN c", "Seq Scan on clicks"] {
                assert!(plan.lines().all(|line| !scans(line, scan)), "{plan}");
            }
        }
    }
}

/// Whether a line of a plan is a scan of all clicks.
fn scans(line: &str, scan: &str) -> bool {
    line.contains(scan) && !line.contains("USING")
}
