//! What every settlement must post, as tables and as lives.

mod convergence;
mod invoices;
mod lives;
mod money_back;
mod notes;
mod payments;
mod releases;
mod sales;
mod transactions;

use super::*;
use crate::billing::facts::*;
use crate::money::Currency;
use crate::time::{Day, Timestamp};
use crate::unconfirmed::Reason;

/// Noon of a date.
fn on(year: i32, month: u32, day: u32) -> Seconds {
    Day::from_civil(year, month, day).start().secs() + 43_200
}

/// A month, to close through.
fn month(year: i32, month: u32) -> Option<Month> {
    Some(Day::from_civil(year, month, 1).month())
}

fn currency(code: &str) -> Currency {
    Currency::parse(code).unwrap()
}

/// A member with its states, each at its second.
fn member(id: &str, states: &[(Seconds, State)]) -> Member {
    let moment = |(place, (second, state)): (usize, &(Seconds, State))| Moment {
        second: *second,
        event: format!("evt_{id}_{place}"),
        deleted: false,
        state: state.clone(),
        marks: BTreeSet::new(),
        reconstructed: false,
    };
    Member { id: id.to_owned(), moments: states.iter().enumerate().map(moment).collect() }
}

fn line(net: i64, start: Seconds, end: Seconds) -> Line {
    Line { net, amount: net, period_start: start, period_end: end, ..Line::default() }
}

/// An open invoice in dollars, finalised when its first line begins, with its tax at `txr_1`.
fn invoice(total: i64, lines: &[Line]) -> Invoice {
    let net = lines.iter().map(|line| line.net).sum();
    let tax = Tax { rate: "txr_1".into(), amount: total - net, inclusive: false };
    Invoice {
        customer: Some("cus_1".into()),
        status: InvoiceStatus::Open,
        currency: Some(currency("usd")),
        total,
        total_excluding_tax: net,
        amount_due: total,
        amount_remaining: total,
        ending_balance: Some(0),
        lines: lines.to_vec(),
        taxes: if total == net { vec![] } else { vec![tax] },
        finalized_at: lines.first().map(|line| line.period_start),
        ..Invoice::default()
    }
}

/// That invoice, paid in full.
fn paid(open: &Invoice, at: Seconds) -> Invoice {
    let credit = open.ending_balance.unwrap_or(0) - open.starting_balance;
    Invoice {
        status: InvoiceStatus::Paid,
        amount_paid: open.total - credit,
        amount_remaining: 0,
        paid_at: Some(at),
        ..open.clone()
    }
}

/// A payment of `in_1` by `pi_1`.
fn payment(amount: i64, at: Seconds) -> InvoicePayment {
    InvoicePayment {
        invoice: "in_1".into(),
        amount_paid: Some(amount),
        currency: currency("usd"),
        status: "paid".into(),
        paid_at: Some(at),
        payer: Some(Payer::PaymentIntent("pi_1".into())),
    }
}

/// A captured charge of `pi_1`.
fn charge(amount: i64, at: Seconds) -> Charge {
    Charge {
        created: at,
        customer: Some("cus_1".into()),
        amount,
        amount_captured: amount,
        currency: Some(currency("usd")),
        status: "succeeded".into(),
        captured: true,
        payment_intent: Some("pi_1".into()),
        ..Charge::default()
    }
}

/// A refund of `ch_1`.
fn refund(amount: i64, at: Seconds) -> Refund {
    Refund {
        created: at,
        charge: Some("ch_1".into()),
        payment_intent: Some("pi_1".into()),
        amount,
        currency: Some(currency("usd")),
        status: "succeeded".into(),
        ..Refund::default()
    }
}

/// A note on `in_1`.
fn note(total: i64, net: i64, at: Seconds) -> CreditNote {
    CreditNote {
        created: at,
        invoice: "in_1".into(),
        currency: Some(currency("usd")),
        status: "issued".into(),
        total,
        total_excluding_tax: net,
        taxes: vec![Tax { rate: "txr_1".into(), amount: total - net, inclusive: false }],
        ..CreditNote::default()
    }
}

/// Money that a dispute moved, without fee.
fn moved(id: &str, amount: i64, at: Seconds) -> BalanceTransaction {
    BalanceTransaction {
        id: id.into(),
        amount,
        fee: 0,
        currency: currency("usd"),
        created: at,
        available_on: at + 2 * 86_400,
        category: Some("dispute".into()),
        source: Some("dp_1".into()),
        exchange_rate: None,
    }
}

/// A lost dispute of `ch_1`.
fn dispute(amount: i64, moved: &[BalanceTransaction]) -> Dispute {
    Dispute {
        created: moved[0].created,
        charge: Some("ch_1".into()),
        payment_intent: Some("pi_1".into()),
        amount,
        currency: Some(currency("usd")),
        status: "lost".into(),
        balance_transactions: moved.to_vec(),
        ..Dispute::default()
    }
}

/// The invoice, its payment and its charge, paid in full at once.
fn paid_by_charge(open: &Invoice, at: Seconds) -> Vec<Member> {
    let paid = paid(open, at);
    let amount = paid.amount_paid;
    vec![
        member("in_1", &[(at, State::Invoice(open.clone())), (at + 2, State::Invoice(paid))]),
        member("inpay_1", &[(at + 2, State::InvoicePayment(payment(amount, at)))]),
        member("ch_1", &[(at + 1, State::Charge(charge(amount, at)))]),
    ]
}

/// What an account holds at the end of a second, debits positive.
fn balance_at(books: &Books, account: &str, until: Seconds) -> i64 {
    let until = Timestamp::from_secs(until);
    let dated = books.transfers.iter().filter(|(key, _)| key.occurred <= until);
    dated
        .map(|(key, posting)| {
            let debit = if key.debit.as_str() == account { posting.amount } else { 0 };
            let credit = if key.credit.as_str() == account { posting.amount } else { 0 };
            debit - credit
        })
        .sum()
}

/// What an account holds in the end, debits positive.
fn balance(books: &Books, account: &str) -> i64 {
    balance_at(books, account, i64::MAX / 2_000_000)
}

/// Gross and net revenue through the end of a second.
fn gross_and_net(books: &Books, until: Seconds) -> (i64, i64) {
    let until = Timestamp::from_secs(until);
    let dated = books.revenue.iter().filter(|(key, _)| key.occurred <= until);
    dated.fold((0, 0), |(gross, net), (key, posting)| {
        let counted = if key.kind.is_gross() { posting.amount } else { 0 };
        (gross + counted, net + posting.amount)
    })
}

/// What each month's close moves from deferred revenue to revenue.
fn closes(books: &Books) -> Vec<i64> {
    let mut closes: Vec<(Timestamp, i64)> = Vec::new();
    for (key, posting) in &books.transfers {
        if key.kind == TransferKind::Close {
            let sign = if key.credit == Account::Revenue { 1 } else { -1 };
            closes.push((key.occurred, sign * posting.amount));
        }
    }
    closes.sort();
    closes.into_iter().map(|(_, amount)| amount).collect()
}

/// What is open, but for fees, which are always looked up.
fn marks(books: &Books) -> Vec<(&str, Reason)> {
    let marks = books.marks.iter().filter(|mark| mark.reason != Reason::FeeUnknown);
    marks.map(|mark| (mark.object.as_str(), mark.reason)).collect()
}

/// The accounts that must be empty once everything is known and every period is over.
fn assert_settled(books: &Books) {
    for account in ["payments_clearing", "refunds_clearing", "receivable", "deferred_revenue"] {
        assert_eq!(balance(books, account), 0, "{account}");
    }
}
