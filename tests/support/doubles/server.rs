//! A small HTTP server for doubles: whole requests in, whole answers out, or none at all.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

/// A request with its whole body.
pub(crate) struct Asked {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Asked {
    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The path's segments without the empty ones.
    pub(crate) fn segments(&self) -> Vec<&str> {
        self.path
            .split('/')
            .filter(|part| !part.is_empty())
            .collect()
    }
}

/// What a double answers; `None` closes the connection without a word.
pub(crate) type Answer = Option<Response<Full<Bytes>>>;

/// Somebody who answers requests.
pub(crate) trait Double: Send + Sync + 'static {
    fn answer(self: Arc<Self>, asked: Asked) -> Pin<Box<dyn Future<Output = Answer> + Send>>;
}

/// The double said nothing; ends the connection.
#[derive(Debug, thiserror::Error)]
#[error("the double closes the connection without an answer")]
struct Silence;

/// Opens a port on loopback; serving starts with [`serve`].
pub(crate) async fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    (listener, addr)
}

/// Serves a double until the test's runtime ends.
pub(crate) fn serve(listener: TcpListener, double: Arc<impl Double>) {
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                return;
            };
            let double = Arc::clone(&double);
            tokio::spawn(async move {
                let service = service_fn(move |request| one(Arc::clone(&double), request));
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                // A killed hub ends its connections in the middle; that is not the double's fault.
                connection.await.ok();
            });
        }
    });
}

async fn one(
    double: Arc<impl Double>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Silence> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.map_err(|_| Silence)?.to_bytes();
    let asked = Asked {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body,
    };
    double.answer(asked).await.ok_or(Silence)
}

/// An answer in JSON.
pub(crate) fn json(status: u16, body: &Value) -> Response<Full<Bytes>> {
    bytes(status, Bytes::from(body.to_string()))
}

/// An answer that says that it is JSON.
pub(crate) fn bytes(status: u16, body: Bytes) -> Response<Full<Bytes>> {
    Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header("content-type", "application/json")
        .body(Full::new(body))
        .unwrap()
}

/// The pairs of a query string or a form body.
pub(crate) fn form(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (unescape(name), unescape(value))
        })
        .collect()
}

/// Undoes percent-encoding, and `+` for a space.
pub(crate) fn unescape(text: &str) -> String {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => plain.push(b' '),
            b'%' => {
                let digits = [rest.next().unwrap_or(b'0'), rest.next().unwrap_or(b'0')];
                let text = std::str::from_utf8(&digits).unwrap_or("3f");
                plain.push(u8::from_str_radix(text, 16).unwrap_or(b'?'));
            }
            other => plain.push(other),
        }
    }
    String::from_utf8_lossy(&plain).into_owned()
}
