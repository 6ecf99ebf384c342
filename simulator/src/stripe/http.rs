//! The API over HTTP: connections, headers, and what goes wrong on purpose.

use std::io;
use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderName, RETRY_AFTER};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::faults::{Fault, too_many};
use super::params::Params;
use super::problem::Problem;
use super::replies::Reply;
use super::{Heard, Stripe, keys, locked, route, webhook};

/// A running API. Dropping it ends it, and every connection.
pub struct StripeServer {
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl StripeServer {
    pub(super) fn start(stripe: Stripe, listener: TcpListener) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(stripe.clone(), listener));
        tasks.spawn(webhook::deliver(stripe));
        Ok(Self { address, _tasks: tasks })
    }

    /// The base URL, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// The connection ends without an answer.
#[derive(Debug)]
struct Dropped;

impl std::fmt::Display for Dropped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection was dropped on purpose")
    }
}

impl std::error::Error for Dropped {}

async fn accept(stripe: Stripe, listener: TcpListener) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(connection(stripe.clone(), stream));
        while connections.try_join_next().is_some() {}
    }
}

async fn connection(stripe: Stripe, stream: TcpStream) {
    let service = service_fn(|request| answer(stripe.clone(), request));
    // How a connection ends is the client's affair.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// A request, read and taken apart.
struct Asked {
    method: String,
    path: String,
    params: Params,
    key: Option<String>,
    idempotency: Option<String>,
    id: String,
}

impl Asked {
    fn segments(&self) -> Vec<&str> {
        let path = self.path.strip_prefix("/v1").unwrap_or("");
        path.split('/').filter(|segment| !segment.is_empty()).collect()
    }

    /// What must be the same under the same idempotency key.
    fn fingerprint(&self) -> String {
        format!("{} {} {}", self.method, self.path, self.params.fingerprint())
    }
}

async fn answer(
    stripe: Stripe,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Dropped> {
    let asked = read(&stripe, request).await?;
    let endpoint = route::endpoint(&asked.method, &asked.segments());
    let (refused, fault) = {
        let mut door = locked(&stripe.0.door);
        let refused = door.counter.count(&endpoint, Instant::now());
        let fault = if refused.is_none() { door.dealer.deal(&endpoint) } else { None };
        (refused, fault)
    };
    if let Some(reason) = refused {
        let mut response = stripe.respond(&asked, Err(too_many()));
        put(&mut response, "stripe-rate-limited-reason", reason);
        return Ok(response);
    }
    match fault {
        Some(Fault::DropBefore) => Err(Dropped),
        Some(Fault::BadGateway) => Ok(bad_gateway()),
        Some(fault @ (Fault::LockTimeout | Fault::RateLimited | Fault::Unavailable)) => {
            Ok(stripe.respond(&asked, Err(fault.answer().unwrap_or_else(too_many))))
        }
        other => {
            // What has begun is done, though the client may leave.
            #[expect(clippy::disallowed_methods, reason = "it ends by itself, a pause later")]
            let task = tokio::spawn(async move { execute(&stripe, &asked, other).await });
            task.await.unwrap_or(Err(Dropped))
        }
    }
}

async fn read(stripe: &Stripe, request: Request<Incoming>) -> Result<Asked, Dropped> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Dropped)?.to_bytes();
    let form = String::from_utf8_lossy(&body);
    let heard = Heard {
        method: head.method.as_str().to_owned(),
        target: head.uri.to_string(),
        form: form.clone().into_owned(),
    };
    locked(&stripe.0.door).heard.insert(heard);
    let query = Params::parse(head.uri.query().unwrap_or(""));
    Ok(Asked {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        params: query.join(Params::parse(&form)),
        key: header(&head.headers, AUTHORIZATION).and_then(bearer),
        idempotency: header(&head.headers, HeaderName::from_static("idempotency-key")),
        id: locked(&stripe.0.account).dice.id("req"),
    })
}

