//! What looks like fraud: each signal holds a commission and says why; none deletes anything.
//!
//! Texts name no person, address or network: whoever reads them looks those up.

use super::terms::Terms;

/// A sign of fraud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Signal {
    /// Partner and customer have one email address.
    SameEmail,
    /// Partner and customer have one domain that is no provider's with addresses for everybody.
    SameDomain,
    /// Partner and customer were one visitor, or two customers of the partner were.
    SameVisitor,
    /// Partner is paid to what the customer pays with.
    SamePayment,
    /// The customer's email is a disposable one.
    DisposableEmail,
    /// The click came from a paid advertisement, which the terms ban.
    PaidTraffic,
    /// The click came from a referrer that the terms ban.
    BannedReferrer,
    /// The sale followed the click faster than anybody buys.
    QuickSale,
    /// Many of the partner's customers got their money back.
    RefundRate,
    /// Many of the partner's leads had no valid click.
    LeadsWithoutClick,
}

impl Signal {
    /// The name in databases and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Signal::SameEmail => "same_email",
            Signal::SameDomain => "same_domain",
            Signal::SameVisitor => "same_visitor",
            Signal::SamePayment => "same_payment",
            Signal::DisposableEmail => "disposable_email",
            Signal::PaidTraffic => "paid_traffic",
            Signal::BannedReferrer => "banned_referrer",
            Signal::QuickSale => "quick_sale",
            Signal::RefundRate => "refund_rate",
            Signal::LeadsWithoutClick => "leads_without_click",
        }
    }
}

/// A signal that was found: the commission is held until somebody decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Which.
    pub signal: Signal,
    /// What was seen, without personal data.
    pub text: String,
}

/// One side of a sale, by keys that tell equal from unequal and nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Party<'a> {
    /// The blind index of the canonical email.
    pub email_key: Option<&'a str>,
    /// The registrable domain of the email, or an index of it.
    pub domain: Option<&'a str>,
    /// Whether that is a provider's with whom strangers have addresses too.
    pub free_domain: bool,
    /// The visitor keys known; the partner's are those of every other customer of his too, because
    /// he is known to visit where he buys himself.
    pub visitors: &'a [&'a str],
    /// The hash of the payment or payout method.
    pub payment: Option<&'a str>,
}

/// What is known of one sale.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SaleSigns<'a> {
    /// The partner.
    pub partner: Party<'a>,
    /// The customer.
    pub customer: Party<'a>,
    /// Whether the customer's email is a disposable one.
    pub disposable_email: bool,
    /// The query of the address that was clicked.
    pub query: &'a str,
    /// The host of the click's referrer.
    pub referrer: Option<&'a str>,
    /// Seconds from the click to the sale.
    pub click_to_sale: Option<i64>,
}

/// What is known of one partner.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PartnerSigns {
    /// How many customers have paid.
    pub customers: i64,
    /// How many of them had a refund.
    pub refunded_customers: i64,
    /// How many leads and customers came without a valid click.
    pub leads_without_click: i64,
}

/// Query parameters by which advertising networks mark a paid click.
pub const AD_PARAMETERS: [&str; 12] = [
    "dclid",
    "epik",
    "fbclid",
    "gbraid",
    "gclid",
    "li_fat_id",
    "msclkid",
    "rdt_cid",
    "sccid",
    "ttclid",
    "twclid",
    "wbraid",
];

/// Sooner after a click than this nobody buys.
const SOONEST_SALE_SECS: i64 = 5;
/// One refunded customer of so many is a sign, and so many there must be (as FirstPromoter counts).
const REFUNDED_OF: i64 = 4;

/// The signs of one sale.
pub fn of_sale(terms: &Terms, signs: &SaleSigns<'_>) -> Vec<Evidence> {
    let (partner, customer) = (&signs.partner, &signs.customer);
    let same = |a: Option<&str>, b: Option<&str>| a.is_some() && a == b;
    let mut found = Vec::new();
    let mut say = |holds: bool, signal: Signal, text: String| {
        if holds {
            found.push(Evidence { signal, text });
        }
    };
    let text = "partner and customer have the same email address";
    say(same(partner.email_key, customer.email_key), Signal::SameEmail, text.into());
    let own = !partner.free_domain && !customer.free_domain;
    let text = "the email addresses of partner and customer have the same domain";
    say(own && same(partner.domain, customer.domain), Signal::SameDomain, text.into());
    let met = partner.visitors.iter().any(|visitor| customer.visitors.contains(visitor));
    let text = "the partner, or another customer of his, came from the same browser and network on \
                that day";
    say(met, Signal::SameVisitor, text.into());
    let text = "the partner is paid out to what the customer paid with";
    say(same(partner.payment, customer.payment), Signal::SamePayment, text.into());
    let text = "the customer's email address is of a disposable provider";
    say(signs.disposable_email, Signal::DisposableEmail, text.into());
    let ad = ad_parameter(signs.query).filter(|_| terms.ban_paid_traffic);
    let text = format!("the click carried `{}`: a paid advertisement", ad.unwrap_or_default());
    say(ad.is_some(), Signal::PaidTraffic, text);
    let banned = signs.referrer.and_then(|host| banned(terms, host));
    let text = format!("the referrer is banned by `{}`", banned.unwrap_or_default());
    say(banned.is_some(), Signal::BannedReferrer, text);
    let fast = signs.click_to_sale.filter(|seconds| (0..SOONEST_SALE_SECS).contains(seconds));
    let text = format!("the sale followed the click after {} s", fast.unwrap_or_default());
    say(fast.is_some(), Signal::QuickSale, text);
    found
}

