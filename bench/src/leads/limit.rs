//! The limit of captures: the bare inserts of the rows that a run left, with as many seals. Keys are
//! durable before what is sealed under them, as ours.

use crate::copy::{open, push, select};
use crate::load::start;
use sea_orm::QueryResult;
use takings_core::privacy::{Key, seal};
use takings_server::db::Type::{Bytes, Int, Text};
use takings_server::db::{Cell, Database, Insert, Query, Rows};

/// What a capture leaves beside a key: one row of each.
static TABLES: [(Insert, Push); 7] = [
    (
        Insert::new(
            "intents",
            &[
                ("request_id", Text),
                ("method", Text),
                ("content_hash", Text),
                ("state", Text),
                ("answer", Bytes),
                ("created_at", Int),
                ("updated_at", Int),
            ],
            "",
        ),
        push::<7>,
    ),
    (
        Insert::new(
            "leads",
            &[
                ("id", Text),
                ("email_index", Text),
                ("personal", Text),
                ("source", Text),
                ("campaign", Text),
                ("referrer_host", Text),
                ("verdict", Text),
                ("reasons", Text),
                ("stage", Text),
                ("unsubscribe_hash", Text),
                ("captured_at", Int),
                ("recorded_at", Int),
                ("updated_at", Int),
            ],
            "",
        ),
        push::<13>,
    ),
    (Insert::new("people", &[("subject", Text), ("email_index", Text)], ""), push::<2>),
    (
        Insert::new(
            "lead_profiles",
            &[("id", Text), ("lead", Text), ("said", Text), ("said_at", Int), ("recorded_at", Int)],
            "",
        ),
        push::<5>,
    ),
    (
        Insert::new(
            "lead_activities",
            &[
                ("id", Text),
                ("lead", Text),
                ("kind", Text),
                ("attributes", Text),
                ("occurred_at", Int),
                ("recorded_at", Int),
            ],
            "",
        ),
        push::<6>,
    ),
    (
        Insert::new(
            "lead_steps",
            &[
                ("id", Text),
                ("lead", Text),
                ("stepped_at", Int),
                ("recorded_at", Int),
                ("rule", Text),
                ("stage", Text),
            ],
            "",
        ),
        push::<6>,
    ),
    (
        Insert::new(
            "changed_people",
            &[("email_index", Text), ("mark", Int)],
            "on conflict (email_index) do nothing",
        ),
        push::<2>,
    ),
];

/// Their keys.
static KEYS: Insert = Insert::new(
    "takings_keys.keys",
    &[("subject", Text), ("master", Text), ("wrapped", Bytes), ("under", Text)],
    "on conflict (subject) do nothing",
);

static ALL_KEYS: Query = Query::new(
    "bench_keys",
    "select subject, master, wrapped, under from takings_keys.keys where subject like 'lead:%'",
    &[],
);

type Push = fn(&Insert, &QueryResult, &mut Rows) -> anyhow::Result<()>;

/// How many cells of a capture are sealed, its key's own among them, and how long they are.
const SEALS: usize = 4;
const SEALED: usize = 120;

/// Inserts the rows of a run into an empty database, so many captures a transaction; answers captures
/// a second.
pub(super) async fn inserts(from: &str, to: &str, batch: usize) -> anyhow::Result<f64> {
    let source = open(from).await?;
    let mut stored = Vec::new();
    for (insert, push) in &TABLES {
        let rows = select(&source, &format!("select * from {}", insert.table)).await?;
        let mut batches = Vec::new();
        for some in rows.chunks(batch) {
            let mut cells = Rows::default();
            some.iter().try_for_each(|row| push(insert, row, &mut cells))?;
            batches.push(cells);
        }
        stored.push((insert, batches));
    }
    let keys = keys(&source, batch).await?;
    let captures = select(&source, "select id from leads").await?.len();
    let database = open(to).await?;
    let mut conn = database.conn().await?;
    let begun = start();
    for place in 0..captures.div_ceil(batch) {
        for number in 0..batch * SEALS {
            std::hint::black_box(seal(&Key::new([number as u8; 32]), [0; 12], b"x", &[7; SEALED]));
        }
        let mut tx = conn.begin().await?;
        if let Some(keys) = keys.get(place) {
            tx.insert_keys(&KEYS, keys).await?;
        }
        for (insert, batches) in &stored {
            if let Some(rows) = batches.get(place) {
                tx.insert(insert, rows).await?;
            }
        }
        tx.commit().await?;
    }
    Ok(captures as f64 / begun.elapsed().as_secs_f64())
}

async fn keys(source: &Database, batch: usize) -> anyhow::Result<Vec<Rows>> {
    let mut conn = source.conn().await?;
    let mut tx = conn.begin().await?;
    let keys = tx.read_keys(&ALL_KEYS, &Rows::default()).await?;
    tx.rollback().await?;
    let mut batches = Vec::new();
    for some in keys.chunks(batch) {
        let mut cells = Rows::default();
        for key in some {
            let [subject, master] = [key.text(0)?, key.text(1)?].map(Cell::from);
            cells.push([subject, master, key.bytes(2)?.into(), key.text(3)?.into()]);
        }
        batches.push(cells);
    }
    Ok(batches)
}
