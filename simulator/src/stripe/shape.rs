//! An event in an older version than the account's: what came later is taken out again.

use serde_json::Value;

use super::account::Account;
use super::kind::Kind;
use crate::plan::ApiVersion;

impl Account {
    /// Whether events can be told in a version: the account's own, or one since basil before it.
    pub(super) fn speaks(&self, version: ApiVersion) -> bool {
        let own = self.world.plan.version;
        version == own || version >= ApiVersion::Basil && version <= own
    }

    /// An event's body in a version that the account speaks.
    pub(super) fn told_in(&self, version: ApiVersion, event: usize) -> Vec<u8> {
        let body = &self.world.events[event].body;
        if version == self.world.plan.version {
            return body.clone();
        }
        let Ok(mut told) = serde_json::from_slice::<Value>(body) else { return body.clone() };
        told["api_version"] = version.name().into();
        self.reshape(version, &mut told["data"]);
        told.to_string().into_bytes()
    }

    fn reshape(&self, version: ApiVersion, value: &mut Value) {
        match value {
            Value::Array(entries) => {
                entries.iter_mut().for_each(|entry| self.reshape(version, entry));
            }
            Value::Object(fields) => {
                if version < ApiVersion::Endive {
                    fields.remove("status_details");
                    fields.remove("current_trial");
                }
                if !version.is_clover() && fields.get("object").is_some_and(|o| o == "discount") {
                    fields.remove("customer_account");
                    let source = fields.remove("source").unwrap_or_default();
                    let coupon = source["coupon"].as_str().unwrap_or_default();
                    let place = self.place(Kind::Coupon, coupon);
                    let coupon = place.map(|place| self.world.coupon_json(place));
                    fields.insert("coupon".to_owned(), coupon.unwrap_or_default());
                }
                fields.values_mut().for_each(|field| self.reshape(version, field));
            }
            _ => {}
        }
    }
}
