//! The hub as a program with a key sees it: its public API, waited for while it is away.

use std::time::Duration;

use reqwest::{Client, Method, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::place::HubUrl;
use super::{SimError, client};

/// Waits between two tries, from the first to the longest.
const PAUSES: [Duration; 6] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

/// What the hub answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Null when it is no JSON.
    pub(super) body: Value,
}

impl Answer {
    /// Whether it was done.
    pub(super) const fn done(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// A problem's code.
    pub(super) fn code(&self) -> &str {
        self.body["code"].as_str().unwrap_or_default()
    }
}

/// A hub.
#[derive(Clone)]
pub(super) struct Hub {
    client: Client,
    url: HubUrl,
    key: Option<SecretString>,
}

impl Hub {
    /// The hub at this address.
    pub(super) fn new(url: HubUrl, key: Option<SecretString>) -> Result<Self, SimError> {
        let client = client()?;
        Ok(Self { client, url, key })
    }

    /// A path of the hub.
    pub(super) fn path(&self, segments: &[&str]) -> Url {
        self.url.path(segments).url()
    }

    /// Waits until the hub takes orders; `false` when `stop` came first.
    pub(super) async fn ready(&self, stop: &CancellationToken) -> bool {
        let url = self.path(&["readyz"]);
        for pause in PAUSES.iter().chain(PAUSES.iter().rev().take(1).cycle()) {
            if self
                .client
                .get(url.clone())
                .send()
                .await
                .is_ok_and(|a| a.status() == 200)
            {
                return true;
            }
            if *pause == PAUSES[0] {
                tracing::warn!(%url, "the hub does not answer yet; it is waited for");
            }
            if stop
                .run_until_cancelled(tokio::time::sleep(*pause))
                .await
                .is_none()
            {
                return false;
            }
        }
        false
    }

    /// Asks the hub, again while it is away or busy. `None` when `stop` came first.
    pub(super) async fn ask(
        &self,
        method: Method,
        url: &Url,
        body: Option<&Value>,
        stop: &CancellationToken,
    ) -> Option<Answer> {
        let mut away = false;
        for pause in PAUSES.iter().chain(PAUSES.iter().rev().take(1).cycle()) {
            let once = self.once(method.clone(), url.clone(), body);
            match stop.run_until_cancelled(once).await? {
                Some(answer) if !matches!(answer.status, 429 | 500..) => {
                    if away {
                        tracing::info!(url = %self.url.url(), "the hub answers again");
                    }
                    return Some(answer);
                }
                answer if !away => {
                    away = true;
                    let status = answer.map(|answer| answer.status);
                    tracing::warn!(url = %self.url.url(), status, "the hub is away or busy; it is tried again");
                }
                _ => {}
            }
            stop.run_until_cancelled(tokio::time::sleep(*pause)).await?;
        }
        None
    }

    async fn once(&self, method: Method, url: Url, body: Option<&Value>) -> Option<Answer> {
        let mut request = self.client.request(method, url);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.expose_secret());
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let answer = request.send().await.ok()?;
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.ok()?;
        let body = serde_json::from_slice(&bytes).unwrap_or_default();
        Some(Answer { status, body })
    }
}
