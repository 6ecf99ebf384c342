//! Sales outside Stripe, as the program's own server tells of them.

use super::list::Commission;
use super::store::list;
use super::{Mode, settle};
use crate::affiliate::sales::{self, Affected, Known, TouchKey, TouchRow};
use crate::affiliate::{bindings, partners, programs};
use crate::db::Tx;
use crate::error::{Error, Reason};
use crate::ingest::Unit;
use crate::once::Act;
use std::collections::BTreeSet;
use takings_core::affiliate::attribution::TouchKind;
use takings_core::affiliate::sale::{Change, Sale, returned_by};
use takings_core::money::Currency;
use takings_core::time::Timestamp;

/// The source of a program's sales outside Stripe: their ids, and those of their customers, are the
/// program's own.
pub(in crate::affiliate) fn source_of(program: &str) -> String {
    format!("direct:{program}:live")
}

/// A sale outside Stripe, as it stands.
#[derive(Debug)]
pub(in crate::affiliate) struct Convert {
    pub(super) now: Timestamp,
    pub(super) source: i64,
    pub(super) program: String,
    pub(super) id: String,
    pub(super) customer: String,
    pub(super) click: Option<String>,
    pub(super) coupon: Option<String>,
    pub(super) partner: Option<String>,
    pub(super) currency: Currency,
    pub(super) paid: i64,
    pub(super) tax: i64,
    pub(super) refunded: i64,
    pub(super) paid_at: Timestamp,
    pub(super) refunded_at: Option<Timestamp>,
}

/// What a sale has earned.
#[derive(Debug)]
pub(in crate::affiliate) struct Converted {
    pub(super) partner: String,
    pub(super) commissions: Vec<Commission>,
}

impl Act for Convert {
    type Done = Converted;

    async fn run(&self, tx: &mut Tx<'_>) -> Result<Converted, Error> {
        programs::load(tx, &self.program).await?;
        let key = (self.source, self.id.clone());
        let touches = self.touches(tx).await?;
        let customer = (self.source, self.customer.clone());
        sales::lock_customer(tx, &customer).await?;
        let was = sales::one(tx, &key).await?;
        let sale = self.sale(was.as_ref());
        let mut affected = Affected::default();
        for it in was.iter().chain([&sale]) {
            affected.sale((self.source, it.owner().to_owned()), it.paid_at);
        }
        if !touches.is_empty() {
            affected.whole(customer.clone());
        }
        affected.program(self.program.clone());
        let batch = Unit { shard: 0 }.open(tx).await?;
        let row = sales::row(&self.id, &sale)?;
        sales::write_conversion(tx, batch, (&key, &row), &touches).await?;
        settle(tx, batch, &affected, Mode::Post).await?;
        let bound = bindings::stored(tx, &self.program, &[customer]).await?;
        let partner = bound.into_values().next().map(|it| it.binding.partner);
        let commissions = list::of_sale(tx, &self.program, &key, self.now.0).await?;
        Ok(Converted { partner: partner.unwrap_or_default(), commissions })
    }
}

impl Convert {
    /// The sale; what was told of before as given back stays told.
    fn sale(&self, was: Option<&Sale>) -> Sale {
        let mut refunds = was.map(|it| it.refunds.clone()).unwrap_or_default();
        if let Some(at) = self.refunded_at {
            refunds = returned_by(&refunds, Change { at, amount: self.refunded });
        }
        Sale {
            id: self.id.clone(),
            order: self.id.clone(),
            customer: Some(self.customer.clone()),
            paid_at: self.paid_at,
            period_start: self.paid_at,
            currency: self.currency,
            captured: self.paid,
            base: vec![Change { at: self.paid_at, amount: self.paid - self.tax }],
            refunds,
            disputes: Vec::new(),
            out_of_band: false,
            new_customer: false,
        }
    }

    /// What the caller says of who brought the customer.
    async fn touches(&self, tx: &mut Tx<'_>) -> Result<Vec<(TouchKey, TouchRow)>, Error> {
        let told_by = format!("conversion:{}", self.id);
        let clicks: BTreeSet<&str> = self.click.as_deref().into_iter().collect();
        let coupons: BTreeSet<&str> = self.coupon.as_deref().into_iter().collect();
        let known = Known::of(tx, &clicks, &coupons).await?;
        let mut touches = Vec::new();
        let key = |id: String| TouchKey {
            program: self.program.clone(),
            source: self.source,
            customer: self.customer.clone(),
            id,
            told_by: told_by.clone(),
        };
        if let Some(click) = &self.click {
            let found = known.click(click).filter(|(program, _)| *program == self.program);
            let (_, touch) = found.ok_or_else(|| unknown_click(click))?;
            touches.push((key(click.clone()), touch));
        }
        if let Some(coupon) = &self.coupon {
            let found = known.coupon(coupon, self.paid_at);
            let own = found.filter(|(program, _)| *program == self.program);
            touches.extend(own.map(|(_, it)| (key(format!("{coupon}:{}", self.id)), it)));
        }
        if let Some(partner) = &self.partner {
            let found = partners::load(tx, partner).await?;
            let own = found.filter(|it| it.program == self.program);
            let partner = own.ok_or_else(|| partners::unknown(partner))?.id;
            let kind = TouchKind::Api.as_str();
            let touch = TouchRow { partner, link: None, kind, at: self.paid_at };
            touches.push((key(told_by.clone()), touch));
        }
        Ok(touches)
    }
}

fn unknown_click(id: &str) -> Error {
    let message = format!(
        "there is no click `{id}` in this program: send it again in a second if it is new, or leave \
         `click_id` out"
    );
    Error::not_found(Reason::ClickNotFound, message)
}
