use super::*;
use crate::affiliate::calendar::utc;

fn touch(id: &str, partner: &str, kind: TouchKind, at: Timestamp) -> Touch {
    Touch { id: id.into(), partner: partner.into(), kind, click: None, at }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_secs(1_000_000 + second)
}

fn click(id: &str, partner: &str, second: i64) -> Touch {
    touch(id, partner, TouchKind::Link, at(second))
}

fn sold(second: i64) -> Conversion {
    Conversion { lead: None, first_sale: Some(at(second)) }
}

fn won(rules: Attribution, conversion: Conversion, touches: &[Touch]) -> Option<(String, Rule)> {
    bind(rules, "v1", conversion, touches, None).map(|it| (it.touch.id, it.rule))
}

#[test]
fn a_window_of_30_days_from_june_1_credits_june_30_last() {
    let click = touch("t", "p", TouchKind::Link, utc(2026, 6, 1));
    let last = Timestamp(utc(2026, 7, 1).0 - 1);
    assert!(is_eligible(&click, last, 30));
    assert!(!is_eligible(&click, utc(2026, 7, 1), 30));
    assert!(is_eligible(&click, click.at, 30));
    assert!(!is_eligible(&click, Timestamp(click.at.0 - 1), 30));
}

#[test]
fn the_first_or_the_last_touch_wins_and_the_smaller_id_wins_a_tie() {
    let touches =
        [click("b", "p2", 5), click("a", "p1", 5), click("d", "p4", 9), click("c", "p3", 9)];
    let touched = |rules| won(rules, sold(10), &touches).unwrap();
    assert_eq!(touched(Attribution::TOLT), ("a".into(), Rule::First));
    assert_eq!(touched(Attribution::DUB), ("c".into(), Rule::Last));
    assert_eq!(won(Attribution::DUB, sold(4), &touches), None);
}

#[test]
fn touches_after_the_lead_was_created_change_nothing() {
    let touches = [click("a", "p1", 5), click("b", "p2", 20)];
    let lead = Conversion { lead: Some(at(10)), first_sale: Some(at(30)) };
    assert_eq!(won(Attribution::DUB, lead, &touches).unwrap().0, "a");
    assert_eq!(won(Attribution::DUB, sold(30), &touches).unwrap().0, "b");
}

