//! Requests to a warehouse, as signed webhooks. Each has one id for all its tries, so that the warehouse
//! takes it once.

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_domain::ids::FulfilmentId;
use orderhub_domain::order::FulfilmentEvidence;
use reqwest::Url;
use secrecy::zeroize::Zeroizing;

use super::Warehouse;
use super::wire::{self, Line, Request, Work};
use crate::outbound::{Answer, Outbound};
use crate::port::{CallError, WorkAnswer};
use crate::settings::{ConfigError, Settings};
use crate::standard_webhooks::sign;
use crate::warehouses::{FulfilmentCall, WarehouseConnector};
use crate::wire::code;

/// Where requests go.
pub(super) struct Requests {
    http: Outbound,
    path: String,
    key: Zeroizing<Vec<u8>>,
}

impl Requests {
    /// From a connection's settings.
    pub(super) fn open(settings: &Settings, key: Zeroizing<Vec<u8>>) -> Result<Self, ConfigError> {
        let bad = || settings.bad("url", "an https:// address without a query");
        let url: Url = settings.required_text("url")?.parse().map_err(|_| bad())?;
        let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        if url.scheme() != "https" || !plain || url.password().is_some() {
            return Err(bad());
        }
        Ok(Self {
            http: Outbound::new(settings, &url.origin().ascii_serialization())?,
            path: url.path().to_owned(),
            key,
        })
    }

    /// Posts a request; what the warehouse answers at once, if it answers anything.
    async fn post(
        &self,
        id: &str,
        request: &Request<'_>,
    ) -> Result<Option<wire::Answer>, CallError> {
        let body = serde_json::to_vec(request)
            .map_err(|_| CallError::not_done("the request cannot be written"))?;
        let mut post = self.http.post(&self.path);
        for (name, value) in sign(&self.key, id, Timestamp::now(), &body) {
            post = post.header(name, value);
        }
        let post = post.header("content-type", "application/json").body(body);
        let answer = self.http.send(post).await?;
        if let Some(error) = answer.failure() {
            return Err(error);
        }
        if !answer.status.is_success() {
            return Err(refused(&answer));
        }
        if answer.body.iter().all(u8::is_ascii_whitespace) {
            return Ok(None);
        }
        // What is not in the form is a page of somebody's: the request has arrived all the same.
        Ok(serde_json::from_slice(&answer.body).ok())
    }
}

fn refused(answer: &Answer) -> CallError {
    let status = answer.status.as_u16();
    answer.not_done(format!(
        "the warehouse answered {status}; it has to take every request and say in a webhook what becomes of it"
    ))
}

fn reason(answer: &wire::Answer) -> String {
    let word = answer.reason.as_deref().and_then(code);
    word.unwrap_or_else(|| "rejected".to_owned())
}

#[async_trait]
impl WarehouseConnector for Warehouse {
    async fn request(&self, call: &FulfilmentCall) -> WorkAnswer {
        let line = |line: &super::super::CallLine| line.quantity.to_string();
        let quantities: Vec<String> = call.lines.iter().map(line).collect();
        let lines = call.lines.iter().zip(quantities);
        let lines = lines.map(|(line, quantity)| Line {
            line: &line.line,
            sku: &line.sku.0,
            quantity,
        });
        let request = Request {
            kind: "fulfilment.requested",
            timestamp: Timestamp::now().to_string(),
            data: Work {
                fulfilment: call.fulfilment.to_string(),
                location: Some(&call.location.0),
                pickup: Some(call.pickup),
                lines: lines.collect(),
            },
        };
        let id = format!("{}_requested", call.fulfilment);
        let answer = self.requests.post(&id, &request).await?;
        Ok(match answer {
            Some(answer) if answer.status == "accepted" => FulfilmentEvidence::Accepted,
            Some(answer) if answer.status == "rejected" => FulfilmentEvidence::Rejected {
                reason: reason(&answer),
            },
            _ => FulfilmentEvidence::Delivered,
        })
    }

    async fn cancel(&self, fulfilment: FulfilmentId) -> WorkAnswer {
        let request = Request {
            kind: "fulfilment.cancel_requested",
            timestamp: Timestamp::now().to_string(),
            data: Work {
                fulfilment: fulfilment.to_string(),
                location: None,
                pickup: None,
                lines: Vec::new(),
            },
        };
        let id = format!("{fulfilment}_cancel_requested");
        let answer = self.requests.post(&id, &request).await?;
        match answer.as_ref().map(|answer| answer.status.as_str()) {
            Some("cancelled") => Ok(FulfilmentEvidence::Cancelled),
            Some("refused") => Ok(FulfilmentEvidence::CancelRefused),
            _ => Err(CallError::under_way(
                "the warehouse has the request to stop and says later whether it did",
            )),
        }
    }
}
