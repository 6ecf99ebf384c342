//! What terms must not say, each with what to do instead.

use super::{Bps, Caps, Duration, Measure, Method, Period, Rate, Terms, Tiers};
pub use crate::violation::Violation;
use crate::violation::Violations;

/// Whole days in a thousand years: no window, hold or duration is longer.
const LONGEST_DAYS: i64 = 365_250;
const LONGEST_MONTHS: i64 = 12_000;
const WHOLE: Bps = 10_000;

impl Terms {
    /// Everything that cannot stand, in the order of the fields; empty: the terms are sound.
    ///
    /// Whether the time zone exists is for whoever knows time zones; here only its form is checked.
    pub fn validate(&self) -> Vec<Violation> {
        let mut found = Found::default();
        found.time_zone(&self.time_zone);
        found.rate(self);
        if let Some(tiers) = &self.tiers {
            found.tiers(tiers);
        }
        found.duration(self);
        found.caps(self);
        found.days("attribution.window_days", self.attribution.window_days, 1);
        found.days("hold_days", self.hold_days, 0);
        found.payouts(self);
        found.referrers(&self.banned_referrers);
        let most = self.max_leads_without_click;
        let message = "use 0 for none, or leave it out for as many as there are";
        found.check(most.is_none_or(|most| most >= 0), "max_leads_without_click", message);
        found.exchange(self);
        found.0.0
    }
}

#[derive(Default)]
struct Found(Violations);

impl Found {
    fn check(&mut self, holds: bool, field: impl Into<String>, message: impl Into<String>) {
        self.0.check(holds, field, message);
    }

    fn time_zone(&mut self, name: &str) {
        let plain = |it: char| it.is_ascii_alphanumeric() || "/_+-".contains(it);
        let fits = !name.is_empty() && name.len() <= 64 && name.chars().all(plain);
        self.check(fits, "time_zone", "use an IANA name, for example `UTC` or `Europe/Berlin`");
    }

    fn bps(&mut self, field: &str, rate: Bps) {
        self.check(rate >= 0, field, "a rate cannot be negative: use 0 to 10,000 basis points");
        let message = format!("{rate} basis points are more than the sale: use 0 to 10,000");
        self.check(rate <= WHOLE, field, message);
    }

    fn rate(&mut self, terms: &Terms) {
        match terms.rate {
            Rate::Bps(rate) => self.bps("rate.bps", rate),
            Rate::Fixed(amount) => {
                let message = "a fixed commission must be more than 0 minor units";
                self.check(amount > 0, "rate.fixed", message);
                let message = "tiers are percentages: use `bps`, or leave out `tiers`";
                self.check(terms.tiers.is_none(), "rate.fixed", message);
            }
        }
    }

    fn tiers(&mut self, tiers: &Tiers) {
        let rolling = tiers.period == Period::Rolling30Days;
        let message = "30 rolling days have no end at which a period could be counted again: use \
                       `slab`, or `calendar_month`";
        self.check(!rolling || tiers.method == Method::Slab, "tiers.period", message);
        let counted = tiers.measure != Measure::NetRevenue;
        let message = "a count has no part that falls into a tier: measure `net_revenue`, or use \
                       `slab` or `retroactive`";
        self.check(!counted || tiers.method != Method::Marginal, "tiers.method", message);
        let message = "tiers need a step: begin with threshold 0";
        self.check(!tiers.steps.is_empty(), "tiers.steps", message);
        for (place, step) in tiers.steps.iter().enumerate() {
            let field = format!("tiers.steps[{place}]");
            self.bps(&format!("{field}.rate_bps"), step.rate_bps);
            let threshold = format!("{field}.threshold");
            match place.checked_sub(1).map(|before| tiers.steps[before].threshold) {
                None => {
                    let message = "the first threshold must be 0: every sale needs a rate";
                    self.check(step.threshold == 0, threshold, message);
                }
                Some(before) => {
                    let message = format!(
                        "tiers overlap or are not sorted: use a threshold above {before}, that of \
                         the step before"
                    );
                    self.check(step.threshold > before, threshold, message);
                }
            }
        }
    }

    fn duration(&mut self, terms: &Terms) {
        if let Duration::Months(months) = terms.duration {
            let message = "use 1 to 12,000 months, `first_sale` or `forever`";
            self.check((1..=LONGEST_MONTHS).contains(&months), "duration.months", message);
        }
        let message = "use at least 1 sale, or leave it out for no limit";
        self.check(terms.max_sales.is_none_or(|most| most > 0), "max_sales", message);
    }

    fn caps(&mut self, terms: &Terms) {
        let Caps { sale, customer, period } = terms.caps;
        for (field, cap) in
            [("caps.sale", sale), ("caps.customer", customer), ("caps.period", period)]
        {
            let message = "a cap must be more than 0 minor units: leave it out for no limit";
            self.check(cap.is_none_or(|cap| cap > 0), field, message);
        }
        let Some(tiers) = &terms.tiers else { return };
        let message = "a customer's share of a tier depends on other customers: cap the period";
        self.check(customer.is_none(), "caps.customer", message);
        let whole = tiers.method != Method::Slab;
        let message = "marginal and retroactive tiers are counted over a whole period: cap the \
                       period, or use `slab`";
        self.check(sale.is_none() || !whole, "caps.sale", message);
        let message = "30 rolling days are no period that could be capped: use `calendar_month`";
        let rolling = tiers.period == Period::Rolling30Days;
        self.check(period.is_none() || !rolling, "caps.period", message);
    }

