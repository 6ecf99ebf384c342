//! Products, prices, coupons and promotion codes.

use serde_json::{Map, Value, json};

use super::card::with_metadata;
use super::{Command, fields};
use crate::calendar::Interval;
use crate::catalog::{Coupon, Duration, Off, Price, Product, Scheme};
use crate::stripe::account::Account;
use crate::stripe::kind::Kind;
use crate::stripe::params::Params;
use crate::stripe::problem::{Answer, Problem};

/// An amount in 1/10,000 of a minor unit for each minor unit.
const FINE: i64 = 10_000;

pub(super) fn run(account: &mut Account, command: &Command<'_>) -> Option<Answer> {
    let Command { method, path, params } = *command;
    Some(match (method, path) {
        ("POST", ["products"]) => new_product(account, params),
        ("POST", ["products", id]) => update(account, Kind::Product, id, params),
        ("DELETE", ["products", id]) => delete(account, Kind::Product, id),
        ("POST", ["prices"]) => new_price(account, params),
        ("POST", ["prices", id]) => update(account, Kind::Price, id, params),
        ("POST", ["coupons"]) => new_coupon(account, params),
        ("POST", ["coupons", id]) => update(account, Kind::Coupon, id, params),
        ("DELETE", ["coupons", id]) => delete(account, Kind::Coupon, id),
        ("POST", ["promotion_codes"]) => new_code(account, params),
        _ => return None,
    })
}

fn new_product(account: &mut Account, params: &Params) -> Answer {
    let kept = ["active", "description", "metadata", "statement_descriptor", "unit_label", "url"];
    params.only(&[&kept[..], &["id", "name", "type"]].concat())?;
    let index = add_product(account, params)?;
    let body = account.world.product_json(index);
    account.world.say("product.created", body.clone());
    Ok(body)
}

fn add_product(account: &mut Account, params: &Params) -> Answer<usize> {
    let name = params.required("name")?.to_owned();
    let given = params.text("id").map(str::to_owned);
    refuse_taken(account, Kind::Product, given.as_deref())?;
    let world = &mut account.world;
    let id = given.unwrap_or_else(|| world.dice.id("prod"));
    let mut set = Map::from_iter([("description".to_owned(), Value::Null)]);
    fields::keep(
        params,
        &["active", "description", "statement_descriptor", "unit_label", "url"],
        &mut set,
    );
    fields::set_metadata(params, &mut set);
    world.catalog.products.push(Product { id, name, created: world.now, gone: false, set });
    Ok(account.world.catalog.products.len() - 1)
}

fn refuse_taken(account: &Account, kind: Kind, id: Option<&str>) -> Answer<()> {
    match id.filter(|id| account.place(kind, id).is_some()) {
        Some(_) => {
            let message = format!("{} already exists.", kind.noun());
            Err(Problem::invalid(message).code("resource_already_exists").param("id"))
        }
        None => Ok(()),
    }
}

fn new_price(account: &mut Account, params: &Params) -> Answer {
    params.only(&[
        "active",
        "billing_scheme",
        "currency",
        "currency_options",
        "lookup_key",
        "metadata",
        "nickname",
        "product",
        "product_data",
        "recurring",
        "tax_behavior",
        "transform_quantity",
        "unit_amount",
        "unit_amount_decimal",
    ])?;
    let index = account.add_price(params)?;
    let body = account.world.price_json(index);
    account.world.say("price.created", body.clone());
    Ok(body)
}