/// The signs of one partner.
pub fn of_partner(terms: &Terms, signs: &PartnerSigns) -> Vec<Evidence> {
    let PartnerSigns { customers, refunded_customers, leads_without_click } = *signs;
    let mut found = Vec::new();
    let many = refunded_customers.saturating_mul(REFUNDED_OF) >= customers;
    if customers >= REFUNDED_OF && many {
        let text = format!("{refunded_customers} of {customers} customers had a refund");
        found.push(Evidence { signal: Signal::RefundRate, text });
    }
    if let Some(most) = terms.max_leads_without_click.filter(|most| leads_without_click > *most) {
        let text = format!(
            "{leads_without_click} leads and customers came without a valid click, and the terms \
             allow {most}"
        );
        found.push(Evidence { signal: Signal::LeadsWithoutClick, text });
    }
    found
}

/// The parameter by which a query shows that an advertisement was paid for.
pub fn ad_parameter(query: &str) -> Option<&'static str> {
    let names = || query.trim_start_matches('?').split('&').filter_map(|it| it.split('=').next());
    AD_PARAMETERS.into_iter().find(|known| names().any(|name| name.eq_ignore_ascii_case(known)))
}

fn banned<'a>(terms: &'a Terms, host: &str) -> Option<&'a str> {
    let patterns = terms.banned_referrers.iter().map(String::as_str);
    patterns.into_iter().find(|pattern| matches(pattern, host))
}

/// Whether a host fits a pattern in which `*` stands for any characters; case makes no difference.
fn matches(pattern: &str, host: &str) -> bool {
    let (pattern, host) = (pattern.to_ascii_lowercase(), host.to_ascii_lowercase());
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| host.strip_prefix(first)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, between)) = parts.split_last() else { return rest.is_empty() };
    for part in between {
        let Some(place) = rest.find(part) else { return false };
        rest = &rest[place + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::money::Currency;

    fn terms() -> Terms {
        let mut terms = Terms::percent(Currency::parse("usd").unwrap(), 2_000);
        terms.ban_paid_traffic = true;
        terms.banned_referrers = vec!["*.coupons.example".into(), "deals.*".into()];
        terms
    }

    fn signals(signs: &SaleSigns<'_>) -> Vec<Signal> {
        of_sale(&terms(), signs).into_iter().map(|it| it.signal).collect()
    }

    #[test]
    fn every_sign_of_a_sale_is_told_without_personal_data() {
        let same = Party {
            email_key: Some("k-anna"),
            domain: Some("anna.example"),
            free_domain: false,
            visitors: &["v-1"],
            payment: Some("h-1"),
        };
        let signs = SaleSigns {
            partner: same,
            customer: same,
            disposable_email: true,
            query: "a=b&GCLID=secret-click",
            referrer: Some("www.Coupons.example"),
            click_to_sale: Some(4),
        };
        let found = of_sale(&terms(), &signs);
        assert_eq!(found.len(), 8);
        for evidence in &found {
            for personal in ["k-anna", "anna.example", "v-1", "h-1", "secret-click", "www."] {
                assert!(!evidence.text.contains(personal), "{}", evidence.text);
            }
        }
        assert_eq!(found[5].text, "the click carried `gclid`: a paid advertisement");
    }

    #[test]
    fn what_is_not_known_or_shared_by_everybody_is_no_sign() {
        assert_eq!(signals(&SaleSigns::default()), []);
        let free = Party { domain: Some("gmail.com"), free_domain: true, ..Party::default() };
        let slow = Some(5);
        let both =
            SaleSigns { partner: free, customer: free, click_to_sale: slow, ..<_>::default() };
        assert_eq!(signals(&both), []);
        let lenient = Terms { ban_paid_traffic: false, ..terms() };
        let ad = SaleSigns { query: "gclid=1", ..SaleSigns::default() };
        assert_eq!(of_sale(&lenient, &ad), []);
    }

    #[test]
    fn one_refunded_customer_of_four_is_a_sign() {
        let of = |customers, refunded_customers| {
            let signs = PartnerSigns { customers, refunded_customers, ..<_>::default() };
            of_partner(&terms(), &signs).len()
        };
        assert_eq!([of(4, 1), of(5, 1), of(3, 3), of(8, 2), of(0, 0)], [1, 0, 0, 1, 0]);
    }

    #[test]
    fn leads_without_a_click_are_a_sign_where_the_terms_say_how_many_are_too_many() {
        let of = |max_leads_without_click, leads_without_click| {
            let terms = Terms { max_leads_without_click, ..terms() };
            of_partner(&terms, &PartnerSigns { leads_without_click, ..<_>::default() })
        };
        assert_eq!((of(None, 1_000), of(Some(0), 0), of(Some(10), 10)), (vec![], vec![], vec![]));
        let found = of(Some(10), 11);
        assert_eq!(found[0].signal, Signal::LeadsWithoutClick);
        assert!(found[0].text.starts_with("11 leads"), "{}", found[0].text);
    }

    #[test]
    fn patterns_name_hosts() {
        let cases = [
            ("*.coupons.example", "a.coupons.example", true),
            ("*.coupons.example", "coupons.example", false),
            ("deals.*", "deals.example", true),
            ("*coupon*", "best-coupons.example", true),
            ("a.example", "a.example", true),
            ("a.example", "aa.example", false),
            ("a*a", "a", false),
        ];
        for (pattern, host, fits) in cases {
            assert_eq!(matches(pattern, host), fits, "{pattern} {host}");
        }
    }
}
