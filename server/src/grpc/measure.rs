//! Rate, errors and duration of every call.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;
use tonic::codegen::http::{Request, Response};
use tower::{Layer, Service};

/// Measures every call that passes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Measure;

impl<S> Layer<S> for Measure {
    type Service = Measured<S>;

    fn layer(&self, inner: S) -> Measured<S> {
        Measured { inner }
    }
}

/// A service whose calls are measured.
#[derive(Clone, Debug)]
pub(super) struct Measured<S> {
    inner: S,
}

impl<S, A, B> Service<Request<A>> for Measured<S>
where
    S: Service<Request<A>, Response = Response<B>>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    #[expect(clippy::disallowed_methods, reason = "a duration for a metric, never a stored time")]
    fn call(&mut self, request: Request<A>) -> Self::Future {
        let under_way = UnderWay {
            method: known_method(request.uri().path()),
            started: Instant::now(),
            code: "cancelled".to_owned(),
        };
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            under_way.ends(match &answer {
                Ok(response) => code_of(response),
                Err(_) => "unavailable".to_owned(),
            });
            answer
        })
    }
}

/// A call, counted when it is over: one that is dropped before, because its caller left or its time
/// was up, is `cancelled`.
struct UnderWay {
    method: String,
    started: Instant,
    code: String,
}

impl UnderWay {
    fn ends(mut self, code: String) {
        self.code = code;
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let (method, code) = (std::mem::take(&mut self.method), std::mem::take(&mut self.code));
        metrics::counter!("grpc_requests_total", "method" => method.clone(), "code" => code)
            .increment(1);
        metrics::histogram!("grpc_request_duration", "method" => method)
            .record(self.started.elapsed().as_secs_f64());
    }
}

/// The method as a label: what the contract does not name is `unknown`, so labels stay few.
fn known_method(path: &str) -> String {
    static KNOWN: std::sync::OnceLock<std::collections::HashSet<String>> =
        std::sync::OnceLock::new();
    let known = KNOWN.get_or_init(|| super::server::methods().into_iter().collect());
    let name = path.trim_start_matches('/');
    if known.contains(name) { name.to_owned() } else { "unknown".to_owned() }
}

/// The status of a call that failed before its first message; others are counted as ok.
fn code_of<B>(response: &Response<B>) -> String {
    let code = response.headers().get("grpc-status").and_then(|it| it.to_str().ok()?.parse().ok());
    code.map_or_else(
        || "ok".to_owned(),
        |code: i32| format!("{:?}", tonic::Code::from_i32(code)).to_lowercase(),
    )
}
