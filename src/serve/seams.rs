//! Where two parts meet that do not know each other: the canonical reader and the API, parked
//! messages and connectors, the store and the edge.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use http::{HeaderMap, HeaderName, HeaderValue};
use orderhub_actors::Reader;
use orderhub_actors::api::Delivery;
use orderhub_actors::ports::{Parked, Unavailable};
use orderhub_channels::port::RawRequest;
use orderhub_channels::sales::direct;
use orderhub_domain::ids::Slug;
use uuid::Uuid;

use super::connections::Connections;
use crate::config::Config;
use crate::http::listing::OrderList;
use crate::http::{Family, Hook, WebhookCopies, WebhookCopy};
use crate::intake::{Intake, ParsedOrder, Unreadable};
use crate::store::{OrderFilter, OrderPage, Store, WebhookLog, WebhookReceived};

/// The API's orders are read by the direct channel's connector.
pub(super) struct CanonicalIntake {
    connections: Arc<Connections>,
}

impl CanonicalIntake {
    pub(super) const fn new(connections: Arc<Connections>) -> Self {
        Self { connections }
    }
}

impl Intake for CanonicalIntake {
    fn read(&self, body: &[u8]) -> Result<ParsedOrder, Unreadable> {
        let capture_mode = |gateway: &Slug| self.connections.capture_mode(gateway);
        match direct::parse(body, &capture_mode) {
            Ok(order) => Ok(ParsedOrder {
                channel: order.channel,
                submission: order.submission,
                body_hash: order.body_hash,
            }),
            Err(direct::OrderError::NotAnObject { code, detail }) => {
                Err(Unreadable::Malformed { code, detail })
            }
            Err(direct::OrderError::Invalid(violations)) => Err(Unreadable::Invalid(violations)),
        }
    }
}

/// Parked messages are read again by the connector that they came through.
pub(super) struct ParkedReader {
    hooks: BTreeMap<(Family, Slug), Hook>,
    public_url: String,
}

impl ParkedReader {
    pub(super) fn new(connections: &Connections, config: &Config) -> Self {
        Self {
            hooks: connections.hooks(),
            public_url: config.http.public_url.clone(),
        }
    }
}

impl Reader for ParkedReader {
    fn read(&self, message: &Parked) -> Option<Delivery> {
        let (family, slug) = message.source.split_once('/')?;
        let family = Family::ALL
            .into_iter()
            .find(|known| known.word() == family)?;
        let hook = self.hooks.get(&(family, Slug::from(slug)))?;
        let headers: HeaderMap = message
            .headers
            .iter()
            .filter_map(|(name, value)| {
                let name = HeaderName::try_from(name).ok()?;
                Some((name, HeaderValue::try_from(value).ok()?))
            })
            .collect();
        let url = format!("{}/v1/hooks/{}", self.public_url, message.source);
        // It was verified when it came; its signature is not kept.
        let request = RawRequest {
            headers: &headers,
            body: &message.body,
            url: &url,
            received_at: message.received_at,
        };
        Some(Delivery {
            source: message.source.clone(),
            slug: Slug::from(slug),
            channel: hook.channel(),
            live: hook.is_live(),
            items: hook.read(&request),
            body: message.body.clone(),
            headers: message.headers.clone(),
        })
    }
}

impl WebhookCopies for WebhookLog {
    fn keep(&self, copy: WebhookCopy) {
        self.record(WebhookReceived {
            id: Uuid::now_v7(),
            source: copy.source,
            outcome: copy.outcome.to_owned(),
            received_at: copy.received_at,
            headers: copy.headers,
            body: copy.body,
        });
    }
}

#[async_trait]
impl OrderList for Store {
    async fn list(&self, filter: &OrderFilter) -> Result<OrderPage, Unavailable> {
        self.list_orders(filter).await
    }
}
