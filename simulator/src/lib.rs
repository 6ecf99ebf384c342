//! A make-believe Stripe business, with its own account of the truth.
