//! One error, by meaning; mapped once to gRPC and once to HTTP.

use crate::db::{self, Failure, failure_of_orm};
use crate::ingest::{HandOver, Trouble};
use crate::stripe::{self, ErrorKind};
use sea_orm::DbErr;
use std::collections::HashMap;
use std::time::Duration;
pub use takings::v1::ErrorReason as Reason;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// What a call cannot do, and what the caller can.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request's shape or content is wrong.
    #[error("{message}")]
    Invalid {
        /// The kind of mistake.
        reason: Reason,
        /// The field, dotted; empty where it is the request as a whole.
        field: &'static str,
        /// What is wrong, and what is right.
        message: String,
    },
    /// Several fields are wrong.
    #[error("{}", listed(violations))]
    Fields {
        /// The kind of mistake.
        reason: Reason,
        /// Each field, and what is wrong with it.
        violations: Vec<(String, String)>,
    },
    /// The named thing is not there.
    #[error("{message}")]
    NotFound {
        /// Which kind of thing.
        reason: Reason,
        /// Which one.
        message: String,
    },
    /// The state does not allow it.
    #[error("{message}")]
    Precondition {
        /// Which state.
        reason: Reason,
        /// What to do first.
        message: String,
    },
    /// The same name was used for something else.
    #[error("{message}")]
    AlreadyExists {
        /// Which name.
        reason: Reason,
        /// What to do.
        message: String,
    },
    /// Another call came in between: try again.
    #[error("another call came in between; try again")]
    Conflict,
    /// Too much at once: try again later.
    #[error("too many requests are waiting; try again in {} ms", retry_after.as_millis())]
    Exhausted {
        /// When.
        retry_after: Duration,
    },
    /// Something this server needs is not there; try again.
    #[error("{message}")]
    Unavailable {
        /// What is missing.
        reason: Reason,
        /// What to do.
        message: String,
        /// For the log.
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// Stripe said no, or nothing.
    #[error("{}", of_stripe(.0).1)]
    Stripe(#[source] Box<stripe::Error>),
    /// A defect: it is logged here, and not shown.
    #[error("an internal error; the server's log says more")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// A field that is wrong.
    pub fn invalid(reason: Reason, field: &'static str, message: impl Into<String>) -> Error {
        Error::Invalid { reason, field, message: message.into() }
    }

    /// A thing that is not there.
    pub fn not_found(reason: Reason, message: impl Into<String>) -> Error {
        Error::NotFound { reason, message: message.into() }
    }

    /// A body beyond 1 MiB.
    pub fn payload_too_large() -> Error {
        let message = "the body is larger than 1 MiB (1,048,576 bytes), which no Stripe event is";
        Error::invalid(Reason::PayloadTooLarge, "payload", message)
    }

    /// A body that stops in the middle.
    pub fn payload_too_slow() -> Error {
        let message = "the body did not arrive whole within 30 s; send it again";
        Error::invalid(Reason::PayloadUnreadable, "payload", message)
    }

    /// A database that does not answer in time.
    pub(crate) fn silent_database() -> Error {
        Error::Unavailable {
            reason: Reason::DatabaseUnavailable,
            message: "the database does not answer; try again".into(),
            source: None,
        }
    }

    /// Too many wait for the database.
    pub(crate) fn overloaded() -> Error {
        Error::Exhausted { retry_after: Duration::from_millis(250) }
    }

    /// An error of no kind foreseen.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
        Error::Internal(source.into())
    }

    /// The reason, as the contract names it.
    pub fn reason(&self) -> Reason {
        match self {
            Error::Invalid { reason, .. }
            | Error::Fields { reason, .. }
            | Error::NotFound { reason, .. }
            | Error::Precondition { reason, .. }
            | Error::AlreadyExists { reason, .. }
            | Error::Unavailable { reason, .. } => *reason,
            Error::Conflict => Reason::Conflict,
            Error::Stripe(error) => of_stripe(error).0,
            Error::Exhausted { .. } => Reason::Overloaded,
            Error::Internal(_) => Reason::Internal,
        }
    }

    /// The reason's name, as machines read it: without the enum's prefix.
    pub fn reason_name(&self) -> &'static str {
        let name = self.reason().as_str_name();
        name.strip_prefix("ERROR_REASON_").unwrap_or(name)
    }

    /// What a caller is told.
    pub fn message(&self) -> String {
        self.to_string()
    }

    /// When to try again, where that helps.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Error::Exhausted { retry_after } => Some(*retry_after),
            Error::Unavailable { .. } | Error::Conflict => Some(Duration::from_secs(1)),
            Error::Stripe(_) if self.code() == Code::Unavailable => Some(Duration::from_secs(5)),
            _ => None,
        }
    }

    /// The status of an HTTP answer. Stripe delivers again what is not answered by 2xx.
    pub fn http_status(&self) -> u16 {
        match self {
            Error::Invalid { reason: Reason::PayloadTooLarge, .. } => 413,
            Error::Invalid { .. } | Error::Fields { .. } => 400,
            Error::NotFound { .. } => 404,
            Error::Precondition { .. } => 412,
            Error::Conflict | Error::AlreadyExists { .. } => 409,
            Error::Exhausted { .. } => 429,
            Error::Unavailable { .. } => 503,
            Error::Stripe(_) => 502,
            Error::Internal(_) => 500,
        }
    }

    fn code(&self) -> Code {
        match self {
            Error::Invalid { .. } | Error::Fields { .. } => Code::InvalidArgument,
            Error::NotFound { .. } => Code::NotFound,
            Error::Precondition { .. } => Code::FailedPrecondition,
            Error::AlreadyExists { .. } => Code::AlreadyExists,
            Error::Conflict => Code::Aborted,
            Error::Exhausted { .. } => Code::ResourceExhausted,
            Error::Unavailable { .. } => Code::Unavailable,
            Error::Stripe(_) => match self.reason() {
                Reason::StripeRefused => Code::InvalidArgument,
                Reason::StripeObjectNotFound => Code::NotFound,
                Reason::StripeUnavailable => Code::Unavailable,
                _ => Code::FailedPrecondition,
            },
            Error::Internal(_) => Code::Internal,
        }
    }

    /// What machines are told beside the reason.
    fn metadata(&self) -> HashMap<String, String> {
        let Error::Stripe(error) = self else { return HashMap::new() };
        let (mut code, mut decline_code, mut param) = (None, None, None);
        match &error.kind {
            ErrorKind::Declined { code: it, decline_code: why } => {
                (code, decline_code) = (it.clone(), why.clone());
            }
            ErrorKind::Invalid { code: it, param: which } => {
                (code, param) = (it.clone(), which.clone());
            }
            _ => {}
        }
        let request = error.request_id.clone();
        let all = [
            ("code", code),
            ("decline_code", decline_code),
            ("param", param),
            ("request_id", request),
        ];
        all.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
    }

    /// Logs what only the operator may see, with the whole chain of sources.
    pub(crate) fn log(&self) {
        if matches!(self, Error::Internal(_) | Error::Unavailable { .. }) {
            tracing::error!(reason = self.reason_name(), "{}", self.chain());
        }
    }

    /// The error with the whole chain of its sources, for the log.
    pub(crate) fn chain(&self) -> String {
        let mut chain = self.to_string();
        let mut source = std::error::Error::source(self);
        while let Some(error) = source {
            chain.push_str(": ");
            chain.push_str(&error.to_string());
            source = error.source();
        }
        chain
    }
}

