//! Connections: bounded in what they may hold, and drained on the way out.

use super::peer::Peer;
use axum::Router;
use axum::extract::Request;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use std::net::IpAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// How long a client may take to send its headers, and to send the next request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(15);

/// Serves until `stop`, then lets running requests end. Idle connections are closed at once; the
/// caller limits how long the others may take.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok((stream, peer)) => (stream, peer.ip()),
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (router, watcher) = (router.clone(), graceful.watcher());
        let connection = connection(stream, peer, router, watcher, stop.clone());
        #[expect(clippy::disallowed_methods, reason = "watched by `graceful`, and bounded by it")]
        tokio::spawn(connection);
    }
    drop(listener);
    graceful.shutdown().await;
}

/// One connection. Until its first byte arrives it holds nothing, and ends at once on the way out.
async fn connection(
    stream: TcpStream,
    peer: IpAddr,
    router: Router,
    watcher: Watcher,
    stop: CancellationToken,
) {
    let _ = stream.set_nodelay(true);
    let mut first = [0];
    let spoken = tokio::time::timeout(HEADER_TIMEOUT, stream.peek(&mut first));
    tokio::select! {
        spoken = spoken => if !matches!(spoken, Ok(Ok(1..))) { return },
        () = stop.cancelled() => return,
    }
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT).max_buf_size(64 * 1024);
    let told = move |mut request: Request<_>| {
        request.extensions_mut().insert(Peer(peer));
        request
    };
    let service = TowerToHyperService::new(router.map_request(told));
    if let Err(error) = watcher.watch(http.serve_connection(TokioIo::new(stream), service)).await {
        tracing::debug!(%error, "a connection ended early");
    }
}