fn header(headers: &HeaderMap, name: HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn bearer(value: String) -> Option<String> {
    value.strip_prefix("Bearer ").map(|key| key.trim().to_owned())
}

async fn execute(
    stripe: &Stripe,
    asked: &Asked,
    fault: Option<Fault>,
) -> Result<Response<Full<Bytes>>, Dropped> {
    let other_mode = match stripe.check_key(asked) {
        Ok(other_mode) => other_mode,
        Err(problem) => return Ok(stripe.respond(asked, Err(problem))),
    };
    let key = asked.idempotency.as_deref().filter(|_| asked.method == "POST");
    if let Some(key) = key {
        let begun = locked(&stripe.0.door).replies.begin(key, &asked.fingerprint());
        match begun {
            Err(problem) => return Ok(stripe.respond(asked, Err(problem))),
            Ok(Some(reply)) => return Ok(stripe.replay(asked, &reply)),
            Ok(None) => {}
        }
    }
    if let Some(Fault::Slow(pause)) = fault {
        tokio::time::sleep(pause).await;
    }
    let reply = stripe.execute(asked, other_mode, fault);
    if let Some(key) = key {
        locked(&stripe.0.door).replies.end(key, reply.clone());
    }
    stripe.0.bell.notify_one();
    match fault {
        Some(Fault::DropAfter) => Err(Dropped),
        _ => Ok(stripe.render(asked, &reply)),
    }
}

impl Stripe {
    fn check_key(&self, asked: &Asked) -> Result<bool, Problem> {
        let livemode = locked(&self.0.account).world.plan.livemode;
        let door = locked(&self.0.door);
        let writes = asked.method != "GET";
        keys::check(&door.keys, asked.key.as_deref(), (&asked.segments(), writes), livemode)
    }

    /// Does what is asked, unless a fault comes before it.
    fn execute(&self, asked: &Asked, other_mode: bool, fault: Option<Fault>) -> Reply {
        if fault == Some(Fault::ServerError) {
            return self.reply(asked, Fault::ServerError.answer().map_or(Ok("{}".into()), Err));
        }
        let request = route::Request {
            method: &asked.method,
            path: asked.segments(),
            params: asked.params.clone(),
        };
        let answer = {
            let mut account = self.account();
            if other_mode {
                account.in_other_mode(&request).map(|body| body.to_string())
            } else {
                account.world.request = Some((asked.id.clone(), asked.idempotency.clone()));
                let answer = account.answer_in_words(&request);
                account.world.request = None;
                answer
            }
        };
        if let (Some(Fault::ServerErrorAfter), Some(problem)) = (fault, Fault::ServerError.answer())
        {
            return self.reply(asked, Err(problem));
        }
        self.reply(asked, answer)
    }

    /// An answer as it is kept: errors tell where the request is logged.
    fn reply(&self, asked: &Asked, answer: Result<String, Problem>) -> Reply {
        let (status, body) = match answer {
            Ok(body) => (200, body),
            Err(problem) => {
                let url = format!("https://dashboard.stripe.com/logs/{}?t=1", asked.id);
                let problem = problem.with("request_log_url", url);
                (problem.status, problem.body.to_string())
            }
        };
        Reply { status, body, request: asked.id.clone() }
    }

    fn respond(&self, asked: &Asked, answer: Result<String, Problem>) -> Response<Full<Bytes>> {
        self.render(asked, &self.reply(asked, answer))
    }

    fn replay(&self, asked: &Asked, reply: &Reply) -> Response<Full<Bytes>> {
        let mut response = self.render(asked, reply);
        put(&mut response, "idempotent-replayed", "true");
        put(&mut response, "original-request", &reply.request);
        response
    }

    fn render(&self, asked: &Asked, reply: &Reply) -> Response<Full<Bytes>> {
        let (now, version) = {
            let account = locked(&self.0.account);
            (account.now(), account.world.plan.version.name())
        };
        let mut response = Response::new(Full::new(Bytes::from(reply.body.clone())));
        *response.status_mut() = status(reply.status);
        put(&mut response, CONTENT_TYPE.as_str(), "application/json");
        put(&mut response, DATE.as_str(), &crate::calendar::http_date(now));
        put(&mut response, "request-id", &asked.id);
        put(&mut response, "stripe-version", version);
        if let Some(key) = &asked.idempotency {
            put(&mut response, "idempotency-key", key);
        }
        match reply.status {
            409 | 429 => put(&mut response, "stripe-should-retry", "true"),
            400..=499 => put(&mut response, "stripe-should-retry", "false"),
            _ => {}
        }
        if reply.status == 429 {
            put(&mut response, RETRY_AFTER.as_str(), "1");
        }
        response
    }
}

fn status(code: u16) -> hyper::StatusCode {
    hyper::StatusCode::from_u16(code).unwrap_or(hyper::StatusCode::INTERNAL_SERVER_ERROR)
}

/// Sets a header; what cannot be a header's value is left out.
fn put(response: &mut Response<Full<Bytes>>, name: &'static str, value: &str) {
    if let Ok(value) = value.parse() {
        response.headers_mut().insert(name, value);
    }
}

fn bad_gateway() -> Response<Full<Bytes>> {
    let page = "<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad \
        Gateway</h1></center><hr><center>nginx</center></body></html>";
    let mut response = Response::new(Full::new(Bytes::from_static(page.as_bytes())));
    *response.status_mut() = status(502);
    put(&mut response, CONTENT_TYPE.as_str(), "text/html");
    response
}
