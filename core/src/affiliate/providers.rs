//! Whose email addresses tell nothing of an organisation, and whose are thrown away.
//!
//! Both lists hold the largest providers only: what is missing costs a signal, and nothing else.

/// Providers with whom anybody may have an address.
const FREE: [&str; 28] = [
    "aol.com",
    "fastmail.com",
    "free.fr",
    "gmail.com",
    "gmx.at",
    "gmx.ch",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hey.com",
    "hotmail.co.uk",
    "hotmail.com",
    "icloud.com",
    "live.com",
    "mac.com",
    "mail.com",
    "mail.ru",
    "me.com",
    "msn.com",
    "orange.fr",
    "outlook.com",
    "proton.me",
    "protonmail.com",
    "qq.com",
    "t-online.de",
    "web.de",
    "yahoo.com",
    "yandex.ru",
];

/// Providers whose addresses live for minutes.
const DISPOSABLE: [&str; 20] = [
    "10minutemail.com",
    "dispostable.com",
    "fakeinbox.com",
    "getairmail.com",
    "getnada.com",
    "grr.la",
    "guerrillamail.com",
    "mailcatch.com",
    "maildrop.cc",
    "mailinator.com",
    "mailnesia.com",
    "mintemail.com",
    "sharklasers.com",
    "spamgourmet.com",
    "temp-mail.org",
    "tempmail.com",
    "throwawaymail.com",
    "trashmail.com",
    "trashmail.de",
    "yopmail.com",
];

/// The domain of an address, in lower case.
pub fn domain(address: &str) -> Option<String> {
    let (_, domain) = address.trim().rsplit_once('@')?;
    (!domain.is_empty()).then(|| domain.to_lowercase())
}

/// Whether anybody may have an address there.
pub fn is_free(domain: &str) -> bool {
    FREE.contains(&domain)
}

/// Whether addresses there, or below there, are thrown away.
pub fn is_disposable(domain: &str) -> bool {
    let below = |known: &&str| {
        domain.strip_suffix(*known).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    DISPOSABLE.iter().any(below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_free_or_thrown_away_whatever_stands_before_it() {
        let of = |address: &str| domain(address).unwrap();
        assert!(is_free(&of("Anna@GMail.com")) && !is_free(&of("anna@gmail.com.example")));
        assert!(is_disposable(&of("a@mailinator.com")) && is_disposable(&of("a@x.mailinator.com")));
        assert!(!is_disposable(&of("a@notmailinator.com")));
        assert_eq!([domain("anna"), domain("anna@")], [None, None]);
    }
}
