//! A server over a business of some size, and a client at its gRPC door.

use super::books::books;
use crate::place::options;
use sea_orm::{ConnectionTrait, Statement};
use takings::v1::analytics_service_client::AnalyticsServiceClient;
use takings_server::config::Config;
use takings_server::db::{Database, Kind};
use takings_server::serve::{self, Running};
use tonic::transport::Channel;

/// So many statements are stored in one transaction.
const AT_ONCE: usize = 50;

/// A server over a business of some size.
pub(super) struct House {
    pub(super) client: AnalyticsServiceClient<Channel>,
    /// Serves until it is dropped.
    _running: Running,
}

impl House {
    /// Stores so many facts in an empty database, and opens the doors over it.
    pub(super) async fn open(url: String, facts: i64) -> anyhow::Result<House> {
        store(&url, facts).await?;
        let mut config = Config::default();
        config.privacy.master_key = takings_testkit::master_key(&url).map(str::to_owned);
        config.database.url = url;
        config.http.listen.set_port(0);
        config.grpc.listen.set_port(0);
        let running = serve::start(config, true).await?;
        let client = AnalyticsServiceClient::connect(format!("http://{}", running.grpc)).await?;
        Ok(House { client, _running: running })
    }
}

async fn store(url: &str, facts: i64) -> anyhow::Result<()> {
    let options = options(url);
    let database = Database::open(&options).await?;
    database.migrate().await?;
    for texts in books(facts).statements().chunks(AT_ONCE) {
        let text = format!("begin; {}; commit", texts.join("; "));
        database.write.execute_unprepared(&text).await?;
    }
    if database.kind == Kind::Postgres {
        // What its own housekeeping does within minutes.
        let statement = Statement::from_string(database.kind.into(), "vacuum (analyze)");
        database.write.execute_raw(statement).await?;
    }
    Ok(())
}
