//! A vendor's webhooks on their way to the hub: prompt, kept back, or late, reordered and repeated.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How a vendor delivers.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Manner {
    /// Not at all; the test sends what it wants to.
    Kept,
    /// Each once, at once.
    Prompt,
    /// Each so many times, each time after a wait of its own of up to `latest`: out of order.
    Unruly { times: u32, latest: Duration },
}

/// Signs a body: the headers to send with it. Called at each sending.
pub(crate) type Sign = Box<dyn Fn(&[u8]) -> Vec<(&'static str, String)> + Send + Sync>;

/// The way to one webhook URL.
pub(crate) struct Post {
    client: reqwest::Client,
    url: String,
    sign: Sign,
    manner: Mutex<Manner>,
    dice: AtomicU64,
}

/// Tries before a vendor gives a webhook up. Long enough to live through a restart of the hub.
const TRIES: u32 = 30;

impl Post {
    pub(crate) fn new(url: String, sign: Sign) -> Arc<Self> {
        Arc::new(Self {
            client: crate::support::api::plain_client(),
            url,
            sign,
            manner: Mutex::new(Manner::Prompt),
            dice: AtomicU64::new(0x9e37_79b9_7f4a_7c15),
        })
    }

    pub(crate) fn behave(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    /// Sends a webhook as the manner says, in the background, and again until it is taken.
    pub(crate) fn send(self: &Arc<Self>, body: &str) {
        let manner = *self.manner.lock().unwrap();
        let waits = match manner {
            Manner::Kept => Vec::new(),
            Manner::Prompt => vec![Duration::ZERO],
            Manner::Unruly { times, latest } => (0..times).map(|_| self.roll(latest)).collect(),
        };
        for wait in waits {
            let post = Arc::clone(self);
            let body = body.to_owned();
            tokio::spawn(async move {
                tokio::time::sleep(wait).await;
                for _ in 0..TRIES {
                    if matches!(post.deliver(&body).await, Some(200..=299)) {
                        return;
                    }
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            });
        }
    }

    /// Sends a webhook once, now; the hub's status, or `None` when nobody answered.
    pub(crate) async fn deliver(&self, body: &str) -> Option<u16> {
        self.deliver_with(body, (self.sign)(body.as_bytes())).await
    }

    /// Sends a body with other headers than its own: a forgery.
    pub(crate) async fn deliver_with(
        &self,
        body: &str,
        headers: Vec<(&'static str, String)>,
    ) -> Option<u16> {
        let mut request = self.client.post(&self.url).body(body.to_owned());
        request = request.header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let answer = request.send().await.ok()?;
        Some(answer.status().as_u16())
    }

    /// A wait below `latest`, from a sequence that is the same in every run.
    fn roll(&self, latest: Duration) -> Duration {
        let step = |dice: u64| {
            dice.wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407)
        };
        let before = self
            .dice
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |dice| {
                Some(step(dice))
            });
        let millis = u64::try_from(latest.as_millis()).unwrap().max(1);
        Duration::from_millis((before.unwrap_or_default() >> 33) % millis)
    }
}
