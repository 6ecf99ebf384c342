//! Who may ask what.

use super::kind::Kind;
use super::problem::{Answer, Problem};

/// An API key that the account knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    secret: String,
    allows: Allows,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Allows {
    All,
    Nothing,
    /// Such as `customers:read` or `refunds:write`; who may write may read.
    Only(Vec<String>),
}

impl Key {
    /// A secret key, which may do anything in its mode: `sk_test_...` or `sk_live_...`.
    pub fn secret(secret: &str) -> Self {
        Self { secret: secret.to_owned(), allows: Allows::All }
    }

    /// A restricted key with permissions such as `customers:read` and `refunds:write`.
    pub fn restricted(secret: &str, permissions: &[&str]) -> Self {
        let permissions = permissions.iter().map(|word| (*word).to_owned()).collect();
        Self { secret: secret.to_owned(), allows: Allows::Only(permissions) }
    }

    /// A key that was rolled or revoked.
    pub fn revoked(secret: &str) -> Self {
        Self { secret: secret.to_owned(), allows: Allows::Nothing }
    }

    fn may(&self, path: &str, writes: bool) -> bool {
        match &self.allows {
            Allows::All => true,
            Allows::Nothing => false,
            Allows::Only(permissions) => {
                let holds = |right: &str| permissions.contains(&format!("{path}:{right}"));
                holds("write") || !writes && holds("read")
            }
        }
    }
}

/// Checks the key of a request; tells whether it is one of the other mode, which matters only
/// where keys are known.
pub(super) fn check(
    known: &[Key],
    given: Option<&str>,
    (path, writes): (&[&str], bool),
    livemode: bool,
) -> Answer<bool> {
    let Some(given) = given.filter(|key| !key.is_empty()) else {
        let message = "You did not provide an API key. You need to provide your API key in the \
            Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').";
        return Err(Problem::new(401, "invalid_request_error", message));
    };
    // Without known keys every key will do, for tests that are about something else.
    let stranger = Key::secret(given);
    let found = known.iter().find(|key| key.secret == given);
    let key = match found {
        None if known.is_empty() => &stranger,
        None => {
            let message = format!("Invalid API Key provided: {}", hidden(given));
            return Err(Problem::new(401, "invalid_request_error", message));
        }
        Some(key) => key,
    };
    if key.allows == Allows::Nothing {
        let message = format!("Expired API Key provided: {}", hidden(given));
        return Err(Problem::new(401, "invalid_request_error", message).code("api_key_expired"));
    }
    let resource = Kind::of_path(path).map_or("account", |(kind, _)| kind.path());
    if !key.may(resource, writes) {
        let right = if writes { "write" } else { "read" };
        return Err(Problem::new(
            403,
            "invalid_request_error",
            format!(
                "The provided key '{}' does not have the required permissions for this endpoint. Having \
             the '{resource}:{right}' permission would allow this request to continue.",
                hidden(given)
            ),
        ));
    }
    let is_other = given.contains("_live_") && !livemode || given.contains("_test_") && livemode;
    Ok(is_other && !known.is_empty())
}

/// The key as errors show it.
fn hidden(key: &str) -> String {
    let end = key.char_indices().rev().nth(3).map_or(0, |(place, _)| place);
    let start: String = key.chars().take(8.min(end)).collect();
    format!("{start}********{}", &key[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_may_do_what_it_was_made_for() {
        let keys = [
            Key::secret("sk_test_all1"),
            Key::restricted("rk_test_some", &["customers:read", "refunds:write"]),
            Key::revoked("sk_test_gone"),
        ];
        for (key, path, writes, status) in [
            (None, "customers", false, 401),
            (Some("sk_test_nobody"), "customers", false, 401),
            (Some("sk_test_gone"), "customers", false, 401),
            (Some("sk_test_all1"), "customers", true, 200),
            (Some("rk_test_some"), "customers", false, 200),
            (Some("rk_test_some"), "customers", true, 403),
            (Some("rk_test_some"), "refunds", true, 200),
            (Some("rk_test_some"), "invoices", false, 403),
        ] {
            let found = check(&keys, key, (&[path], writes), false);
            let found = found.map_or_else(|problem| problem.status, |_| 200);
            assert_eq!(found, status, "{key:?} {path} {writes}");
        }
        let live = [Key::secret("sk_live_x")];
        for (known, other) in [(&live[..], true), (&[], false)] {
            let found = check(known, Some("sk_live_x"), (&["customers"], false), false);
            assert_eq!(found, Ok(other));
        }
    }
}
