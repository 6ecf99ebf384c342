//! What lies in the database: sealed, each cell for itself.

use crate::common::rows;
use crate::desk::{canaries, deliver, files, number, places, seen, story};
use takings::v1::GetCustomerRequest;
use takings::v1::revenue_service_server::RevenueService;
use takings_server::app::App;
use takings_server::config::Config;
use takings_server::db::Database;
use takings_server::ingest::{Writer, WriterOptions};
use takings_server::revenue::RevenueApi;
use takings_server::revenue::intake;
use tokio::task::JoinSet;
use tonic::{Code, Request, Status};

/// Reads customers and replays events over a database.
pub(crate) struct Reader {
    pub(crate) api: RevenueApi,
    pub(crate) app: std::sync::Arc<App>,
    _writer: JoinSet<()>,
}

impl Reader {
    pub(crate) fn new(database: &Database) -> Reader {
        let (writer, work) = Writer::new(database.clone(), WriterOptions::default());
        let mut tasks = JoinSet::new();
        tasks.spawn(work);
        let app = App::new(Config::default(), database.clone(), writer).unwrap();
        Reader { api: RevenueApi::new(app.clone()), app, _writer: tasks }
    }

    /// Name and email of a customer.
    pub(crate) async fn customer(&self, id: &str) -> Result<(String, String), Status> {
        let asked = GetCustomerRequest { customer_id: id.into(), source: String::new() };
        let found = self.api.get_customer(Request::new(asked)).await?.into_inner();
        let customer = found.customer.unwrap();
        Ok((customer.name, customer.email))
    }

    /// Whether an event's body can be read again.
    pub(crate) async fn replays(&self, event: &str) -> bool {
        intake::replay(&self.app, 1, event).await.is_ok()
    }
}

pub(crate) async fn run(database: &Database, statement: &str) {
    use sea_orm::ConnectionTrait;
    database.write.execute_unprepared(statement).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_name_and_no_address_lies_readable_in_any_file() {
    let (place, events) = (crate::common::place::Place::sqlite(), story());
    let database = place.open().await;
    deliver(&database, &events).await;
    let canaries = canaries(&events);
    assert!(
        !seen(&canaries, &events.iter().flat_map(|it| it.body.clone()).collect::<Vec<_>>())
            .is_empty()
    );
    let files = files(&place);
    let names: Vec<String> =
        files.iter().map(|it| it.extension().unwrap().to_string_lossy().into()).collect();
    for expected in ["db", "db-wal", "keys", "master"] {
        assert!(names.iter().any(|name| name == expected), "{names:?}");
    }
    for file in files {
        let found = seen(&canaries, &std::fs::read(&file).unwrap());
        assert!(found.is_empty(), "{}: {found:?}", file.display());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_row_of_postgresql_holds_a_readable_name_or_address() {
    let Some(place) = crate::common::place::Place::postgres("privacy_canaries") else { return };
    let (database, events) = (place.open().await, story());
    deliver(&database, &events).await;
    let canaries = canaries(&events);
    let tables = rows(
        &database,
        "select format('%I.%I', table_schema, table_name) as name from information_schema.tables
         where table_schema in ('public', 'takings_keys')",
    );
    for table in tables.await {
        let table: String = table.try_get("", "name").unwrap();
        let text = rows(&database, &format!("select coalesce(string_agg(t::text, ' '), '') as all_of_it, \
            coalesce(string_agg(encode(convert_to(t::text, 'utf8'), 'hex'), ' '), '') from {table} t")).await;
        let text: String = text[0].try_get("", "all_of_it").unwrap();
        let hex: std::collections::BTreeSet<String> = canaries
            .iter()
            .map(|it| it.bytes().map(|byte| format!("{byte:02x}")).collect())
            .collect();
        assert!(seen(&canaries, text.as_bytes()).is_empty(), "{table}");
        assert!(seen(&hex, text.as_bytes()).is_empty(), "{table}, in bytes");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_customer_is_read_as_stripe_told_and_every_body_can_be_read_again() {
    for place in places("privacy_reads") {
        let (database, events) = (place.open().await, story());
        deliver(&database, &events).await;
        let reader = Reader::new(&database);
        for event in &events {
            assert!(reader.replays(&event.id).await, "{}", event.id);
        }
        let plain =
            "select count(*) as n from customers where personal like '%@%' or personal is null";
        assert_eq!(number(&database, plain).await, 0);
        let ids = rows(&database, "select id from customers").await;
        for row in ids {
            let id: String = row.try_get("", "id").unwrap();
            let (name, email) = reader.customer(&id).await.unwrap();
            assert!(!name.is_empty() && email.ends_with("@example.com"), "{id}: {name} {email}");
        }
        // A process that knows no key yet reads the same.
        let (again, id) = (Reader::new(&place.open().await), "select min(id) as id from customers");
        let id: String = rows(&database, id).await[0].try_get("", "id").unwrap();
        assert_eq!(again.customer(&id).await.unwrap(), reader.customer(&id).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_moved_to_another_row_is_refused() {
    for place in places("privacy_moved") {
        let (database, events) = (place.open().await, story());
        deliver(&database, &events).await;
        let reader = Reader::new(&database);
        let ids = rows(&database, "select id from customers order by id limit 2").await;
        let ids: Vec<String> = ids.iter().map(|row| row.try_get("", "id").unwrap()).collect();
        let swap = format!(
            "update customers set personal = (select personal from customers where id = '{}')
             where id = '{}'",
            ids[0], ids[1]
        );
        run(&database, &swap).await;
        assert_eq!(reader.customer(&ids[1]).await.unwrap_err().code(), Code::Internal);
        assert!(reader.customer(&ids[0]).await.is_ok());
        let bodies = "select e.event_id as id, e.seq as seq from webhook_events e
             join webhook_bodies b on b.seq = e.seq where b.key is not null order by e.seq limit 2";
        let bodies = rows(&database, bodies).await;
        let seq: Vec<i64> = bodies.iter().map(|row| row.try_get("", "seq").unwrap()).collect();
        for column in ["body", "key"] {
            run(
                &database,
                &format!(
                    "update webhook_bodies set {column} = (select {column} from webhook_bodies
                 where seq = {}) where seq = {}",
                    seq[0], seq[1]
                ),
            )
            .await;
            let id: String = bodies[1].try_get("", "id").unwrap();
            assert!(!reader.replays(&id).await, "{column} moved");
        }
    }
}