    fn days(&mut self, field: &str, days: i64, least: i64) {
        let message = format!("use {least} to 365,250 whole days");
        self.check((least..=LONGEST_DAYS).contains(&days), field, message);
    }

    fn payouts(&mut self, terms: &Terms) {
        for (currency, amount) in &terms.minimum_payout {
            let message = "a minimum cannot be negative: use 0 or leave the currency out";
            self.check(*amount >= 0, format!("minimum_payout.{currency}"), message);
        }
        let message = "use 0 for no minimum, or how many customers must have paid";
        self.check(terms.minimum_customers >= 0, "minimum_customers", message);
    }

    fn referrers(&mut self, patterns: &[String]) {
        for (place, pattern) in patterns.iter().enumerate() {
            let plain = |it: char| it.is_ascii_alphanumeric() || ".-*".contains(it);
            let fits = !pattern.is_empty() && pattern.len() <= 253 && pattern.chars().all(plain);
            let message = "use a host name without scheme or path, `*` for any characters, for \
                           example `*.coupons.example`";
            self.check(fits, format!("banned_referrers[{place}]"), message);
            let message = "this bans every referrer: name the hosts";
            let all = !pattern.is_empty() && pattern.chars().all(|it| it == '*' || it == '.');
            self.check(!all, format!("banned_referrers[{place}]"), message);
        }
    }

    fn exchange(&mut self, terms: &Terms) {
        for (currency, micros) in &terms.exchange_rate_micros {
            let field = format!("exchange_rate_micros.{currency}");
            let message = "a currency is worth more than 0: use millionths of one unit of the \
                           program's currency";
            self.check(*micros > 0, field.clone(), message);
            let message = "the program's own currency needs no rate: leave it out";
            self.check(*currency != terms.currency, field, message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Step;
    use super::*;
    use crate::money::Currency;

    fn terms() -> Terms {
        Terms::percent(Currency::parse("usd").unwrap(), 2_000)
    }

    fn tiers(method: Method, measure: Measure, period: Period, steps: &[(i64, Bps)]) -> Tiers {
        let step = |(threshold, rate_bps): &(i64, Bps)| Step {
            threshold: *threshold,
            rate_bps: *rate_bps,
        };
        Tiers { method, measure, period, steps: steps.iter().map(step).collect() }
    }

    fn fields(terms: &Terms) -> Vec<String> {
        terms.validate().into_iter().map(|it| it.field).collect()
    }

    #[test]
    fn sound_terms_violate_nothing() {
        assert_eq!(terms().validate(), []);
        let sound = tiers(
            Method::Retroactive,
            Measure::Sales,
            Period::CalendarMonth,
            &[(0, 1_000), (11, 1_200)],
        );
        assert_eq!(Terms { tiers: Some(sound), ..terms() }.validate(), []);
    }

    #[test]
    fn every_wrong_field_is_named() {
        let mut wrong = terms();
        wrong.time_zone = "Berlin, Germany".into();
        wrong.rate = Rate::Bps(10_001);
        wrong.duration = Duration::Months(0);
        wrong.max_sales = Some(0);
        wrong.caps.sale = Some(-1);
        wrong.attribution.window_days = 0;
        wrong.hold_days = -1;
        wrong.minimum_payout.insert(wrong.currency, -1);
        wrong.banned_referrers = vec!["https://x.example/".into(), "*".into()];
        wrong.max_leads_without_click = Some(-1);
        wrong.exchange_rate_micros.insert(wrong.currency, 0);
        let expected = [
            "time_zone",
            "rate.bps",
            "duration.months",
            "max_sales",
            "caps.sale",
            "attribution.window_days",
            "hold_days",
            "minimum_payout.usd",
            "banned_referrers[0]",
            "banned_referrers[1]",
            "max_leads_without_click",
            "exchange_rate_micros.usd",
            "exchange_rate_micros.usd",
        ];
        assert_eq!(fields(&wrong), expected);
    }

    #[test]
    fn tiers_begin_at_nothing_and_rise() {
        let steps = [(1, -1), (1, 500), (0, 10_500)];
        let wrong = tiers(Method::Slab, Measure::Sales, Period::CalendarMonth, &steps);
        let expected = [
            "tiers.steps[0].rate_bps",
            "tiers.steps[0].threshold",
            "tiers.steps[1].threshold",
            "tiers.steps[2].rate_bps",
            "tiers.steps[2].threshold",
        ];
        assert_eq!(fields(&Terms { tiers: Some(wrong), ..terms() }), expected);
    }

    #[test]
    fn methods_go_only_with_what_they_can_count() {
        let of = |method, measure, period| {
            fields(&Terms { tiers: Some(tiers(method, measure, period, &[(0, 1)])), ..terms() })
        };
        let month = Period::CalendarMonth;
        assert_eq!(of(Method::Marginal, Measure::Sales, month), ["tiers.method"]);
        assert_eq!(
            of(Method::Retroactive, Measure::Sales, Period::Rolling30Days),
            ["tiers.period"]
        );
        assert!(of(Method::Slab, Measure::NewCustomers, Period::Rolling30Days).is_empty());
        assert!(of(Method::Marginal, Measure::NetRevenue, month).is_empty());
        let fixed = Terms {
            rate: Rate::Fixed(0),
            tiers: Some(tiers(Method::Slab, Measure::Sales, month, &[])),
            ..terms()
        };
        assert_eq!(fields(&fixed), ["rate.fixed", "rate.fixed", "tiers.steps"]);
    }
}
