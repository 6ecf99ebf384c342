//! `AffiliateService`: one short method per RPC.

use super::{clicks, commissions, links, partners, programs};
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
        let (filter, slice) = partners::convert::list(request.into_inner())?;
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
        let (request, act) = commissions::convert::calculate(&self.app, request.into_inner())?;
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
}
