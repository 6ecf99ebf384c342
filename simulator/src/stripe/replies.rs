//! Idempotency keys: the same request gets the same answer.

use std::collections::HashMap;

use super::problem::{Answer, Problem};

/// An answer that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
    pub(super) request: String,
}

struct Kept {
    /// Method, path and parameters.
    asked: String,
    /// Nothing while the first request is under way.
    reply: Option<Reply>,
}

#[derive(Default)]
pub(super) struct Replies(HashMap<String, Kept>);

impl Replies {
    /// The kept answer, or nothing where the request is to be executed now.
    pub(super) fn begin(&mut self, key: &str, asked: &str) -> Answer<Option<Reply>> {
        if key.len() > 255 {
            return Err(Problem::new(
                400,
                "idempotency_error",
                "Idempotency keys must be at most 255 characters long.",
            ));
        }
        let Some(kept) = self.0.get(key) else {
            self.0.insert(key.to_owned(), Kept { asked: asked.to_owned(), reply: None });
            return Ok(None);
        };
        if kept.asked != asked {
            return Err(Problem::new(
                400,
                "idempotency_error",
                format!(
                    "Keys for idempotent requests can only be used with the same parameters they were \
                 first used with. Try using a key other than '{key}' if you meant to execute a \
                 different request."
                ),
            ));
        }
        match &kept.reply {
            Some(reply) => Ok(Some(reply.clone())),
            None => Err(Problem::new(409, "idempotency_error", format!(
                "There is currently another in-progress request using this Idempotent Key (that \
                 probably means you submitted twice, and the other request is still going \
                 through): {key}."
            ))
            .code("idempotency_key_in_use")),
        }
    }

    /// Keeps what was executed; a request that never began to execute leaves nothing behind.
    pub(super) fn end(&mut self, key: &str, reply: Reply) {
        let executed = matches!(reply.status, 200..=299 | 402 | 500);
        match self.0.get_mut(key) {
            Some(kept) if executed => kept.reply = Some(reply),
            _ => {
                self.0.remove(key);
            }
        }
    }
}
