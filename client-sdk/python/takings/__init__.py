"""Takings: Stripe webhooks in, exact revenue out. The contract lives in `takings.v1`."""
