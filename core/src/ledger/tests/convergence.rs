//! Random settlements: books depend on what is known alone, and differences lead to them.

use super::*;
use proptest::prelude::*;
use proptest::sample::{Index, select};

type Rows = BTreeMap<NetKey, i64>;
type RevenueRows = BTreeMap<RevenueKey, i64>;

const START: Seconds = 1_767_268_800;
const SPAN: Seconds = 100 * 86_400;

fn moment() -> impl Strategy<Value = Seconds> {
    prop_oneof![Just(START), START..START + SPAN]
}

fn cents() -> impl Strategy<Value = i64> {
    prop_oneof![Just(0), 1..20_000_i64]
}

fn status(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(names).prop_map(str::to_owned)
}

fn named(ids: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    proptest::option::of(select(ids).prop_map(str::to_owned))
}

fn some_line() -> impl Strategy<Value = Line> {
    (-5000..20_000_i64, moment(), 0..90_i64)
        .prop_map(|(net, start, days)| line(net, start, start + days * 86_400))
}

fn some_invoice() -> impl Strategy<Value = State> {
    let statuses = select(vec![
        InvoiceStatus::Draft,
        InvoiceStatus::Open,
        InvoiceStatus::Uncollectible,
        InvoiceStatus::Paid,
        InvoiceStatus::Void,
    ]);
    let lines = proptest::collection::vec(some_line(), 0..4);
    let times = proptest::option::of(moment());
    (
        statuses,
        lines,
        (0..4000_i64, cents(), -500..500_i64),
        times,
        named(&["ch_1", "ch_2"]),
        any::<(bool, bool)>(),
    )
        .prop_map(|(status, lines, (tax, amount_paid, ending), at, charge, (cut, odd))| {
            let net: i64 = lines.iter().map(|line| line.net).sum();
            Invoice {
                status,
                amount_paid,
                ending_balance: Some(ending),
                lines_cut: cut,
                total_excluding_tax: if odd { net + 77 } else { net },
                finalized_at: at,
                paid_at: at.filter(|_| status == InvoiceStatus::Paid),
                voided_at: at.filter(|_| status == InvoiceStatus::Void),
                charge,
                paid_out_of_band: cut.then_some(odd),
                ..invoice(net + tax, &lines)
            }
        })
        .prop_map(State::Invoice)
}

fn some_payment() -> impl Strategy<Value = State> {
    let payer = prop_oneof![
        Just(Payer::PaymentIntent("pi_1".to_owned())),
        Just(Payer::Charge("ch_2".to_owned())),
        Just(Payer::PaymentRecord("pyr_1".to_owned())),
    ];
    (cents(), moment(), payer, status(&["open", "paid", "canceled"])).prop_map(
        |(amount, at, payer, status)| {
            State::InvoicePayment(InvoicePayment {
                payer: Some(payer),
                status,
                ..payment(amount, at)
            })
        },
    )
}

fn some_charge() -> impl Strategy<Value = State> {
    (cents(), cents(), moment(), any::<bool>(), status(&["succeeded", "failed"]), named(&["in_1"]))
        .prop_map(|(amount, amount_refunded, at, captured, status, invoice)| {
            State::Charge(Charge {
                amount_refunded,
                captured,
                status,
                invoice,
                ..charge(amount, at)
            })
        })
}

fn some_refund() -> impl Strategy<Value = State> {
    (cents(), moment(), status(&["pending", "succeeded", "failed", "canceled"]))
        .prop_map(|(amount, at, status)| State::Refund(Refund { status, ..refund(amount, at) }))
}

fn some_note() -> impl Strategy<Value = State> {
    (
        cents(),
        cents(),
        cents(),
        moment(),
        status(&["issued", "void"]),
        proptest::option::of(cents()),
    )
        .prop_map(|(total, tax, pre, at, status, listed)| {
            let refunds = vec![NoteRefund { refund: "re_1".into(), amount: listed }];
            State::CreditNote(CreditNote {
                status,
                pre_payment_amount: pre,
                refunds,
                ..note(total, total - tax, at)
            })
        })
}

fn some_dispute() -> impl Strategy<Value = State> {
    let moves = proptest::collection::vec((-20_000..20_000_i64, moment(), any::<bool>()), 1..4);
    (cents(), moves, status(&["needs_response", "lost", "won", "warning_closed"])).prop_map(
        |(amount, moves, status)| {
            let moves: Vec<BalanceTransaction> = moves
                .into_iter()
                .enumerate()
                .map(|(place, (amount, at, foreign))| BalanceTransaction {
                    fee: 1500,
                    currency: currency(if foreign { "eur" } else { "usd" }),
                    ..moved(&format!("txn_{place}"), amount, at)
                })
                .collect();
            State::Dispute(Dispute { status, ..dispute(amount, &moves) })
        },
    )
}

