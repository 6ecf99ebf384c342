//! `AnalyticsService`: one short method per RPC.

use crate::app::App;
use std::sync::Arc;
use takings::v1::analytics_service_server::AnalyticsService;
use takings::v1::*;
use tonic::{Request, Response, Status};

/// The service.
pub struct AnalyticsApi {
    app: Arc<App>,
}

impl AnalyticsApi {
    /// The service of an application.
    pub fn new(app: Arc<App>) -> AnalyticsApi {
        AnalyticsApi { app }
    }
}

#[tonic::async_trait]
impl AnalyticsService for AnalyticsApi {
    async fn get_revenue_summary(
        &self,
        _: Request<GetRevenueSummaryRequest>,
    ) -> Result<Response<GetRevenueSummaryResponse>, Status> {
        let _ = &self.app;
        Err(Status::unimplemented(""))
    }
    async fn get_subscription_metrics(
        &self,
        _: Request<GetSubscriptionMetricsRequest>,
    ) -> Result<Response<GetSubscriptionMetricsResponse>, Status> {
        Err(Status::unimplemented(""))
    }
    async fn list_mrr_movements(
        &self,
        _: Request<ListMrrMovementsRequest>,
    ) -> Result<Response<ListMrrMovementsResponse>, Status> {
        Err(Status::unimplemented(""))
    }
    async fn get_revenue_series(
        &self,
        _: Request<GetRevenueSeriesRequest>,
    ) -> Result<Response<GetRevenueSeriesResponse>, Status> {
        Err(Status::unimplemented(""))
    }
}
