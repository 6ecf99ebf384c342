//! The client: async-stripe's requests over our transport and our retry loop.

use super::error::Error;
use super::limit::{Limit, Rates, endpoint};
use super::retry::{Policy, Verdict, judge};
use super::transport::{Head, Message, NoAnswer, Response, Transport};
use crate::config::ApiKey;
use bytes::Bytes;
use hyper::Method;
use serde_json::{Map, Value};
use std::sync::OnceLock;
use stripe_client_core::{
    CustomizedStripeRequest, IdempotencyKey, RequestBuilder, RequestStrategy, StripeClient,
    StripeMethod, StripeRequest,
};
use tokio::time::{Instant, sleep, timeout};
use uuid::Uuid;

/// A connection to one Stripe account.
pub struct Client {
    transport: Transport,
    key: ApiKey,
    policy: Policy,
    limit: Limit,
}

/// What was asked for, and what the answer says of itself.
#[derive(Clone, Debug)]
pub struct Answer<T> {
    /// The object.
    pub body: T,
    /// Stripe's id of the request, and its clock.
    pub head: Head,
}

impl Client {
    /// A client for a base URL and a key, both checked by the configuration.
    ///
    /// # Errors
    ///
    /// If the key cannot be a header.
    pub fn new(url: &str, key: &ApiKey, policy: Policy) -> Result<Client, Error> {
        let transport = Transport::new(url, key).map_err(Error::unsendable)?;
        let limit = Limit::new(Rates::default());
        Ok(Client { transport, key: key.clone(), policy, limit })
    }

    /// The same, asking at other rates.
    pub fn at(self, rates: Rates) -> Client {
        Client { limit: Limit::new(rates), ..self }
    }

    /// Sends a request; a POST gets an idempotency key of its own.
    ///
    /// # Errors
    ///
    /// By meaning, once no further attempt helps.
    pub async fn send<R>(&self, request: &R) -> Result<Answer<R::Output>, Error>
    where
        R: StripeRequest,
        R::Output: miniserde::Deserialize,
    {
        self.carry(request, None).await
    }

    /// Sends a request under a key that was stored before: whoever sends it again under the same
    /// key gets the same answer, for a day at least.
    ///
    /// # Errors
    ///
    /// By meaning, once no further attempt helps.
    pub async fn send_as<R>(
        &self,
        key: IdempotencyKey,
        request: &R,
    ) -> Result<Answer<R::Output>, Error>
    where
        R: StripeRequest,
        R::Output: miniserde::Deserialize,
    {
        self.carry(request, Some(key)).await
    }
}

impl Client {
    /// Asks for an object as it is shown, to be read as an observation: every field, whatever its
    /// shape. A POST wants the key it is stored under.
    ///
    /// # Errors
    ///
    /// By meaning, once no further attempt helps.
    pub async fn ask(
        &self,
        request: RequestBuilder,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer<Map<String, Value>>, Error> {
        let mut request = request.customize::<()>();
        if let Some(key) = key {
            request = request.request_strategy(RequestStrategy::Idempotent(key));
        }
        let call = Call { client: self, answer: OnceLock::new() };
        // Its own reading of the body as `()` says nothing; the body itself was kept.
        let result = request.send(&call).await;
        let Some(response) = call.answer.into_inner() else {
            let error = result.err().unwrap_or_else(Error::nothing);
            return Err(error.hiding(self.key.expose()));
        };
        match serde_json::from_slice(&response.body) {
            Ok(body) => Ok(Answer { body, head: response.head }),
            Err(_) => Err(Error::unreadable(&response).hiding(self.key.expose())),
        }
    }

    async fn carry<R>(
        &self,
        request: &R,
        key: Option<IdempotencyKey>,
    ) -> Result<Answer<R::Output>, Error>
    where
        R: StripeRequest,
        R::Output: miniserde::Deserialize,
    {
        let mut request = request.customize();
        if let Some(key) = key {
            request = request.request_strategy(RequestStrategy::Idempotent(key));
        }
        let call = Call { client: self, answer: OnceLock::new() };
        let result = request.send(&call).await;
        match (result, call.answer.into_inner()) {
            (Ok(body), answer) => {
                Ok(Answer { body, head: answer.map(|it| it.head).unwrap_or_default() })
            }
            (Err(_), Some(answer)) => Err(Error::unreadable(&answer).hiding(self.key.expose())),
            (Err(error), None) => Err(error.hiding(self.key.expose())),
        }
    }

    /// Tries until there is an answer, or no further attempt helps.
    async fn deliver(&self, message: &Message, policy: Policy) -> Result<Response, Error> {
        let end = Instant::now() + policy.in_all;
        let endpoint = endpoint(&message.method, &message.path);
        let mut attempt = 1;
        loop {
            self.limit.turn(&endpoint).await;
            let outcome = self.attempt(message, policy, end).await?;
            if outcome.as_ref().is_ok_and(|response| response.status == 429) {
                self.limit.lower(&endpoint);
            }
            let (error, after) = match judge(outcome) {
                Verdict::Done(response) => return Ok(response),
                Verdict::Stop(error) => return Err(error.of_attempt(attempt)),
                Verdict::Again { error, after } => (error, after),
            };
            let pause = policy.pause(attempt, after);
            if attempt >= policy.attempts || Instant::now() + pause >= end {
                return Err(error);
            }
            tracing::debug!(attempt, ?pause, kind = ?error.kind, "Stripe is asked again");
            sleep(pause).await;
            attempt += 1;
        }
    }

    async fn attempt(
        &self,
        message: &Message,
        policy: Policy,
        end: Instant,
    ) -> Result<Result<Response, NoAnswer>, Error> {
        let request = self.transport.request(message).map_err(Error::unsendable)?;
        let left = end.saturating_duration_since(Instant::now());
        let sent = timeout(policy.attempt.min(left), self.transport.send(request)).await;
        Ok(sent.unwrap_or(Err(NoAnswer::Late)))
    }
}

/// One call: async-stripe hands over the body alone, so what came with it is kept here.
struct Call<'a> {
    client: &'a Client,
    answer: OnceLock<Response>,
}

impl StripeClient for Call<'_> {
    type Err = Error;

    async fn execute(&self, request: CustomizedStripeRequest) -> Result<Bytes, Error> {
        let (message, policy) = prepare(request, self.client.policy);
        let response = self.client.deliver(&message, policy).await?;
        let body = response.body.clone();
        // A call is executed once.
        let _ = self.answer.set(response);
        Ok(body)
    }
}

/// The message of all attempts: what must be the same in each is made here, before the first.
fn prepare(request: CustomizedStripeRequest, policy: Policy) -> (Message, Policy) {
    let (request, wishes) = request.into_pieces();
    let given = wishes.request_strategy.and_then(|strategy| strategy.get_key());
    let method = match request.method {
        StripeMethod::Get => Method::GET,
        StripeMethod::Post => Method::POST,
        StripeMethod::Delete => Method::DELETE,
    };
    let fresh = || Uuid::new_v4().to_string();
    let message = Message {
        idempotency_key: (method == Method::POST)
            .then(|| given.map_or_else(fresh, IdempotencyKey::into_inner)),
        path: match request.query.filter(|query| !query.is_empty()) {
            Some(query) => format!("{}?{query}", request.path),
            None => request.path,
        },
        form: (method == Method::POST).then(|| request.body.unwrap_or_default()),
        account: wishes.account_id.map(|account| account.as_str().to_owned()),
        method,
    };
    let policy = Policy { attempt: wishes.timeout.unwrap_or(policy.attempt), ..policy };
    (message, policy)
}
