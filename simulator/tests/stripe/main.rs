//! The make-believe Stripe, asked as a program asks Stripe.

mod client;
mod commands;
mod door;
mod official;
mod payments;
mod reads;
mod shop;
mod webhooks;
