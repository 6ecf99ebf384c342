//! Lists, which an environment writes with commas.

use serde::Deserializer;
use serde::de::value::{SeqAccessDeserializer, StringDeserializer};
use serde::de::{Deserialize, DeserializeOwned, Error, SeqAccess, Visitor};
use std::fmt;
use std::marker::PhantomData;

/// The texts of one that are parted by commas or lines.
pub(super) fn separate(text: &str) -> impl Iterator<Item = String> {
    text.split([',', '\n', '\r']).map(str::trim).filter(|it| !it.is_empty()).map(str::to_owned)
}

/// A list, or one text with commas.
pub(super) fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    deserializer.deserialize_any(Listed(PhantomData))
}

struct Listed<T>(PhantomData<T>);

impl<'de, T: DeserializeOwned> Visitor<'de> for Listed<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list, or texts with commas between them")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<T>, E> {
        separate(text).map(|it| T::deserialize(StringDeserializer::new(it))).collect()
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Vec<T>, A::Error> {
        Vec::deserialize(SeqAccessDeserializer::new(items))
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn load(key: &str, value: &str) -> Result<Config, String> {
        let flags = [(key.to_owned(), value.to_owned())];
        Config::load(None, &flags).map_err(|error| error.to_string())
    }

    #[test]
    fn every_list_takes_commas_and_brackets() {
        let lists = [
            ("http.trusted_proxies", "10.0.0.0/8", "192.0.2.1"),
            ("affiliate.robot_networks", "10.0.0.0/8", "192.0.2.1"),
            ("affiliate.datacenter_networks", "10.0.0.0/8", "192.0.2.1"),
            ("affiliate.robot_referrers", "spam.example", "*.spam.example"),
            ("leads.allowed_origins", "https://a.example", "https://b.example"),
            ("leads.purposes", "newsletter", "product-news"),
            ("leads.dns_servers", "192.0.2.1:53", "[2001:db8::1]:53"),
            ("stripe.webhook_secrets", "whsec_a", "whsec_b"),
        ];
        for (key, one, other) in lists {
            let read = |value: &str| {
                let config = load(key, value).unwrap_or_else(|error| panic!("{error}"));
                let (section, name) = key.split_once('.').unwrap();
                let value = serde_json::to_value(config).unwrap()[section][name].take();
                value.as_array().unwrap().len()
            };
            assert_eq!(read(one), 1, "{key}");
            assert_eq!(read(&format!("{one}, {other}")), 2, "{key}");
            assert_eq!(read(&format!("[\"{one}\", \"{other}\"]")), 2, "{key}");
            assert_eq!(read("[]"), 0, "{key}");
        }
    }

    #[test]
    fn what_is_wrong_in_a_list_is_named() {
        let said = load("http.trusted_proxies", "10.0.0.0/8,proxy").unwrap_err();
        assert!(
            said.contains("`proxy` is no network") && said.contains("trusted_proxies"),
            "{said}"
        );
        let said = load("leads.purposes", "true").unwrap_err();
        assert!(said.contains("a list, or texts with commas"), "{said}");
    }
}
