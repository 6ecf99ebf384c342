//! What a settlement says: its sales, and who brought the customer.

use super::{LEAD, TouchKey, TouchRow, store};
use crate::affiliate::convert::is_id;
use crate::db::{Rows, Tx};
use crate::ingest::{Key, Trouble};
use std::collections::{BTreeMap, BTreeSet};
use takings_core::affiliate::attribution::TouchKind;
use takings_core::affiliate::sale::Sale;
use takings_core::ledger::{Member, Referral, referrals, sales};
use takings_core::time::{DAY_MICROS, Timestamp};

/// What one settlement says.
pub(super) struct Said {
    pub(super) sales: Vec<Sale>,
    /// The earliest first.
    referrals: Vec<Referral>,
    /// Whose it is; a sale of nobody is its order's.
    customers: BTreeSet<String>,
}

/// How long a click or a subscription is awaited that nobody has told of: as long as clicks are kept.
const PATIENCE: i64 = 400 * DAY_MICROS;
/// How long after a session a link with its coupon may be learned that was made before it: clocks
/// differ, and Stripe tells whole seconds.
const NOTICE: i64 = 600 * 1_000_000;

impl Said {
    pub(super) fn of(members: &[Member]) -> Result<Said, Trouble> {
        let sales = sales(members).map_err(|error| Trouble::Data(error.to_string()))?;
        let mut customers: BTreeSet<String> =
            sales.iter().map(|sale| sale.owner().to_owned()).collect();
        if customers.is_empty() {
            // Nothing was sold yet, such as in a trial: what is sold later is sold to this one.
            let states = members.iter().flat_map(|it| &it.moments).map(|moment| &moment.state);
            customers.extend(states.filter_map(|state| state.customer()).next().map(str::to_owned));
        }
        Ok(Said { sales, referrals: referrals(members), customers })
    }

    /// The clicks that its sessions were given.
    fn clicks(&self) -> impl Iterator<Item = &str> {
        self.referrals.iter().filter_map(click)
    }

    /// What links' coupons may name.
    fn coupons(&self) -> impl Iterator<Item = &str> {
        self.referrals.iter().flat_map(coupons)
    }

    /// The subscriptions that tell whose it is, where nothing of the settlement does.
    fn subscriptions(&self) -> impl Iterator<Item = &str> {
        let named = self.referrals.iter().filter_map(|it| it.subscription.as_deref());
        named.filter(|_| self.customers.is_empty())
    }

    /// What it names and nobody has told of, each with the instant until which it is awaited.
    pub(super) fn awaits(&self, source: i64, known: &Known, now: Timestamp) -> Vec<(&str, i64)> {
        let patience = now.0.saturating_add(PATIENCE);
        let clicks = self.clicks().filter(|click| !known.has(click));
        let subscriptions = self.subscriptions().filter(|id| known.customer(source, id).is_none());
        let mut awaited: Vec<(&str, i64)> =
            clicks.chain(subscriptions).map(|it| (it, patience)).collect();
        for it in &self.referrals {
            let notice = it.at.0.saturating_add(NOTICE);
            let unknown = coupons(it).filter(|coupon| !known.names(coupon) && notice > now.0);
            awaited.extend(unknown.map(|coupon| (coupon, notice)));
        }
        awaited
    }

    /// The touches that it tells of, and the lead: when the first session was made that names a
    /// partner. A session that names none, such as one that was left with the shop's own reference,
    /// says nothing of who brought the customer.
    pub(super) fn touches(
        &self,
        (source, root): (i64, &str),
        known: &Known,
    ) -> Vec<(TouchKey, TouchRow)> {
        let told = self.referrals.iter().map(|it| (it.at, known.touches(it)));
        let Some((at, mut told)) = told.into_iter().find(|(_, touches)| !touches.is_empty()) else {
            return Vec::new();
        };
        let lead = TouchRow { partner: String::new(), link: None, kind: LEAD, at };
        told.push((String::new(), root.to_owned(), lead));
        let by_subscription = self.subscriptions().find_map(|id| known.customer(source, id));
        let mut touches = Vec::new();
        for customer in self.customers.iter().map(String::as_str).chain(by_subscription) {
            for (program, id, touch) in &told {
                let (program, customer, id) = (program.clone(), customer.to_owned(), id.clone());
                let key = TouchKey { program, source, customer, id, told_by: root.to_owned() };
                touches.push((key, touch.clone()));
            }
        }
        touches
    }
}

/// The click that a session was given.
fn click(referral: &Referral) -> Option<&str> {
    referral.client_reference_id.as_deref().filter(|id| is_id(id, "clk"))
}

/// What a link's coupon may name: coupons and promotion codes.
fn coupons(referral: &Referral) -> impl Iterator<Item = &str> {
    referral.coupons.iter().chain(&referral.promotion_codes).map(String::as_str)
}

