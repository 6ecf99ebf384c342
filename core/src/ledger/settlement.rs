//! The members of a settlement by kind, and what each says of the others.

use super::Member;
use super::timeline::{Timeline, Version};
use crate::billing::facts::{
    BalanceTransaction, Charge, CheckoutSession, CreditNote, Dispute, Invoice, InvoicePayment,
    InvoiceStatus, Listed, LookUp, Payer, PaymentIntent, Payout, Refund, Seconds, State,
};
use crate::version::Moment;
use std::collections::BTreeMap;

type ById<'a, T> = BTreeMap<&'a str, Timeline<'a, T>>;

/// The members of one settlement.
#[derive(Debug)]
pub(super) struct Settlement<'a> {
    pub(super) invoices: ById<'a, Invoice>,
    pub(super) invoice_payments: ById<'a, InvoicePayment>,
    pub(super) intents: ById<'a, PaymentIntent>,
    pub(super) charges: ById<'a, Charge>,
    pub(super) refunds: ById<'a, Refund>,
    pub(super) notes: ById<'a, CreditNote>,
    pub(super) disputes: ById<'a, Dispute>,
    pub(super) payouts: ById<'a, Payout>,
    pub(super) transactions: ById<'a, BalanceTransaction>,
    pub(super) sessions: ById<'a, CheckoutSession>,
    /// When everything that the API lists for an object was last seen.
    looked_up: BTreeMap<(&'a str, Listed), Seconds>,
    intent_of: BTreeMap<&'a str, &'a str>,
    invoice_of: BTreeMap<&'a str, &'a str>,
}

/// Money that came in: by its charge, its payment intent, or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Money<'a> {
    pub(super) charge: Option<&'a str>,
    pub(super) intent: Option<&'a str>,
}

/// What money was for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose<'a> {
    /// An invoice, seen or not.
    Invoice(&'a str),
    /// A sale without an invoice, by its session, or, where a look-up found none, by the charge.
    Sale(&'a str, Option<&'a CheckoutSession>),
    /// The customer's credit, from which the first invoice is paid of the subscription that this
    /// session made.
    Credit(&'a str, &'a CheckoutSession),
    /// Nobody has said.
    Unknown,
}

impl<'a> Settlement<'a> {
    pub(super) fn of(members: &'a [Member]) -> Settlement<'a> {
        macro_rules! of_kind {
            ($kind:ident) => {
                timelines(members, |state| match state {
                    State::$kind(it) => Some(it),
                    _ => None,
                })
            };
        }
        let mut settlement = Settlement {
            invoices: of_kind!(Invoice),
            invoice_payments: of_kind!(InvoicePayment),
            intents: of_kind!(PaymentIntent),
            charges: of_kind!(Charge),
            refunds: of_kind!(Refund),
            notes: of_kind!(CreditNote),
            disputes: of_kind!(Dispute),
            payouts: of_kind!(Payout),
            transactions: of_kind!(BalanceTransaction),
            sessions: of_kind!(CheckoutSession),
            looked_up: look_ups(members),
            intent_of: BTreeMap::new(),
            invoice_of: BTreeMap::new(),
        };
        settlement.intent_of = settlement.intents_of_charges();
        settlement.invoice_of = settlement.invoices_of_money();
        settlement
    }

    /// The money that a charge or payment intent names, with the other half of its name.
    pub(super) fn money(&self, charge: Option<&'a str>, intent: Option<&'a str>) -> Money<'a> {
        let intent = intent.or_else(|| self.intent_of.get(charge?).copied());
        let charge = charge.or_else(|| self.charge_of(intent?));
        Money { charge, intent }
    }

