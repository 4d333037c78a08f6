//! A client of the hub's API: plain HTTP, no types of the hub.

use std::sync::Once;
use std::time::Duration;

use bytes::Bytes;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};

use super::patience::{SOON, until};

/// An HTTP client for loopback.
pub(crate) fn plain_client() -> Client {
    static CRYPTO: Once = Once::new();
    CRYPTO.call_once(|| {
        // reqwest wants a provider even for plain HTTP.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
    });
    Client::builder()
        .no_proxy()
        .timeout(Duration::from_mins(1))
        .build()
        .unwrap()
}

/// What the hub answered.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    /// The body as JSON; null when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A header as text; empty when absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// A problem's code; empty when it is none.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The body, if the status is this one; fails the test otherwise.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "the hub answered: {text}");
        self.json()
    }
}

/// The hub's API under one key.
#[derive(Clone)]
pub(crate) struct Api {
    client: Client,
    base: String,
    key: Option<String>,
}

impl Api {
    /// Where it is.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn new(base: String, key: Option<String>) -> Self {
        let client = plain_client();
        Self { client, base, key }
    }

    /// The same hub without a key, or with another one.
    pub(crate) fn with_key(&self, key: Option<&str>) -> Self {
        Self {
            key: key.map(str::to_owned),
            ..self.clone()
        }
    }

    /// A request with the key, to be completed by the caller.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    /// Sends a request; `None` when nobody answered.
    pub(crate) async fn try_send(request: RequestBuilder) -> Option<Reply> {
        let answer = request.send().await.ok()?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.bytes().await.ok()?;
        Some(Reply {
            status,
            headers,
            body,
        })
    }

    /// Sends a request that must be answered, as a well-behaved client does: a busy hub says so,
    /// has stored nothing, and is asked again.
    pub(crate) async fn send(request: RequestBuilder) -> Reply {
        until("the hub has room", Duration::from_mins(2), || async {
            let again = request.try_clone().expect("bodies are bytes");
            let reply = Self::try_send(again).await;
            let reply = reply.expect("the hub did not answer");
            if matches!(reply.status, 429 | 503) {
                assert!(!reply.header("retry-after").is_empty(), "{reply:?}");
                return None;
            }
            Some(reply)
        })
        .await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        Self::send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        Self::send(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Reply {
        Self::send(self.request(Method::PUT, path).json(body)).await
    }

    /// Posts bytes as JSON, with further headers.
    pub(crate) async fn post_bytes(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Reply {
        let mut request = self.request(Method::POST, path).body(body.into());
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Self::send(request).await
    }

    /// Places an order that must be new; its id.
    pub(crate) async fn place(&self, order: &Value) -> String {
        let body = self.post("/v1/orders", order).await.expect(201);
        body["id"].as_str().unwrap().to_owned()
    }

    /// An order as the hub tells it.
    pub(crate) async fn order(&self, id: &str) -> Value {
        self.get(&format!("/v1/orders/{id}")).await.expect(200)
    }

    /// Waits until the order is in one of these stages; the order then.
    pub(crate) async fn until_stage(&self, id: &str, stages: &[&str]) -> Value {
        self.until_stage_within(id, stages, SOON).await
    }

    /// The same with a limit of its own. A stage that is final and not wanted fails at once.
    pub(crate) async fn until_stage_within(
        &self,
        id: &str,
        stages: &[&str],
        limit: Duration,
    ) -> Value {
        until(
            &format!("{id} becomes one of {stages:?}"),
            limit,
            || async {
                let order = self.order(id).await;
                let stage = order["stage"].as_str().unwrap_or_default().to_owned();
                if stages.contains(&stage.as_str()) {
                    return Some(order);
                }
                let over = ["closed", "rejected", "expired", "cancelled"].contains(&stage.as_str());
                let reason = &order["reason"];
                assert!(
                    !over,
                    "{id} ended {stage} ({reason}), not as one of {stages:?}"
                );
                None
            },
        )
        .await
    }

    /// Says how many units there are.
    pub(crate) async fn count(&self, location: &str, sku: &str, on_hand: i64) {
        let path = format!("/v1/inventory/{location}/{sku}");
        self.put(&path, &json!({"on_hand": on_hand}))
            .await
            .expect(200);
    }
}
