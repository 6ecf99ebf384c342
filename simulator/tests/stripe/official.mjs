// Drives the make-believe Stripe with Stripe's own library: the arguments are the address, and the
// folder of the packages.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";

const [address, packages] = process.argv.slice(2);
const exported = createRequire(`${packages}/`)("stripe");
const Stripe = exported.default ?? exported;
const { hostname: host, port, protocol } = new URL(address);
const stripe = new Stripe("sk_test_make_believe", {
  host,
  port,
  protocol: protocol.replace(":", ""),
  maxNetworkRetries: 2,
  telemetry: false,
});
const version = stripe.getApiField("version");

/** A webhook endpoint: its server, its address, and what it got. */
async function receiver() {
  const got = [];
  const server = createServer((request, response) => {
    const parts = [];
    request.on("data", (part) => parts.push(part));
    request.on("end", () => {
      got.push([Buffer.concat(parts), request.headers["stripe-signature"]]);
      response.end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, url: `http://127.0.0.1:${server.address().port}/hook`, got };
}

/** The error that a call must end in. */
async function refused(kind, call) {
  try {
    await call();
  } catch (problem) {
    assert.ok(problem instanceof kind, `${problem} is no ${kind.name}`);
    return problem;
  }
  return assert.fail(`not refused with ${kind.name}`);
}

async function customerWith(card) {
  const customer = await stripe.customers.create({
    email: "ada@example.com",
    metadata: { plan: "pro" },
  });
  const method = await stripe.paymentMethods.attach(card, { customer: customer.id });
  assert.deepEqual([method.customer, method.card.brand], [customer.id, "visa"]);
  return stripe.customers.update(customer.id, {
    invoice_settings: { default_payment_method: method.id },
  });
}

const { errors } = Stripe;
const { server, url, got } = await receiver();
const endpoint = await stripe.webhookEndpoints.create({
  url,
  enabled_events: ["customer.subscription.*", "invoice.paid"],
  api_version: version,
});
assert.match(endpoint.secret, /^whsec_/);

const product = await stripe.products.create({ name: "Pro" });
const price = await stripe.prices.create({
  product: product.id,
  currency: "usd",
  unit_amount: 3000,
  recurring: { interval: "month" },
});

// A subscription, and what may be expanded in it.
const customer = await customerWith("pm_card_visa");
assert.equal(customer.metadata.plan, "pro");
const subscription = await stripe.subscriptions.create({
  customer: customer.id,
  items: [{ price: price.id }],
  expand: ["latest_invoice.payments", "customer"],
});
assert.deepEqual([subscription.status, subscription.customer.email], ["active", "ada@example.com"]);
assert.equal(subscription.latest_invoice.amount_paid, 3000);
const intent = subscription.latest_invoice.payments.data[0].payment.payment_intent;

// An upgrade, prorated and invoiced at once.
const upgraded = await stripe.subscriptions.update(subscription.id, {
  items: [{ id: subscription.items.data[0].id, quantity: 3 }],
  proration_behavior: "always_invoice",
  expand: ["latest_invoice"],
});
const [credit, debit, ...others] = upgraded.latest_invoice.lines.data;
assert.equal(others.length, 0);
assert.ok([credit, debit].every((line) => line.parent.invoice_item_details.proration));
assert.ok(credit.amount < 0 && debit.amount > 0);
assert.equal(upgraded.latest_invoice.total, credit.amount + debit.amount);

// Pages turn by themselves, newest first.
const made = [];
for (let number = 0; number < 25; number += 1) {
  made.unshift((await stripe.customers.create({ name: `Customer ${number}` })).id);
}
const listed = [];
for await (const entry of stripe.customers.list({ limit: 10 })) listed.push(entry.id);
assert.deepEqual(listed, [...made, customer.id]);

// A refund, and the balance transaction behind it.
const charges = await stripe.charges.list({
  payment_intent: intent,
  expand: ["data.balance_transaction"],
});
const [charge] = charges.data;
assert.equal(charge.balance_transaction.fee, 117);
const refund = await stripe.refunds.create({ payment_intent: intent, amount: 1000 });
assert.deepEqual([refund.status, refund.charge], ["succeeded", charge.id]);
const tooMuch = await refused(errors.StripeInvalidRequestError, () =>
  stripe.refunds.create({ charge: charge.id, amount: 9999 }),
);
assert.match(tooMuch.message, /greater than unrefunded amount/);
const transaction = await stripe.balanceTransactions.retrieve(refund.balance_transaction);
assert.deepEqual([transaction.net, transaction.source], [-1000, refund.id]);

// The same key, the same answer.
const options = { idempotencyKey: "just-once" };
const first = await stripe.customers.create({ name: "Once" }, options);
const again = await stripe.customers.create({ name: "Once" }, options);
assert.equal(first.id, again.id);
assert.equal(again.lastResponse.headers["idempotent-replayed"], "true");
await refused(errors.StripeIdempotencyError, () =>
  stripe.customers.create({ name: "Twice" }, options),
);

// A card that declines, and a customer nobody made.
const poor = await customerWith("pm_card_chargeDeclinedInsufficientFunds");
const declined = await refused(errors.StripeCardError, () =>
  stripe.subscriptions.create({
    customer: poor.id,
    items: [{ price: price.id }],
    payment_behavior: "error_if_incomplete",
  }),
);
assert.deepEqual([declined.statusCode, declined.code], [402, "card_declined"]);
assert.equal(declined.decline_code, "insufficient_funds");
assert.match(declined.requestId, /^req_/);
const missing = await refused(errors.StripeInvalidRequestError, () =>
  stripe.customers.retrieve("cus_nobody"),
);
assert.deepEqual([missing.statusCode, missing.code], [404, "resource_missing"]);

// Checkout, the portal, an end.
const session = await stripe.checkout.sessions.create({
  mode: "subscription",
  line_items: [{ price: price.id, quantity: 1 }],
  success_url: "https://example.com/success",
});
assert.match(session.url, /^https:\/\/checkout\.stripe\.com\//);
const portal = await stripe.billingPortal.sessions.create({ customer: customer.id });
assert.match(portal.url, /^https:\/\/billing\.stripe\.com\//);
const ended = await stripe.subscriptions.cancel(subscription.id, {
  cancellation_details: { feedback: "unused" },
});
assert.deepEqual([ended.status, ended.cancellation_details.feedback], ["canceled", "unused"]);
assert.ok((await stripe.customers.del(customer.id)).deleted);
assert.ok((await stripe.customers.retrieve(customer.id)).deleted);

// What was told of all that, by webhooks and by the list of events.
const wanted = "customer.subscription.deleted";
const deadline = Date.now() + 20_000;
while (!got.some(([body]) => body.includes(wanted))) {
  assert.ok(Date.now() < deadline, "the last event was not delivered");
  await sleep(50);
}
const told = got.map(([body, signature]) =>
  stripe.webhooks.constructEvent(body, signature, endpoint.secret),
);
for (const event of told) {
  assert.equal(event.api_version, version);
  const stored = await stripe.events.retrieve(event.id);
  assert.deepEqual([stored.type, stored.data.object.id], [event.type, event.data.object.id]);
}
assert.equal(told[0].type, "customer.subscription.created");
assert.equal(told.at(-1).type, wanted);
const kept = [];
for await (const event of stripe.events.list({ limit: 10 })) kept.push(event.id);
assert.ok(told.every((event) => kept.includes(event.id)), "a webhook's event is not listed");
assert.equal(new Set(kept).size, kept.length);
const [[body, signature]] = got;
const forged = body.toString().replace("active", "paused");
await refused(errors.StripeSignatureVerificationError, () =>
  stripe.webhooks.constructEvent(forged, signature, endpoint.secret),
);
server.close();
server.closeAllConnections();
console.log("done");