fn some_transaction() -> impl Strategy<Value = State> {
    let sources = named(&["ch_1", "ch_2", "re_1", "dp_1", "po_1", "ch_9"]);
    let categories = select(&["charge", "refund", "dispute", "payout", "fee", "transfer"][..]);
    (-20_000..20_000_i64, moment(), any::<bool>(), sources, categories).prop_map(
        |(amount, at, foreign, source, category)| {
            State::BalanceTransaction(BalanceTransaction {
                fee: 30,
                currency: currency(if foreign { "eur" } else { "usd" }),
                category: Some(category.to_owned()),
                source,
                ..moved("", amount, at)
            })
        },
    )
}

fn some_payout() -> impl Strategy<Value = State> {
    (-500..20_000_i64, moment(), status(&["pending", "paid", "failed", "canceled"])).prop_map(
        |(amount, created, status)| {
            let currency = Some(currency("usd"));
            State::Payout(Payout { created, amount, currency, status, ..Payout::default() })
        },
    )
}

/// A member that says its own id, as balance transactions do.
fn some_transactions(id: &'static str) -> BoxedStrategy<Option<Member>> {
    let named = move |mut member: Member| {
        for moment in &mut member.moments {
            if let State::BalanceTransaction(it) = &mut moment.state {
                it.id = id.to_owned();
            }
        }
        member
    };
    some_member(id, some_transaction()).prop_map(move |member| member.map(named)).boxed()
}

fn some_session() -> impl Strategy<Value = State> {
    (cents(), 0..500_i64, status(&["payment", "subscription"]), named(&["in_1"]), any::<bool>())
        .prop_map(|(amount_total, amount_tax, mode, invoice, invoice_creation)| {
            State::CheckoutSession(CheckoutSession {
                mode,
                payment_intent: Some("pi_1".into()),
                invoice,
                invoice_creation,
                amount_total,
                amount_tax,
                ..CheckoutSession::default()
            })
        })
}

fn some_member(
    id: &'static str,
    state: impl Strategy<Value = State> + 'static,
) -> BoxedStrategy<Option<Member>> {
    let states = proptest::collection::vec((moment(), state), 0..4);
    states
        .prop_map(move |mut states| {
            states.sort_by_key(|(second, _)| *second);
            states.dedup_by_key(|(second, _)| *second);
            (!states.is_empty()).then(|| member(id, &states))
        })
        .boxed()
}

fn settlement() -> impl Strategy<Value = Vec<Member>> {
    let members = vec![
        some_member("in_1", some_invoice()),
        some_member("inpay_1", some_payment()),
        some_member("inpay_2", some_payment()),
        some_member("ch_1", some_charge()),
        some_member("ch_2", some_charge()),
        some_member("re_1", some_refund()),
        some_member("re_2", some_refund()),
        some_member("cn_1", some_note()),
        some_member("dp_1", some_dispute()),
        some_member("cs_1", some_session()),
        some_member("po_1", some_payout()),
        some_transactions("txn_1"),
        some_transactions("txn_7"),
        some_transactions("txn_8"),
    ];
    members.prop_map(|members| members.into_iter().flatten().collect())
}

/// Applies what is missing to stored sums.
fn apply(books: &Books, rows: &mut Rows, revenue: &mut RevenueRows) -> usize {
    let transfers = difference(books, rows).unwrap();
    for (key, posting) in &transfers {
        assert!(posting.amount > 0);
        let (key, amount) = key.signed(posting.amount);
        *rows.entry(key).or_default() += amount;
    }
    let signed = revenue_difference(books, revenue).unwrap();
    for (key, posting) in &signed {
        *revenue.entry(key.clone()).or_default() += posting.amount;
    }
    rows.retain(|_, amount| *amount != 0);
    revenue.retain(|_, amount| *amount != 0);
    transfers.len() + signed.len()
}

