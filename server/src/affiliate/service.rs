//! `AffiliateService`: one short method per RPC.

use super::{
    attribution, clicks, commissions, fraud, links, partner_analytics, partners, payouts, programs,
};
use crate::app::App;
use crate::once::once;
use std::sync::Arc;
use takings::v1 as pb;
use takings::v1::affiliate_service_server::AffiliateService;
use tonic::{Request, Response, Status};

type Answer<T> = Result<Response<T>, Status>;

/// The service.
pub struct AffiliateApi {
    app: Arc<App>,
}

impl AffiliateApi {
    /// The service of an application.
    pub fn new(app: Arc<App>) -> AffiliateApi {
        AffiliateApi { app }
    }
}

#[tonic::async_trait]
impl AffiliateService for AffiliateApi {
    async fn create_program(
        &self,
        request: Request<pb::CreateProgramRequest>,
    ) -> Answer<pb::CreateProgramResponse> {
        let (request, act) = programs::convert::create(&self.app, request.into_inner())?;
        Ok(Response::new(once(&self.app, request, act).await?))
    }

    async fn update_program(
        &self,
        request: Request<pb::UpdateProgramRequest>,
    ) -> Answer<pb::UpdateProgramResponse> {
        let (request, act) = programs::convert::update(&self.app, request.into_inner())?;
        Ok(Response::new(once(&self.app, request, act).await?))
    }

    async fn get_program(
        &self,
        request: Request<pb::GetProgramRequest>,
    ) -> Answer<pb::GetProgramResponse> {
        let (id, version) = programs::convert::one(request.into_inner())?;
        Ok(Response::new(programs::find(&self.app, &id, version).await?.into()))
    }

    async fn list_programs(
        &self,
        request: Request<pb::ListProgramsRequest>,
    ) -> Answer<pb::ListProgramsResponse> {
        let slice = programs::convert::list(request.into_inner())?;
        Ok(Response::new(programs::page(&self.app, &slice).await?.into()))
    }

    async fn create_partner(
        &self,
        request: Request<pb::CreatePartnerRequest>,
    ) -> Answer<pb::CreatePartnerResponse> {
        let (request, act) = partners::convert::create(&self.app, request.into_inner())?;
        Ok(Response::new(once(&self.app, request, act).await?))
    }

    async fn update_partner(
        &self,
        request: Request<pb::UpdatePartnerRequest>,
    ) -> Answer<pb::UpdatePartnerResponse> {
        let (request, act) = partners::convert::update(&self.app, request.into_inner())?;
        Ok(Response::new(once(&self.app, request, act).await?))
    }

    async fn get_partner(
        &self,
        request: Request<pb::GetPartnerRequest>,
    ) -> Answer<pb::GetPartnerResponse> {
        let id = partners::convert::one(request.into_inner())?;
        Ok(Response::new(partners::find(&self.app, &id).await?.into()))
    }

    async fn list_partners(
        &self,
        request: Request<pb::ListPartnersRequest>,
    ) -> Answer<pb::ListPartnersResponse> {
        let (filter, slice) = partners::convert::list(&self.app, request.into_inner())?;
        Ok(Response::new(partners::page(&self.app, &filter, &slice).await?.into()))
    }

    async fn create_affiliate_link(
        &self,
        request: Request<pb::CreateAffiliateLinkRequest>,
    ) -> Answer<pb::CreateAffiliateLinkResponse> {
        let (request, act) = links::convert::create(&self.app, request.into_inner())?;
        Ok(Response::new(once(&self.app, request, act).await?))
    }

    async fn get_affiliate_link(
        &self,
        request: Request<pb::GetAffiliateLinkRequest>,
    ) -> Answer<pb::GetAffiliateLinkResponse> {
        let named = links::convert::one(request.into_inner())?;
        Ok(Response::new(links::find(&self.app, &named).await?.into()))
    }

    async fn list_affiliate_links(
        &self,
        request: Request<pb::ListAffiliateLinksRequest>,
    ) -> Answer<pb::ListAffiliateLinksResponse> {
        let (filter, slice) = links::convert::list(request.into_inner())?;
        Ok(Response::new(links::page(&self.app, &filter, &slice).await?.into()))
    }

    async fn disable_affiliate_link(
        &self,
        request: Request<pb::DisableAffiliateLinkRequest>,
    ) -> Answer<pb::DisableAffiliateLinkResponse> {
        let (request, act) = links::convert::disable(&self.app, request.into_inner())?;
        Ok(Response::new(once(&self.app, request, act).await?))
    }

    async fn track_click(
        &self,
        request: Request<pb::TrackClickRequest>,
    ) -> Answer<pb::TrackClickResponse> {
        let asked = clicks::convert::track(&self.app, request.into_inner())?;
        Ok(Response::new(clicks::track(&self.app, asked).await?.into()))
    }

