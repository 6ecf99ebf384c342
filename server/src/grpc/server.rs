//! One server for every service, with limits where the library has none.

use super::measure::Measure;
use crate::affiliate::AffiliateApi;
use crate::analytics::AnalyticsApi;
use crate::app::App;
use crate::lead::LeadApi;
use crate::revenue::RevenueApi;
use prost::Message;
use std::sync::Arc;
use std::time::Duration;
use takings::v1::affiliate_service_server::AffiliateServiceServer;
use takings::v1::analytics_service_server::AnalyticsServiceServer;
use takings::v1::lead_service_server::LeadServiceServer;
use takings::v1::revenue_service_server::RevenueServiceServer;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::server::NamedService;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::server::HealthReporter;
use tonic_web::GrpcWebLayer;
use uuid::Uuid;

/// The largest request: a webhook of 1 MiB and what is around it.
const LARGEST_REQUEST: usize = (1 << 20) + (1 << 16);

/// Tells clients what is served.
#[derive(Clone)]
pub struct Health(HealthReporter);

impl Health {
    /// Tells every watcher that nothing is served any more.
    pub async fn stop(&self) {
        self.0.set_not_serving::<RevenueServiceServer<RevenueApi>>().await;
        self.0.set_not_serving::<AnalyticsServiceServer<AnalyticsApi>>().await;
        self.0.set_not_serving::<AffiliateServiceServer<AffiliateApi>>().await;
        self.0.set_not_serving::<LeadServiceServer<LeadApi>>().await;
        self.0.set_service_status("", tonic_health::ServingStatus::NotServing).await;
    }

    /// Ends the streams of watchers, who would otherwise hold up the exit.
    pub async fn end_watches(&mut self) {
        for service in [
            <RevenueServiceServer<RevenueApi> as NamedService>::NAME,
            <AnalyticsServiceServer<AnalyticsApi> as NamedService>::NAME,
            <AffiliateServiceServer<AffiliateApi> as NamedService>::NAME,
            <LeadServiceServer<LeadApi> as NamedService>::NAME,
            "",
        ] {
            self.0.clear_service_status(service).await;
        }
    }
}

/// Every method of the contract, as `package.Service/Method`.
pub(super) fn methods() -> Vec<String> {
    let Ok(set) = prost_types::FileDescriptorSet::decode(takings::FILE_DESCRIPTOR_SET) else {
        return Vec::new();
    };
    let services = set.file.into_iter().flat_map(|file| {
        let package = file.package().to_owned();
        file.service.into_iter().map(move |service| (package.clone(), service))
    });
    services
        .flat_map(|(package, service)| {
            let name = format!("{package}.{}", service.name());
            let methods = service.method.into_iter();
            methods.map(move |method| format!("{name}/{}", method.name())).collect::<Vec<_>>()
        })
        .collect()
}

/// Makes the server and its health; the future serves until `stop`, then drains.
pub async fn serve(
    app: Arc<App>,
    listener: TcpListener,
    stop: CancellationToken,
) -> Result<
    (Health, impl Future<Output = Result<(), tonic::transport::Error>>),
    tonic_reflection::server::Error,
> {
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_serving::<RevenueServiceServer<RevenueApi>>().await;
    reporter.set_serving::<AnalyticsServiceServer<AnalyticsApi>>().await;
    reporter.set_serving::<AffiliateServiceServer<AffiliateApi>>().await;
    reporter.set_serving::<LeadServiceServer<LeadApi>>().await;
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(takings::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let (v1, v1alpha) = (reflection().build_v1()?, reflection().build_v1alpha()?);
    let revenue = RevenueServiceServer::new(RevenueApi::new(app.clone()))
        .max_decoding_message_size(LARGEST_REQUEST);
    let analytics = AnalyticsServiceServer::new(AnalyticsApi::new(app.clone()));
    let affiliate = AffiliateServiceServer::new(AffiliateApi::new(app.clone()));
    let lead = LeadServiceServer::new(LeadApi::new(app));
    // Without it an answer's last packet waits for the client to acknowledge the one before: 40 ms.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    let serving = Server::builder()
        .accept_http1(true)
        .timeout(Duration::from_secs(30))
        .concurrency_limit_per_connection(256)
        .max_concurrent_streams(256)
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .http2_keepalive_timeout(Some(Duration::from_secs(10)))
        .max_connection_age(connection_age())
        .layer(Measure)
        .layer(GrpcWebLayer::new())
        .add_service(health)
        .add_service(v1)
        .add_service(v1alpha)
        .add_service(revenue)
        .add_service(analytics)
        .add_service(affiliate)
        .add_service(lead)
        .serve_with_incoming_shutdown(incoming, stop.cancelled_owned());
    Ok((Health(reporter), serving))
}

/// Connections are renewed, so that clients find new replicas; not all at the same time.
fn connection_age() -> Duration {
    Duration::from_secs(1800 + u64::from(Uuid::new_v4().as_bytes()[0]))
}