impl From<Error> for Status {
    fn from(error: Error) -> Status {
        error.log();
        let mut details = ErrorDetails::new();
        details.set_error_info(error.reason_name(), "takings.v1", error.metadata());
        if let Error::Invalid { field, message, .. } = &error
            && !field.is_empty()
        {
            details.add_bad_request_violation(*field, message);
        }
        if let Error::Fields { violations, .. } = &error {
            for (field, message) in violations {
                details.add_bad_request_violation(field, message);
            }
        }
        if let Some(after) = error.retry_after() {
            details.set_retry_info(Some(after));
        }
        Status::with_error_details(error.code(), error.message(), details)
    }
}

/// Every field with what is wrong.
fn listed(violations: &[(String, String)]) -> String {
    let lines = violations.iter().map(|(field, message)| format!("{field}: {message}"));
    lines.collect::<Vec<_>>().join("; ")
}

/// What Stripe's failure means to a caller.
fn of_stripe(error: &stripe::Error) -> (Reason, String) {
    match error.kind {
        ErrorKind::Declined { .. } => {
            (Reason::PaymentDeclined, format!("the payment was declined: {error}"))
        }
        ErrorKind::Invalid { .. } | ErrorKind::Idempotency => {
            (Reason::StripeRefused, format!("Stripe refuses: {error}"))
        }
        ErrorKind::Authentication => (
            Reason::StripeKeyRefused,
            format!("Stripe does not accept stripe.api_key: {error}; it may be revoked or expired"),
        ),
        ErrorKind::Permission => (
            Reason::StripeKeyRefused,
            format!("stripe.api_key may not do this: {error}; give the restricted key this right"),
        ),
        ErrorKind::NotFound => (
            Reason::StripeObjectNotFound,
            format!("Stripe has no such object for this key: {error}; check id, mode and account"),
        ),
        ErrorKind::RateLimited
        | ErrorKind::Unavailable
        | ErrorKind::Failed
        | ErrorKind::Unreadable => (
            Reason::StripeUnavailable,
            format!("Stripe gave no answer that can be used: {error}; send the same call again"),
        ),
    }
}

