//! What a settlement says: its sales, and who brought the customer.

use super::{LEAD, TouchKey, TouchRow, store};
use crate::affiliate::convert::is_id;
use crate::db::{Rows, Tx};
use crate::ingest::{Key, Trouble};
use std::collections::{BTreeMap, BTreeSet};
use takings_core::affiliate::attribution::TouchKind;
use takings_core::affiliate::sale::Sale;
use takings_core::ledger::{Member, Referral, referral, sales};
use takings_core::time::{DAY_MICROS, Timestamp};

/// What one settlement says.
pub(super) struct Said {
    pub(super) sales: Vec<Sale>,
    referral: Referral,
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
        Ok(Said { sales, referral: referral(members), customers })
    }

    /// The click that the Checkout session was given.
    pub(super) fn click(&self) -> Option<&str> {
        self.referral.client_reference_id.as_deref().filter(|id| is_id(id, "clk"))
    }

    /// What a link's coupon may name: coupons and promotion codes.
    fn coupons(&self) -> impl Iterator<Item = &str> {
        let referral = &self.referral;
        referral.coupons.iter().chain(&referral.promotion_codes).map(String::as_str)
    }

    /// The subscription that tells whose it is, where nothing of the settlement does.
    pub(super) fn subscription(&self) -> Option<&str> {
        self.referral.subscription.as_deref().filter(|_| self.customers.is_empty())
    }

    /// What it names and nobody has told of, each with the instant until which it is awaited.
    pub(super) fn awaits<'a>(
        &'a self,
        source: i64,
        known: &Known,
        now: Timestamp,
    ) -> Vec<(&'a str, i64)> {
        let patience = now.0.saturating_add(PATIENCE);
        let click = self.click().filter(|click| !known.has(click));
        let subscription = self.subscription().filter(|id| known.customer(source, id).is_none());
        let notice = self.referral.at.map_or(0, |at| at.0.saturating_add(NOTICE));
        let coupons = self.coupons().filter(|coupon| !known.names(coupon) && notice > now.0);
        let long = click.into_iter().chain(subscription).map(|it| (it, patience));
        long.chain(coupons.map(|it| (it, notice))).collect()
    }

    /// The touches that it tells of, and the lead: when the session was made.
    pub(super) fn touches(
        &self,
        (source, root): (i64, &str),
        known: &Known,
    ) -> Vec<(TouchKey, TouchRow)> {
        let Some(at) = self.referral.at else { return Vec::new() };
        let mut touches = Vec::new();
        let by_subscription = self.subscription().and_then(|id| known.customer(source, id));
        for customer in self.customers.iter().map(String::as_str).chain(by_subscription) {
            let key =
                |program: &str, id: String| (program.to_owned(), source, customer.to_owned(), id);
            let lead = TouchRow {
                partner: String::new(),
                link: None,
                kind: LEAD,
                at,
                told_by: root.to_owned(),
            };
            touches.push((key("", root.to_owned()), lead));
            if let Some((program, touch)) = self.click().and_then(|id| known.click(id, root)) {
                let id = self.click().unwrap_or_default().to_owned();
                touches.push((key(&program, id), touch));
            }
            for coupon in self.coupons() {
                if let Some((program, touch)) = known.coupon(coupon, at, root) {
                    touches.push((key(&program, format!("{coupon}:{}", at.secs())), touch));
                }
            }
        }
        touches
    }
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
        let clicks: BTreeSet<&str> = told.values().filter_map(Said::click).collect();
        let coupons: BTreeSet<&str> = told.values().flat_map(Said::coupons).collect();
        let named = told.iter().filter_map(|(key, said)| Some((key.0, said.subscription()?)));
        let named: BTreeSet<Key> = named.map(|(source, id)| (source, id.to_owned())).collect();
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

    /// The touch of a click, and its program.
    pub(in crate::affiliate) fn click(
        &self,
        id: &str,
        told_by: &str,
    ) -> Option<(String, TouchRow)> {
        let (owner, at) = self.clicks.get(id)?;
        Some(owner.touch(TouchKind::Link, *at, told_by))
    }

    /// The touches of a coupon used at an instant, with their programs: at most one, because of two
    /// links one was disabled before the other had the coupon. An instant is a whole second.
    pub(in crate::affiliate) fn coupon(
        &self,
        coupon: &str,
        at: Timestamp,
        told_by: &str,
    ) -> Option<(String, TouchRow)> {
        let holds = |(_, from, until): &&(Owner, Timestamp, Option<Timestamp>)| {
            from.secs() <= at.secs() && until.is_none_or(|until| at < until)
        };
        let (owner, ..) = self.coupons.get(coupon)?.iter().find(holds)?;
        Some(owner.touch(TouchKind::Coupon, at, told_by))
    }
}

impl Owner {
    fn touch(&self, kind: TouchKind, at: Timestamp, told_by: &str) -> (String, TouchRow) {
        let touch = TouchRow {
            partner: self.partner.clone(),
            link: Some(self.link.clone()),
            kind: kind.as_str(),
            at,
            told_by: told_by.to_owned(),
        };
        (self.program.clone(), touch)
    }
}
