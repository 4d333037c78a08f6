//! Square's API for one seller: questions and changes with the application's access token, and what its
//! answers mean before anybody looks at their objects. Some questions are posts: they change nothing.

use async_trait::async_trait;
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use super::wire::{Answers, RefundAnswers};
use crate::outbound::{Answer, Failure, Outbound};
use crate::port::{CallError, LookUp, Resource, Statement};
use crate::sales::till::stated;
use crate::settings::{ConfigError, Settings};
use crate::wire::{code, path_id};

/// Where the API lives; test connections speak to the sandbox.
const VENDOR: &str = "https://connect.squareup.com";
const SANDBOX: &str = "https://connect.squareupsandbox.com";

/// The version of the API that this was written after.
const VERSION: &str = "2025-01-23";

/// Things of the catalog that are asked for at once: few enough for an answer of 256 KiB.
const AT_ONCE: usize = 50;

/// The API of one seller.
pub(super) struct Rest {
    http: Outbound,
    token: SecretString,
}

/// What the seller's account made of a change.
#[derive(Debug)]
pub(super) enum Changed<T> {
    /// It is made; this is the thing as it is now.
    Made(T),
    /// It will not be, by Square's code for why.
    Refused(String),
}

#[derive(Deserialize)]
struct Trouble {
    #[serde(default)]
    errors: Vec<OneError>,
}

#[derive(Deserialize)]
struct OneError {
    #[serde(default)]
    code: Option<String>,
}

/// The first code of an answer that is an error.
fn said(answer: &Answer) -> Option<String> {
    let trouble: Trouble = serde_json::from_slice(&answer.body).ok()?;
    code(trouble.errors.first()?.code.as_deref()?)
}

impl Rest {
    /// For the seller whose access token this is.
    pub(super) fn open(settings: &Settings) -> Result<Self, ConfigError> {
        let vendor = if settings.is_live() { VENDOR } else { SANDBOX };
        Ok(Self {
            http: Outbound::new(settings, vendor)?,
            token: settings.secret("access_token")?,
        })
    }

    /// Asks for a thing; `None` when there is none of this id.
    pub(super) async fn look_up<T: DeserializeOwned>(
        &self,
        path: &str,
    ) -> Result<Option<T>, CallError> {
        self.ask(self.http.get(path)).await
    }

    /// Asks by a post.
    pub(super) async fn search<T: DeserializeOwned>(
        &self,
        path: &str,
        question: &serde_json::Value,
    ) -> Result<Option<T>, CallError> {
        self.ask(self.http.post(path).json(question)).await
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<Option<T>, CallError> {
        let answer = self.send(request).await.map_err(Failure::of_look_up)?;
        if let Some(failure) = answer.failure() {
            return Err(CallError::of_question(failure));
        }
        match answer.status.as_u16() {
            404 => Ok(None),
            200 => serde_json::from_slice(&answer.body)
                .map(Some)
                .map_err(|_| CallError::not_done("the till's answer cannot be read")),
            other => Err(answer.not_done(format!("the till answered {other} to a question"))),
        }
    }

    /// Changes members of an order, as of its version: one that has changed since is not touched.
    pub(super) async fn put<T: DeserializeOwned>(
        &self,
        path: &str,
        change: &serde_json::Value,
    ) -> Result<Changed<T>, CallError> {
        self.change(self.http.put(path).json(change)).await
    }

    /// Makes a change that carries its own idempotency key.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        change: &serde_json::Value,
    ) -> Result<Changed<T>, CallError> {
        self.change(self.http.post(path).json(change)).await
    }

    async fn change<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<Changed<T>, CallError> {
        let answer = self.send(request).await?;
        if let Some(failure) = answer.failure() {
            return Err(failure);
        }
        if answer.status.is_success() {
            let thing = serde_json::from_slice(&answer.body).map_err(|_| {
                CallError::unknown("the till's answer cannot be read; it may have been carried out")
            });
            return Ok(Changed::Made(thing?));
        }
        let said = said(&answer);
        if said.as_deref() == Some("VERSION_MISMATCH") || answer.status.as_u16() == 409 {
            return Err(CallError::not_now("the order has just changed at the till"));
        }
        if let Some(code) = said {
            return Ok(Changed::Refused(code.to_ascii_lowercase()));
        }
        let status = answer.status.as_u16();
        Err(answer.not_done(format!("the till answered {status}; check base_url")))
    }

