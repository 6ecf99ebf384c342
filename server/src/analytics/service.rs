//! `AnalyticsService`: one short method per RPC.

use super::confidence::{Counted, settled_through};
use super::convert::{self, MovementsQuestion, SeriesQuestion};
use super::{activity, movements, series, summary};
use crate::app::App;
use std::sync::Arc;
use takings::v1::analytics_service_server::AnalyticsService;
use takings::v1::{
    GetRevenueSeriesRequest, GetRevenueSeriesResponse, GetRevenueSummaryRequest,
    GetRevenueSummaryResponse, GetSubscriptionMetricsRequest, GetSubscriptionMetricsResponse,
    ListMrrMovementsRequest, ListMrrMovementsResponse,
};
use tonic::{Request, Response, Status};

/// The service.
pub struct AnalyticsApi {
    app: Arc<App>,
    counted: Counted,
}

impl AnalyticsApi {
    /// The service of an application.
    pub fn new(app: Arc<App>) -> AnalyticsApi {
        AnalyticsApi { app, counted: Counted::default() }
    }
}

#[tonic::async_trait]
impl AnalyticsService for AnalyticsApi {
    async fn get_revenue_summary(
        &self,
        request: Request<GetRevenueSummaryRequest>,
    ) -> Result<Response<GetRevenueSummaryResponse>, Status> {
        let scope = convert::summary_question(request.into_inner(), self.app.now())?;
        let settled = settled_through(&self.app).await?;
        let confidence = self.counted.read(&self.app).await?;
        let summary = summary::read(&self.app, &scope, &confidence).await?;
        Ok(Response::new(convert::summary_answer(summary, &scope, &confidence, settled)))
    }

    async fn get_subscription_metrics(
        &self,
        request: Request<GetSubscriptionMetricsRequest>,
    ) -> Result<Response<GetSubscriptionMetricsResponse>, Status> {
        let scope = convert::metrics_question(request.into_inner(), self.app.now())?;
        let settled = settled_through(&self.app).await?;
        let activities = activity::read(&self.app, &scope).await?;
        Ok(Response::new(convert::metrics_answer(activities, &scope, settled)))
    }

    async fn list_mrr_movements(
        &self,
        request: Request<ListMrrMovementsRequest>,
    ) -> Result<Response<ListMrrMovementsResponse>, Status> {
        let question = convert::movements_question(request.into_inner())?;
        let MovementsQuestion { filter, page, after, binding } = question;
        let settled = settled_through(&self.app).await?;
        let movements = movements::read(&self.app, &filter, &page, after).await?;
        Ok(Response::new(convert::movements_answer(movements, &binding, settled)))
    }

    async fn get_revenue_series(
        &self,
        request: Request<GetRevenueSeriesRequest>,
    ) -> Result<Response<GetRevenueSeriesResponse>, Status> {
        let question = convert::series_question(request.into_inner(), self.app.now())?;
        let SeriesQuestion { scope, bounds } = question;
        let settled = settled_through(&self.app).await?;
        let series = series::read(&self.app, &scope, &bounds).await?;
        Ok(Response::new(convert::series_answer(series, settled)))
    }
}
