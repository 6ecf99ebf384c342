//! `RevenueService`: one short method per RPC.

use crate::app::App;
use std::sync::Arc;

/// The service.
pub struct RevenueApi {
    app: Arc<App>,
}

impl RevenueApi {
    /// The service of an application.
    pub fn new(app: Arc<App>) -> RevenueApi {
        RevenueApi { app }
    }
}
