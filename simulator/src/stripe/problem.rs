//! Errors in Stripe's shape: a status and `{"error": {...}}`.

use serde_json::{Value, json};

/// An answer that is not a success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) status: u16,
    pub(super) body: Value,
}

/// What a command or a look-up answers.
pub(super) type Answer<T = Value> = Result<T, Problem>;

impl Problem {
    pub(super) fn new(status: u16, kind: &str, message: impl Into<String>) -> Self {
        let message: String = message.into();
        Self { status, body: json!({ "error": { "type": kind, "message": message } }) }
    }

    /// A request that cannot be understood or done.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(400, "invalid_request_error", message)
    }

    pub(super) fn missing(param: &str) -> Self {
        Self::invalid(format!("Missing required param: {param}."))
            .code("parameter_missing")
            .param(param)
    }

    pub(super) fn unknown(param: &str) -> Self {
        Self::invalid(format!("Received unknown parameter: {param}"))
            .code("parameter_unknown")
            .param(param)
    }

    /// No such object; where a parameter named it, the parameter is told and the request invalid.
    pub(super) fn no_such(noun: &str, id: &str, param: &str) -> Self {
        let status = if param == "id" { 404 } else { 400 };
        Self::new(status, "invalid_request_error", format!("No such {noun}: '{id}'"))
            .code("resource_missing")
            .param(param)
    }

    /// The card refuses.
    pub(super) fn declined(decline_code: &str) -> Self {
        let (code, message) = match decline_code {
            "insufficient_funds" => ("card_declined", "Your card has insufficient funds."),
            "expired_card" => ("expired_card", "Your card has expired."),
            "incorrect_cvc" => ("incorrect_cvc", "Your card's security code is incorrect."),
            _ => ("card_declined", "Your card was declined."),
        };
        let problem = Self::new(402, "card_error", message).code(code);
        if code == "card_declined" { problem.with("decline_code", decline_code) } else { problem }
    }

    /// Adds the code, and where it is explained.
    pub(super) fn code(self, code: &str) -> Self {
        let url = format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-"));
        self.with("code", code).with("doc_url", url)
    }

    pub(super) fn param(self, param: &str) -> Self {
        self.with("param", param)
    }

    pub(super) fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.body["error"][field] = value.into();
        self
    }
}
