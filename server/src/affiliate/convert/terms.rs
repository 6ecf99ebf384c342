//! Terms, as the contract says them.

use super::currency;
use crate::analytics::calendar::Zone;
use crate::error::{Error, Reason};
use std::collections::BTreeMap;
use takings::v1 as pb;
use takings::v1::program_terms::Rate as PbRate;
use takings_core::affiliate::Terms;
use takings_core::affiliate::terms::{
    Attribution, Caps, CouponPolicy, Duration, Measure, Method, Model, Period, Rate, Step, Tiers,
};
use takings_core::money::Currency;

/// A field that is wrong, and what is right.
type Wrong = (String, String);

/// How core names a field, and how the contract does.
const FIELDS: [(&str, &str); 11] = [
    ("rate.bps", "rate_bps"),
    ("rate.fixed", "fixed_amount"),
    ("duration.months", "duration_months"),
    ("max_sales", "max_sale_count"),
    ("caps.sale", "sale_cap"),
    ("caps.customer", "customer_cap"),
    ("caps.period", "period_cap"),
    ("attribution.window_days", "attribution_window_days"),
    ("minimum_payout", "minimum_payouts"),
    ("minimum_customers", "minimum_customer_count"),
    ("exchange_rate_micros", "exchange_rates"),
];

/// Reads terms that must be there.
pub(in crate::affiliate) fn required_terms(
    field: &'static str,
    given: Option<pb::ProgramTerms>,
) -> Result<Terms, Error> {
    let given = given.ok_or_else(|| {
        let message = format!("`{field}` is required: begin with a currency and a rate");
        invalid(vec![(field.to_owned(), message)])
    })?;
    terms(field, given)
}

/// Reads terms; `field` is where they stand in their message.
pub(in crate::affiliate) fn terms(
    field: &'static str,
    given: pb::ProgramTerms,
) -> Result<Terms, Error> {
    let mut reader = Reader { field, wrong: Vec::new(), currency: None };
    let terms = reader.read(given)?;
    if let Some(terms) = &terms {
        let found = terms.validate().into_iter();
        reader.wrong.extend(found.map(|it| (named(field, &it.field), it.message)));
    }
    match terms {
        Some(terms) if reader.wrong.is_empty() => {
            Zone::parse(&terms.time_zone)?;
            Ok(terms)
        }
        _ => Err(invalid(reader.wrong)),
    }
}

/// Terms of another currency than the program's cannot be compared with it.
pub(in crate::affiliate) fn other_currency(field: &str, currency: Currency) -> Error {
    let message = format!("the program's currency is {}: it never changes", currency.iso());
    invalid(vec![(format!("{field}.currency_code"), message)])
}

fn invalid(violations: Vec<Wrong>) -> Error {
    Error::Fields { reason: Reason::InvalidTerms, violations }
}

/// A field of core's, as the contract names it.
fn named(field: &str, core: &str) -> String {
    let known = FIELDS.iter().find_map(|(ours, theirs)| {
        let rest = core.strip_prefix(ours)?;
        (rest.is_empty() || rest.starts_with('.')).then_some(*theirs)
    });
    format!("{field}.{}", known.unwrap_or(core))
}

/// Reads terms, and gathers what is wrong with them.
struct Reader {
    field: &'static str,
    wrong: Vec<Wrong>,
    currency: Option<Currency>,
}

impl Reader {
    fn refuse(&mut self, field: &str, message: impl Into<String>) {
        self.wrong.push((format!("{}.{field}", self.field), message.into()));
    }

    fn read(&mut self, given: pb::ProgramTerms) -> Result<Option<Terms>, Error> {
        let pb::ProgramTerms {
            currency_code,
            time_zone,
            rate,
            tiers,
            duration_months,
            max_sale_count,
            sale_cap,
            customer_cap,
            period_cap,
            attribution_model,
            attribution_window_days,
            coupon_policy,
            hold_days,
            manual_approval,
            minimum_payouts,
            minimum_customer_count,
            count_out_of_band_payments,
            ban_paid_traffic,
            banned_referrers,
            exchange_rates,
            migrate_bindings,
            max_leads_without_click,
        } = given;
        let currency = currency(&currency_code)?;
        self.currency = Some(currency);
        let caps = Caps {
            sale: self.own("sale_cap", sale_cap),
            customer: self.own("customer_cap", customer_cap),
            period: self.own("period_cap", period_cap),
        };
        let attribution = Attribution {
            model: self.model(attribution_model),
            window_days: attribution_window_days.unwrap_or(Attribution::DUB.window_days),
            coupon_policy: self.coupon_policy(coupon_policy),
        };
        let rate = self.rate(rate);
        let tiers = tiers.map(|tiers| self.tiers(tiers));
        Ok(rate.map(|rate| Terms {
            currency,
            time_zone: if time_zone.is_empty() { "UTC".to_owned() } else { time_zone },
            rate,
            tiers: tiers.flatten(),
            duration: duration(duration_months),
            max_sales: max_sale_count,
            caps,
            attribution,
            hold_days: hold_days.unwrap_or(30),
            auto_approve: !manual_approval,
            minimum_payout: self.minimums(minimum_payouts),
            minimum_customers: minimum_customer_count,
            count_out_of_band: count_out_of_band_payments,
            ban_paid_traffic,
            banned_referrers,
            max_leads_without_click,
            exchange_rate_micros: self.exchange(exchange_rates),
            migrate: migrate_bindings,
        }))
    }

