//! A small HTTP server for doubles: whole requests in, answers out, or none at all. It can be off:
//! then nobody listens at its address.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Either, Full};
use hyper::body::{Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::Sleep;

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

/// A body: a whole one, or one without an end.
pub(crate) type Body = Either<Full<Bytes>, Endless>;

/// What a double answers; `None` closes the connection without a word.
pub(crate) type Answer = Option<Response<Body>>;

/// Spaces for ever: as fast as they are taken, or one after each pause.
pub(crate) struct Endless {
    pause: Option<Duration>,
    waiting: Pin<Box<Sleep>>,
}

impl Endless {
    pub(crate) fn new(pause: Option<Duration>) -> Self {
        Self {
            pause,
            waiting: Box::pin(tokio::time::sleep(Duration::ZERO)),
        }
    }
}

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(pause) = self.pause else {
            let spaces = Bytes::from_static(&[b' '; 16 * 1024]);
            return Poll::Ready(Some(Ok(Frame::data(spaces))));
        };
        ready!(self.waiting.as_mut().poll(context));
        self.waiting.set(tokio::time::sleep(pause));
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b" ")))))
    }
}

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

/// Turns a double off and on.
pub(crate) struct Switch(watch::Sender<bool>);

impl Switch {
    /// Nobody listens any more, and every connection ends.
    pub(crate) fn turn_off(&self) {
        self.0.send_replace(false);
    }

    /// It listens again, at the same address.
    pub(crate) fn turn_on(&self) {
        self.0.send_replace(true);
    }
}

/// A switch that is on, and what it switches.
pub(crate) fn switch() -> (Switch, watch::Receiver<bool>) {
    let (switch, on) = watch::channel(true);
    (Switch(switch), on)
}

/// Serves a double until the test's runtime ends.
pub(crate) fn serve(
    mut listener: TcpListener,
    mut on: watch::Receiver<bool>,
    double: Arc<dyn Double>,
) {
    tokio::spawn(async move {
        let addr = listener.local_addr().unwrap();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = turned(&mut on, false) => {
                    drop(listener);
                    turned(&mut on, true).await;
                    listener = TcpListener::bind(addr).await.unwrap();
                    continue;
                }
            };
            let Ok((stream, _)) = accepted else {
                return;
            };
            tokio::spawn(talk(stream, Arc::clone(&double), on.clone()));
        }
    });
}

async fn talk(stream: TcpStream, double: Arc<dyn Double>, mut on: watch::Receiver<bool>) {
    let service = service_fn(move |request| one(Arc::clone(&double), request));
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // A killed hub ends its connections in the middle; that is not the double's fault.
        _ = connection => {}
        () = turned(&mut on, false) => {}
    }
}

/// Waits until the switch is like this. Without the double there is no switch, and no end.
async fn turned(on: &mut watch::Receiver<bool>, wanted: bool) {
    if on.wait_for(|on| *on == wanted).await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn one(
    double: Arc<dyn Double>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Silence> {
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
pub(crate) fn json(status: u16, body: &Value) -> Response<Body> {
    bytes(status, Bytes::from(body.to_string()))
}

/// An answer that says that it is JSON.
pub(crate) fn bytes(status: u16, body: Bytes) -> Response<Body> {
    answer(status, Either::Left(Full::new(body)))
}

/// The same without an end.
pub(crate) fn endless(pause: Option<Duration>) -> Response<Body> {
    answer(200, Either::Right(Endless::new(pause)))
}

fn answer(status: u16, body: Body) -> Response<Body> {
    Response::builder()
        .status(StatusCode::from_u16(status).unwrap())
        .header("content-type", "application/json")
        .body(body)
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