/// What a database's failure means to a caller.
fn of_failure(failure: Failure, source: Box<dyn std::error::Error + Send + Sync>) -> Error {
    let unavailable = |reason, message: &str| Error::Unavailable {
        reason,
        message: message.to_owned(),
        source: None,
    };
    let error = match failure {
        Failure::Conflict => return Error::Conflict,
        Failure::Busy => return Error::overloaded(),
        Failure::Locked => unavailable(
            Reason::DatabaseUnavailable,
            "the database file is locked by another process; try again",
        ),
        Failure::Full => unavailable(
            Reason::DatabaseFull,
            "the database's disk is full; free space, then try again: nothing was stored",
        ),
        Failure::Disk => unavailable(
            Reason::DatabaseUnavailable,
            "the database's disk failed; nothing of this request is certain to be stored",
        ),
        Failure::Unreachable => {
            unavailable(Reason::DatabaseUnavailable, "the database cannot be reached; try again")
        }
        Failure::Schema => unavailable(
            Reason::SchemaMismatch,
            "the database has another schema than this binary; run `takings migrate`",
        ),
        Failure::Data | Failure::Other => return Error::Internal(source),
    };
    match error {
        Error::Unavailable { reason, message, .. } => {
            Error::Unavailable { reason, message, source: Some(source) }
        }
        other => other,
    }
}

impl From<stripe::Error> for Error {
    fn from(error: stripe::Error) -> Error {
        Error::Stripe(Box::new(error))
    }
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Error {
        of_failure(failure_of_orm(&error), Box::new(error))
    }
}

impl From<db::Error> for Error {
    fn from(error: db::Error) -> Error {
        of_failure(error.failure(), Box::new(error))
    }
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Error {
        of_failure(trouble.failure(), Box::new(trouble))
    }
}

impl From<HandOver> for Error {
    fn from(error: HandOver) -> Error {
        match error {
            HandOver::Full => Error::overloaded(),
            HandOver::Stopped => Error::Unavailable {
                reason: Reason::ShuttingDown,
                message: "this server is on its way out; try another, or again".into(),
                source: None,
            },
            HandOver::Trouble(trouble) => trouble.into(),
        }
    }
}
