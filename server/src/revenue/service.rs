//! `RevenueService`: one short method per RPC.

use super::convert::required;
use super::mirrors::Mirrored;
use super::{commands, customers, disputes, events, intake, invoices, mirrors, payments};
use super::{reconciliation, refunds, replay, subscriptions, sync};
use crate::app::App;
use crate::error::{Error, Reason};
use crate::ledger;
use prost::Message;
use std::sync::Arc;
use takings::v1 as pb;
use takings::v1::revenue_service_server::RevenueService;
use takings_core::billing::facts::{Charge, Customer, Dispute, Invoice, Refund, Subscription};
use tonic::{Request, Response, Status};

/// The largest payload.
const LARGEST: usize = 1 << 20;

type Answer<T> = Result<Response<T>, Status>;

/// The service.
pub struct RevenueApi {
    app: Arc<App>,
}

impl RevenueApi {
    /// The service of an application.
    pub fn new(app: Arc<App>) -> RevenueApi {
        RevenueApi { app }
    }

    async fn find<T: Mirrored>(
        &self,
        (source, id): (String, String),
        missing: Reason,
    ) -> Result<mirrors::Seen<T>, Error> {
        let found = mirrors::find(&self.app, &source, &id).await?;
        let message = || format!("`{id}` has not been seen; it may not have arrived yet");
        found.ok_or_else(|| Error::not_found(missing, message()))
    }

    async fn backfill(&self, id: &str) -> Result<pb::Backfill, Error> {
        let found = sync::find(&self.app, id).await?;
        Ok(found.ok_or_else(|| sync::convert::missing(id))?.into())
    }
}

#[tonic::async_trait]
impl RevenueService for RevenueApi {
    async fn ingest_webhook(
        &self,
        request: Request<pb::IngestWebhookRequest>,
    ) -> Answer<pb::IngestWebhookResponse> {
        let pb::IngestWebhookRequest { provider, payload, signature_header } = request.into_inner();
        if provider != "stripe" {
            let message = "webhooks are taken from `stripe` only";
            return Err(Error::invalid(Reason::UnknownProvider, "provider", message).into());
        }
        if payload.len() > LARGEST {
            return Err(Error::payload_too_large().into());
        }
        let taken = intake::stripe(&self.app, payload, &signature_header).await?;
        Ok(Response::new(taken.into()))
    }

    async fn get_customer(
        &self,
        request: Request<pb::GetCustomerRequest>,
    ) -> Answer<pb::GetCustomerResponse> {
        let named = customers::convert::one(request.into_inner())?;
        let customer = self.find::<Customer>(named, Reason::CustomerNotFound).await?;
        Ok(Response::new(pb::GetCustomerResponse { customer: Some(customer.into()) }))
    }

    async fn list_customers(
        &self,
        request: Request<pb::ListCustomersRequest>,
    ) -> Answer<pb::ListCustomersResponse> {
        let (filter, slice) = customers::convert::list(request.into_inner())?;
        let page = mirrors::page::<Customer>(&self.app, &filter, &slice).await?;
        let customers = page.rows.into_iter().map(Into::into).collect();
        Ok(Response::new(pb::ListCustomersResponse { customers, next_page_token: page.next }))
    }

    async fn get_subscription(
        &self,
        request: Request<pb::GetSubscriptionRequest>,
    ) -> Answer<pb::GetSubscriptionResponse> {
        let named = subscriptions::convert::one(request.into_inner())?;
        let found = self.find::<Subscription>(named, Reason::SubscriptionNotFound).await?;
        Ok(Response::new(pb::GetSubscriptionResponse { subscription: Some(found.into()) }))
    }

    async fn list_subscriptions(
        &self,
        request: Request<pb::ListSubscriptionsRequest>,
    ) -> Answer<pb::ListSubscriptionsResponse> {
        let (filter, slice) = subscriptions::convert::list(request.into_inner())?;
        let page = mirrors::page::<Subscription>(&self.app, &filter, &slice).await?;
        let subscriptions = page.rows.into_iter().map(Into::into).collect();
        let next_page_token = page.next;
        Ok(Response::new(pb::ListSubscriptionsResponse { subscriptions, next_page_token }))
    }

    async fn list_invoices(
        &self,
        request: Request<pb::ListInvoicesRequest>,
    ) -> Answer<pb::ListInvoicesResponse> {
        let (filter, slice) = invoices::convert::list(request.into_inner())?;
        let page = mirrors::page::<Invoice>(&self.app, &filter, &slice).await?;
        let invoices = page.rows.into_iter().map(Into::into).collect();
        Ok(Response::new(pb::ListInvoicesResponse { invoices, next_page_token: page.next }))
    }

