//! Notes that were given back by a refund and by credit.

use super::*;

const AT: Seconds = 1_790_000_000;

/// The note of before basil: one refund, without its part, and credit that may be all of it.
fn note_by_refund_and_credit() -> Member {
    let refunds = vec![NoteRefund { refund: "re_1".into(), amount: None }];
    let it = CreditNote {
        post_payment_amount: 6000,
        credited: 6000,
        refunds,
        ..note(6000, 6000, AT + 9)
    };
    member("cn_1", &[(AT + 9, State::CreditNote(it))])
}

#[test]
fn the_credit_of_a_note_is_what_its_refund_leaves() {
    let mut members = paid_by_charge(&invoice(12_000, &[line(12_000, AT, AT)]), AT);
    members.push(note_by_refund_and_credit());
    let before = books(&members, month(2026, 12)).unwrap();
    assert_eq!(marks(&before), [("re_1", Reason::ParentMissing)]);

    members.push(member("re_1", &[(AT + 9, State::Refund(refund(3000, AT + 8)))]));
    let books = books(&members, month(2026, 12)).unwrap();
    assert_eq!(balance(&books, "customer_credit"), -3000);
    assert_eq!(balance(&books, "credit_notes"), 6000);
    assert_eq!(balance(&books, "refunds"), 0, "the note settles it");
    assert_eq!(gross_and_net(&books, AT + 9), (12_000, 9000));
    assert_settled(&books);
}
