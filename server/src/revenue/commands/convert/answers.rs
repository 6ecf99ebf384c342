//! What became of a command, as the contract says it, encoded as it is kept.

use super::super::call::{Done, text};
use super::super::source;
use crate::app::App;
use crate::error::{Error, Reason};
use crate::revenue::mirrors::{self, Mirrored, Seen};
use prost::Message;
use prost_types::Timestamp;
use serde_json::Value;
use takings::v1 as pb;
use takings_core::billing::facts::{Customer, Refund, Subscription};

/// The response of a method, once what it did has been taken in.
pub(in crate::revenue::commands) async fn answer(
    app: &App,
    method: &str,
    done: &Done,
) -> Result<Vec<u8>, Error> {
    let customer = async || Ok::<_, Error>(Some(read::<Customer>(app, done).await?.into()));
    let subscription = async || Ok::<_, Error>(Some(read::<Subscription>(app, done).await?.into()));
    Ok(match method {
        "CreateCustomer" => {
            pb::CreateCustomerResponse { customer: customer().await? }.encode_to_vec()
        }
        "UpdateCustomer" => {
            pb::UpdateCustomerResponse { customer: customer().await? }.encode_to_vec()
        }
        "UpdatePaymentMethod" => {
            pb::UpdatePaymentMethodResponse { customer: customer().await? }.encode_to_vec()
        }
        "CreateSubscription" => {
            pb::CreateSubscriptionResponse { subscription: subscription().await? }.encode_to_vec()
        }
        "UpdateSubscription" => {
            pb::UpdateSubscriptionResponse { subscription: subscription().await? }.encode_to_vec()
        }
        "CancelSubscription" => {
            pb::CancelSubscriptionResponse { subscription: subscription().await? }.encode_to_vec()
        }
        "PauseSubscription" => {
            pb::PauseSubscriptionResponse { subscription: subscription().await? }.encode_to_vec()
        }
        "ResumeSubscription" => {
            pb::ResumeSubscriptionResponse { subscription: subscription().await? }.encode_to_vec()
        }
        "CreateRefund" => {
            let refund = Some(read::<Refund>(app, done).await?.into());
            pb::CreateRefundResponse { refund }.encode_to_vec()
        }
        "CreateCheckoutSession" => checkout(done).encode_to_vec(),
        "CreateBillingPortalSession" => portal(done).encode_to_vec(),
        other => return Err(Error::internal(format!("`{other}` is no command"))),
    })
}

/// The object as it is mirrored.
async fn read<T: Mirrored>(app: &App, done: &Done) -> Result<Seen<T>, Error> {
    let found = mirrors::find(app, &source(app, done)?, text(&done.object, "id")).await?;
    found.ok_or_else(|| Error::Unavailable {
        reason: Reason::DatabaseUnavailable,
        message:
            "it was done, but the database that reads are answered from does not show it yet; \
                  send the same call again"
                .into(),
        source: None,
    })
}

fn checkout(Done { answer, .. }: &Done) -> pb::CreateCheckoutSessionResponse {
    let expires = answer.get("expires_at").and_then(Value::as_i64);
    pb::CreateCheckoutSessionResponse {
        session_id: text(answer, "id").to_owned(),
        url: text(answer, "url").to_owned(),
        expire_time: expires.map(|seconds| Timestamp { seconds, nanos: 0 }),
    }
}

fn portal(Done { answer, .. }: &Done) -> pb::CreateBillingPortalSessionResponse {
    pb::CreateBillingPortalSessionResponse {
        session_id: text(answer, "id").to_owned(),
        url: text(answer, "url").to_owned(),
    }
}