    /// An amount in the program's currency.
    fn own(&mut self, field: &str, given: Option<pb::Money>) -> Option<i64> {
        let pb::Money { amount_minor, currency_code } = given?;
        if self.currency.is_none_or(|currency| currency.iso() != currency_code) {
            self.refuse(field, "use the currency of the program");
        }
        Some(amount_minor)
    }

    fn rate(&mut self, given: Option<PbRate>) -> Option<Rate> {
        match given {
            Some(PbRate::RateBps(rate)) => Some(Rate::Bps(rate)),
            Some(PbRate::FixedAmount(amount)) => {
                self.own("fixed_amount", Some(amount)).map(Rate::Fixed)
            }
            None => {
                self.refuse("rate", "give `rate_bps` or `fixed_amount`");
                None
            }
        }
    }

    fn tiers(&mut self, given: pb::CommissionTiers) -> Option<Tiers> {
        let method = match given.method() {
            pb::TierMethod::Unspecified => None,
            pb::TierMethod::Slab => Some(Method::Slab),
            pb::TierMethod::Marginal => Some(Method::Marginal),
            pb::TierMethod::Retroactive => Some(Method::Retroactive),
        };
        let measure = match given.measure() {
            pb::TierMeasure::Unspecified => None,
            pb::TierMeasure::Sales => Some(Measure::Sales),
            pb::TierMeasure::NewCustomers => Some(Measure::NewCustomers),
            pb::TierMeasure::NetRevenue => Some(Measure::NetRevenue),
        };
        let period = match given.period() {
            pb::TierPeriod::Unspecified => None,
            pb::TierPeriod::CalendarMonth => Some(Period::CalendarMonth),
            pb::TierPeriod::Lifetime => Some(Period::Lifetime),
            pb::TierPeriod::Rolling30Days => Some(Period::Rolling30Days),
        };
        let pb::CommissionTiers { method: _, measure: _, period: _, steps } = given;
        for (field, missing) in [
            ("tiers.method", method.is_none()),
            ("tiers.measure", measure.is_none()),
            ("tiers.period", period.is_none()),
        ] {
            if missing {
                self.refuse(field, "choose one of the contract's values");
            }
        }
        let step = |pb::CommissionTier { threshold, rate_bps }| Step { threshold, rate_bps };
        let steps = steps.into_iter().map(step).collect();
        Some(Tiers { method: method?, measure: measure?, period: period?, steps })
    }

    fn model(&mut self, given: i32) -> Model {
        match pb::AttributionModel::try_from(given) {
            Ok(pb::AttributionModel::First) => Model::First,
            Ok(pb::AttributionModel::Last | pb::AttributionModel::Unspecified) => Model::Last,
            Err(_) => {
                self.refuse("attribution_model", "choose one of the contract's values");
                Model::Last
            }
        }
    }

    fn coupon_policy(&mut self, given: i32) -> CouponPolicy {
        match pb::CouponPolicy::try_from(given) {
            Ok(pb::CouponPolicy::ClickWins) => CouponPolicy::ClickWins,
            Ok(pb::CouponPolicy::CouponWins | pb::CouponPolicy::Unspecified) => {
                CouponPolicy::CouponWins
            }
            Err(_) => {
                self.refuse("coupon_policy", "choose one of the contract's values");
                CouponPolicy::CouponWins
            }
        }
    }

    fn minimums(&mut self, given: Vec<pb::Money>) -> BTreeMap<Currency, i64> {
        let amounts = given.into_iter().map(|it| (it.currency_code, it.amount_minor));
        self.by_currency("minimum_payouts", amounts)
    }

    fn exchange(&mut self, given: Vec<pb::ProgramExchangeRate>) -> BTreeMap<Currency, i64> {
        let rates = given.into_iter().map(|it| (it.currency_code, it.rate_micros));
        self.by_currency("exchange_rates", rates)
    }