impl Account {
    /// A price as parameters describe it, of which nothing has been said yet.
    pub(super) fn add_price(&mut self, params: &Params) -> Answer<usize> {
        let currency = fields::currency(params, "currency")?;
        let fine_amount = fine_amount(params)?;
        let scheme = scheme(params)?;
        let recurring = params.hash("recurring");
        let (interval, count) = interval(&recurring)?;
        let product = match params.text("product") {
            Some(id) => self.living(Kind::Product, id, "product")?,
            None if params.has("product_data") => add_product(self, &params.hash("product_data"))?,
            None => return Err(Problem::missing("product")),
        };
        let metered = recurring.choice("usage_type", &["licensed", "metered"])? == Some("metered");
        let mut set = Map::new();
        fields::keep(params, &["active", "lookup_key", "tax_behavior"], &mut set);
        fields::set_metadata(params, &mut set);
        let world = &mut self.world;
        world.catalog.prices.push(Price {
            id: world.dice.id("price"),
            product,
            nickname: params.text("nickname").map(str::to_owned),
            created: world.now,
            currency,
            fine_amount,
            interval,
            count,
            scheme: if metered { Scheme::Metered } else { scheme },
            family: 0,
            once: recurring.is_empty(),
            set,
        });
        self.sync();
        Ok(self.world.catalog.prices.len() - 1)
    }
}

/// The amount per unit, from `unit_amount` or from up to four decimals.
fn fine_amount(params: &Params) -> Answer<i64> {
    if params.text("billing_scheme") == Some("tiered") {
        let message = "This account plays with prices per unit: tiers cannot be created.";
        return Err(Problem::invalid(message).param("billing_scheme"));
    }
    if let Some(amount) = fields::at_least(params, "unit_amount", 0)? {
        return Ok(amount * FINE);
    }
    let decimal =
        params.required("unit_amount_decimal").map_err(|_| Problem::missing("unit_amount"))?;
    let (whole, rest) = decimal.split_once('.').unwrap_or((decimal, ""));
    let digits = format!("{whole}{rest:0<4}");
    let parsed = if rest.len() > 4 { None } else { digits.parse().ok() };
    parsed.ok_or_else(|| {
        Problem::invalid(format!("Invalid decimal: {decimal}")).param("unit_amount_decimal")
    })
}

fn scheme(params: &Params) -> Answer<Scheme> {
    let options = params.hash("currency_options").hash("eur");
    if let Some(euro) = options.integer("unit_amount")? {
        return Ok(Scheme::AlsoEuro(euro));
    }
    let divided = params.hash("transform_quantity");
    if divided.choice("round", &["up"])?.is_some() {
        let size = fields::at_least(&divided, "divide_by", 1)?;
        return Ok(Scheme::Package(size.ok_or_else(|| Problem::missing("divide_by"))?));
    }
    Ok(Scheme::Plain)
}

/// The interval of a recurring price; that of others is never used.
fn interval(recurring: &Params) -> Answer<(Interval, u32)> {
    let name = recurring.choice("interval", &["day", "week", "month", "year"])?;
    let interval = match name {
        None if !recurring.is_empty() => return Err(Problem::missing("recurring[interval]")),
        Some("day") => Interval::Day,
        Some("week") => Interval::Week,
        Some("year") => Interval::Year,
        _ => Interval::Month,
    };
    let count = fields::at_least(recurring, "interval_count", 1)?.unwrap_or(1);
    Ok((interval, u32::try_from(count).unwrap_or(1)))
}

fn new_coupon(account: &mut Account, params: &Params) -> Answer {
    params.only(&[
        "amount_off",
        "currency",
        "duration",
        "duration_in_months",
        "id",
        "max_redemptions",
        "metadata",
        "name",
        "percent_off",
        "redeem_by",
    ])?;
    refuse_taken(account, Kind::Coupon, params.text("id"))?;
    let off = match fields::at_least(params, "amount_off", 1)? {
        Some(amount) => Off::Amount(amount, fields::currency(params, "currency")?),
        None => Off::Percent(basis_points(params.required("percent_off")?)?),
    };
    let duration = match params.choice("duration", &["forever", "once", "repeating"])? {
        Some("forever") => Duration::Forever,
        Some("repeating") => {
            let months = fields::at_least(params, "duration_in_months", 1)?;
            let missing = || Problem::missing("duration_in_months");
            Duration::Months(u32::try_from(months.ok_or_else(missing)?).unwrap_or(1))
        }
        _ => Duration::Once,
    };
    let mut set = Map::from_iter([("name".to_owned(), Value::Null)]);
    fields::keep(params, &["name"], &mut set);
    fields::set_metadata(params, &mut set);
    let world = &mut account.world;
    let id = params.text("id").map_or_else(|| world.dice.token(8), str::to_owned);
    let created = world.now;
    world.catalog.coupons.push(Coupon {
        id,
        off,
        duration,
        created,
        gone: false,
        set,
        older: false,
    });
    let body = world.coupon_json(world.catalog.coupons.len() - 1);
    world.say("coupon.created", body.clone());
    Ok(body)
}

