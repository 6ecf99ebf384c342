//! An ear on the line: everything that is said between the server and a stand-in goes through it.

use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_LENGTH, HOST, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A request and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Such as `POST /v1/customers`, without the query.
    pub call: String,
    /// The answer's status.
    pub status: u16,
    /// The answer; null where it is no JSON.
    pub body: Value,
}

type Heard = Arc<Mutex<Vec<Exchange>>>;

/// The ear; the line breaks with it.
pub struct Ear {
    /// `stripe.api_url`.
    pub url: String,
    heard: Heard,
    _task: JoinSet<()>,
}

/// What is put right in every answer.
pub type Mend = fn(&mut Value);

/// The way to the stand-in.
struct Line {
    mend: Option<Mend>,
    http: legacy::Client<HttpConnector, Full<Bytes>>,
    to: String,
    heard: Heard,
}

impl Ear {
    /// Listens on the way to a stand-in.
    pub async fn on(to: &str, mend: Option<Mend>) -> Ear {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let http = legacy::Client::builder(TokioExecutor::new()).build_http();
        let heard = Heard::default();
        let line = Arc::new(Line { mend, http, to: to.to_owned(), heard: heard.clone() });
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let line = line.clone();
                let relay = service_fn(move |request| relay(line.clone(), request));
                let connection =
                    http1::Builder::new().serve_connection(TokioIo::new(stream), relay);
                connections.spawn(async move { drop(connection.await) });
            }
        });
        Ear { url, heard, _task: task }
    }

    /// What was said since this was asked before.
    pub fn take(&self) -> Vec<Exchange> {
        std::mem::take(&mut self.heard.lock().unwrap())
    }
}

async fn relay(
    line: Arc<Line>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, legacy::Error> {
    let (mut head, body) = request.into_parts();
    let call = format!("{} {}", head.method, head.uri.path());
    head.uri = format!("{}{}", line.to, head.uri).parse().unwrap();
    head.headers.remove(HOST);
    let body = body.collect().await.unwrap().to_bytes();
    let answer = line.http.request(Request::from_parts(head, Full::new(body))).await?;
    let (mut head, body) = answer.into_parts();
    let mut body = body.collect().await.unwrap().to_bytes();
    let status = head.status.as_u16();
    if status >= 500 {
        // A stand-in that fails at something fails at it every time.
        head.headers.insert("stripe-should-retry", HeaderValue::from_static("false"));
    }
    let mut said = serde_json::from_slice(&body).unwrap_or(Value::Null);
    if let (Some(mend), false) = (line.mend, said.is_null()) {
        mend(&mut said);
        body = said.to_string().into();
        head.headers.remove(CONTENT_LENGTH);
    }
    line.heard.lock().unwrap().push(Exchange { call, status, body: said });
    Ok(Response::from_parts(head, Full::new(body)))
}
