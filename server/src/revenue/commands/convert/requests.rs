//! Each request as a command.

use super::super::{Asked, Command, Request};
use super::super::{customers, refunds, sessions, subscriptions};
use super::fields::{
    changed, id, items, known, optional, optional_id, optional_url, payment, proration, quantity,
    trial, url, word, wrong,
};
use crate::error::{Error, Reason};
use crate::revenue::convert::text;
use std::collections::{BTreeMap, HashMap};
use takings::v1 as pb;
use takings_core::money::Currency;

/// Why customers leave, in Stripe's words.
const FEEDBACK: [&str; 8] = [
    "customer_service",
    "low_quality",
    "missing_features",
    "other",
    "switched_service",
    "too_complex",
    "too_expensive",
    "unused",
];
/// Why money goes back, in Stripe's words.
const REFUND_REASONS: [&str; 3] = ["duplicate", "fraudulent", "requested_by_customer"];

fn asked(request_id: &str, command: Command) -> Result<Asked, Error> {
    let content = serde_json::to_string(&command).map_err(Error::internal)?;
    Ok(Asked { request: Request::new(request_id, command.name(), &[&content])?, command })
}

fn metadata(given: HashMap<String, String>) -> Result<BTreeMap<String, String>, Error> {
    let read = |(key, value)| Ok((text("metadata", key)?, text("metadata", value)?));
    given.into_iter().map(read).collect()
}

pub(in crate::revenue) fn create_customer(
    given: pb::CreateCustomerRequest,
) -> Result<Asked, Error> {
    let pb::CreateCustomerRequest { name, email, payment_method_id, metadata: more, request_id } =
        given;
    let command = customers::Create {
        name: optional("name", name)?,
        email: optional("email", email)?,
        payment_method: optional_id("payment_method_id", payment_method_id)?,
        metadata: metadata(more)?,
    };
    asked(&request_id, Command::CreateCustomer(command))
}

pub(in crate::revenue) fn update_customer(
    given: pb::UpdateCustomerRequest,
) -> Result<Asked, Error> {
    let pb::UpdateCustomerRequest { customer_id, name, email, update_mask, request_id } = given;
    let fields = [("name", !name.is_empty()), ("email", !email.is_empty())];
    let changed = changed(update_mask, &fields)?;
    let wanted = |field: &'static str, given| {
        changed.contains(&field).then(|| text(field, given)).transpose()
    };
    let command = customers::Update {
        customer: id("customer_id", customer_id)?,
        name: wanted("name", name)?,
        email: wanted("email", email)?,
    };
    asked(&request_id, Command::UpdateCustomer(command))
}

pub(in crate::revenue) fn update_payment_method(
    given: pb::UpdatePaymentMethodRequest,
) -> Result<Asked, Error> {
    let pb::UpdatePaymentMethodRequest { customer_id, payment_method_id, request_id } = given;
    let command = customers::Pay {
        customer: id("customer_id", customer_id)?,
        payment_method: id("payment_method_id", payment_method_id)?,
    };
    asked(&request_id, Command::UpdatePaymentMethod(command))
}

pub(in crate::revenue) fn create_subscription(
    given: pb::CreateSubscriptionRequest,
) -> Result<Asked, Error> {
    let payment_behavior = known("payment_behavior", given.payment_behavior)?;
    let pb::CreateSubscriptionRequest {
        customer_id,
        items: order,
        coupon_id,
        trial_days,
        payment_method_id,
        payment_behavior: _,
        metadata: more,
        request_id,
    } = given;
    let command = subscriptions::Create {
        customer: id("customer_id", customer_id)?,
        items: items(order)?,
        coupon: optional("coupon_id", coupon_id)?,
        trial_days: trial(trial_days)?,
        payment_method: optional_id("payment_method_id", payment_method_id)?,
        payment_behavior: payment(payment_behavior),
        metadata: metadata(more)?,
    };
    asked(&request_id, Command::CreateSubscription(command))
}

pub(in crate::revenue) fn update_subscription(
    given: pb::UpdateSubscriptionRequest,
) -> Result<Asked, Error> {
    let pb::UpdateSubscriptionRequest {
        subscription_id,
        item_id,
        price_id,
        quantity: many,
        coupon_id,
        update_mask,
        proration_behavior,
        payment_behavior,
        request_id,
    } = given;
    let fields = [
        ("price_id", !price_id.is_empty()),
        ("quantity", many != 0),
        ("coupon_id", !coupon_id.is_empty()),
    ];
    let changed = changed(update_mask, &fields)?;
    let changes = |field| changed.contains(&field);
    let command = subscriptions::Update {
        subscription: id("subscription_id", subscription_id)?,
        item: optional_id("item_id", item_id)?,
        price: changes("price_id").then(|| id("price_id", price_id)).transpose()?,
        quantity: changes("quantity").then(|| quantity("quantity", many)).transpose()?,
        coupon: changes("coupon_id").then(|| text("coupon_id", coupon_id)).transpose()?,
        proration_behavior: proration(known("proration_behavior", proration_behavior)?),
        payment_behavior: payment(known("payment_behavior", payment_behavior)?),
    };
    asked(&request_id, Command::UpdateSubscription(command))
}