/// A percentage with up to two decimals, in hundredths of it.
fn basis_points(percent: &str) -> Answer<i64> {
    let (whole, rest) = percent.split_once('.').unwrap_or((percent, ""));
    let rest = rest.trim_end_matches('0');
    let parsed = format!("{whole}{rest:0<2}").parse().ok().filter(|_| rest.len() <= 2);
    parsed.filter(|points| (1..=10_000).contains(points)).ok_or_else(|| {
        let message = "Invalid percent_off: must be greater than 0 and at most 100.";
        Problem::invalid(message).param("percent_off")
    })
}

fn update(account: &mut Account, kind: Kind, id: &str, params: &Params) -> Answer {
    let known: &[&str] = match kind {
        Kind::Coupon => &["name"],
        Kind::Price => &["active", "lookup_key", "nickname", "tax_behavior"],
        _ => &["active", "default_price", "description", "name", "unit_label", "url"],
    };
    params.only(&[known, &["metadata"]].concat())?;
    let index = account.living(kind, id, "id")?;
    account.change(kind, index, |world| {
        let set = match kind {
            Kind::Coupon => &mut world.catalog.coupons[index].set,
            Kind::Price => &mut world.catalog.prices[index].set,
            _ => &mut world.catalog.products[index].set,
        };
        fields::keep(params, known, set);
        fields::set_metadata(params, set);
    });
    account.shown(kind, index)
}

fn delete(account: &mut Account, kind: Kind, id: &str) -> Answer {
    let index = account.living(kind, id, "id")?;
    let catalog = &mut account.world.catalog;
    if kind == Kind::Product && catalog.prices.iter().any(|price| price.product == index) {
        let message =
            "This product cannot be deleted because it has one or more user-created prices.";
        return Err(Problem::invalid(message));
    }
    let body = account.shown(kind, index)?;
    let catalog = &mut account.world.catalog;
    match kind {
        Kind::Coupon => catalog.coupons[index].gone = true,
        _ => catalog.products[index].gone = true,
    }
    account.world.say(&format!("{}.deleted", kind.noun()), body);
    Ok(json!({ "id": id, "object": kind.noun(), "deleted": true }))
}

fn new_code(account: &mut Account, params: &Params) -> Answer {
    params.only(&["active", "code", "coupon", "customer", "metadata", "promotion"])?;
    let promotion = params.hash("promotion");
    let coupon = params.text("coupon").or_else(|| promotion.text("coupon"));
    let coupon = coupon.ok_or_else(|| Problem::missing("promotion[coupon]"))?;
    account.living(Kind::Coupon, coupon, "coupon")?;
    let code =
        params.text("code").map_or_else(|| account.dice.token(8).to_uppercase(), str::to_owned);
    let mut body = json!({
        "id": account.world.dice.id("promo"),
        "object": "promotion_code",
        "active": params.flag("active")?.unwrap_or(true),
        "code": code,
        "created": account.world.now,
        "customer": params.text("customer"),
        "expires_at": null,
        "livemode": account.world.plan.livemode,
        "max_redemptions": null,
        "metadata": {},
        "promotion": { "coupon": coupon, "type": "coupon" },
        "times_redeemed": 0,
    });
    with_metadata(params, &mut body);
    account.tell(Kind::PromotionCode, "promotion_code.created", body)
}
