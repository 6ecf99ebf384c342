//! `LeadService`: one short method per RPC.

use super::convert::{activity, capture, consent, lead, model, person, score, stage};
use super::read::Named;
use super::{consents, email, read, scores, stages};
use crate::app::App;
use crate::error::Error;
use crate::once::once;
use std::sync::Arc;
use takings::v1 as pb;
use takings::v1::lead_service_server::LeadService;
use tonic::{Request, Response, Status};

type Answer<T> = Result<Response<T>, Status>;

/// The service.
pub struct LeadApi {
    app: Arc<App>,
}

impl LeadApi {
    /// The service of an application.
    pub fn new(app: Arc<App>) -> LeadApi {
        LeadApi { app }
    }

    /// Fills in what is not stored with a request.
    async fn fill(&self, lead: &mut Option<pb::Lead>) -> Result<(), Error> {
        let id = lead.take().unwrap_or_default().lead_id;
        let written = self.app.database.primary();
        *lead = Some(read::find(&self.app, &written, &Named::Id(id)).await?.into());
        Ok(())
    }
}

/// Takes in what a form says; answers the lead by its id alone.
pub(super) async fn capture(
    app: &Arc<App>,
    asked: pb::CaptureLeadRequest,
) -> Result<pb::CaptureLeadResponse, Error> {
    let (request, act) = capture::capture(app, asked).await?;
    once(app, request, act).await
}

#[tonic::async_trait]
impl LeadService for LeadApi {
    async fn capture_lead(
        &self,
        request: Request<pb::CaptureLeadRequest>,
    ) -> Answer<pb::CaptureLeadResponse> {
        let mut answer = capture(&self.app, request.into_inner()).await?;
        self.fill(&mut answer.lead).await?;
        Ok(Response::new(answer))
    }

    async fn get_lead(&self, request: Request<pb::GetLeadRequest>) -> Answer<pb::GetLeadResponse> {
        let named = lead::one(&self.app, request.into_inner())?;
        Ok(Response::new(read::find(&self.app, &self.app.database, &named).await?.into()))
    }

    async fn list_leads(
        &self,
        request: Request<pb::ListLeadsRequest>,
    ) -> Answer<pb::ListLeadsResponse> {
        let (filter, wanted, slice) = lead::list(request.into_inner())?;
        Ok(Response::new(read::page(&self.app, &filter, &wanted, &slice).await?.into()))
    }

    async fn update_lead(
        &self,
        request: Request<pb::UpdateLeadRequest>,
    ) -> Answer<pb::UpdateLeadResponse> {
        let (request, act) = capture::update(&self.app, request.into_inner()).await?;
        let mut answer: pb::UpdateLeadResponse = once(&self.app, request, act).await?;
        self.fill(&mut answer.lead).await?;
        Ok(Response::new(answer))
    }

    async fn validate_email(
        &self,
        request: Request<pb::ValidateEmailRequest>,
    ) -> Answer<pb::ValidateEmailResponse> {
        let (address, skip_dns) = lead::validate(request.into_inner());
        Ok(Response::new(lead::validated(email::look(&self.app, &address, skip_dns).await)))
    }

    async fn record_lead_activity(
        &self,
        request: Request<pb::RecordLeadActivityRequest>,
    ) -> Answer<pb::RecordLeadActivityResponse> {
        let (request, act) = activity::record(&self.app, request.into_inner())?;
        Ok(Response::new(once(&self.app, request, act).await?))
    }

    async fn score_lead(
        &self,
        request: Request<pb::ScoreLeadRequest>,
    ) -> Answer<pb::ScoreLeadResponse> {
        let (id, as_of) = score::asked(&self.app, request.into_inner())?;
        Ok(Response::new(score::answer(&scores::ask(&self.app, &id, as_of).await?)))
    }

    async fn get_scoring_model(
        &self,
        request: Request<pb::GetScoringModelRequest>,
    ) -> Answer<pb::GetScoringModelResponse> {
        let pb::GetScoringModelRequest { version } = request.into_inner();
        Ok(Response::new(scores::find(&self.app, version).await?.into()))
    }

    async fn update_scoring_model(
        &self,
        request: Request<pb::UpdateScoringModelRequest>,
    ) -> Answer<pb::UpdateScoringModelResponse> {
        let (request, act) = model::update(&self.app, request.into_inner())?;
        Ok(Response::new(once(&self.app, request, act).await?))
    }

    async fn advance_lead_stage(
        &self,
        request: Request<pb::AdvanceLeadStageRequest>,
    ) -> Answer<pb::AdvanceLeadStageResponse> {
        let (request, act) = stage::advance(&self.app, request.into_inner())?;
        Ok(Response::new(once(&self.app, request, act).await?))
    }

    async fn list_lead_stages(
        &self,
        request: Request<pb::ListLeadStagesRequest>,
    ) -> Answer<pb::ListLeadStagesResponse> {
        let id = stage::list(request.into_inner())?;
        Ok(Response::new(stage::way(stages::list(&self.app, &id).await?)))
    }

    async fn mark_conversion(
        &self,
        request: Request<pb::MarkConversionRequest>,
    ) -> Answer<pb::MarkConversionResponse> {
        let (request, act) = lead::mark(&self.app, request.into_inner())?;
        let mut answer: pb::MarkConversionResponse = once(&self.app, request, act).await?;
        self.fill(&mut answer.lead).await?;
        Ok(Response::new(answer))
    }

    async fn get_lead_analytics(
        &self,
        request: Request<pb::GetLeadAnalyticsRequest>,
    ) -> Answer<pb::GetLeadAnalyticsResponse> {
        let answer =
            crate::analytics::leads::convert::answer(&self.app, request.into_inner()).await?;
        Ok(Response::new(answer))
    }

    async fn confirm_lead(
        &self,
        request: Request<pb::ConfirmLeadRequest>,
    ) -> Answer<pb::ConfirmLeadResponse> {
        let (request, act) = consent::confirm(&self.app, request.into_inner())?;
        let answer = once(&self.app, request, act).await?;
        consents::count("confirmed");
        Ok(Response::new(answer))
    }

    async fn withdraw_consent(
        &self,
        request: Request<pb::WithdrawConsentRequest>,
    ) -> Answer<pb::WithdrawConsentResponse> {
        let (request, act) = consent::withdraw(&self.app, request.into_inner())?;
        let answer = once(&self.app, request, act).await?;
        consents::count("withdrawn");
        Ok(Response::new(answer))
    }

    async fn export_person(
        &self,
        request: Request<pb::ExportPersonRequest>,
    ) -> Answer<pb::ExportPersonResponse> {
        let by = person::export(&self.app, request.into_inner()).await?;
        let json = super::person::exported(&self.app, &by).await?;
        Ok(Response::new(pb::ExportPersonResponse { json }))
    }

    async fn erase_person(
        &self,
        request: Request<pb::ErasePersonRequest>,
    ) -> Answer<pb::ErasePersonResponse> {
        let (request, act) = person::erase(&self.app, request.into_inner()).await?;
        Ok(Response::new(once(&self.app, request, act).await?))
    }
}
