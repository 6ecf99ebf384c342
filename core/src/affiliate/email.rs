//! When two email addresses reach one mailbox.

/// Google's two names for one service, which ignores dots and what follows a `+`.
const GOOGLE: [&str; 2] = ["gmail.com", "googlemail.com"];

/// The longest address, in bytes.
const LONGEST: usize = 254;

/// The form in which addresses of one mailbox are equal: lower case, and at Gmail without dots and
/// tags, where something is left then. `None`: this is no address.
///
/// Other providers' tags are kept: to strip them everywhere would merge different people.
pub fn mailbox(address: &str) -> Option<String> {
    let address = address.trim();
    let sound =
        |text: &str| !text.is_empty() && !text.chars().any(|it| it.is_control() || it == ' ');
    let (local, domain) = address.rsplit_once('@')?;
    let (local, domain) = (local.to_lowercase(), domain.to_lowercase());
    let labels = domain.contains('.') && domain.split('.').all(|label| !label.is_empty());
    if address.len() > LONGEST || !sound(&local) || !sound(&domain) || !labels {
        return None;
    }
    if local.contains('@') || domain.contains(['/', '\\', '<', '>', '"']) {
        return None;
    }
    if !GOOGLE.contains(&domain.as_str()) {
        return Some(format!("{local}@{domain}"));
    }
    let plain = local.split('+').next().unwrap_or_default().replace('.', "");
    let local = if plain.is_empty() { local } else { plain };
    Some(format!("{local}@gmail.com"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_mailbox_are_equal() {
        let cases = [
            (" Anna@Example.COM ", "anna@example.com"),
            ("anna+2@example.com", "anna+2@example.com"),
            ("An.Na+news@googlemail.com", "anna@gmail.com"),
            ("+a@gmail.com", "+a@gmail.com"),
        ];
        for (typed, expected) in cases {
            assert_eq!(mailbox(typed).as_deref(), Some(expected), "{typed}");
        }
    }

    #[test]
    fn what_is_no_address_has_no_mailbox() {
        for text in ["", "anna", "@example.com", "anna@", "anna@host", "a b@example.com", "a\n@b.c"]
        {
            assert_eq!(mailbox(text), None, "{text:?}");
        }
        assert_eq!(mailbox("a@b@example.com"), None);
        assert_eq!(mailbox("a@example..com"), None);
        assert_eq!(mailbox(&format!("{}@example.com", "a".repeat(250))), None);
    }
}