/// The net of every balance transaction, as it says itself or else its dispute, each id once; and
/// whether there is one of the payout.
fn stripes_books(members: &[Member]) -> (i64, bool) {
    let mut nets: BTreeMap<&str, i64> = BTreeMap::new();
    let mut settled = false;
    let shown = members.iter().flat_map(|it| &it.moments);
    for embedded in shown.filter_map(|moment| match &moment.state {
        State::Dispute(it) => Some(&it.balance_transactions),
        _ => None,
    }) {
        nets.extend(embedded.iter().map(|it| (it.id.as_str(), it.amount - it.fee)));
    }
    let dispute = members.iter().find(|it| it.id == "dp_1").and_then(|it| it.moments.last());
    if dispute.is_some_and(
        |it| matches!(&it.state, State::Dispute(it) if it.status.starts_with("warning")),
    ) {
        nets.clear();
    }
    for member in members {
        if let Some(State::BalanceTransaction(it)) = member.moments.last().map(|it| &it.state) {
            nets.insert(&it.id, it.amount - it.fee);
            settled |=
                it.source.as_deref() == Some("po_1") && it.category.as_deref() != Some("fee");
        }
    }
    (nets.values().sum(), settled)
}

fn revenue_of(books: &Books) -> RevenueRows {
    books.revenue.iter().map(|(key, posting)| (key.clone(), posting.amount)).collect()
}

proptest! {
    #[test]
    fn members_in_any_order_give_equal_books(
        (members, shuffled) in settlement().prop_flat_map(|members| {
            (Just(members.clone()), Just(members).prop_shuffle())
        }),
    ) {
        prop_assert_eq!(books(&members, month(2026, 3)), books(&shuffled, month(2026, 3)));
    }

    #[test]
    fn differences_lead_from_any_books_to_any_other_and_then_to_nothing(
        members in settlement(),
        known in any::<Index>(),
        seen in any::<Index>(),
    ) {
        // What is known first: some of the members, the first of them with part of its life.
        let known = known.index(members.len() + 1);
        let mut first: Vec<Member> = members[..known].to_vec();
        if let Some(member) = first.first_mut() {
            member.moments.truncate(seen.index(member.moments.len()) + 1);
        }
        let before = books(&first, month(2026, 2)).unwrap();
        let after = books(&members, month(2026, 4)).unwrap();
        let (mut rows, mut revenue) = (Rows::new(), RevenueRows::new());
        for target in [&before, &after] {
            apply(target, &mut rows, &mut revenue);
            prop_assert_eq!(&rows, &target.nets());
            prop_assert_eq!(&revenue, &revenue_of(target));
            prop_assert_eq!(apply(target, &mut rows, &mut revenue), 0);
        }
    }

    #[test]
    fn deferred_revenue_ends_at_zero_once_every_month_is_closed(members in settlement()) {
        let books = books(&members, month(2027, 12)).unwrap();
        prop_assert_eq!(balance(&books, "deferred_revenue"), 0);
        for (key, posting) in &books.transfers {
            prop_assert!(posting.amount > 0 && key.debit != key.credit);
        }
        for posting in books.revenue.values() {
            prop_assert!(posting.amount != 0);
        }
    }

    #[test]
    fn the_stripe_balance_is_what_stripes_books_sum_to(members in settlement()) {
        let books = books(&members, None).unwrap();
        let (nets, settled) = stripes_books(&members);
        // A payout that Stripe's books do not hold yet is taken from the balance by itself.
        let early = if settled { 0 } else { balance(&books, "bank") };
        prop_assert_eq!(balance(&books, "stripe_balance"), nets - early);
    }

    #[test]
    fn what_is_given_up_is_owed_no_more(members in settlement()) {
        let Some(member) = members.iter().find(|member| member.id == "in_1") else { return Ok(()) };
        let last = member.moments.last().map(|moment| moment.state.clone());
        let Some(State::Invoice(it)) = last else { return Ok(()) };
        if it.status == InvoiceStatus::Uncollectible {
            let books = books(&members, None).unwrap();
            let shown = member.moments.iter().any(|moment| matches!(&moment.state,
                State::Invoice(it) if matches!(it.status, InvoiceStatus::Paid | InvoiceStatus::Void)));
            prop_assert!(shown || balance(&books, "receivable") == 0);
        }
    }
}

#[test]
fn amounts_beyond_64_bits_are_refused() {
    let start = START;
    let huge = invoice(i64::MAX, &[line(i64::MAX, start, start)]);
    let twice = [
        member("in_1", &[(start, State::Invoice(huge.clone()))]),
        member("inpay_1", &[(start, State::InvoicePayment(payment(i64::MAX, start)))]),
        member("inpay_2", &[(start, State::InvoicePayment(payment(i64::MAX, start)))]),
    ];
    assert_eq!(books(&twice, None), Err(LedgerError::Overflow));
}