    async fn send(&self, request: RequestBuilder) -> Result<Answer, Failure> {
        let request = request
            .bearer_auth(self.token.expose_secret())
            .header("square-version", VERSION)
            .header("accept", "application/json");
        self.http.send(request).await
    }

    /// What these things of the catalog are, as far as they still exist.
    async fn catalog(&self, ids: &[String]) -> Result<Vec<Box<RawValue>>, CallError> {
        #[derive(Deserialize)]
        struct Found {
            #[serde(default)]
            objects: Vec<Box<RawValue>>,
        }
        let mut all = Vec::new();
        for some in ids.chunks(AT_ONCE) {
            let question = json!({ "object_ids": some });
            let found: Option<Found> = self.search("/v2/catalog/batch-retrieve", &question).await?;
            all.extend(found.map(|found| found.objects).unwrap_or_default());
        }
        Ok(all)
    }
}

/// What of an order says which things of the catalog it has.
#[derive(Deserialize)]
struct Bought {
    #[serde(default)]
    line_items: Vec<BoughtLine>,
}

#[derive(Deserialize)]
struct BoughtLine {
    #[serde(default)]
    catalog_object_id: Option<String>,
}

impl Rest {
    async fn order(&self, id: &str) -> Result<Vec<Statement>, CallError> {
        #[derive(Deserialize)]
        struct Found {
            order: Box<RawValue>,
        }
        let found: Option<Found> = Self::look_up(self, &format!("/v2/orders/{id}")).await?;
        let Some(Found { order }) = found else {
            return Ok(Vec::new());
        };
        // An order that cannot be read is put away by whoever reads it.
        let bought: Option<Bought> = serde_json::from_str(order.get()).ok();
        let lines = bought.into_iter().flat_map(|bought| bought.line_items);
        let mut ids: Vec<String> = lines.filter_map(|line| line.catalog_object_id).collect();
        ids.sort_unstable();
        ids.dedup();
        let answers = Answers {
            order: &order,
            catalog: self.catalog(&ids).await?,
        };
        joined("order", &answers)
    }

    async fn refund(&self, id: &str) -> Result<Vec<Statement>, CallError> {
        #[derive(Deserialize)]
        struct Found {
            refund: Box<RawValue>,
        }
        #[derive(Deserialize)]
        struct OfPayment {
            #[serde(default)]
            payment_id: Option<String>,
        }
        #[derive(Deserialize)]
        struct PaymentFound {
            payment: OfOrder,
        }
        #[derive(Deserialize)]
        struct OfOrder {
            #[serde(default)]
            order_id: Option<String>,
        }
        let found: Option<Found> = Self::look_up(self, &format!("/v2/refunds/{id}")).await?;
        let Some(Found { refund }) = found else {
            return Ok(Vec::new());
        };
        let of: Option<OfPayment> = serde_json::from_str(refund.get()).ok();
        let of = of.and_then(|of| of.payment_id);
        let mut order_id = None;
        if let Some(payment) = of.as_deref().and_then(path_id) {
            let path = format!("/v2/payments/{payment}");
            let found: Option<PaymentFound> = Self::look_up(self, &path).await?;
            order_id = found.and_then(|found| found.payment.order_id);
        }
        let answers = RefundAnswers {
            refund: &refund,
            order_id,
        };
        joined("refund", &answers)
    }
}

fn joined(what: &str, answers: &impl Serialize) -> Result<Vec<Statement>, CallError> {
    let raw = serde_json::to_vec(answers)
        .map_err(|_| CallError::not_now("the till's answers cannot be joined"))?;
    Ok(vec![stated(what, raw)])
}

#[async_trait]
impl LookUp for Rest {
    async fn look_up(&self, resource: &Resource) -> Result<Vec<Statement>, CallError> {
        match (resource.kind.as_str(), path_id(&resource.id)) {
            ("order", Some(id)) => self.order(id).await,
            ("refund", Some(id)) => self.refund(id).await,
            _ => Ok(Vec::new()),
        }
    }
}