    async fn list_payments(
        &self,
        request: Request<pb::ListPaymentsRequest>,
    ) -> Answer<pb::ListPaymentsResponse> {
        let (filter, slice) = payments::convert::list(request.into_inner())?;
        let page = mirrors::page::<Charge>(&self.app, &filter, &slice).await?;
        let payments = page.rows.into_iter().map(Into::into).collect();
        Ok(Response::new(pb::ListPaymentsResponse { payments, next_page_token: page.next }))
    }

    async fn list_refunds(
        &self,
        request: Request<pb::ListRefundsRequest>,
    ) -> Answer<pb::ListRefundsResponse> {
        let (filter, slice) = refunds::convert::list(request.into_inner())?;
        let page = mirrors::page::<Refund>(&self.app, &filter, &slice).await?;
        let refunds = page.rows.into_iter().map(Into::into).collect();
        Ok(Response::new(pb::ListRefundsResponse { refunds, next_page_token: page.next }))
    }

    async fn list_disputes(
        &self,
        request: Request<pb::ListDisputesRequest>,
    ) -> Answer<pb::ListDisputesResponse> {
        let (filter, slice) = disputes::convert::list(request.into_inner())?;
        let page = mirrors::page::<Dispute>(&self.app, &filter, &slice).await?;
        let disputes = page.rows.into_iter().map(Into::into).collect();
        Ok(Response::new(pb::ListDisputesResponse { disputes, next_page_token: page.next }))
    }

    async fn list_revenue_entries(
        &self,
        request: Request<pb::ListRevenueEntriesRequest>,
    ) -> Answer<pb::ListRevenueEntriesResponse> {
        let (filter, slice) = ledger::convert::list(request.into_inner())?;
        let page = ledger::page(&self.app, &filter, &slice).await?;
        let revenue_entries = page.rows.into_iter().map(Into::into).collect();
        let next_page_token = page.next;
        Ok(Response::new(pb::ListRevenueEntriesResponse { revenue_entries, next_page_token }))
    }

    async fn list_webhook_events(
        &self,
        request: Request<pb::ListWebhookEventsRequest>,
    ) -> Answer<pb::ListWebhookEventsResponse> {
        let (filter, slice) = events::convert::list(request.into_inner())?;
        let page = events::page(&self.app, &filter, &slice).await?;
        let webhook_events = page.rows.into_iter().map(Into::into).collect();
        let next_page_token = page.next;
        Ok(Response::new(pb::ListWebhookEventsResponse { webhook_events, next_page_token }))
    }

    async fn replay_webhook_event(
        &self,
        request: Request<pb::ReplayWebhookEventRequest>,
    ) -> Answer<pb::ReplayWebhookEventResponse> {
        let asked = replay::convert::read(request.into_inner())?;
        let answer = match commands::answered(&self.app, &asked.request).await? {
            Some(answer) => answer,
            None => {
                let event = replay::run(&self.app, &asked).await?;
                let response = pb::ReplayWebhookEventResponse { webhook_event: Some(event.into()) };
                commands::keep(&self.app, &asked.request, response.encode_to_vec()).await?
            }
        };
        let response = pb::ReplayWebhookEventResponse::decode(answer.as_slice());
        Ok(Response::new(response.map_err(Error::internal)?))
    }

    async fn create_customer(
        &self,
        request: Request<pb::CreateCustomerRequest>,
    ) -> Answer<pb::CreateCustomerResponse> {
        let asked = commands::convert::create_customer(request.into_inner())?;
        Ok(Response::new(commands::run(&self.app, asked).await?))
    }

    async fn update_customer(
        &self,
        request: Request<pb::UpdateCustomerRequest>,
    ) -> Answer<pb::UpdateCustomerResponse> {
        let asked = commands::convert::update_customer(request.into_inner())?;
        Ok(Response::new(commands::run(&self.app, asked).await?))
    }

    async fn create_subscription(
        &self,
        request: Request<pb::CreateSubscriptionRequest>,
    ) -> Answer<pb::CreateSubscriptionResponse> {
        let asked = commands::convert::create_subscription(request.into_inner())?;
        Ok(Response::new(commands::run(&self.app, asked).await?))
    }

