//! Requests to a warehouse, as signed webhooks, and what it may answer at once.

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_domain::ids::{FulfilmentId, LocationCode};
use orderhub_domain::order::FulfilmentEvidence;
use reqwest::Url;
use secrecy::zeroize::Zeroizing;
use serde::Deserialize;

use super::Warehouse;
use crate::outbound::{Answer, Outbound};
use crate::port::{CallError, WorkAnswer};
use crate::settings::{ConfigError, Settings};
use crate::standard_webhooks::sign;
use crate::warehouses::asking::{self, Message};
use crate::warehouses::{FulfilmentCall, WarehouseConnector};
use crate::wire::code;

/// Where requests go.
pub(super) struct Requests {
    http: Outbound,
    path: String,
    key: Zeroizing<Vec<u8>>,
}

/// What a warehouse may answer at once; nothing at all means that it has the request.
#[derive(Deserialize)]
struct Said {
    status: String,
    #[serde(default)]
    reason: Option<String>,
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
    async fn post(&self, message: Message) -> Result<Option<Said>, CallError> {
        let mut post = self.http.post(&self.path);
        for (name, value) in sign(&self.key, &message.id, Timestamp::now(), &message.body) {
            post = post.header(name, value);
        }
        let post = post.header("content-type", "application/json");
        let post = post.body(message.body);
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

fn reason(answer: &Said) -> String {
    let word = answer.reason.as_deref().and_then(code);
    word.unwrap_or_else(|| "rejected".to_owned())
}

#[async_trait]
impl WarehouseConnector for Warehouse {
    async fn request(&self, call: &FulfilmentCall) -> WorkAnswer {
        let answer = self.requests.post(asking::requested(call)?).await?;
        Ok(match answer {
            Some(answer) if answer.status == "accepted" => FulfilmentEvidence::Accepted,
            Some(answer) if answer.status == "rejected" => FulfilmentEvidence::Rejected {
                reason: reason(&answer),
            },
            _ => FulfilmentEvidence::Delivered,
        })
    }

    async fn cancel(&self, fulfilment: FulfilmentId, location: &LocationCode) -> WorkAnswer {
        let message = asking::cancel_requested(fulfilment, location)?;
        let answer = self.requests.post(message).await?;
        match answer.as_ref().map(|answer| answer.status.as_str()) {
            Some("cancelled") => Ok(FulfilmentEvidence::Cancelled),
            Some("refused") => Ok(FulfilmentEvidence::CancelRefused),
            _ => Err(asking::stop_is_under_way()),
        }
    }
}
