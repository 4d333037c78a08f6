//! Webhooks on their way to the hub: signed at each try, repeated until the hub takes them.
//!
//! What is to be told, and what was, is the simulator's state: it stands in its book, so a simulator
//! that was killed tells the rest after its restart. A webhook that came and whose answer was lost
//! is told again, as the vendors do.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, Url};
use tokio_util::sync::CancellationToken;

use super::SimError;
use super::client;
use super::place::HubUrl;

/// Most webhooks on their way at once.
pub(super) const AT_ONCE: usize = 16;
/// How often it is looked what there is to tell.
const PAUSE: Duration = Duration::from_millis(100);

/// A webhook.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    /// What its teller knows it by.
    pub(super) number: u64,
    /// What it is about, where a header says so.
    pub(super) topic: &'static str,
    pub(super) body: String,
}

/// Headers of a request.
pub(super) type Headers = Vec<(&'static str, String)>;

/// Somebody who has something to tell.
pub(super) trait Teller: Send + Sync + 'static {
    /// What is to be told now: at most [`AT_ONCE`].
    fn due(&self, now: Timestamp) -> Vec<Letter>;

    /// The vendor's signature and other headers, at each try.
    fn headers(&self, now: Timestamp, letter: &Letter) -> Headers;

    /// The hub took it, or did not and is to be told again.
    fn told(&self, number: u64, taken: bool);
}

/// Tells until `stop`.
pub(super) async fn run(
    teller: Arc<dyn Teller>,
    hub: HubUrl,
    stop: CancellationToken,
) -> Result<(), SimError> {
    let mut line = Line::new(hub.url())?;
    loop {
        let letters = teller.due(Timestamp::now());
        if letters.is_empty() {
            match stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await {
                Some(()) => continue,
                None => return Ok(()),
            }
        }
        let tries = letters.iter().map(|letter| {
            let headers = teller.headers(Timestamp::now(), letter);
            line.send(headers, letter.body.clone())
        });
        let Some(answers) = stop.run_until_cancelled(join_all(tries)).await else {
            return Ok(());
        };
        for (letter, status) in letters.iter().zip(&answers) {
            teller.told(letter.number, taken(*status));
        }
        line.note(&answers);
    }
}

/// Whether a status says that a webhook was taken.
pub(super) const fn taken(status: Option<u16>) -> bool {
    matches!(status, Some(200..=299))
}

/// The way to one URL of the hub, and whether it is passable.
pub(super) struct Line {
    client: Client,
    url: Url,
    broken: bool,
}

impl Line {
    /// A way that has not been tried.
    pub(super) fn new(url: Url) -> Result<Self, SimError> {
        Ok(Self {
            client: client()?,
            url,
            broken: false,
        })
    }

    /// Sends a body once; the hub's status, or `None` when it did not answer.
    pub(super) fn send(
        &self,
        headers: Headers,
        body: String,
    ) -> impl Future<Output = Option<u16>> + use<> {
        let mut request = self.client.post(self.url.clone()).body(body);
        request = request.header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        async move { Some(request.send().await.ok()?.status().as_u16()) }
    }

    /// Says once that the hub is away or refuses, and once that it is back.
    pub(super) fn note(&mut self, answers: &[Option<u16>]) {
        let refused = answers.iter().find(|answer| !taken(**answer));
        match (refused, self.broken) {
            (Some(None), false) => {
                tracing::warn!(url = %self.url, "the hub does not answer; it is tried again");
            }
            (Some(Some(status)), false) => {
                tracing::warn!(url = %self.url, status, "the hub takes no webhook; it is tried again");
            }
            (None, true) => tracing::info!(url = %self.url, "the hub answers again"),
            _ => {}
        }
        self.broken = refused.is_some();
    }
}

/// When to try again what was not taken this often: from half a second to half a minute.
pub(super) fn again_after(tries: u32) -> SignedDuration {
    SignedDuration::from_millis(500 << tries.min(6)).min(SignedDuration::from_secs(30))
}
