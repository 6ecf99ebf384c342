//! The master key rotates while processes capture, score, read and take webhooks in: no call fails,
//! and only the new key is needed after.

use crate::cells::Reader;
use crate::common::door::Door;
use crate::common::options;
use crate::common::place::Place;
use crate::common::process::{Takings, command};
use crate::desk::{crowd, places};
use crate::starts::beside;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use takings::v1::lead_service_client::LeadServiceClient;
use takings::v1::{
    CaptureLeadRequest, GetLeadRequest, Lead, LeadProfile, RecordLeadActivityRequest,
    ScoreLeadRequest,
};
use takings_server::db::{Database, Options};
use takings_server::privacy::{MasterSource, wrapped};
use takings_simulator::SimEvent;
use tokio::task::{JoinSet, spawn_blocking};
use tonic::transport::Channel;
use uuid::Uuid;

/// What is done at the same time.
const KINDS: [&str; 4] = ["captures", "scores", "reads", "webhooks"];

/// What a load has done so far.
struct Load {
    stop: AtomicBool,
    done: [AtomicUsize; 4],
    leads: Mutex<Vec<Lead>>,
    crowd: Vec<SimEvent>,
    next: AtomicUsize,
}

impl Load {
    fn new() -> Load {
        Load {
            stop: AtomicBool::new(false),
            done: Default::default(),
            leads: Mutex::default(),
            crowd: crowd(20_000),
            next: AtomicUsize::new(0),
        }
    }

    fn goes_on(&self, kind: usize) -> bool {
        self.done[kind].fetch_add(1, Relaxed);
        !self.stop.load(Relaxed)
    }

    /// One of the leads so far.
    fn lead(&self, turn: usize) -> Lead {
        let leads = self.leads.lock().unwrap();
        leads[turn.wrapping_mul(7_919) % leads.len()].clone()
    }

