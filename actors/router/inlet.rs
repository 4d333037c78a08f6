//! Connections, as what they say is taken in.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use orderhub_channels::port::{Connector, RawRequest, Statement};
use orderhub_domain::ids::{ChannelId, Slug};

use super::Hub;
use crate::api::{Delivery, HubError, Receipt};
use crate::ports::Parked;

/// The connections as they are configured now.
pub trait Inlets: Send + Sync {
    /// What a kept message says, read again. `None` when its connection is gone.
    fn read(&self, message: &Parked) -> Option<Delivery>;

    /// A connection by the name of what comes through it. `None` when it is gone.
    fn inlet(&self, source: &str) -> Option<Inlet>;

    /// The connections that are asked what is new.
    fn polled(&self) -> Vec<Inlet>;

    /// The carriers that are asked for parcels under way, or told of them.
    fn followed(&self) -> Vec<Inlet>;

    /// Something that was asked for has come, and this became of it. Noting it never waits.
    fn note(&self, delivery: &Delivery, receipt: &Receipt, asked_at: Timestamp);
}

/// A connection, as what it says is taken in.
#[derive(Clone)]
pub struct Inlet {
    /// How what comes through it is named: `payments/stripe-eu`.
    pub source: String,
    /// Its slug.
    pub slug: Slug,
    /// Its immutable id, for sales channels.
    pub channel: Option<ChannelId>,
    /// Its inbound half.
    pub connector: Arc<dyn Connector>,
    /// Between two questions of what is new there, if it is not what the connector says.
    pub poll_every: Option<Duration>,
}

impl Inlet {
    /// What a verified request says, to be taken.
    pub fn deliver(&self, request: &RawRequest<'_>, headers: BTreeMap<String, String>) -> Delivery {
        Delivery {
            source: self.source.clone(),
            slug: self.slug.clone(),
            channel: self.channel,
            live: self.connector.is_live(),
            items: self.connector.read(request),
            body: request.body.to_vec(),
            headers,
        }
    }

    /// What the vendor said when it was asked, to be taken.
    pub fn stated(&self, statement: Statement, asked_at: Timestamp) -> Delivery {
        let headers = header_map(&statement.headers);
        let request = RawRequest {
            headers: &headers,
            body: &statement.raw,
            url: "",
            received_at: asked_at,
        };
        self.deliver(&request, statement.headers)
    }
}

/// Kept headers, as a reader wants them.
pub fn header_map(kept: &BTreeMap<String, String>) -> HeaderMap {
    let headers = kept.iter().filter_map(|(name, value)| {
        let name = HeaderName::try_from(name).ok()?;
        Some((name, HeaderValue::try_from(value).ok()?))
    });
    headers.collect()
}

impl Hub {
    /// Takes what a vendor stated when it was asked.
    pub(crate) async fn take_stated(
        &self,
        inlets: &dyn Inlets,
        inlet: &Inlet,
        statement: Statement,
        asked_at: Timestamp,
    ) -> Result<(), HubError> {
        let delivery = inlet.stated(statement, asked_at);
        let receipt = self.take(&delivery).await?;
        metrics::counter!(
            "orderhub_statements_total",
            "source" => inlet.source.clone(), "outcome" => receipt.received.word()
        )
        .increment(1);
        inlets.note(&delivery, &receipt, asked_at);
        Ok(())
    }
}
