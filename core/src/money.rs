//! Money in integers: currencies, rounding, and splits that lose nothing.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// An ISO 4217 code as Stripe writes it: three lower-case ASCII letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// A text that is no currency code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a currency code: use three ASCII letters of ISO 4217, for example `usd`")]
pub struct UnknownCurrency(pub String);

impl Currency {
    /// Parses a code in either case; the letters must name a currency of ISO 4217.
    pub fn parse(text: &str) -> Result<Currency, UnknownCurrency> {
        let refuse = || UnknownCurrency(text.chars().take(16).collect());
        let bytes: [u8; 3] = text.as_bytes().try_into().map_err(|_| refuse())?;
        let code = Currency(bytes.map(|byte| byte.to_ascii_lowercase()));
        if CODES.as_bytes().chunks(4).any(|known| known[..3] == code.0) {
            Ok(code)
        } else {
            Err(refuse())
        }
    }

    /// The code in lower case, as Stripe writes it.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("xxx")
    }

    /// The code in upper case, as ISO 4217 writes it.
    pub fn iso(&self) -> String {
        self.as_str().to_ascii_uppercase()
    }

    /// How many decimal places Stripe's minor unit has: display only, never arithmetic.
    ///
    /// Source: Stripe's "zero-decimal" and "three-decimal" currencies. ISK and UGX have no
    /// fraction in ISO 4217, but Stripe counts them in hundredths.
    pub fn exponent(&self) -> u32 {
        match self.as_str() {
            "bif" | "clp" | "djf" | "gnf" | "jpy" | "kmf" | "krw" | "mga" | "pyg" | "rwf"
            | "vnd" | "vuv" | "xaf" | "xof" | "xpf" => 0,
            "bhd" | "jod" | "kwd" | "omr" | "tnd" => 3,
            _ => 2,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Currency, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Currency::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// `a * n / d`, rounded half away from zero: the rounding of every share except MRR.
///
/// Answers `None` where the result leaves `i64` or `d` is zero.
pub fn share(a: i64, n: i64, d: i64) -> Option<i64> {
    if d == 0 {
        return None;
    }
    let (product, d) = (i128::from(a) * i128::from(n), i128::from(d));
    let (product, d) = if d < 0 { (-product, -d) } else { (product, d) };
    let doubled = 2 * product.abs() + d;
    let magnitude = doubled / (2 * d);
    i64::try_from(if product < 0 { -magnitude } else { magnitude }).ok()
}

/// Splits `total` over `weights` by largest remainder: the parts sum to `total` exactly, earlier
/// parts win ties. All weights zero: everything goes to the first part.
pub fn split(total: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if sum == 0 {
        return (0..weights.len()).map(|i| if i == 0 { total } else { 0 }).collect();
    }
    let exact = |weight: i64| i128::from(total) * i128::from(weight);
    let mut parts: Vec<i128> = weights.iter().map(|w| exact(*w).div_euclid(sum)).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|i| (std::cmp::Reverse(exact(weights[*i]).rem_euclid(sum)), *i));
    let missing = i128::from(total) - parts.iter().sum::<i128>();
    for i in order.into_iter().take(usize::try_from(missing).unwrap_or(0)) {
        parts[i] += 1;
    }
    parts.into_iter().map(|part| i64::try_from(part).unwrap_or(0)).collect()
}

/// The codes of ISO 4217 in use, and those Stripe still settles, four bytes each.
const CODES: &str = "aed,afn,all,amd,ang,aoa,ars,aud,awg,azn,bam,bbd,bdt,bgn,bhd,bif,bmd,bnd,bob,\
brl,bsd,btn,bwp,byn,byr,bzd,cad,cdf,chf,clf,clp,cny,cop,crc,cup,cve,czk,djf,dkk,dop,dzd,eek,egp,\
ern,etb,eur,fjd,fkp,gbp,gel,ghs,gip,gmd,gnf,gtq,gyd,hkd,hnl,hrk,htg,huf,idr,ils,inr,iqd,irr,isk,\
jmd,jod,jpy,kes,kgs,khr,kmf,kpw,krw,kwd,kyd,kzt,lak,lbp,lkr,lrd,lsl,ltl,lvl,lyd,mad,mdl,mga,mkd,\
mmk,mnt,mop,mro,mru,mur,mvr,mwk,mxn,myr,mzn,nad,ngn,nio,nok,npr,nzd,omr,pab,pen,pgk,php,pkr,pln,\
pyg,qar,ron,rsd,rub,rwf,sar,sbd,scr,sdg,sek,sgd,shp,sle,sll,sos,srd,ssp,std,stn,svc,syp,szl,thb,\
tjs,tmt,tnd,top,try,ttd,twd,tzs,uah,ugx,usd,uyu,uzs,ved,vef,ves,vnd,vuv,wst,xaf,xcd,xcg,xof,xpf,\
yer,zar,zmk,zmw,zwg,zwl,";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_round_half_away_from_zero() {
        for (a, n, d, expected) in [(5, 1, 2, 3), (-5, 1, 2, -3), (10, 1, 3, 3), (100, 16, 31, 52)]
        {
            assert_eq!(share(a, n, d), Some(expected), "{a} * {n} / {d}");
        }
        assert_eq!(share(1, 1, 0), None);
        assert_eq!(share(i64::MAX, 2, 1), None);
    }

    #[test]
    fn splits_lose_nothing() {
        assert_eq!(split(100, &[1, 1, 1]), [34, 33, 33]);
        assert_eq!(split(-100, &[1, 1, 1]), [-33, -33, -34]);
        assert_eq!(split(7, &[0, 0]), [7, 0]);
        assert_eq!(split(7, &[]), [] as [i64; 0]);
    }

    #[test]
    fn currencies_are_known_in_either_case() {
        assert_eq!(Currency::parse("USD").unwrap().as_str(), "usd");
        assert!(Currency::parse("zzz").is_err());
        assert!(Currency::parse("sd,").is_err());
        assert!(Currency::parse("dollars").is_err());
        assert_eq!(Currency::parse("kwd").unwrap().exponent(), 3);
    }
}
