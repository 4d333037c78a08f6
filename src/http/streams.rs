//! Answers that go on for as long as there is something to tell: server-sent events.
//!
//! Their number is bounded apart from other answers, because each holds its connection. A listener
//! that does not read makes its teller wait, and nothing else.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use http::header::{CACHE_CONTROL, HeaderName, HeaderValue};
use metrics::gauge;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use warp::Reply;
use warp::reply::Response;
use warp::sse::{self, Event};

use super::problem::Problem;

/// Most listeners at once.
const LISTENERS: usize = 256;
/// What is told and not taken yet.
const UNREAD: usize = 64;
/// A sign of life where nothing is to be told; proxies close silent connections.
const PING: Duration = Duration::from_secs(15);
/// Proxies that collect answers would collect these for ever.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Room for answers that go on.
pub struct Streams {
    free: Arc<Semaphore>,
    stop: CancellationToken,
}

/// Tells one listener.
pub struct Teller(mpsc::Sender<Event>);

impl Streams {
    /// They all end at `stop`: a hub that stops waits for its connections.
    pub fn new(stop: CancellationToken) -> Self {
        let free = Arc::new(Semaphore::new(LISTENERS));
        Self { free, stop }
    }

    /// An answer that goes on until `tell` has ended, its listener has gone or the hub stops. `kind` is who listens:
    /// `api` or `console`.
    pub fn answer<F>(
        &self,
        kind: &'static str,
        tell: impl FnOnce(Teller) -> F,
    ) -> Result<Response, Problem>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let Ok(permit) = self.free.clone().try_acquire_owned() else {
            let detail = format!("{LISTENERS} others listen already.");
            return Err(Problem::new("overloaded", detail).after(Duration::from_secs(5)));
        };
        let (sender, mut receiver) = mpsc::channel(UNREAD);
        let telling = tell(Teller(sender.clone()));
        let stop = self.stop.clone();
        tokio::spawn(async move {
            let listeners = gauge!("orderhub_event_stream_clients", "kind" => kind);
            listeners.increment(1.0);
            tokio::select! {
                () = telling => {}
                () = sender.closed() => {}
                () = stop.cancelled() => {}
            }
            listeners.decrement(1.0);
            drop(permit);
        });
        let events = stream::poll_fn(move |context| receiver.poll_recv(context));
        let events = events.map(Ok::<_, Infallible>);
        let pinged = sse::keep_alive().interval(PING).stream(events);
        let mut response = sse::reply(pinged).into_response();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
        Ok(response)
    }
}

impl Teller {
    /// Tells an event, and waits while the listener has many to read. `false`: it has gone.
    pub async fn tell(&self, event: Event) -> bool {
        self.0.send(event).await.is_ok()
    }
}
