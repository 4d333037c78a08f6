//! Where two parts meet that do not know each other: the canonical reader and the API, parked
//! messages and connectors, the store and the edge.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_actors::api::{Delivery, Receipt};
use orderhub_actors::ports::{Parked, Unavailable};
use orderhub_actors::{Inlet, Inlets};
use orderhub_channels::sales::direct;
use orderhub_domain::ids::{ChannelId, Slug};
use orderhub_domain::order::Stage;
use tokio::sync::watch;
use uuid::Uuid;

use super::connections::Connections;
use crate::events::{Logs, Places};
use crate::http::listing::OrderList;
use crate::http::messages::Messages;
use crate::http::{Hooks, KeptWebhook, WebhookCopies, WebhookCopy};
use crate::intake::{Intake, ParsedOrder, Unreadable};
use crate::store::{
    Log, Logged, OrderFilter, OrderPage, ParkedDetail, ParkedFilter, ParkedPage, Store,
    WebhookDetail, WebhookFilter, WebhookLog, WebhookPage, WebhookReceived,
};

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

/// The connections, as the hub asks and reads again what comes through them.
pub(super) struct Connected {
    hooks: Hooks,
    copies: Arc<dyn WebhookCopies>,
}

impl Connected {
    pub(super) const fn new(hooks: Hooks, copies: Arc<dyn WebhookCopies>) -> Self {
        Self { hooks, copies }
    }
}

impl Inlets for Connected {
    fn read(&self, message: &Parked) -> Option<Delivery> {
        self.hooks.read_again(&KeptWebhook {
            source: &message.source,
            received_at: message.received_at,
            headers: &message.headers,
            body: &message.body,
        })
    }

    fn inlet(&self, source: &str) -> Option<Inlet> {
        self.hooks.inlet(source).cloned()
    }

    fn polled(&self) -> Vec<Inlet> {
        let all = self.hooks.inlets();
        let polled = all.filter(|inlet| inlet.connector.poll().is_some());
        polled.cloned().collect()
    }

    fn followed(&self) -> Vec<Inlet> {
        let all = self.hooks.inlets();
        let followed = all.filter(|inlet| {
            let connector = &inlet.connector;
            connector.follow().is_some() || connector.enlist().is_some()
        });
        followed.cloned().collect()
    }

    fn note(&self, delivery: &Delivery, receipt: &Receipt, asked_at: Timestamp) {
        self.copies.keep(WebhookCopy {
            source: delivery.source.clone(),
            receipt: receipt.clone(),
            received_at: asked_at,
            headers: delivery.headers.clone(),
            body: delivery.body.clone(),
        });
    }
}

impl WebhookCopies for WebhookLog {
    fn keep(&self, copy: WebhookCopy) {
        self.record(WebhookReceived {
            id: Uuid::now_v7(),
            source: copy.source,
            outcome: copy.receipt.received.word().to_owned(),
            reason: copy.receipt.reason,
            order: copy.receipt.order,
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

    async fn in_hand(&self, channel: Option<ChannelId>) -> Result<Vec<(Stage, u64)>, Unavailable> {
        self.count_in_hand(channel).await
    }

    fn changes(&self) -> watch::Receiver<()> {
        self.list_changes()
    }
}

#[async_trait]
impl Messages for Store {
    async fn webhooks(&self, filter: &WebhookFilter) -> Result<WebhookPage, Unavailable> {
        self.list_webhooks(filter).await
    }

    async fn webhook(&self, id: Uuid) -> Result<Option<WebhookDetail>, Unavailable> {
        Self::webhook(self, id).await
    }

    async fn parked(&self, filter: &ParkedFilter) -> Result<ParkedPage, Unavailable> {
        self.list_parked(filter).await
    }

    async fn parked_message(&self, id: Uuid) -> Result<Option<ParkedDetail>, Unavailable> {
        Self::parked_message(self, id).await
    }
}

#[async_trait]
impl Logs for Store {
    async fn all(&self) -> Result<Vec<Log>, Unavailable> {
        self.every_log().await
    }

    async fn ends(&self, logs: &[Log]) -> Result<Places, Unavailable> {
        self.log_ends(logs).await
    }

    async fn after(&self, places: &Places, most: i64) -> Result<Vec<Logged>, Unavailable> {
        self.entries_after(places, most).await
    }

    fn take_grown(&self) -> Vec<Log> {
        self.take_untold()
    }

    async fn generation(&self) -> Result<i32, Unavailable> {
        Self::generation(self).await
    }
}
