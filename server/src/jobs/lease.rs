//! Leases on job rows: compare and set, on either database.

use crate::app::App;
use crate::db::Database;
use crate::error::Error;
use sea_orm::{ConnectionTrait, Statement};
use std::time::Duration;
use takings_core::time::Timestamp;
use tokio::time::timeout;

/// Who dies leaves its job to others after so long; who lives renews its lease.
const TERM: Duration = Duration::from_secs(30);

/// A job that this process holds.
pub(super) struct Lease {
    name: &'static str,
    until: i64,
}

/// Takes a job that is due and free.
pub(super) async fn take(
    database: &Database,
    name: &'static str,
    now: Timestamp,
) -> Result<Option<Lease>, Error> {
    let insert = "insert into jobs (name, run_at, leased_until, failures) values ($1, 0, 0, 0)
                  on conflict (name) do nothing";
    let update = "update jobs set leased_until = $1
                  where name = $2 and run_at <= $3 and leased_until <= $4";
    let backend = database.kind.into();
    let until = now.0 + TERM.as_micros() as i64;
    let due = "select 1 from jobs where name = $1 and (run_at > $2 or leased_until > $3)";
    let values = [name.into(), now.0.into(), now.0.into()];
    let busy = Statement::from_sql_and_values(backend, due, values);
    // Without a lease nothing else would notice a database that is silent.
    let asked = timeout(TERM, database.write.query_one_raw(busy)).await;
    if asked.map_err(|_| Error::silent_database())??.is_some() {
        return Ok(None);
    }
    database.execute(Statement::from_sql_and_values(backend, insert, [name.into()])).await?;
    let values = [until.into(), name.into(), now.0.into(), now.0.into()];
    let update = Statement::from_sql_and_values(backend, update, values);
    let taken = database.execute(update).await?.rows_affected() == 1;
    Ok(taken.then_some(Lease { name, until }))
}

impl Lease {
    /// Keeps the job for as long as it takes; ends only where that fails.
    pub(super) async fn hold(&mut self, app: &App) -> Error {
        loop {
            tokio::time::sleep(TERM / 3).await;
            if let Err(error) = self.renew(&app.database, app.now()).await {
                return error;
            }
        }
    }

    async fn renew(&mut self, database: &Database, now: Timestamp) -> Result<(), Error> {
        let update = "update jobs set leased_until = $1 where name = $2 and leased_until = $3";
        let until = now.0 + TERM.as_micros() as i64;
        let values = [until.into(), self.name.into(), self.until.into()];
        let update = Statement::from_sql_and_values(database.kind.into(), update, values);
        if database.execute(update).await?.rows_affected() == 0 {
            return Err(Error::Conflict);
        }
        self.until = until;
        Ok(())
    }

    /// Gives the job back; it is due again after `every`, sooner where it failed.
    pub(super) async fn give_back(
        self,
        database: &Database,
        now: Timestamp,
        every: Duration,
        failure: Option<String>,
    ) -> Result<(), Error> {
        let update = "update jobs set leased_until = 0, run_at = $1, failures = $2, last_error = $3
                      where name = $4 and leased_until = $5";
        let pause = if failure.is_some() { every.min(Duration::from_secs(30)) } else { every };
        let failures = i64::from(failure.is_some());
        let values = [
            (now.0 + pause.as_micros() as i64).into(),
            failures.into(),
            failure.into(),
            self.name.into(),
            self.until.into(),
        ];
        let update = Statement::from_sql_and_values(database.kind.into(), update, values);
        database.execute(update).await?;
        Ok(())
    }
}
