//! The make-believe Stripe, asked as a program asks Stripe.

mod client;
mod commands;
mod door;
mod payments;
mod python;
mod reads;
mod shop;
mod webhooks;
