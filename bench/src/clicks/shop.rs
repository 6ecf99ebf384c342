//! A server with one link, and its database seen from beside.

use crate::load::start;
use crate::place::options;
use crate::target::Target;
use anyhow::Context;
use sea_orm::{ConnectionTrait, Statement};
use std::collections::HashSet;
use std::time::Duration;
use takings::v1::program_terms::Rate;
use takings::v1::{
    CreateAffiliateLinkRequest, CreatePartnerRequest, CreateProgramRequest, ProgramTerms,
};
use takings_server::db::Database;
use uuid::Uuid;

/// The link's code.
pub(super) const CODE: &str = "anna";
/// How often it is asked whether all clicks are stored, and how long at most.
const GLANCE: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(120);

/// When a visitor is sent on.
#[derive(Clone, Copy)]
pub(crate) enum Mode {
    Buffered,
    Durable,
}

impl Mode {
    pub(super) fn name(self) -> &'static str {
        match self {
            Mode::Buffered => "buffered",
            Mode::Durable => "durable",
        }
    }

    /// A server of this mode, which believes what the other end says of visitors.
    pub(crate) fn serve(self, url: &str) -> anyhow::Result<Target> {
        let configuration = [
            ("TAKINGS__AFFILIATE__CLICKS", self.name().to_owned()),
            ("TAKINGS__HTTP__TRUSTED_PROXIES", r#"["127.0.0.0/8"]"#.to_owned()),
        ];
        Target::takings_with(url, &configuration)
    }
}

/// A server with a link.
pub(super) struct Shop {
    pub(super) mode: Mode,
    pub(super) server: Target,
    pub(super) database: Database,
}

impl Shop {
    /// A new one on an empty database.
    pub(super) async fn open(url: &str, mode: Mode) -> anyhow::Result<Shop> {
        let server = mode.serve(url)?;
        link(&server, terms()).await?;
        let options = options(url);
        Ok(Shop { mode, server, database: Database::open(&options).await? })
    }

    /// Waits until so many clicks are stored.
    pub(super) async fn stored(&self, clicks: usize) -> anyhow::Result<()> {
        let begun = start();
        let count = "select count(*) as n from clicks";
        loop {
            let count = Statement::from_string(self.database.kind.into(), count);
            let row = self.database.read.query_one_raw(count).await?.context("no count")?;
            let found: i64 = row.try_get("", "n")?;
            if usize::try_from(found)? >= clicks {
                return Ok(());
            }
            anyhow::ensure!(begun.elapsed() < LONGEST, "{found} of {clicks} clicks are stored");
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// The ids of all clicks that are stored.
    pub(super) async fn ids(&self) -> anyhow::Result<HashSet<String>> {
        let select = Statement::from_string(self.database.kind.into(), "select id from clicks");
        let rows = self.database.read.query_all_raw(select).await?;
        Ok(rows.iter().map(|row| row.try_get("", "id")).collect::<Result<_, _>>()?)
    }
}

/// A fifth of every sale, in dollars.
pub(crate) fn terms() -> ProgramTerms {
    let currency_code = "USD".to_owned();
    ProgramTerms { currency_code, rate: Some(Rate::RateBps(2_000)), ..Default::default() }
}

/// A program, a partner, and the link.
pub(crate) async fn link(server: &Target, terms: ProgramTerms) -> anyhow::Result<()> {
    let mut client = server.affiliate().await?;
    let request_id = || Uuid::new_v4().to_string();
    let program = CreateProgramRequest {
        name: "Friends".into(),
        destination_url: "https://shop.example/start".into(),
        terms: Some(terms),
        request_id: request_id(),
        ..Default::default()
    };
    let program = client.create_program(program).await?.into_inner().program;
    let partner = CreatePartnerRequest {
        program_id: program.context("no program")?.program_id,
        name: "Anna".into(),
        email: "anna@example.com".into(),
        request_id: request_id(),
        ..Default::default()
    };
    let partner = client.create_partner(partner).await?.into_inner().partner;
    let link = CreateAffiliateLinkRequest {
        partner_id: partner.context("no partner")?.partner_id,
        code: CODE.into(),
        request_id: request_id(),
        ..Default::default()
    };
    client.create_affiliate_link(link).await?;
    Ok(())
}
