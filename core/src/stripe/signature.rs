//! The signature of a webhook: `Stripe-Signature: t=<unix>,v1=<hex>[,v1=<hex>...]`.
//!
//! The signed text is the timestamp, a dot, and the raw body; the signature is its HMAC-SHA256
//! under the endpoint's `whsec_...` string, in hex. While a secret is rolled there is one `v1` a
//! secret. Other schemes are ignored. Source: Stripe's "Verify webhook signatures manually".

use crate::time::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// Why a webhook is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is no header, or it is empty.
    #[error("the header Stripe-Signature is missing or given twice: pass it on unchanged")]
    Missing,
    /// The header has another form.
    #[error("the header Stripe-Signature cannot be read: it has the form t=<seconds>,v1=<hex>")]
    Malformed,
    /// The header has no `v1`.
    #[error("the header Stripe-Signature has no v1 signature")]
    NoV1,
    /// No secret is configured.
    #[error("no webhook secret is configured: set TAKINGS__STRIPE__WEBHOOK_SECRETS")]
    NoSecret,
    /// No signature fits.
    #[error(
        "no signature fits the body and any configured secret: send the raw bytes, and compare \
         the endpoint's signing secret"
    )]
    Mismatch,
    /// The time is too long ago.
    #[error("the signature is older than the tolerance: compare the clocks")]
    Expired,
    /// The time lies ahead.
    #[error("the signature's time lies ahead by more than the tolerance: compare the clocks")]
    Future,
    /// The tolerance would switch the check off.
    #[error("the tolerance must be at least 1 second")]
    Tolerance,
}

/// Verifies a body against its header: any `v1` under any of `secrets`, and a time within
/// `tolerance` seconds of `now`, on both sides. Signatures are compared in constant time.
pub fn verify(
    header: &str,
    body: &[u8],
    secrets: &[impl AsRef<str>],
    now: Timestamp,
    tolerance: i64,
) -> Result<(), SignatureError> {
    if tolerance < 1 {
        return Err(SignatureError::Tolerance);
    }
    let secrets: Vec<&str> =
        secrets.iter().map(AsRef::as_ref).filter(|secret| !secret.trim().is_empty()).collect();
    if secrets.is_empty() {
        return Err(SignatureError::NoSecret);
    }
    let header = Header::parse(header)?;
    let fits = secrets.iter().any(|secret| {
        let expected = digest(secret, header.time, body);
        header.v1.iter().fold(false, |any, given| any | bool::from(given.ct_eq(&expected)))
    });
    if !fits {
        return Err(SignatureError::Mismatch);
    }
    let age = now.secs().saturating_sub(header.seconds);
    if age > tolerance {
        Err(SignatureError::Expired)
    } else if age < -tolerance {
        Err(SignatureError::Future)
    } else {
        Ok(())
    }
}

/// The header for a body: what Stripe would send.
pub fn sign(secret: &str, at: Timestamp, body: &[u8]) -> String {
    let time = at.secs().to_string();
    format!("t={time},v1={}", hex::encode(digest(secret, &time, body)))
}

/// What a header says.
struct Header<'a> {
    /// As written: it is part of what is signed.
    time: &'a str,
    seconds: i64,
    v1: Vec<[u8; 32]>,
}

impl<'a> Header<'a> {
    fn parse(header: &'a str) -> Result<Header<'a>, SignatureError> {
        if header.trim().is_empty() {
            return Err(SignatureError::Missing);
        }
        if !header.is_ascii() {
            return Err(SignatureError::Malformed);
        }
        let mut time = None;
        let mut v1 = Vec::new();
        let mut any = false;
        for part in header.split(',') {
            let (scheme, value) = part.split_once('=').ok_or(SignatureError::Malformed)?;
            match scheme {
                "t" if time.is_some() => return Err(SignatureError::Malformed),
                "t" => time = Some(value),
                "v1" => {
                    any = true;
                    v1.extend(lower_hex(value));
                }
                _ => {}
            }
        }
        let time = time.ok_or(SignatureError::Malformed)?;
        let digits = !time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit());
        let plain = digits && (time == "0" || !time.starts_with('0'));
        let seconds = time.parse().ok().filter(|_| plain).ok_or(SignatureError::Malformed)?;
        if !any {
            return Err(SignatureError::NoV1);
        }
        Ok(Header { time, seconds, v1 })
    }
}

/// 32 bytes in lower-case hex, as Stripe writes them; anything else fits nothing.
fn lower_hex(text: &str) -> Option<[u8; 32]> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return None;
    }
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    Some(bytes)
}

fn digest(secret: &str, time: &str, body: &[u8]) -> [u8; 32] {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return [0; 32];
    };
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "whsec_test";
    const BODY: &[u8] = br#"{"id":"evt_1"}"#;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_secs(seconds)
    }

    fn check(header: &str, now: i64) -> Result<(), SignatureError> {
        verify(header, BODY, &[SECRET], at(now), 300)
    }

    #[test]
    fn what_stripe_signs_is_accepted_within_the_tolerance_on_both_sides() {
        let header = sign(SECRET, at(1000), BODY);
        assert_eq!(check(&header, 1000), Ok(()));
        assert_eq!(check(&header, 1300), Ok(()));
        assert_eq!(check(&header, 1301), Err(SignatureError::Expired));
        assert_eq!(check(&header, 700), Ok(()));
        assert_eq!(check(&header, 699), Err(SignatureError::Future));
    }

    #[test]
    fn any_v1_under_any_secret_counts_while_a_secret_is_rolled() {
        let (old, new) = (sign("whsec_old", at(1000), BODY), sign(SECRET, at(1000), BODY));
        let second = new.split_once(",v1=").unwrap().1;
        let both = format!("{old},v1={second},v0=ignored");
        assert_eq!(verify(&both, BODY, &["whsec_other", SECRET], at(1000), 300), Ok(()));
        assert_eq!(verify(&old, BODY, &[SECRET], at(1000), 300), Err(SignatureError::Mismatch));
    }

    #[test]
    fn each_refusal_says_why() {
        let good = sign(SECRET, at(1000), BODY);
        let hex = good.split_once(",v1=").unwrap().1;
        for (header, expected) in [
            (String::new(), SignatureError::Missing),
            ("nonsense".into(), SignatureError::Malformed),
            (format!("v1={hex}"), SignatureError::Malformed),
            ("t=1000".into(), SignatureError::NoV1),
            (format!("t=1000,v0={hex}"), SignatureError::NoV1),
            (format!("t=1000,t=1000,v1={hex}"), SignatureError::Malformed),
            (format!("t=+1000,v1={hex}"), SignatureError::Malformed),
            (format!("t=01000,v1={hex}"), SignatureError::Malformed),
            (format!("t=1001,v1={hex}"), SignatureError::Mismatch),
            (format!("t=1000,v1={}", hex.to_uppercase()), SignatureError::Mismatch),
            (format!("t=1000,v1={}", &hex[..62]), SignatureError::Mismatch),
            ("t=99999999999999999999,v1=00".into(), SignatureError::Malformed),
        ] {
            assert_eq!(check(&header, 1000), Err(expected), "{header}");
        }
        let no_secrets: [&str; 0] = [];
        assert_eq!(verify(&good, BODY, &no_secrets, at(1000), 300), Err(SignatureError::NoSecret));
        assert_eq!(verify(&good, BODY, &[SECRET], at(1000), 0), Err(SignatureError::Tolerance));
        assert_eq!(
            verify(&good, b"other", &[SECRET], at(1000), 300),
            Err(SignatureError::Mismatch)
        );
    }
}