    async fn process_conversion(
        &self,
        request: Request<pb::ProcessConversionRequest>,
    ) -> Answer<pb::ProcessConversionResponse> {
        let (request, act) = commissions::convert::convert(&self.app, request.into_inner()).await?;
        Ok(Response::new(once(&self.app, request, act).await?))
    }

    async fn calculate_commissions(
        &self,
        request: Request<pb::CalculateCommissionsRequest>,
    ) -> Answer<pb::CalculateCommissionsResponse> {
        let (request, asked) = commissions::convert::calculate(&self.app, request.into_inner())?;
        let act = commissions::calculate(&self.app, &request, asked).await?;
        Ok(Response::new(once(&self.app, request, act).await?))
    }

    async fn list_commissions(
        &self,
        request: Request<pb::ListCommissionsRequest>,
    ) -> Answer<pb::ListCommissionsResponse> {
        let (filter, slice) = commissions::convert::list(request.into_inner())?;
        Ok(Response::new(commissions::page(&self.app, &filter, &slice).await?.into()))
    }

    async fn approve_commissions(
        &self,
        request: Request<pb::ApproveCommissionsRequest>,
    ) -> Answer<pb::ApproveCommissionsResponse> {
        let (request, act) = commissions::convert::approve(&self.app, request.into_inner())?;
        Ok(Response::new(once(&self.app, request, act).await?))
    }

    async fn hold_commission(
        &self,
        request: Request<pb::HoldCommissionRequest>,
    ) -> Answer<pb::HoldCommissionResponse> {
        let (request, act) = commissions::convert::hold(&self.app, request.into_inner())?;
        Ok(Response::new(once(&self.app, request, act).await?))
    }

    async fn reject_commission(
        &self,
        request: Request<pb::RejectCommissionRequest>,
    ) -> Answer<pb::RejectCommissionResponse> {
        let (request, act) = commissions::convert::reject(&self.app, request.into_inner())?;
        Ok(Response::new(once(&self.app, request, act).await?))
    }

    async fn create_payout_batch(
        &self,
        request: Request<pb::CreatePayoutBatchRequest>,
    ) -> Answer<pb::CreatePayoutBatchResponse> {
        let (request, act) = payouts::convert::create(&self.app, request.into_inner())?;
        payouts::catch_up(&self.app, &request).await?;
        Ok(Response::new(once(&self.app, request, act).await?))
    }

    async fn get_payout_batch(
        &self,
        request: Request<pb::GetPayoutBatchRequest>,
    ) -> Answer<pb::GetPayoutBatchResponse> {
        let (id, slice) = payouts::convert::one(request.into_inner())?;
        Ok(Response::new(payouts::find(&self.app, &id, &slice).await?.into()))
    }

    async fn list_payout_batches(
        &self,
        request: Request<pb::ListPayoutBatchesRequest>,
    ) -> Answer<pb::ListPayoutBatchesResponse> {
        let (program, slice) = payouts::convert::list(request.into_inner())?;
        Ok(Response::new(payouts::page(&self.app, &program, &slice).await?.into()))
    }

    async fn settle_payout(
        &self,
        request: Request<pb::SettlePayoutRequest>,
    ) -> Answer<pb::SettlePayoutResponse> {
        let (request, act) = payouts::convert::settle(&self.app, request.into_inner())?;
        Ok(Response::new(once(&self.app, request, act).await?))
    }

    async fn export_payout_batch(
        &self,
        request: Request<pb::ExportPayoutBatchRequest>,
    ) -> Answer<pb::ExportPayoutBatchResponse> {
        let (request, act) = payouts::convert::export(request.into_inner())?;
        Ok(Response::new(once(&self.app, request, act).await?))
    }

    async fn list_fraud_signals(
        &self,
        request: Request<pb::ListFraudSignalsRequest>,
    ) -> Answer<pb::ListFraudSignalsResponse> {
        let (filter, slice) = fraud::convert::list(request.into_inner())?;
        Ok(Response::new(fraud::page(&self.app, &filter, &slice).await?.into()))
    }

    async fn resolve_fraud_signal(
        &self,
        request: Request<pb::ResolveFraudSignalRequest>,
    ) -> Answer<pb::ResolveFraudSignalResponse> {
        let (request, act) = fraud::convert::resolve(&self.app, request.into_inner())?;
        Ok(Response::new(once(&self.app, request, act).await?))
    }

    async fn explain_attribution(
        &self,
        request: Request<pb::ExplainAttributionRequest>,
    ) -> Answer<pb::ExplainAttributionResponse> {
        let question = attribution::convert::question(request.into_inner())?;
        Ok(Response::new(attribution::explain(&self.app, question).await?.into()))
    }

    async fn get_partner_analytics(
        &self,
        request: Request<pb::GetPartnerAnalyticsRequest>,
    ) -> Answer<pb::GetPartnerAnalyticsResponse> {
        let now = self.app.now();
        let question = partner_analytics::convert::question(request.into_inner(), now)?;
        Ok(Response::new(partner_analytics::read(&self.app, question).await?.into()))
    }
}
