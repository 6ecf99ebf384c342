//! Yesterday's copy of the data, opened beside today's key store: whoever was erased meanwhile stays
//! erased, and no total changes.

use crate::cells::Reader;
use crate::common::dice::count;
use crate::common::place::Place;
use crate::common::process::Takings;
use crate::common::story::{close, deliver_all, table_counts};
use crate::desk::{crowd, files, key_rows, number, places, story};
use crate::erasures::{customers, totals};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use takings::v1::lead_service_client::LeadServiceClient;
use takings::v1::person_key::Key;
use takings::v1::*;
use takings_server::db::Database;
use takings_server::rebuild::state_hash;
use takings_simulator::SimEvent;
use takings_testkit::PostgresServer;
use tempfile::TempDir;
use tonic::transport::Channel;
use tonic::{Code, Status};
use uuid::Uuid;

/// Somebody who bought, and filled in a form.
#[derive(Clone, Debug)]
struct Somebody {
    customer: String,
    email: String,
    lead: String,
}

type Client = LeadServiceClient<Channel>;

fn start(place: &Place) -> Takings {
    Takings::start_with(place, &[("TAKINGS__LEADS__DNS", "false")])
}

async fn client(server: &Takings) -> Client {
    LeadServiceClient::new(server.channel().await)
}

fn form(email: &str) -> CaptureLeadRequest {
    CaptureLeadRequest {
        email: email.into(),
        source: "website".into(),
        profile: Some(LeadProfile {
            name: "Some Body".into(),
            role: "Head of everything".into(),
            attributes: [("plan".to_owned(), "pro".to_owned())].into(),
            ..Default::default()
        }),
        consent: Some(ConsentRequest {
            purpose: "newsletter".into(),
            text: "Yes".into(),
            ip_address: "198.51.100.7".into(),
            ..Default::default()
        }),
        occurred_time: Some(prost_types::Timestamp { seconds: 1_700_000_000, nanos: 0 }),
        request_id: Uuid::new_v4().to_string(),
        ..Default::default()
    }
}

/// Everybody who bought fills in a form, and looks at prices.
async fn fill_in(database: &Database, client: &mut Client) -> Vec<Somebody> {
    let (reader, mut everybody) = (Reader::new(database), Vec::new());
    for customer in customers(database).await {
        let (_, email) = reader.customer(&customer).await.unwrap();
        let made = client.capture_lead(form(&email)).await.unwrap().into_inner();
        let lead = made.lead.unwrap().lead_id;
        let act = RecordLeadActivityRequest {
            lead_id: lead.clone(),
            kind: "page".into(),
            attributes: [("path".to_owned(), "/prices".to_owned())].into(),
            request_id: Uuid::new_v4().to_string(),
            ..Default::default()
        };
        client.record_lead_activity(act).await.unwrap();
        everybody.push(Somebody { customer, email, lead });
    }
    everybody
}

