"""Drives the make-believe Stripe with Stripe's own library: the address is the only argument."""

import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import stripe

client = stripe.StripeClient(
    "sk_test_make_believe",
    base_addresses={"api": sys.argv[1]},
    max_network_retries=2,
)
v1 = client.v1


def receiver():
    """A webhook endpoint: its address, and what it got."""
    got = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            got.append((body, self.headers["stripe-signature"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/hook", got


def refused(error, call):
    """The error that a call must end in."""
    try:
        call()
    except error as problem:
        return problem
    raise AssertionError(f"not refused with {error.__name__}")


def customer_with(card):
    customer = v1.customers.create({"email": "ada@example.com", "metadata": {"plan": "pro"}})
    method = v1.payment_methods.attach(card, {"customer": customer.id})
    assert method.customer == customer.id and method.card.brand == "visa"
    settings = {"invoice_settings": {"default_payment_method": method.id}}
    return v1.customers.update(customer.id, settings)


url, got = receiver()
endpoint = v1.webhook_endpoints.create({
    "url": url,
    "enabled_events": ["customer.subscription.*", "invoice.paid"],
    "api_version": stripe.api_version,
})
assert endpoint.secret.startswith("whsec_")

product = v1.products.create({"name": "Pro"})
price = v1.prices.create({
    "product": product.id,
    "currency": "usd",
    "unit_amount": 3000,
    "recurring": {"interval": "month"},
})

# A subscription, and what may be expanded in it.
customer = customer_with("pm_card_visa")
assert customer.metadata["plan"] == "pro"
subscription = v1.subscriptions.create({
    "customer": customer.id,
    "items": [{"price": price.id}],
    "expand": ["latest_invoice.payments", "customer"],
})
assert subscription.status == "active"
assert subscription.customer.email == "ada@example.com"
invoice = subscription.latest_invoice
assert invoice.amount_paid == 3000
intent = invoice.payments.data[0].payment.payment_intent

# An upgrade, prorated and invoiced at once.
item = subscription["items"].data[0]
upgraded = v1.subscriptions.update(subscription.id, {
    "items": [{"id": item.id, "quantity": 3}],
    "proration_behavior": "always_invoice",
    "expand": ["latest_invoice"],
})
lines = upgraded.latest_invoice.lines.data
assert [line.parent.invoice_item_details.proration for line in lines] == [True, True]
assert lines[0].amount < 0 < lines[1].amount
assert upgraded.latest_invoice.total == lines[0].amount + lines[1].amount

# Pages turn by themselves, newest first.
made = [v1.customers.create({"name": f"Customer {number}"}).id for number in range(25)]
listed = [entry.id for entry in v1.customers.list({"limit": 10}).auto_paging_iter()]
assert listed == list(reversed(made)) + [customer.id]

# A refund, and the balance transaction behind it.
charge = v1.charges.list({"payment_intent": intent, "expand": ["data.balance_transaction"]}).data[0]
assert charge.balance_transaction.fee == 117
refund = v1.refunds.create({"payment_intent": intent, "amount": 1000})
assert (refund.status, refund.charge) == ("succeeded", charge.id)
problem = refused(stripe.InvalidRequestError, lambda: v1.refunds.create({"charge": charge.id, "amount": 9999}))
assert "greater than unrefunded amount" in problem.user_message
transaction = v1.balance_transactions.retrieve(refund.balance_transaction)
assert (transaction.net, transaction.source) == (-1000, refund.id)

# The same key, the same answer.
options = {"idempotency_key": "just-once"}
first = v1.customers.create({"name": "Once"}, options)
again = v1.customers.create({"name": "Once"}, options)
assert first.id == again.id
assert again.last_response.headers["Idempotent-Replayed"] == "true"
refused(stripe.IdempotencyError, lambda: v1.customers.create({"name": "Twice"}, options))

# A card that declines.
poor = customer_with("pm_card_chargeDeclinedInsufficientFunds")
problem = refused(stripe.CardError, lambda: v1.subscriptions.create({
    "customer": poor.id,
    "items": [{"price": price.id}],
    "payment_behavior": "error_if_incomplete",
}))
assert (problem.http_status, problem.code) == (402, "card_declined")
assert problem.error.decline_code == "insufficient_funds"
assert problem.request_id.startswith("req_")
problem = refused(stripe.InvalidRequestError, lambda: v1.customers.retrieve("cus_nobody"))
assert (problem.http_status, problem.code) == (404, "resource_missing")

# Checkout, the portal, an end.
session = v1.checkout.sessions.create({
    "mode": "subscription",
    "line_items": [{"price": price.id, "quantity": 1}],
    "success_url": "https://example.com/success",
})
assert session.url.startswith("https://checkout.stripe.com/")
portal = v1.billing_portal.sessions.create({"customer": customer.id})
assert portal.url.startswith("https://billing.stripe.com/")
ended = v1.subscriptions.cancel(subscription.id, {"cancellation_details": {"feedback": "unused"}})
assert (ended.status, ended.cancellation_details.feedback) == ("canceled", "unused")
assert v1.customers.delete(customer.id).deleted
assert v1.customers.retrieve(customer.id).deleted

# What was told of all that.
deadline = time.time() + 20
wanted = "customer.subscription.deleted"
while not any(wanted.encode() in body for body, _ in list(got)):
    assert time.time() < deadline, "the last event was not delivered"
    time.sleep(0.05)
for body, signature in got:
    event = client.construct_event(body, signature, endpoint.secret)
    assert event.api_version == stripe.api_version
    stored = v1.events.retrieve(event.id)
    assert stored.type == event.type and stored.data.object.id == event.data.object.id
kinds = [client.construct_event(*entry, endpoint.secret).type for entry in got]
assert kinds[0] == "customer.subscription.created" and kinds[-1] == wanted, kinds
forged = got[0][0].replace(b"active", b"paused")
refused(
    stripe.SignatureVerificationError,
    lambda: client.construct_event(forged, got[0][1], endpoint.secret),
)
print("done")