/// The clicks, links and subscriptions that settlements name.
#[derive(Default)]
pub(in crate::affiliate) struct Known {
    clicks: BTreeMap<String, (Owner, Timestamp)>,
    coupons: BTreeMap<String, Vec<(Owner, Timestamp, Option<Timestamp>)>>,
    customers: BTreeMap<Key, String>,
}

/// Whose a click or coupon is.
#[derive(Clone, Debug)]
struct Owner {
    program: String,
    partner: String,
    link: String,
}

impl Known {
    pub(super) async fn load(
        tx: &mut Tx<'_>,
        told: &BTreeMap<Key, Said>,
    ) -> Result<Known, Trouble> {
        let clicks: BTreeSet<&str> = told.values().flat_map(Said::clicks).collect();
        let coupons: BTreeSet<&str> = told.values().flat_map(Said::coupons).collect();
        let named = told
            .iter()
            .flat_map(|(key, said)| said.subscriptions().map(move |id| (key.0, id.to_owned())));
        let named: BTreeSet<Key> = named.collect();
        let customers = store::marks::owners(tx, &named).await?.into_iter().collect();
        Ok(Known { customers, ..Known::of(tx, &clicks, &coupons).await? })
    }

    /// Loads clicks and the links of coupons.
    pub(in crate::affiliate) async fn of(
        tx: &mut Tx<'_>,
        clicks: &BTreeSet<&str>,
        coupons: &BTreeSet<&str>,
    ) -> Result<Known, Trouble> {
        let rows = |names: &BTreeSet<&str>| {
            let mut rows = Rows::default();
            names.iter().for_each(|name| rows.push([(*name).into()]));
            rows
        };
        let mut known = Known::default();
        if !clicks.is_empty() {
            for row in tx.fetch(&store::CLICKS, &rows(clicks)).await? {
                let owner =
                    Owner { program: row.text(1)?, partner: row.text(2)?, link: row.text(3)? };
                known.clicks.insert(row.text(0)?, (owner, Timestamp(row.int(4)?)));
            }
        }
        if !coupons.is_empty() {
            for row in tx.fetch(&store::COUPONS, &rows(coupons)).await? {
                let owner =
                    Owner { program: row.text(1)?, partner: row.text(2)?, link: row.text(3)? };
                let (from, until) = (Timestamp(row.int(4)?), row.opt_int(5)?.map(Timestamp));
                known.coupons.entry(row.text(0)?).or_default().push((owner, from, until));
            }
        }
        Ok(known)
    }

    /// Whose a subscription is.
    fn customer(&self, source: i64, subscription: &str) -> Option<&str> {
        self.customers.get(&(source, subscription.to_owned())).map(String::as_str)
    }

    /// Whether a link has a coupon, or had it.
    fn names(&self, coupon: &str) -> bool {
        self.coupons.contains_key(coupon)
    }

    /// Whether a click is stored.
    pub(in crate::affiliate) fn has(&self, click: &str) -> bool {
        self.clicks.contains_key(click)
    }

    /// The touches of what a session names, with their programs and ids.
    fn touches(&self, referral: &Referral) -> Vec<(String, String, TouchRow)> {
        let clicked = click(referral).and_then(|id| {
            let (program, touch) = self.click(id)?;
            Some((program, id.to_owned(), touch))
        });
        let at = referral.at;
        let used = coupons(referral).filter_map(|coupon| {
            let (program, touch) = self.coupon(coupon, at)?;
            Some((program, format!("{coupon}:{}", at.secs()), touch))
        });
        clicked.into_iter().chain(used).collect()
    }

    /// The touch of a click, and its program.
    pub(in crate::affiliate) fn click(&self, id: &str) -> Option<(String, TouchRow)> {
        let (owner, at) = self.clicks.get(id)?;
        Some(owner.touch(TouchKind::Link, *at))
    }

    /// The touches of a coupon used at an instant, with their programs: at most one, because of two
    /// links one was disabled before the other had the coupon. An instant is a whole second.
    pub(in crate::affiliate) fn coupon(
        &self,
        coupon: &str,
        at: Timestamp,
    ) -> Option<(String, TouchRow)> {
        let holds = |(_, from, until): &&(Owner, Timestamp, Option<Timestamp>)| {
            from.secs() <= at.secs() && until.is_none_or(|until| at < until)
        };
        let (owner, ..) = self.coupons.get(coupon)?.iter().find(holds)?;
        Some(owner.touch(TouchKind::Coupon, at))
    }
}

impl Owner {
    fn touch(&self, kind: TouchKind, at: Timestamp) -> (String, TouchRow) {
        let touch = TouchRow {
            partner: self.partner.clone(),
            link: Some(self.link.clone()),
            kind: kind.as_str(),
            at,
        };
        (self.program.clone(), touch)
    }
}
