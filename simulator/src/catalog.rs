//! What the business sells: products, prices, coupons, tax rates.

use serde_json::{Map, Value, json};

use crate::calendar::Interval;
use crate::dice::Dice;
use crate::exact::Fraction;

/// Amounts per unit are held in 1/10,000 of a minor unit.
const FINE: i64 = 10_000;

pub(crate) struct Product {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) created: i64,
    /// Deleted.
    pub(crate) gone: bool,
    /// Fields that were set and mean nothing to the books.
    pub(crate) set: Map<String, Value>,
}

/// What makes a price other than "so much a unit".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Plain,
    /// Sold in packages of so many, rounded up.
    Package(i64),
    /// Ten at the first amount, the rest at half of it: no payload says so.
    Tiered,
    Metered,
    /// The amount holds 20 % tax.
    TaxInside,
    /// Also sold in euro at another amount, which no payload shows.
    AlsoEuro(i64),
}

pub(crate) struct Price {
    pub(crate) id: String,
    pub(crate) product: usize,
    pub(crate) nickname: Option<String>,
    pub(crate) created: i64,
    pub(crate) currency: &'static str,
    pub(crate) fine_amount: i64,
    pub(crate) interval: Interval,
    pub(crate) count: u32,
    pub(crate) scheme: Scheme,
    /// A larger plan of the same kind, for upgrades.
    pub(crate) family: u8,
    /// Sold once, not by period.
    pub(crate) once: bool,
    /// Fields that were set and mean nothing to the books.
    pub(crate) set: Map<String, Value>,
}

impl Price {
    /// The price of a quantity for one interval, in minor units, before discounts.
    pub(crate) fn exact(&self, quantity: i64) -> Fraction {
        let units = match self.scheme {
            Scheme::Package(size) => (quantity + size - 1) / size,
            _ => quantity,
        };
        Fraction::new(i128::from(self.fine_amount) * i128::from(units), i128::from(FINE))
    }

    /// What an invoice asks for a quantity, in whole minor units of a currency.
    pub(crate) fn charge(&self, quantity: i64, currency: &str) -> i64 {
        let amount = match self.scheme {
            Scheme::AlsoEuro(euro) if currency == "eur" => i128::from(euro * quantity),
            Scheme::Tiered => self.exact(quantity.min(10)).floor() + self.half(quantity - 10),
            _ => self.exact(quantity).half_up(),
        };
        i64::try_from(amount).unwrap_or(i64::MAX)
    }

    fn half(&self, quantity: i64) -> i128 {
        self.exact(quantity.max(0)).times(1, 2).floor()
    }

    pub(crate) fn is_metered(&self) -> bool {
        self.scheme == Scheme::Metered
    }

    /// The amount per unit as a decimal, such as `12.5`.
    pub(crate) fn decimal(&self) -> String {
        let (whole, rest) = (self.fine_amount / FINE, self.fine_amount % FINE);
        if rest == 0 {
            return whole.to_string();
        }
        format!("{whole}.{}", format!("{rest:04}").trim_end_matches('0'))
    }