    fn by_currency(
        &mut self,
        field: &str,
        given: impl Iterator<Item = (String, i64)>,
    ) -> BTreeMap<Currency, i64> {
        let mut read = BTreeMap::new();
        for (code, value) in given {
            match currency(&code) {
                Ok(known) if read.insert(known, value).is_none() => {}
                Ok(_) => self.refuse(field, format!("{code} is named twice")),
                Err(error) => self.refuse(field, error.message()),
            }
        }
        read
    }
}

fn duration(months: Option<i64>) -> Duration {
    match months {
        None => Duration::Forever,
        Some(0) => Duration::FirstSale,
        Some(months) => Duration::Months(months),
    }
}

/// Terms, as the contract says them.
pub(in crate::affiliate) fn terms_of(terms: &Terms) -> pb::ProgramTerms {
    let Terms {
        currency,
        time_zone,
        rate,
        tiers,
        duration,
        max_sales,
        caps: Caps { sale, customer, period },
        attribution: Attribution { model, window_days, coupon_policy },
        hold_days,
        auto_approve,
        minimum_payout,
        minimum_customers,
        count_out_of_band,
        ban_paid_traffic,
        banned_referrers,
        max_leads_without_click,
        exchange_rate_micros,
        migrate,
    } = terms;
    let money = |amount_minor: i64, currency: &Currency| pb::Money {
        amount_minor,
        currency_code: currency.iso(),
    };
    let own = |amount: &Option<i64>| amount.map(|amount| money(amount, currency));
    pb::ProgramTerms {
        currency_code: currency.iso(),
        time_zone: time_zone.clone(),
        rate: Some(match rate {
            Rate::Bps(rate) => PbRate::RateBps(*rate),
            Rate::Fixed(amount) => PbRate::FixedAmount(money(*amount, currency)),
        }),
        tiers: tiers.as_ref().map(tiers_of),
        duration_months: match duration {
            Duration::Forever => None,
            Duration::FirstSale => Some(0),
            Duration::Months(months) => Some(*months),
        },
        max_sale_count: *max_sales,
        sale_cap: own(sale),
        customer_cap: own(customer),
        period_cap: own(period),
        attribution_model: match model {
            Model::First => pb::AttributionModel::First.into(),
            Model::Last => pb::AttributionModel::Last.into(),
        },
        attribution_window_days: Some(*window_days),
        coupon_policy: match coupon_policy {
            CouponPolicy::CouponWins => pb::CouponPolicy::CouponWins.into(),
            CouponPolicy::ClickWins => pb::CouponPolicy::ClickWins.into(),
        },
        hold_days: Some(*hold_days),
        manual_approval: !auto_approve,
        minimum_payouts: minimum_payout.iter().map(|(it, least)| money(*least, it)).collect(),
        minimum_customer_count: *minimum_customers,
        count_out_of_band_payments: *count_out_of_band,
        ban_paid_traffic: *ban_paid_traffic,
        banned_referrers: banned_referrers.clone(),
        exchange_rates: exchange_rate_micros.iter().map(rate_of).collect(),
        migrate_bindings: *migrate,
        max_leads_without_click: *max_leads_without_click,
    }
}

fn rate_of((currency, rate_micros): (&Currency, &i64)) -> pb::ProgramExchangeRate {
    pb::ProgramExchangeRate { currency_code: currency.iso(), rate_micros: *rate_micros }
}

fn tiers_of(Tiers { method, measure, period, steps }: &Tiers) -> pb::CommissionTiers {
    let step = |Step { threshold, rate_bps }: &Step| pb::CommissionTier {
        threshold: *threshold,
        rate_bps: *rate_bps,
    };
    pb::CommissionTiers {
        method: match method {
            Method::Slab => pb::TierMethod::Slab.into(),
            Method::Marginal => pb::TierMethod::Marginal.into(),
            Method::Retroactive => pb::TierMethod::Retroactive.into(),
        },
        measure: match measure {
            Measure::Sales => pb::TierMeasure::Sales.into(),
            Measure::NewCustomers => pb::TierMeasure::NewCustomers.into(),
            Measure::NetRevenue => pb::TierMeasure::NetRevenue.into(),
        },
        period: match period {
            Period::CalendarMonth => pb::TierPeriod::CalendarMonth.into(),
            Period::Lifetime => pb::TierPeriod::Lifetime.into(),
            Period::Rolling30Days => pb::TierPeriod::Rolling30Days.into(),
        },
        steps: steps.iter().map(step).collect(),
    }
}
