//! Lives of money: invoices with their payments, refunds, disputes, notes; one-off sales; payouts.

use serde_json::Map;

use super::Life;
use crate::calendar::{DAY, HOUR};
use crate::model::{InvoiceStatus, Payout, TaxRate};
use crate::plan::ApiVersion;
use crate::world::World;

const PAID: &[&str] = &[
    "invoice.finalized",
    "invoice.paid",
    "invoice_payment.paid",
    "charge.succeeded",
    "refund.created",
    "refund.updated",
    "refund.failed",
];

const DISPUTED: &[&str] = &[
    "invoice.finalized",
    "invoice_payment.paid",
    "charge.succeeded",
    "charge.dispute.created",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.closed",
    "charge.dispute.funds_reinstated",
];

const NOTED: &[&str] = &[
    "invoice.finalized",
    "invoice.paid",
    "invoice_payment.paid",
    "charge.succeeded",
    "credit_note.created",
    "credit_note.voided",
    "refund.created",
];

const UNPAID: &[&str] = &[
    "invoice.created",
    "invoice.finalized",
    "invoice.marked_uncollectible",
    "invoice.voided",
    "invoice.paid",
    "invoice.payment_succeeded",
    "invoice_payment.paid",
];

const SALE: &[&str] = &[
    "charge.succeeded",
    "charge.updated",
    "charge.refunded",
    "payment_intent.succeeded",
    "checkout.session.completed",
    "refund.created",
    "refund.updated",
];

const PAYOUT: &[&str] = &["payout.created", "payout.paid", "payout.failed"];

pub(super) const LIVES: [Life; 10] = [
    Life { script: refund_in_vain, keep: PAID, since: ApiVersion::Basil },
    Life { script: paid_in_parts, keep: PAID, since: ApiVersion::Basil },
    Life { script: dispute_won, keep: DISPUTED, since: ApiVersion::Basil },
    Life { script: dispute_lost, keep: DISPUTED, since: ApiVersion::Basil },
    Life { script: note_to_balance, keep: NOTED, since: ApiVersion::Basil },
    Life { script: note_and_refund, keep: NOTED, since: ApiVersion::Basil },
    Life { script: given_up_then_paid, keep: UNPAID, since: ApiVersion::Endive },
    Life { script: void_at_once, keep: UNPAID, since: ApiVersion::Acacia },
    Life { script: sale_refunded, keep: SALE, since: ApiVersion::Basil },
    Life { script: payout_failed, keep: PAYOUT, since: ApiVersion::Acacia },
];

fn paid(world: &mut World, price: usize) -> (usize, usize) {
    let invoice = world.billed(price);
    world.invoices[invoice].touched = true;
    world.pay_by_card(invoice, world.invoices[invoice].remaining());
    (invoice, world.charges.len() - 1)
}

/// A refund is made, and fails: everything stands as before.
fn refund_in_vain(world: &mut World) {
    let (_, charge) = paid(world, 1);
    world.now += 9 * DAY;
    world.new_refund(charge, 1_000, "succeeded", false);
    world.now += 3 * DAY;
    world.refund_ends(0);
}

/// Two payments in one second close an invoice.
fn paid_in_parts(world: &mut World) {
    let invoice = world.billed(9);
    world.invoices[invoice].touched = true;
    world.now += HOUR;
    world.pay_by_card(invoice, 1_700);
    world.pay_by_card(invoice, world.invoices[invoice].remaining());
}

fn disputed(world: &mut World, wins: bool) {
    let (_, charge) = paid(world, 5);
    world.now += 15 * DAY;
    world.dispute(charge);
    let dispute = &mut world.disputes[0];
    (dispute.inquiry, dispute.wins) = (false, wins);
    if dispute.transactions.is_empty() {
        dispute.status = "needs_response";
        world.withdraw(0);
        world.say("charge.dispute.funds_withdrawn", world.dispute_json(0));
    }
    world.disputes[0].status = "under_review";
    world.now += 30 * DAY;
    world.dispute_moves(0);
}

fn dispute_won(world: &mut World) {
    disputed(world, true);
}

fn dispute_lost(world: &mut World) {
    disputed(world, false);
}

/// A taxed invoice, in part credited to the balance, in part refunded in the same second.
fn note_to_balance(world: &mut World) {
    let customer = world.new_customer();
    let rate = TaxRate { id: world.dice.id("txr"), percent: 20, inclusive: false };
    world.customers[customer].tax = Some(rate);
    let sub = world.blank_sub(customer, 10, 1, "eur");
    let lines = world.lines_for(sub, None);
    let invoice = world.draft(sub, "subscription_create", lines);
    world.finalize(invoice);
    world.invoices[invoice].touched = true;
    world.pay_by_card(invoice, world.invoices[invoice].remaining());
    world.now += 70 * DAY;
    world.note_of(invoice, 6_000, false);
    world.new_refund(0, 3_000, "succeeded", false);
}

/// A note settled by a refund, of which both tell in one second.
fn note_and_refund(world: &mut World) {
    let (invoice, _) = paid(world, 3);
    world.now += 20 * DAY;
    world.note_of(invoice, 12_000, true);
}

/// Uncollectible; two months later paid outside Stripe.
fn given_up_then_paid(world: &mut World) {
    let invoice = world.billed(3);
    world.now += 30 * DAY;
    world.write_off(invoice);
    world.now += 61 * DAY;
    world.late(invoice);
}

/// Finalised and voided within a second.
fn void_at_once(world: &mut World) {
    let invoice = world.billed(13);
    debug_assert_eq!(world.invoices[invoice].status, InvoiceStatus::Open);
    world.void(invoice);
}

/// A one-off sale whose session comes after its charge; all of it goes back.
fn sale_refunded(world: &mut World) {
    world.new_customer();
    let charge = world.one_off_charge(true);
    world.charges[charge].captured = true;
    world.say_paid_charge(charge);
    world.explain(charge, true);
    world.now += 2 * DAY;
    world.new_refund(charge, world.charges[charge].amount, "succeeded", false);
}

/// On its way, paid, and back after all: the first two in one second.
fn payout_failed(world: &mut World) {
    world.payouts.push(Payout {
        id: world.dice.id("po"),
        currency: "usd",
        amount: 120_000,
        created: world.now,
        arrival: world.now,
        status: "pending",
        fate: "failed",
        failed: false,
        undone_at: None,
        set: Map::new(),
    });
    world.books.post("bank", "stripe_balance", "usd", 120_000);
    world.say("payout.created", world.payout_json(0));
    world.payout_moves(0);
    world.now += DAY;
    world.payout_moves(0);
}
