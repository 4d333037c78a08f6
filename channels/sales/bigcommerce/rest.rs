//! The store's API: the V2 resources of an order, its refunds, the catalog and the inventory of V3, with the
//! access token of an API account, and what its answers mean before anybody looks at their objects. An empty
//! list of V2 is a 204.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::wire::Answers;
use crate::outbound::{Answer, Failure, Outbound};
use crate::port::{CallError, LookUp, Resource, Statement};
use crate::sales::taken::id_of;
use crate::settings::{ConfigError, Settings};
use crate::wire::Exact;

/// Where the API lives.
const VENDOR: &str = "https://api.bigcommerce.com";

/// The header of a statement that says what it is. Webhooks do not have it.
pub(super) const STATED: &str = "orderhub-stated";

/// Lines and addresses that are asked for at once: few enough for an answer of 256 KiB.
const AT_ONCE: usize = 50;

/// Most pages of one list.
const PAGES: usize = 20;

/// A store's API.
pub(super) struct Rest {
    http: Outbound,
    token: SecretString,
    root: String,
    /// Where everything of V3 is.
    v3: String,
}

/// How V3 wraps what it answers.
#[derive(Deserialize)]
struct Wrapped<T> {
    data: T,
}

/// What the store made of a change.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Changed {
    /// It is made.
    Made,
    /// It will not be.
    Refused,
}

impl Rest {
    /// For the store of this hash.
    pub(super) fn open(settings: &Settings, store: &str) -> Result<Self, ConfigError> {
        Ok(Self {
            http: Outbound::new(settings, VENDOR)?,
            token: settings.secret("access_token")?,
            root: format!("/stores/{store}/v2/orders/"),
            v3: format!("/stores/{store}/v3/"),
        })
    }

    /// Asks for a thing below the orders; `None` when the store has none of it. Nothing is changed by that,
    /// whatever becomes of it.
    pub(super) async fn look_up<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Option<T>, CallError> {
        let request = self.http.get(&format!("{}{path}", self.root)).query(query);
        self.found(request).await
    }

    /// The refunds of an order, by id. The store has no pages of them.
    pub(super) async fn refunds<T: DeserializeOwned>(&self, id: &str) -> Result<Vec<T>, CallError> {
        let found = self.ask(&payments(id, "refunds"), &[]).await?;
        Ok(found.unwrap_or_default())
    }