#[test]
fn a_click_learned_late_restates_the_binding() {
    let known = vec![click("b", "p2", 8)];
    let before = bind(Attribution::TOLT, "v1", sold(10), &known, None).unwrap();
    let mut all = known;
    all.push(click("a", "p1", 3));
    let after = bind(Attribution::TOLT, "v1", sold(10), &all, None).unwrap();
    assert_eq!((before.partner.as_str(), after.partner.as_str()), ("p2", "p1"));
    assert_eq!(after.path.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    all.reverse();
    assert_eq!(bind(Attribution::TOLT, "v1", sold(10), &all, None), Some(after));
    let paid = bind(Attribution::TOLT, "v1", sold(10), &all, Some(&before));
    assert_eq!(paid, Some(before), "a payout already sent freezes it");
}

#[test]
fn a_manual_act_freezes_the_binding_whenever_it_was() {
    let mut touches = vec![
        click("a", "p1", 5),
        touch("m1", "p7", TouchKind::Manual, at(500)),
        touch("m2", "p8", TouchKind::Manual, at(900)),
    ];
    let paid = bind(Attribution::DUB, "v1", sold(10), &touches[..1], None);
    let bound = bind(Attribution::DUB, "v1", sold(10), &touches, paid.as_ref()).unwrap();
    assert_eq!((bound.partner.as_str(), bound.rule), ("p8", Rule::Manual));
    assert_eq!(bound.path.len(), 1, "an act is no step of the path");
    touches.push(click("b", "p2", 9));
    assert_eq!(won(Attribution::DUB, sold(10), &touches).unwrap().1, Rule::Manual);
}

#[test]
fn a_call_that_names_a_partner_wins_until_a_payout_was_sent_or_a_person_decides() {
    let mut touches = vec![click("a", "p1", 5), touch("c1", "p7", TouchKind::Api, at(500))];
    touches.push(touch("c2", "p8", TouchKind::Api, at(900)));
    let bound = bind(Attribution::DUB, "v1", sold(10), &touches, None).unwrap();
    assert_eq!((bound.partner.as_str(), bound.rule), ("p8", Rule::Manual));
    assert_eq!(bound.path.len(), 1, "a call is no step of the path");
    let paid = bind(Attribution::DUB, "v1", sold(10), &touches[..1], None);
    let frozen = bind(Attribution::DUB, "v1", sold(10), &touches, paid.as_ref());
    assert_eq!(frozen, paid, "what was paid out is moved by no call");
    touches.push(touch("m", "p9", TouchKind::Manual, at(1)));
    let decided = bind(Attribution::DUB, "v1", sold(10), &touches, paid.as_ref()).unwrap();
    assert_eq!(decided.partner, "p9");
}

#[test]
fn between_a_coupon_and_a_click_the_policy_decides() {
    let coupon = touch("c", "p2", TouchKind::Coupon, at(8));
    let touches = [click("a", "p1", 9), coupon.clone()];
    let click_wins = Attribution { coupon_policy: CouponPolicy::ClickWins, ..Attribution::DUB };
    assert_eq!(won(Attribution::DUB, sold(10), &touches), Some(("c".into(), Rule::CouponWins)));
    assert_eq!(won(click_wins, sold(10), &touches), Some(("a".into(), Rule::ClickWins)));
    let same = [click("a", "p2", 9), coupon.clone()];
    assert_eq!(won(Attribution::DUB, sold(10), &same), Some(("a".into(), Rule::Last)));
    assert_eq!(won(Attribution::DUB, sold(10), &[coupon]), Some(("c".into(), Rule::Last)));
}

#[test]
fn a_coupon_shown_at_the_till_counts_after_the_lead_was_created() {
    let coupon = touch("c", "p2", TouchKind::Coupon, at(29));
    let lead = Conversion { lead: Some(at(10)), first_sale: Some(at(30)) };
    assert_eq!(won(Attribution::DUB, lead, &[coupon]).unwrap().0, "c");
}

#[test]
fn a_version_of_terms_holds_for_new_bindings_unless_it_migrates() {
    let whose = Whose::Program;
    let of = |id, second, migrate| Version { id, whose, from: at(second), migrate };
    let versions = [of("v1", 0, false), of("v2", 100, false), of("v3", 200, true)];
    let id = |bound, paid| version(&versions, at(bound), at(paid)).unwrap().id;
    assert_eq!(id(50, 150), "v1");
    assert_eq!(id(100, 150), "v2");
    assert_eq!(id(50, 200), "v3");
    assert_eq!(id(-5, -5), "v1");
    assert_eq!(version(&[], at(0), at(0)), None);
}

#[test]
fn a_partners_own_terms_hold_for_bindings_made_between_their_beginning_and_their_end() {
    use Whose::{Ended, Partner, Program};
    let of = |id, whose, second, migrate| Version { id, whose, from: at(second), migrate };
    let mut versions = vec![
        of("v1", Program, 0, false),
        of("v2", Partner, 100, false),
        of("v3", Ended, 200, false),
    ];
    let id = |versions: &[Version<'static>], bound, paid| {
        version(versions, at(bound), at(paid)).unwrap().id
    };
    let bound = [50, 100, 199, 200].map(|second| id(&versions, second, 900));
    assert_eq!(bound, ["v1", "v2", "v2", "v1"]);
    versions.push(of("v4", Program, 150, true));
    let of_all = |versions: &[Version<'static>]| [50, 120, 210].map(|it| id(versions, it, 900));
    assert_eq!(of_all(&versions), ["v4", "v2", "v4"], "own terms are in force: they stay");
    versions.push(of("v5", Program, 250, true));
    assert_eq!(of_all(&versions), ["v5", "v5", "v5"], "they have ended: all migrate");
    versions.push(of("v6", Partner, 300, true));
    assert_eq!(of_all(&versions), ["v6", "v6", "v6"], "also what was bound under the program's");
    assert_eq!(id(&versions, 50, 299), "v5", "but no sale of before");
}

#[test]
fn a_sale_joins_by_ids_before_the_email() {
    let known = [
        Identity { email_key: Some("e1"), ..Identity::default() },
        Identity { billing: Some("cus_1"), ..Identity::default() },
        Identity { customer: Some("u1"), email_key: Some("e2"), ..Identity::default() },
    ];
    let sale = Identity { customer: Some("u1"), billing: Some("cus_1"), email_key: Some("e1") };
    assert_eq!(join(&sale, &known), Some(2));
    assert_eq!(join(&Identity { customer: Some("u9"), ..sale }, &known), Some(1));
    assert_eq!(join(&Identity { customer: None, billing: None, ..sale }, &known), Some(0));
    assert_eq!(join(&Identity::default(), &known), None);
}
