//! A small HTTP/1.1 server for simulators: whole requests in, whole answers out, or what goes wrong
//! in their place. Bounded in connections, bytes and time.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::SimError;
use super::faults::{Fault, Trouble};
use super::place::LocalAddress;

/// Most connections at once; more wait to be accepted.
const CONNECTIONS: usize = 256;
/// Most bytes of a request.
const LARGEST: usize = 1024 * 1024;
/// How long a request may take to arrive, and requests in flight to end.
const PATIENCE: Duration = Duration::from_secs(10);

/// A request with its whole body.
pub(super) struct Asked {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Asked {
    /// A header as text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The path's segments without the empty ones.
    pub(super) fn segments(&self) -> Vec<&str> {
        let segments = self.path.split('/');
        segments.filter(|part| !part.is_empty()).collect()
    }

    /// Whether the request shows this key, as bearer or as the user name of basic credentials.
    pub(super) fn shows_key(&self, key: &str) -> bool {
        use base64::Engine as _;
        let shown = self.header("authorization").unwrap_or_default();
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("{key}:"));
        shown == format!("Bearer {key}") || shown == format!("Basic {basic}")
    }
}

/// An answer in JSON.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Value,
    /// A header beside the usual ones.
    pub(super) header: Option<(HeaderName, HeaderValue)>,
}

impl Reply {
    /// An answer without further headers.
    pub(super) const fn new(status: u16, body: Value) -> Self {
        Self {
            status,
            body,
            header: None,
        }
    }
}

/// Somebody who answers requests.
#[async_trait]
pub(super) trait Peer: Send + Sync + 'static {
    /// Carries a request out.
    async fn answer(&self, asked: Asked) -> Reply;

    /// How this vendor words an error that has nothing to do with the request.
    fn error(&self, status: u16) -> Value;
}

/// Opens the address; a taken one is told before anything else is begun.
pub(super) async fn listen(address: LocalAddress) -> Result<TcpListener, SimError> {
    let address = address.0;
    let listener = TcpListener::bind(address).await;
    listener.map_err(|source| SimError::Address { address, source })
}

/// Answers until `stop`, then lets requests in flight end.
pub(super) async fn serve(
    listener: TcpListener,
    peer: Arc<dyn Peer>,
    trouble: Trouble,
    stop: CancellationToken,
) {
    let (trouble, free) = (Arc::new(trouble), Arc::new(Semaphore::new(CONNECTIONS)));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        let next = async {
            let permit = free.clone().acquire_owned().await;
            (listener.accept().await, permit)
        };
        let (accepted, permit) = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            Some(_) = connections.join_next() => continue,
            next = next => next,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (peer, trouble) = (peer.clone(), trouble.clone());
        let service = service_fn(move |request| {
            let (peer, trouble) = (peer.clone(), trouble.clone());
            async move { one(&*peer, &trouble, request).await }
        });
        let connection = hyper::server::conn::http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(PATIENCE)
            .serve_connection(TokioIo::new(stream), service);
        let watched = graceful.watch(connection);
        connections.spawn(async move {
            // A hub that is killed leaves connections in the middle; that is no news.
            if let Err(error) = watched.await {
                tracing::debug!(%error, "a connection ended early");
            }
            drop(permit);
        });
    }
    if tokio::time::timeout(PATIENCE, graceful.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("requests were still running at the deadline");
    }
}

/// Nothing is answered; the connection ends.
#[derive(Debug, thiserror::Error)]
#[error("the answer gets lost")]
struct Silence;

async fn one(
    peer: &dyn Peer,
    trouble: &Trouble,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Silence> {
    let (head, body) = request.into_parts();
    let whole = tokio::time::timeout(PATIENCE, Limited::new(body, LARGEST).collect()).await;
    let Ok(Ok(body)) = whole else {
        return Ok(json(Reply::new(413, peer.error(413))));
    };
    let asked = Asked {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.to_bytes(),
    };
    let fault = trouble.next();
    match fault {
        Some(Fault::Busy) => {
            let mut busy = Reply::new(429, peer.error(429));
            busy.header = Some((RETRY_AFTER, HeaderValue::from_static("1")));
            return Ok(json(busy));
        }
        Some(Fault::Broken) => return Ok(json(Reply::new(500, peer.error(500)))),
        Some(Fault::Late(_) | Fault::Lost | Fault::Garbage) | None => {}
    }
    let right = json(peer.answer(asked).await);
    match fault {
        Some(Fault::Late(wait)) => tokio::time::sleep(wait).await,
        Some(Fault::Lost) => return Err(Silence),
        Some(Fault::Garbage) => {
            let nonsense = Full::new(Bytes::from_static(b"<html>gateway"));
            return Ok(right.map(|_| nonsense));
        }
        _ => {}
    }
    Ok(right)
}

fn json(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(reply.body.to_string())));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.extend(reply.header.map(|(name, value)| (Some(name), value)));
    response
}

/// The pairs of a query string or a form.
pub(super) fn pairs(text: &[u8]) -> Vec<(String, String)> {
    let pairs = form_urlencoded::parse(text);
    pairs
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}

/// The value of the first pair with this name.
pub(super) fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = pairs.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}