/// Waits until no job has anything left to do: every mark is settled, and the months were closed.
async fn all_is_done(database: &Database) {
    let open = "select (select count(*) from changed_people) + (select count(*) from changed_sales)
                    + (select count(*) from changed_customers)
                    + (select count(*) from closes where settled = 0)
                    + 1 - (select count(*) from jobs where name = 'close' and run_at > 0)";
    for _ in 0..1_200 {
        if number(database, open).await == 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the jobs still have something to do");
}

/// Everything that is counted or summed up.
#[derive(Debug)]
struct Totals {
    state: String,
    sums: Vec<i64>,
    rows: BTreeMap<String, i64>,
    leads: GetLeadAnalyticsResponse,
}

impl Totals {
    /// Compares part by part, so that a difference is seen.
    fn must_be(&self, before: &Totals) {
        assert_eq!(self.rows, before.rows);
        assert_eq!(self.sums, before.sums);
        assert_eq!(self.leads, before.leads);
        assert_eq!(self.state, before.state);
    }
}

async fn everything(database: &Database, client: &mut Client) -> Totals {
    let as_of_time = Some(prost_types::Timestamp { seconds: 1_790_000_000, nanos: 0 });
    let asked = GetLeadAnalyticsRequest { as_of_time, ..Default::default() };
    let mut rows = table_counts(database).await;
    // By what people are found, what notes erasures, and the numbers of transactions.
    for own in ["people", "privacy", "loose_bodies", "batches"] {
        rows.remove(own);
    }
    Totals {
        state: state_hash(database).await.unwrap().to_string(),
        sums: totals(database).await,
        rows,
        leads: client.get_lead_analytics(asked).await.unwrap().into_inner(),
    }
}

async fn erase(client: &mut Client, gone: &[Somebody]) {
    for it in gone {
        let person = PersonKey { key: Some(Key::Email(it.email.clone())), source: String::new() };
        let erase =
            ErasePersonRequest { person: Some(person), request_id: Uuid::new_v4().to_string() };
        let erased = client.erase_person(erase).await.unwrap().into_inner();
        assert_eq!(erased.subject_count, 2, "{}: the lead and the customer", it.email);
    }
}

/// A copy of the data, without the key store.
enum Copy {
    Files(TempDir),
    Dump(TempDir),
}

/// A program of PostgreSQL, asked about a database.
fn tool(name: &str, url: &str) -> Command {
    let server = PostgresServer::shared(name).unwrap();
    let folder = server.query("postgres", "select setting from pg_config where name = 'BINDIR'");
    let mut command = Command::new(Path::new(&folder).join(name));
    command.args(["-d", url]);
    command
}

fn done(mut command: Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn dump(url: &str, what: &str, into: &Path) {
    let mut dump = tool("pg_dump", url);
    dump.arg(what).arg("-f").arg(into);
    done(dump);
}

fn load(url: &str, from: &Path) {
    let mut load = tool("psql", url);
    load.args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f"]).arg(from);
    done(load);
}

impl Copy {
    fn of(place: &Place) -> Copy {
        let folder = tempfile::tempdir().unwrap();
        if place.url.starts_with("postgres") {
            dump(&place.url, "--exclude-schema=takings_keys", &folder.path().join("data"));
            return Copy::Dump(folder);
        }
        let is_key = |file: &Path| {
            let name = file.file_name().unwrap().to_string_lossy().into_owned();
            name.contains(".keys") || name.contains(".master")
        };
        for file in files(place).iter().filter(|file| !is_key(file)) {
            fs::copy(file, folder.path().join(file.file_name().unwrap())).unwrap();
        }
        Copy::Files(folder)
    }

    /// Puts it beside the key store of a place as it is now.
    fn restore(&self, place: Place, name: &str) -> Place {
        match self {
            Copy::Files(folder) => {
                let file = PathBuf::from(place.url.trim_start_matches("sqlite://"));
                for ending in ["", "-wal", "-shm"] {
                    let _ = fs::remove_file(format!("{}{ending}", file.display()));
                }
                for copied in fs::read_dir(folder.path()).unwrap() {
                    let copied = copied.unwrap().path();
                    fs::copy(&copied, file.with_file_name(copied.file_name().unwrap())).unwrap();
                }
                place
            }
            Copy::Dump(folder) => {
                let restored = Place::postgres(name).unwrap();
                load(&restored.url, &folder.path().join("data"));
                let keys = folder.path().join("keys");
                dump(&place.url, "--schema=takings_keys", &keys);
                load(&restored.url, &keys);
                restored
            }
        }
    }
}

fn code<T>(answer: Result<T, Status>) -> Code {
    answer.err().map_or(Code::Ok, |status| status.code())
}

async fn get(client: &mut Client, by: GetLeadRequest) -> Result<Lead, Status> {
    Ok(client.get_lead(by).await?.into_inner().lead.unwrap())
}

/// Nothing that is asked tells of somebody.
async fn is_gone(client: &mut Client, it: &Somebody) {
    let by_id = GetLeadRequest { lead_id: it.lead.clone(), ..Default::default() };
    let found = get(client, by_id).await.unwrap();
    assert_eq!((found.email.as_str(), found.profile), ("", Some(LeadProfile::default())));
    let by_email = GetLeadRequest { email: it.email.clone(), ..Default::default() };
    assert_eq!(code(get(client, by_email).await), Code::NotFound, "{}", it.email);
    let person = PersonKey { key: Some(Key::Email(it.email.clone())), source: String::new() };
    let held = client.export_person(ExportPersonRequest { person: Some(person) }).await;
    assert_eq!(code(held), Code::NotFound, "{}", it.email);
    let again = client.capture_lead(form(&it.email)).await;
    assert_eq!(code(again), Code::FailedPrecondition, "{}", it.email);
}

async fn is_here(client: &mut Client, it: &Somebody) {
    let by_email = GetLeadRequest { email: it.email.clone(), ..Default::default() };
    let found = get(client, by_email).await.unwrap();
    assert_eq!((&found.lead_id, &found.email), (&it.lead, &it.email));
    assert_eq!(found.profile, form(&it.email).profile);
}

/// How many bodies cannot be read; those about the erased, and no others.
async fn unreadable(database: &Database, events: &[SimEvent], gone: &[Somebody]) -> usize {
    let (reader, mut unreadable) = (Reader::new(database), 0);
    let names: Vec<String> = gone.iter().map(|it| format!("\"{}\"", it.customer)).collect();
    for event in events {
        let body = String::from_utf8_lossy(&event.body);
        let about_gone = names.iter().any(|name| body.contains(name));
        let readable = reader.replays(&event.id).await;
        assert!(!(about_gone && readable), "{} can be read", event.id);
        unreadable += usize::from(!readable);
    }
    unreadable
}

/// How many rows still have something sealed in them that somebody of the erased said.
async fn sealed_rows(database: &Database, gone: &[Somebody]) -> i64 {
    let leads: Vec<String> = gone.iter().map(|it| format!("'{}'", it.lead)).collect();
    let leads = leads.join(",");
    let mut rows = 0;
    for (table, column, id) in [
        ("leads", "coalesce(personal, email_index)", "id"),
        ("lead_profiles", "said", "lead"),
        ("lead_activities", "attributes", "lead"),
        ("consent_facts", "evidence", "lead"),
        ("outbox", "secret", "lead"),
    ] {
        let query = format!(
            "select count(*) from {table} where {column} is not null and {id} in ({leads})"
        );
        rows += number(database, &query).await;
    }
    rows
}

/// How many keys there are of some people: without them, nobody can open what a copy holds.
fn keys(place: &Place, database: &Database, people: &[Somebody]) -> usize {
    let kept = "select subject from takings_keys.keys where wrapped is not null";
    let kept: BTreeSet<String> = key_rows(place, database, kept).into_iter().collect();
    let names = people
        .iter()
        .flat_map(|it| [format!("lead:{}", it.lead), format!("customer:1:{}", it.customer)]);
    names.filter(|name| kept.contains(name)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_copy_of_the_data_says_nothing_of_who_was_erased_since() {
    let erased = count(50, 1_000);
    let events = Arc::new([story(), crowd(erased + 5)].concat());
    for place in places("privacy_yesterday") {
        let (server, database) = (start(&place), place.open().await);
        deliver_all(server.http, &events, 4).await;
        let everybody = fill_in(&database, &mut client(&server).await).await;
        all_is_done(&database).await;
        let (stay, gone) = everybody.split_at(everybody.len() - erased);
        // The business itself, and its customers, are among those who go.
        let gone = [&stay[5..], gone].concat();
        let stay = &stay[..5];
        let before = everything(&database, &mut client(&server).await).await;
        assert!(before.sums[0] != 0 && !before.leads.cohorts.is_empty(), "{before:?}");
        assert!(sealed_rows(&database, &gone).await >= 4 * gone.len() as i64);
        server.kill();
        close(database).await;
        let yesterday = Copy::of(&place);

        let server = start(&place);
        erase(&mut client(&server).await, &gone).await;
        server.kill();
        let restored = yesterday.restore(place, "privacy_restored");

        let server = start(&restored);
        let log = server.log();
        let (emptied, serves) = (log.find("is emptied again"), log.find("serving"));
        assert!(emptied.is_some() && emptied < serves, "it is emptied before it serves: {log}");
        let database = restored.open().await;
        assert_eq!(sealed_rows(&database, &gone).await, 0);
        let erased = "select count(*) from leads where erased_at is not null";
        assert_eq!(number(&database, erased).await, gone.len() as i64);
        let left = [&gone, stay].map(|people| keys(&restored, &database, people));
        assert_eq!(left, [0, 2 * stay.len()]);
        let mut asked = client(&server).await;
        for it in &gone {
            is_gone(&mut asked, it).await;
        }
        for it in stay {
            is_here(&mut asked, it).await;
        }
        let bodies = unreadable(&database, &events, &gone).await;
        everything(&database, &mut asked).await.must_be(&before);
        println!(
            "{}: {} of {} persons erased: {bodies} of {} bodies unreadable in yesterday's copy",
            restored.kind(),
            gone.len(),
            everybody.len(),
            events.len()
        );
    }
}