    /// Waits until everything was done so many times more.
    async fn proceeds(&self, times: usize) {
        let before: Vec<usize> = self.done.iter().map(|it| it.load(Relaxed)).collect();
        for (kind, before) in before.into_iter().enumerate() {
            for _ in 0..1_200 {
                if self.done[kind].load(Relaxed) >= before + times {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            assert!(self.done[kind].load(Relaxed) >= before + times, "no more {}", KINDS[kind]);
        }
    }
}

type Client = LeadServiceClient<Channel>;

async fn capture(client: &mut Client, load: &Load) {
    let email = format!("lead.{}@example.com", Uuid::new_v4().simple());
    let asked = CaptureLeadRequest {
        profile: Some(LeadProfile { name: format!("Of {email}"), ..Default::default() }),
        email,
        source: "website".into(),
        request_id: Uuid::new_v4().to_string(),
        ..Default::default()
    };
    let made = client.capture_lead(asked).await.unwrap().into_inner().lead.unwrap();
    load.leads.lock().unwrap().push(made);
}

async fn captures(mut client: Client, load: Arc<Load>) {
    while load.goes_on(0) {
        capture(&mut client, &load).await;
    }
}

async fn scores(mut client: Client, load: Arc<Load>) {
    for turn in 0.. {
        if !load.goes_on(1) {
            return;
        }
        let lead_id = load.lead(turn).lead_id;
        let act = RecordLeadActivityRequest {
            lead_id: lead_id.clone(),
            kind: "page".into(),
            attributes: [("path".to_owned(), "/prices".to_owned())].into(),
            request_id: Uuid::new_v4().to_string(),
            ..Default::default()
        };
        client.record_lead_activity(act).await.unwrap();
        let asked = ScoreLeadRequest { lead_id, ..Default::default() };
        let score = client.score_lead(asked).await.unwrap().into_inner();
        assert!(!score.contributions.is_empty());
    }
}

/// A lead is found by its address and says all that it said when it was captured.
async fn is_readable(client: &mut Client, lead: &Lead) {
    let asked = GetLeadRequest { email: lead.email.clone(), ..Default::default() };
    let found = client.get_lead(asked).await.unwrap().into_inner().lead.unwrap();
    assert_eq!((&found.lead_id, &found.email), (&lead.lead_id, &lead.email));
    assert_eq!(found.profile, lead.profile);
}

async fn reads(mut client: Client, load: Arc<Load>) {
    for turn in 0.. {
        if !load.goes_on(2) {
            return;
        }
        is_readable(&mut client, &load.lead(turn)).await;
    }
}

async fn webhooks(mut door: Door, load: Arc<Load>) {
    while load.goes_on(3) {
        let event = &load.crowd[load.next.fetch_add(1, Relaxed)];
        let answer = door.post(&event.body).await.unwrap();
        assert!(answer.acknowledges(), "{}: {answer:?}", event.id);
    }
}

async fn run(server: &Takings, load: &Arc<Load>, tasks: &mut JoinSet<()>) {
    let client = LeadServiceClient::new(server.channel().await);
    // Something to read.
    capture(&mut client.clone(), load).await;
    for _ in 0..2 {
        tasks.spawn(captures(client.clone(), load.clone()));
        tasks.spawn(scores(client.clone(), load.clone()));
        tasks.spawn(reads(client.clone(), load.clone()));
        tasks.spawn(webhooks(Door::connect(server.http).await.unwrap(), load.clone()));
    }
}

/// A place whose master keys are in a file.
struct Kept {
    place: Place,
    keys: PathBuf,
    _folder: tempfile::TempDir,
}

impl Kept {
    /// SQLite's first start makes the file; PostgreSQL is given one.
    fn of(place: Place) -> Kept {
        let folder = tempfile::tempdir().unwrap();
        let keys = match place.url.starts_with("sqlite") {
            true => beside(&place, ".master"),
            false => folder.path().join("master"),
        };
        if !place.url.starts_with("sqlite") {
            fs::write(&keys, takings_testkit::MASTER_KEY).unwrap();
        }
        Kept { place, keys, _folder: folder }
    }

    fn environment(&self) -> Vec<(&str, &str)> {
        let mut all = vec![("TAKINGS__LEADS__DNS", "false")];
        if !self.place.url.starts_with("sqlite") {
            all.push(("TAKINGS__PRIVACY__MASTER_KEY", ""));
            all.push(("TAKINGS__PRIVACY__MASTER_KEY_FILE", self.keys.to_str().unwrap()));
        }
        all
    }

    fn start(&self) -> Takings {
        Takings::start_with(&self.place, &self.environment())
    }

    /// `takings keys rotate`; it must succeed. Answers what it prints.
    async fn rotate(&self) -> String {
        let mut rotate = command(&self.place.url, &self.environment());
        rotate.args(["keys", "rotate"]);
        let output = spawn_blocking(move || rotate.output().unwrap()).await.unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        said
    }

    /// The master keys that there are, the newest first.
    fn masters(&self) -> Vec<String> {
        fs::read_to_string(&self.keys).unwrap().lines().map(str::to_owned).collect()
    }

    async fn open(&self) -> Database {
        let mut master = MasterSource::default();
        master.file = Some(self.keys.clone());
        let database = Database::open(&Options { master, ..options(self.place.url.clone()) }).await;
        let database = database.unwrap();
        database.migrate().await.unwrap();
        database
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_master_key_rotates_no_call_of_any_process_fails() {
    for place in places("privacy_load") {
        let kept = Kept::of(place);
        let processes = if kept.place.kind() == "SQLite" { 1 } else { 2 };
        let servers: Vec<Takings> = (0..processes).map(|_| kept.start()).collect();
        let (load, mut tasks) = (Arc::new(Load::new()), JoinSet::new());
        for server in &servers {
            run(server, &load, &mut tasks).await;
        }
        load.proceeds(25).await;
        let first = kept.masters().remove(0);
        let said = kept.rotate().await;
        assert!(said.contains("a new master key was put in front"), "{said}");
        // Every process has seen the new key by the time of the second run.
        tokio::time::sleep(Duration::from_secs(3)).await;
        load.proceeds(25).await;
        let again = kept.rotate().await;
        load.proceeds(25).await;
        load.stop.store(true, Relaxed);
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }
        // What was made between the last run's beginning and the moment a process saw its key.
        kept.rotate().await;
        for server in servers {
            let log = server.kill();
            assert!(!log.contains("ERROR"), "{log}");
        }
        let masters = kept.masters();
        assert_eq!((masters.len(), &masters[3]), (4, &first));
        fs::write(&kept.keys, &masters[0]).unwrap();
        let done = load.done.each_ref().map(|it| it.load(Relaxed));
        all_is_readable(&kept, &load).await;
        println!("{}: {done:?} {KINDS:?} meanwhile\n{said}{again}", kept.place.kind());
    }
}

/// Whatever was stored meanwhile is readable to processes that know the newest key alone.
async fn all_is_readable(kept: &Kept, load: &Load) {
    let server = kept.start();
    let mut client = LeadServiceClient::new(server.channel().await);
    let leads = load.leads.lock().unwrap().clone();
    for lead in &leads {
        is_readable(&mut client, lead).await;
    }
    server.kill();
    let database = kept.open().await;
    let all = wrapped(&database).await.unwrap();
    assert!(all.len() == 1 && all[0].current, "{all:?}");
    let reader = Reader::new(&database);
    for number in 0..load.next.load(Relaxed) {
        let (_, email) = reader.customer(&format!("cus_crowd_{number}")).await.unwrap();
        assert_eq!(email, format!("p{number}@example.com"));
        let event = &load.crowd[number].id;
        assert!(reader.replays(event).await, "{event}");
    }
}