    /// The amount per unit, where it is whole.
    pub(crate) fn whole_amount(&self) -> Option<i64> {
        (self.fine_amount % FINE == 0 && self.scheme != Scheme::Tiered)
            .then_some(self.fine_amount / FINE)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Off {
    /// Basis points.
    Percent(i64),
    Amount(i64, &'static str),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Duration {
    Once,
    Months(u32),
    Forever,
}

pub(crate) struct Coupon {
    pub(crate) id: String,
    pub(crate) off: Off,
    pub(crate) duration: Duration,
    pub(crate) created: i64,
    /// Deleted, which ends no discount.
    pub(crate) gone: bool,
    /// Fields that were set and mean nothing to the books.
    pub(crate) set: Map<String, Value>,
    /// Made before the story: no `coupon.created` ever tells its body.
    pub(crate) older: bool,
}

#[derive(Default)]
pub(crate) struct Catalog {
    pub(crate) products: Vec<Product>,
    pub(crate) prices: Vec<Price>,
    pub(crate) coupons: Vec<Coupon>,
}

type Row = (usize, &'static str, &'static str, i64, Interval, u32, Scheme, u8);

const PRODUCTS: [&str; 4] = ["Basic", "Pro", "Team seats", "Usage"];

pub(crate) const AFTER_EURO: usize = 16;

/// product, nickname, currency, amount (fine), interval, count, scheme, family
const PRICES: [Row; 19] = [
    (0, "Basic monthly", "usd", 19_000_000, Interval::Month, 1, Scheme::Plain, 1),
    (1, "Pro monthly", "usd", 49_000_000, Interval::Month, 1, Scheme::Plain, 1),
    (2, "Team seat", "usd", 15_000_000, Interval::Month, 1, Scheme::Plain, 0),
    (1, "Pro yearly", "usd", 490_000_000, Interval::Year, 1, Scheme::Plain, 2),
    (0, "Basic weekly", "usd", 7_000_000, Interval::Week, 1, Scheme::Plain, 0),
    (1, "Pro quarterly", "usd", 129_000_000, Interval::Month, 3, Scheme::Plain, 0),
    (3, "Ten thousand calls", "usd", 20_000_000, Interval::Month, 1, Scheme::Package(10), 0),
    (3, "Contacts", "usd", 125_000, Interval::Month, 1, Scheme::Plain, 0),
    (0, "Basic monthly", "eur", 18_000_000, Interval::Month, 1, Scheme::Plain, 3),
    (1, "Pro monthly", "eur", 45_000_000, Interval::Month, 1, Scheme::Plain, 3),
    (1, "Pro yearly", "eur", 450_000_000, Interval::Year, 1, Scheme::Plain, 4),
    (0, "Basic fortnightly", "eur", 11_000_000, Interval::Week, 2, Scheme::Plain, 0),
    (0, "Basic monthly", "jpy", 20_000_000, Interval::Month, 1, Scheme::Plain, 5),
    (1, "Pro monthly", "jpy", 52_000_000, Interval::Month, 1, Scheme::Plain, 5),
    (1, "Pro monthly", "kwd", 150_000_000, Interval::Month, 1, Scheme::Plain, 0),
    (1, "Pro, tax included", "eur", 60_000_000, Interval::Month, 1, Scheme::TaxInside, 0),
    (1, "Pro world", "usd", 39_000_000, Interval::Month, 1, Scheme::AlsoEuro(3_700), 0),
    (3, "Messages", "usd", 20_000, Interval::Month, 1, Scheme::Metered, 0),
    (2, "Team tiers", "usd", 12_000_000, Interval::Month, 1, Scheme::Tiered, 0),
];

const COUPONS: [(&str, Off, Duration, bool); 9] = [
    ("WELCOME20", Off::Percent(2_000), Duration::Forever, false),
    ("SPRING255", Off::Percent(2_550), Duration::Months(3), false),
    ("FIRSTHALF", Off::Percent(5_000), Duration::Once, false),
    ("FIVEOFF", Off::Amount(500, "usd"), Duration::Forever, false),
    ("TENOFF6", Off::Amount(1_000, "usd"), Duration::Months(6), false),
    ("FREE2", Off::Percent(10_000), Duration::Months(2), false),
    ("THIRD", Off::Percent(3_333), Duration::Forever, false),
    ("THREEEURO", Off::Amount(300, "eur"), Duration::Forever, false),
    ("LEGACY15", Off::Percent(1_500), Duration::Forever, true),
];

/// The coupon whose body no event tells from clover on.
pub(crate) const LEGACY: usize = 8;
/// The coupon for one invoice.
pub(crate) const ONCE: usize = 2;

/// The first of the add-ons, of which a subscription may hold so many that Stripe cuts the list.
pub(crate) const FIRST_ADDON: usize = PRICES.len();
/// How many add-ons there are.
pub(crate) const ADDONS: i64 = 11;

fn addon(dice: &mut Dice, number: i64, created: i64) -> Price {
    Price {
        id: dice.id("price"),
        product: 3,
        nickname: Some("Add-on".to_owned()),
        created,
        currency: "usd",
        fine_amount: number * 1_000_000,
        interval: Interval::Month,
        count: 1,
        scheme: Scheme::Plain,
        family: 0,
        once: false,
        set: Map::new(),
    }
}

impl Catalog {
    /// What a line calls a price.
    pub(crate) fn name_of(&self, price: usize) -> &str {
        let price = &self.prices[price];
        price.nickname.as_deref().unwrap_or(&self.products[price.product].name)
    }

    pub(crate) fn new(dice: &mut Dice, created: i64) -> Self {
        let product = |name: &&str| Product {
            id: dice.id("prod"),
            name: (*name).to_owned(),
            created,
            gone: false,
            set: Map::from_iter([("metadata".to_owned(), json!({ "team": "growth" }))]),
        };
        let products = PRODUCTS.iter().map(product).collect();
        let prices = PRICES
            .iter()
            .map(|(product, nickname, currency, fine, interval, count, scheme, family)| Price {
                id: dice.id("price"),
                product: *product,
                nickname: Some((*nickname).to_owned()),
                created,
                currency,
                fine_amount: *fine,
                interval: *interval,
                count: *count,
                scheme: *scheme,
                family: *family,
                once: false,
                set: Map::new(),
            })
            .collect::<Vec<_>>();
        let addons: Vec<Price> = (1..=ADDONS).map(|number| addon(dice, number, created)).collect();
        let prices = prices.into_iter().chain(addons).collect();
        let coupons = COUPONS
            .iter()
            .map(|(id, off, duration, older)| Coupon {
                id: (*id).to_owned(),
                created,
                gone: false,
                set: Map::new(),
                off: *off,
                duration: *duration,
                older: *older,
            })
            .collect();
        Self { products, prices, coupons }
    }
}
