//! `AnalyticsService`: one short method per RPC.

use crate::app::App;
use std::sync::Arc;

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
