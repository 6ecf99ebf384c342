//! Leads of a running server, for people at a terminal: watched until they pay.

use anyhow::Context;
use std::net::SocketAddr;
use std::time::Duration;
use takings::v1::lead_service_client::LeadServiceClient;
use takings::v1::{
    ConsentState, GetLeadRequest, Lead, RecordLeadActivityRequest, ScoreLeadRequest,
};
use tonic::transport::Channel;
use uuid::Uuid;

/// For so many tenths of a second a mail, or a webhook and the jobs behind it, are waited for.
const PATIENCE: usize = 300;

/// A lead, by the address of its mailbox.
pub struct Watched {
    leads: LeadServiceClient<Channel>,
    email: String,
}

impl Watched {
    /// Watches the lead of an address.
    ///
    /// # Errors
    ///
    /// If the server does not answer.
    pub async fn of(address: SocketAddr, email: &str) -> anyhow::Result<Watched> {
        let leads = LeadServiceClient::connect(format!("http://{address}")).await?;
        Ok(Watched { leads, email: email.to_owned() })
    }

    async fn lead(&mut self) -> anyhow::Result<Lead> {
        let asked = GetLeadRequest { email: self.email.clone(), ..GetLeadRequest::default() };
        self.leads.get_lead(asked).await?.into_inner().lead.context("no lead")
    }

    /// Lets the lead visit some pages; answers id and score.
    ///
    /// # Errors
    ///
    /// If the server refuses.
    pub async fn visits(&mut self, pages: &[&str]) -> anyhow::Result<(String, String)> {
        let lead_id = self.lead().await?.lead_id;
        for path in pages {
            let asked = RecordLeadActivityRequest {
                lead_id: lead_id.clone(),
                kind: "page".into(),
                attributes: [("path".to_owned(), (*path).to_owned())].into(),
                request_id: Uuid::new_v4().to_string(),
                ..RecordLeadActivityRequest::default()
            };
            self.leads.record_lead_activity(asked).await?;
        }
        let asked = ScoreLeadRequest { lead_id: lead_id.clone(), ..ScoreLeadRequest::default() };
        let score = self.leads.score_lead(asked).await?.into_inner().score.context("no score")?;
        let points = |text: &str| text.split('.').next().unwrap_or_default().to_owned();
        let (fit, engagement) = (points(&score.fit), points(&score.engagement));
        Ok((lead_id, format!("{} (fit {fit}, engagement {engagement})", score.label)))
    }

    /// Whether a consent is confirmed.
    ///
    /// # Errors
    ///
    /// If the server does not answer.
    pub async fn has_agreed(&mut self) -> anyhow::Result<bool> {
        let lead = self.lead().await?;
        Ok(lead.consents.iter().any(|it| it.state() == ConsentState::Confirmed))
    }

    /// The customer that the lead became, once it did; with the stage.
    ///
    /// # Errors
    ///
    /// If it did not within half a minute.
    pub async fn converted(&mut self) -> anyhow::Result<(String, String)> {
        for _ in 0..PATIENCE {
            let lead = self.lead().await?;
            if let Some(conversion) = &lead.conversion {
                let stage = lead.stage().as_str_name().trim_start_matches("LEAD_STAGE_");
                return Ok((conversion.customer_id.clone(), stage.to_lowercase()));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        anyhow::bail!("the lead never became a customer")
    }
}