    /// What money was for, as far as the members say.
    pub(super) fn purpose(&self, money: Money<'a>) -> Purpose<'a> {
        let named = [money.charge, money.intent].into_iter().flatten();
        if let Some(invoice) = named.filter_map(|id| self.invoice_of.get(id)).next() {
            return Purpose::Invoice(invoice);
        }
        let naming = self.sessions.values().filter(|session| {
            money.intent.is_some()
                && session.newest(|it| it.payment_intent.as_deref()) == money.intent
        });
        let mut named = false;
        for session in naming {
            named = true;
            match session.last() {
                it if it.mode == "payment" && !it.invoice_creation => {
                    return Purpose::Sale(session.id, Some(it));
                }
                it if it.mode == "subscription" => return Purpose::Credit(session.id, it),
                _ => {}
            }
        }
        // The invoice of a session that names it is still to come.
        match money.charge {
            Some(charge) if !named && self.found_nothing(charge, money.intent) => {
                Purpose::Sale(charge, None)
            }
            _ => Purpose::Unknown,
        }
    }

    /// Whether what a charge was for was looked up after it was captured: a link that somebody
    /// shows later is believed before this.
    fn found_nothing(&self, charge: &str, intent: Option<&str>) -> bool {
        let first = self.charges.get(charge).and_then(|it| it.first(|it| captured(it) > 0));
        first.is_some_and(|first| {
            let since = first.state.created;
            let looked_up = |of| self.was_looked_up(of, Listed::Payments, since);
            looked_up(charge) || intent.is_some_and(looked_up)
        })
    }

    /// Whether everything that the API lists for an object was seen, at that second or later.
    pub(super) fn was_looked_up(&self, of: &str, listed: Listed, since: Seconds) -> bool {
        self.looked_up.get(&(of, listed)).is_some_and(|second| *second >= since)
    }

    /// Whose settlement it is: as the invoice says, else the charge, the payment intent, the
    /// session, the credit note.
    pub(super) fn customer(&self) -> Option<&'a str> {
        fn named<'a, T>(
            of: &ById<'a, T>,
            customer: impl Fn(&'a T) -> Option<&'a str>,
        ) -> Option<&'a str> {
            of.values().find_map(|timeline| timeline.newest(&customer))
        }
        named(&self.invoices, |it| it.customer.as_deref())
            .or_else(|| named(&self.charges, |it| it.customer.as_deref()))
            .or_else(|| named(&self.intents, |it| it.customer.as_deref()))
            .or_else(|| named(&self.sessions, |it| it.customer.as_deref()))
            .or_else(|| named(&self.notes, |it| it.customer.as_deref()))
    }

    /// Whether the money of a session went into the customer's credit, and the invoice it names was
    /// paid from there alone: nothing was paid on it, and credit was applied.
    fn is_paid_by_credit(&self, session: &Timeline<'_, CheckoutSession>) -> bool {
        let invoice = session.newest(|it| it.invoice.as_deref());
        let Some(invoice) = invoice.and_then(|id| self.invoices.get(id)) else { return false };
        let applied = invoice.newest(|it| Some(it.ending_balance? - it.starting_balance));
        let last = invoice.last();
        session.last().mode == "subscription"
            && (last.status, last.amount_paid) == (InvoiceStatus::Paid, 0)
            && applied.is_some_and(|applied| applied > 0)
    }

    /// The charge by which an intent's money came; the newest attempt where none was captured.
    fn charge_of(&self, intent: &str) -> Option<&'a str> {
        let of_intent = self.intent_of.iter().filter(|(_, known)| **known == intent);
        let captured = of_intent.map(|(charge, _)| *charge).find(|charge| self.is_captured(charge));
        captured.or_else(|| self.intents.get(intent)?.newest(|it| it.latest_charge.as_deref()))
    }

    /// Whether a charge was seen as money.
    pub(super) fn is_captured(&self, charge: &str) -> bool {
        let charge = self.charges.get(charge);
        charge.is_some_and(|charge| charge.first(|it| captured(it) > 0).is_some())
    }

    fn intents_of_charges(&self) -> BTreeMap<&'a str, &'a str> {
        let mut of = BTreeMap::new();
        for charge in self.charges.values() {
            if let Some(intent) = charge.newest(|it| it.payment_intent.as_deref()) {
                of.insert(charge.id, intent);
            }
        }
        for intent in self.intents.values() {
            for charge in intent.versions.iter().filter_map(|it| it.state.latest_charge.as_deref())
            {
                of.entry(charge).or_insert(intent.id);
            }
        }
        of
    }

    /// The invoice of every charge and payment intent that somebody links to one. A paid invoice
    /// payment is believed first, then an open one, then what old shapes and sessions say.
    fn invoices_of_money(&self) -> BTreeMap<&'a str, &'a str> {
        let mut links: Vec<(Option<&'a str>, Option<&'a str>)> = Vec::new();
        for status in ["paid", "open"] {
            let payments = self.invoice_payments.values().map(Timeline::last);
            for payment in payments.filter(|payment| payment.status == status) {
                links.push((payer(payment), Some(&payment.invoice)));
            }
        }
        for it in self.charges.values() {
            links.push((Some(it.id), it.newest(|state| state.invoice.as_deref())));
        }
        for it in self.intents.values() {
            links.push((Some(it.id), it.newest(|state| state.invoice.as_deref())));
        }
        for it in self.invoices.values() {
            links.push((it.newest(|state| state.charge.as_deref()), Some(it.id)));
            links.push((it.newest(|state| state.payment_intent.as_deref()), Some(it.id)));
        }
        for it in self.sessions.values().filter(|it| !self.is_paid_by_credit(it)) {
            let intent = it.newest(|state| state.payment_intent.as_deref());
            links.push((intent, it.newest(|state| state.invoice.as_deref())));
        }
        let mut of = BTreeMap::new();
        for (money, invoice) in links {
            if let (Some(money), Some(invoice)) = (money, invoice) {
                of.entry(money).or_insert(invoice);
            }
        }
        of
    }
}

/// The charge or payment intent an invoice payment is made of.
pub(super) fn payer(payment: &InvoicePayment) -> Option<&str> {
    match &payment.payer {
        Some(Payer::PaymentIntent(id) | Payer::Charge(id)) => Some(id),
        Some(Payer::PaymentRecord(_)) | None => None,
    }
}

/// How much of a charge is money: what was captured, once it succeeded.
pub(super) fn captured(charge: &Charge) -> i64 {
    if charge.captured && charge.status == "succeeded" { charge.amount_captured } else { 0 }
}

fn look_ups(members: &[Member]) -> BTreeMap<(&str, Listed), Seconds> {
    let mut newest = BTreeMap::new();
    for moment in members.iter().flat_map(|member| &member.moments) {
        if let State::LookUp(LookUp { of, listed }) = &moment.state {
            let second = newest.entry((of.as_str(), *listed)).or_insert(moment.second);
            *second = moment.second.max(*second);
        }
    }
    newest
}

fn timelines<'a, T>(
    members: &'a [Member],
    of_kind: impl Fn(&'a State) -> Option<&'a T>,
) -> ById<'a, T> {
    let version = |moment: &'a Moment| {
        let state = of_kind(&moment.state)?;
        Some(Version { second: moment.second, event: moment.event.as_str(), state })
    };
    let timeline = |member: &'a Member| {
        let versions: Vec<_> = member.moments.iter().filter_map(version).collect();
        (!versions.is_empty())
            .then_some((member.id.as_str(), Timeline { id: &member.id, versions }))
    };
    members.iter().filter_map(timeline).collect()
}