    /// Asks for what an answer of V3 is wrapped around; `None` when the store has none of it.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<Option<T>, CallError> {
        let request = self.http.get(&format!("{}{path}", self.v3)).query(query);
        let found: Option<Wrapped<T>> = self.found(request).await?;
        Ok(found.map(|found| found.data))
    }

    async fn found<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<Option<T>, CallError> {
        let answer = self.send(request).await.map_err(Failure::of_look_up)?;
        if let Some(failure) = failure(&answer) {
            return Err(CallError::of_question(failure));
        }
        match answer.status.as_u16() {
            204 | 404 => Ok(None),
            200 => serde_json::from_slice(&answer.body)
                .map(Some)
                .map_err(|_| CallError::not_done("the store's answer cannot be read")),
            other => Err(answer.not_done(format!("the store answered {other}; check store_hash"))),
        }
    }

    /// A whole list below an order, page by page.
    pub(super) async fn list<T: DeserializeOwned>(&self, path: &str) -> Result<Vec<T>, CallError> {
        let mut all = Vec::new();
        for page in 1..=PAGES {
            let query = [("limit", AT_ONCE.to_string()), ("page", page.to_string())];
            let part: Option<Vec<T>> = self.look_up(path, &query).await?;
            let part = part.unwrap_or_default();
            let full = part.len() >= AT_ONCE;
            all.extend(part);
            if !full {
                return Ok(all);
            }
        }
        Err(CallError::not_now(
            "the store's list is longer than an order can be",
        ))
    }

    /// Adds a thing below an order.
    pub(super) async fn add(&self, path: &str, thing: &Value) -> Result<Changed, CallError> {
        let request = self.http.post(&format!("{}{path}", self.root));
        self.change(request.json(thing)).await
    }

    /// Changes members of an order.
    pub(super) async fn put(&self, path: &str, members: &Value) -> Result<Changed, CallError> {
        let request = self.http.put(&format!("{}{path}", self.root));
        self.change(request.json(members)).await
    }

    /// Sets something of V3.
    pub(super) async fn set(&self, path: &str, members: &Value) -> Result<Changed, CallError> {
        let request = self.http.put(&format!("{}{path}", self.v3));
        self.change(request.json(members)).await
    }

    async fn change(&self, request: RequestBuilder) -> Result<Changed, CallError> {
        let answer = self.send(request).await?;
        if let Some(failure) = failure(&answer) {
            return Err(failure);
        }
        match answer.status.as_u16() {
            200..=299 => Ok(Changed::Made),
            // Its errors are sentences in the shop's language; the kind of answer says enough.
            400 | 404 | 409 | 422 => Ok(Changed::Refused),
            other => Err(answer.not_done(format!("the store answered {other}; check store_hash"))),
        }
    }

    /// What the store would give back for these items, which changes nothing; `None` when it would not.
    pub(super) async fn quote<T: DeserializeOwned>(
        &self,
        id: &str,
        items: &impl Serialize,
    ) -> Result<Option<T>, CallError> {
        let quoted = self.make(&payments(id, "refund_quotes"), items).await;
        quoted.map_err(CallError::of_question)
    }

    /// Makes a refund; `None` when the store will not.
    pub(super) async fn refund<T: DeserializeOwned>(
        &self,
        id: &str,
        refund: &impl Serialize,
    ) -> Result<Option<T>, CallError> {
        self.make(&payments(id, "refunds"), refund).await
    }

    async fn make<T: DeserializeOwned>(
        &self,
        path: &str,
        thing: &impl Serialize,
    ) -> Result<Option<T>, CallError> {
        let request = self.http.post(&format!("{}{path}", self.v3)).json(thing);
        let answer = self.send(request).await?;
        if let Some(failure) = failure(&answer) {
            return Err(failure);
        }
        match answer.status.as_u16() {
            200..=299 => {
                let made: Wrapped<T> = serde_json::from_slice(&answer.body).map_err(|_| {
                    CallError::unknown("the store's answer cannot be read; it may have been done")
                })?;
                Ok(Some(made.data))
            }
            400 | 404 | 409 | 422 => Ok(None),
            other => Err(answer.not_done(format!("the store answered {other}; check store_hash"))),
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Answer, Failure> {
        let request = request
            .header("x-auth-token", self.token.expose_secret())
            .header("accept", "application/json");
        self.http.send(request).await
    }
}

/// Where the money of an order is, below V3.
fn payments(order: &str, what: &str) -> String {
    format!("orders/{order}/payment_actions/{what}")
}

/// What means the same for every call, with the store's own word for how long to wait.
fn failure(answer: &Answer) -> Option<CallError> {
    let failure = answer.failure()?;
    let wait = answer.headers.get("x-rate-limit-time-reset-ms");
    let wait = wait.and_then(|wait| wait.to_str().ok()?.trim().parse::<u64>().ok());
    Some(match (failure, wait) {
        (
            CallError::NotDone {
                reason,
                retry_after: None,
                well,
            },
            Some(wait),
        ) if answer.status.as_u16() == 429 => CallError::NotDone {
            reason,
            retry_after: Some(Duration::from_millis(wait.min(3_600_000))),
            well,
        },
        (failure, _) => failure,
    })
}

#[async_trait]
impl LookUp for Rest {
    async fn look_up(&self, resource: &Resource) -> Result<Vec<Statement>, CallError> {
        let id = Exact(resource.id.clone());
        let Some(id) = id_of(Some(&id)).filter(|_| resource.kind == "order") else {
            return Ok(Vec::new());
        };
        let Some(order) = Self::look_up::<Box<RawValue>>(self, &id, &[]).await? else {
            return Ok(Vec::new());
        };
        let refunds: Vec<Box<RawValue>> = self.refunds(&id).await?;
        let answers = Answers {
            order: &order,
            products: self.list(&format!("{id}/products")).await?,
            shipping_addresses: self.list(&format!("{id}/shipping_addresses")).await?,
            shipments: if refunds.is_empty() {
                Vec::new()
            } else {
                self.list(&format!("{id}/shipments")).await?
            },
            refunds,
        };
        let raw = serde_json::to_vec(&answers)
            .map_err(|_| CallError::not_now("the store's answers cannot be joined"))?;
        let stated = (STATED.to_owned(), "order".to_owned());
        Ok(vec![Statement {
            headers: BTreeMap::from([stated]),
            raw,
        }])
    }
}