pub(in crate::revenue) fn cancel_subscription(
    given: pb::CancelSubscriptionRequest,
) -> Result<Asked, Error> {
    let pb::CancelSubscriptionRequest {
        subscription_id,
        at_period_end,
        invoice_now,
        prorate,
        feedback,
        comment,
        request_id,
    } = given;
    if at_period_end && (invoice_now || prorate) {
        let message = "`invoice_now` and `prorate` are for an end that comes now: leave out either \
                       them or `at_period_end`";
        return Err(wrong("at_period_end", message));
    }
    let command = subscriptions::Cancel {
        subscription: id("subscription_id", subscription_id)?,
        at_period_end,
        invoice_now,
        prorate,
        feedback: word("feedback", feedback, &FEEDBACK)?,
        comment: optional("comment", comment)?,
    };
    asked(&request_id, Command::CancelSubscription(command))
}

pub(in crate::revenue) fn pause_subscription(
    given: pb::PauseSubscriptionRequest,
) -> Result<Asked, Error> {
    let pb::PauseSubscriptionRequest { subscription_id, request_id } = given;
    let command = subscriptions::Pause { subscription: id("subscription_id", subscription_id)? };
    asked(&request_id, Command::PauseSubscription(command))
}

pub(in crate::revenue) fn resume_subscription(
    given: pb::ResumeSubscriptionRequest,
) -> Result<Asked, Error> {
    let pb::ResumeSubscriptionRequest { subscription_id, proration_behavior, request_id } = given;
    let command = subscriptions::Resume {
        subscription: id("subscription_id", subscription_id)?,
        proration_behavior: proration(known("proration_behavior", proration_behavior)?),
    };
    asked(&request_id, Command::ResumeSubscription(command))
}

pub(in crate::revenue) fn create_checkout_session(
    given: pb::CreateCheckoutSessionRequest,
) -> Result<Asked, Error> {
    let mode = match known("mode", given.mode)? {
        pb::CheckoutMode::Subscription => "subscription",
        pb::CheckoutMode::Payment => "payment",
        pb::CheckoutMode::Unspecified => return Err(wrong("mode", "`mode` is required")),
    };
    let pb::CreateCheckoutSessionRequest {
        mode: _,
        items: order,
        customer_id,
        customer_email,
        success_url,
        cancel_url,
        client_reference_id,
        coupon_id,
        trial_days,
        metadata: more,
        request_id,
    } = given;
    if !customer_id.is_empty() && !customer_email.is_empty() {
        let message = "name the customer by `customer_id` or by `customer_email`, not by both";
        return Err(wrong("customer_email", message));
    }
    if mode == "payment" && trial_days != 0 {
        return Err(wrong("trial_days", "only a subscription can have days that are free"));
    }
    let command = sessions::Checkout {
        mode,
        items: items(order)?,
        customer: optional_id("customer_id", customer_id)?,
        customer_email: optional("customer_email", customer_email)?,
        success_url: url("success_url", success_url)?,
        cancel_url: optional_url("cancel_url", cancel_url)?,
        client_reference_id: optional("client_reference_id", client_reference_id)?,
        coupon: optional("coupon_id", coupon_id)?,
        trial_days: trial(trial_days)?,
        metadata: metadata(more)?,
    };
    asked(&request_id, Command::CreateCheckoutSession(command))
}

pub(in crate::revenue) fn create_billing_portal_session(
    given: pb::CreateBillingPortalSessionRequest,
) -> Result<Asked, Error> {
    let pb::CreateBillingPortalSessionRequest { customer_id, return_url, request_id } = given;
    let command = sessions::Portal {
        customer: id("customer_id", customer_id)?,
        return_url: optional_url("return_url", return_url)?,
    };
    asked(&request_id, Command::CreateBillingPortalSession(command))
}

pub(in crate::revenue) fn create_refund(given: pb::CreateRefundRequest) -> Result<Asked, Error> {
    let pb::CreateRefundRequest { payment_id, payment_intent_id, amount, reason, request_id } =
        given;
    if payment_id.is_empty() == payment_intent_id.is_empty() {
        let message =
            "name the payment by `payment_id` (ch_...) or by `payment_intent_id` (pi_...)";
        return Err(wrong("payment_id", message));
    }
    let (amount, currency) = amount.map(money).transpose()?.unzip();
    let command = refunds::Create {
        charge: optional_id("payment_id", payment_id)?,
        payment_intent: optional_id("payment_intent_id", payment_intent_id)?,
        amount,
        currency,
        reason: word("reason", reason, &REFUND_REASONS)?,
    };
    asked(&request_id, Command::CreateRefund(command))
}

/// An amount that is to go back, and its currency in upper case.
fn money(pb::Money { amount_minor, currency_code }: pb::Money) -> Result<(i64, String), Error> {
    let known = Currency::parse(&currency_code).ok().map(|currency| currency.iso());
    if known.as_ref() != Some(&currency_code) {
        let message = "`amount.currency_code` must be an ISO 4217 code in upper case, such as USD";
        return Err(Error::invalid(Reason::UnknownCurrency, "amount.currency_code", message));
    }
    if amount_minor < 1 {
        let message = "a refund is more than 0; leave `amount` out to give back all that is left";
        return Err(wrong("amount.amount_minor", message));
    }
    Ok((amount_minor, currency_code))
}
