//! Files of payouts: RFC 4180, lines ended by CR LF, amounts in whole units.
//!
//! A name that a spreadsheet would take for a formula gets an apostrophe before it. An account is written
//! as it is, or somebody else would be paid: whoever calls leaves out those that begin so.

use takings_core::affiliate::payout::is_formula;
use takings_core::money::Currency;

/// The form of a file; each fits one payout method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// A list of bank transfers.
    Bank,
    /// What PayPal's mass payments read: no header, and one currency a file.
    /// <https://docs.paypal.ai/growth/payouts/send-money/use-web-ui>
    Paypal,
    /// What Wise's batch payments to email recipients read.
    Wise,
}

impl Format {
    /// The payout method that it fits.
    pub(super) fn method(self) -> &'static str {
        match self {
            Format::Bank => "bank",
            Format::Paypal => "paypal",
            Format::Wise => "wise",
        }
    }

    /// Whether a file of it holds one currency.
    pub(super) fn is_of_one_currency(self) -> bool {
        self == Format::Paypal
    }

    fn header(self) -> Option<&'static str> {
        match self {
            Format::Bank => Some("name,account,amount,currency,reference"),
            Format::Paypal => None,
            Format::Wise => Some(
                "name,recipientEmail,paymentReference,receiverType,amountCurrency,amount,\
                 sourceCurrency,targetCurrency",
            ),
        }
    }
}

/// One payout, as a file names it.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) payout: String,
    /// The id of who is paid.
    pub(super) partner: String,
    pub(super) name: String,
    pub(super) account: String,
    /// Whether the partner has handed in a company's form.
    pub(super) company: bool,
    pub(super) currency: Currency,
    pub(super) amount: i64,
    /// Whether the partner is still paid in the way for which the payout was made.
    pub(super) is_of_method: bool,
}

/// The whole file.
pub(super) fn file(format: Format, lines: &[Line]) -> String {
    let mut file = String::new();
    if let Some(header) = format.header() {
        file.push_str(header);
        file.push_str("\r\n");
    }
    for line in lines {
        file.push_str(&fields(format, line).join(","));
        file.push_str("\r\n");
    }
    file
}

fn fields(format: Format, line: &Line) -> Vec<String> {
    let Line { payout, name, account, company, currency, amount, .. } = line;
    let (name, account) = (text(name), quoted(account));
    let (amount, currency) = (major(*amount, *currency), currency.iso());
    match format {
        Format::Bank => vec![name, account, amount, currency, text(payout)],
        Format::Paypal => {
            let (customer, note, wallet) = (String::new(), text(payout), "PAYPAL".to_owned());
            vec![account, amount, currency, customer, note, wallet]
        }
        Format::Wise => {
            let kind = if *company { "INSTITUTION" } else { "PERSON" };
            let (kind, target) = (kind.to_owned(), "target".to_owned());
            vec![name, account, short(payout), kind, target, amount, currency.clone(), currency]
        }
    }
}

/// A reference of 18 characters, which every bank takes: the id's last digits, which are random.
fn short(payout: &str) -> String {
    let digits: Vec<char> = payout.chars().collect();
    digits[digits.len().saturating_sub(18)..].iter().collect()
}

/// A text that no spreadsheet takes for a formula, in quotes where it needs them.
fn text(plain: &str) -> String {
    let safe = if is_formula(plain) { format!("'{plain}") } else { plain.to_owned() };
    quoted(&safe)
}

/// A text in quotes where it needs them.
fn quoted(plain: &str) -> String {
    let needs = plain.contains([',', '"', '\r', '\n']) || plain.trim() != plain;
    if needs { format!("\"{}\"", plain.replace('"', "\"\"")) } else { plain.to_owned() }
}

/// An amount in whole units, such as `12.34`, by how many decimals Stripe gives the currency.
fn major(amount: i64, currency: Currency) -> String {
    let places = currency.exponent();
    let whole = 10_u64.pow(places);
    let sign = if amount < 0 { "-" } else { "" };
    let (units, rest) = (amount.unsigned_abs() / whole, amount.unsigned_abs() % whole);
    match places {
        0 => format!("{sign}{units}"),
        places => format!("{sign}{units}.{rest:0width$}", width = places as usize),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, account: &str, currency: &str, amount: i64) -> Line {
        Line {
            payout: "pay_0190f3c1a2b47c3d8e5f60718293a4b5".into(),
            partner: "prt_1".into(),
            name: name.into(),
            account: account.into(),
            company: false,
            currency: Currency::parse(currency).unwrap(),
            amount,
            is_of_method: true,
        }
    }

    #[test]
    fn texts_are_quoted_and_are_no_formulas() {
        for (plain, written) in [
            ("Anna", "Anna"),
            ("Doe, \"Jo\"", "\"Doe, \"\"Jo\"\"\""),
            ("a\r\nb", "\"a\r\nb\""),
            ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
            ("+1,2", "\"'+1,2\""),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("a=b", "a=b"),
            ("Ünï 🦀", "Ünï 🦀"),
        ] {
            assert_eq!(text(plain), written, "{plain}");
        }
    }

    #[test]
    fn amounts_have_the_decimals_of_their_currency() {
        for (amount, code, written) in [
            (1_234, "usd", "12.34"),
            (5, "eur", "0.05"),
            (1_234, "jpy", "1234"),
            (1_234, "kwd", "1.234"),
            (i64::MAX, "usd", "92233720368547758.07"),
            (-1_005, "usd", "-10.05"),
        ] {
            assert_eq!(major(amount, Currency::parse(code).unwrap()), written);
        }
    }

    #[test]
    fn each_format_has_its_columns() {
        let lines = [line("Anna", "anna@example.com", "usd", 1_900)];
        assert_eq!(
            file(Format::Bank, &lines),
            "name,account,amount,currency,reference\r\n\
             Anna,anna@example.com,19.00,USD,pay_0190f3c1a2b47c3d8e5f60718293a4b5\r\n"
        );
        assert_eq!(
            file(Format::Paypal, &lines),
            "anna@example.com,19.00,USD,,pay_0190f3c1a2b47c3d8e5f60718293a4b5,PAYPAL\r\n"
        );
        assert_eq!(
            file(Format::Wise, &lines),
            "name,recipientEmail,paymentReference,receiverType,amountCurrency,amount,\
             sourceCurrency,targetCurrency\r\n\
             Anna,anna@example.com,3d8e5f60718293a4b5,PERSON,target,19.00,USD,USD\r\n"
        );
    }
}
