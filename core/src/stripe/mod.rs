//! Stripe: signatures, events, and payloads of any API version as facts.