    async fn update_subscription(
        &self,
        request: Request<pb::UpdateSubscriptionRequest>,
    ) -> Answer<pb::UpdateSubscriptionResponse> {
        let asked = commands::convert::update_subscription(request.into_inner())?;
        Ok(Response::new(commands::run(&self.app, asked).await?))
    }

    async fn cancel_subscription(
        &self,
        request: Request<pb::CancelSubscriptionRequest>,
    ) -> Answer<pb::CancelSubscriptionResponse> {
        let asked = commands::convert::cancel_subscription(request.into_inner())?;
        Ok(Response::new(commands::run(&self.app, asked).await?))
    }

    async fn pause_subscription(
        &self,
        request: Request<pb::PauseSubscriptionRequest>,
    ) -> Answer<pb::PauseSubscriptionResponse> {
        let asked = commands::convert::pause_subscription(request.into_inner())?;
        Ok(Response::new(commands::run(&self.app, asked).await?))
    }

    async fn resume_subscription(
        &self,
        request: Request<pb::ResumeSubscriptionRequest>,
    ) -> Answer<pb::ResumeSubscriptionResponse> {
        let asked = commands::convert::resume_subscription(request.into_inner())?;
        Ok(Response::new(commands::run(&self.app, asked).await?))
    }

    async fn update_payment_method(
        &self,
        request: Request<pb::UpdatePaymentMethodRequest>,
    ) -> Answer<pb::UpdatePaymentMethodResponse> {
        let asked = commands::convert::update_payment_method(request.into_inner())?;
        Ok(Response::new(commands::run(&self.app, asked).await?))
    }

    async fn create_checkout_session(
        &self,
        request: Request<pb::CreateCheckoutSessionRequest>,
    ) -> Answer<pb::CreateCheckoutSessionResponse> {
        let asked = commands::convert::create_checkout_session(request.into_inner())?;
        Ok(Response::new(commands::run(&self.app, asked).await?))
    }

    async fn create_billing_portal_session(
        &self,
        request: Request<pb::CreateBillingPortalSessionRequest>,
    ) -> Answer<pb::CreateBillingPortalSessionResponse> {
        let asked = commands::convert::create_billing_portal_session(request.into_inner())?;
        Ok(Response::new(commands::run(&self.app, asked).await?))
    }

    async fn create_refund(
        &self,
        request: Request<pb::CreateRefundRequest>,
    ) -> Answer<pb::CreateRefundResponse> {
        let asked = commands::convert::create_refund(request.into_inner())?;
        Ok(Response::new(commands::run(&self.app, asked).await?))
    }

    async fn run_reconciliation(
        &self,
        request: Request<pb::RunReconciliationRequest>,
    ) -> Answer<pb::RunReconciliationResponse> {
        let asked = reconciliation::convert::read(request.into_inner())?;
        let found = reconciliation::run_through(&self.app, asked).await?;
        Ok(Response::new(pb::RunReconciliationResponse { report: Some(found.into()) }))
    }

    async fn get_reconciliation_report(
        &self,
        request: Request<pb::GetReconciliationReportRequest>,
    ) -> Answer<pb::GetReconciliationReportResponse> {
        let id = reconciliation::convert::one(request.into_inner())?;
        let found = reconciliation::get(&self.app, &id).await?;
        Ok(Response::new(pb::GetReconciliationReportResponse { report: Some(found.into()) }))
    }

    async fn get_sync_status(
        &self,
        request: Request<pb::GetSyncStatusRequest>,
    ) -> Answer<pb::GetSyncStatusResponse> {
        let pb::GetSyncStatusRequest {} = request.into_inner();
        let status = sync::status(&self.app).await?;
        Ok(Response::new(pb::GetSyncStatusResponse { sync_status: Some(status.into()) }))
    }

    async fn start_backfill(
        &self,
        request: Request<pb::StartBackfillRequest>,
    ) -> Answer<pb::StartBackfillResponse> {
        let (since, id) = sync::convert::start(request.into_inner())?;
        let id = sync::begin(&self.app, since, id).await?;
        let backfill = self.backfill(&id).await?;
        Ok(Response::new(pb::StartBackfillResponse { backfill: Some(backfill) }))
    }

    async fn get_backfill(
        &self,
        request: Request<pb::GetBackfillRequest>,
    ) -> Answer<pb::GetBackfillResponse> {
        let pb::GetBackfillRequest { backfill_id } = request.into_inner();
        let backfill = self.backfill(&required("backfill_id", backfill_id)?).await?;
        Ok(Response::new(pb::GetBackfillResponse { backfill: Some(backfill) }))
    }
}
