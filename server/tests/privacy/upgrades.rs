//! Data of an earlier release, in which personal data lay readable, is sealed by the first start.

use crate::cells::{Reader, run};
use crate::common::rows;
use crate::common::story::close;
use crate::desk::{deliver, number, places, story};
use takings_server::db::Kind;
use takings_server::privacy::{By, export};

const OLD: &str = r#"{"name":"Old Canary","email":"old.canary@example.com"}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lay_readable_is_sealed_and_read_as_before() {
    for place in places("privacy_upgrades") {
        let (database, events) = (place.open().await, story());
        deliver(&database, &events).await;
        let id = rows(&database, "select min(id) as id from customers").await;
        let id: String = id[0].try_get("", "id").unwrap();
        for event in &events {
            let hex: String = event.body.iter().map(|byte| format!("{byte:02x}")).collect();
            let bytes = match database.kind {
                Kind::Sqlite => format!("x'{hex}'"),
                Kind::Postgres => format!("'\\x{hex}'"),
            };
            run(
                &database,
                &format!(
                    "update webhook_bodies set codec = 0, key = null, key_id = null, body = {bytes}
                     where seq = (select seq from webhook_events where event_id = '{}')",
                    event.id
                ),
            )
            .await;
        }
        for statement in [
            format!("update customers set personal = '{OLD}' where id = '{id}'"),
            format!("update facts set personal = '{OLD}' where object = '{id}'"),
            "insert into partners (id, program, name, email, email_key, payout_method, payout_account,
                created_at, updated_at) values ('prt_1', 'prg_1', 'Anna', 'anna@partners.example',
                'k', 'paypal', 'pay@partners.example', 0, 0)".to_owned(),
            "insert into intents (request_id, method, content_hash, state, calls, created_at,
                updated_at) values ('r1', 'CreateCustomer', 'h', 'open', '[\"anna\"]', 0, 0)".to_owned(),
            "delete from people".to_owned(),
            "delete from loose_bodies".to_owned(),
            "delete from privacy where name = 'sealed'".to_owned(),
        ] {
            run(&database, &statement).await;
        }
        close(database).await;
        let database = place.open().await;
        let reader = Reader::new(&database);
        let old = ("Old Canary".to_owned(), "old.canary@example.com".to_owned());
        assert_eq!(reader.customer(&id).await.unwrap(), old);
        for event in &events {
            assert!(reader.replays(&event.id).await, "{}", event.id);
        }
        for (table, readable) in [
            ("customers", "personal like '{%'"),
            ("facts", "personal like '{%'"),
            ("webhook_bodies", "key_id is null"),
            ("partners", "email like '%@%' or payout_account like '%@%' or name = 'Anna'"),
            ("intents", "calls like '[%' or content_hash not like 'k:%'"),
        ] {
            let query = format!("select count(*) from {table} where {readable}");
            assert_eq!(number(&database, &query).await, 0, "{table}");
        }
        for address in ["OLD.canary@example.com", "Anna@partners.example"] {
            let held = export(&database, &By::Email(address.into())).await.unwrap();
            assert_eq!(held.unwrap()["subjects"].as_array().unwrap().len(), 1, "{address}");
        }
    }
}
