//! The connections whose webhooks are taken: who verifies what, and who reads it, now or again.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use orderhub_actors::api::Delivery;
use orderhub_channels::carriers::CarrierConnector;
use orderhub_channels::payments::PaymentConnector;
use orderhub_channels::port::{Forged, Inbound, RawRequest};
use orderhub_channels::sales::SalesConnector;
use orderhub_domain::ids::{ChannelId, Slug};

/// A family of connections, as it stands in paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// Web shops, tills, marketplaces.
    Sales,
    /// Gateways.
    Payments,
    /// Carriers.
    Carriers,
    /// Warehouses and stores.
    Warehouses,
}

impl Family {
    /// Every family.
    pub const ALL: [Self; 4] = [
        Self::Sales,
        Self::Payments,
        Self::Carriers,
        Self::Warehouses,
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Sales => "sales",
            Self::Payments => "payments",
            Self::Carriers => "carriers",
            Self::Warehouses => "warehouses",
        }
    }
}

/// A connection whose webhooks are taken.
#[derive(Clone)]
pub enum Hook {
    /// A sales channel and its immutable id.
    Sales(Arc<dyn SalesConnector>, ChannelId),
    /// A gateway.
    Payments(Arc<dyn PaymentConnector>),
    /// A carrier.
    Carriers(Arc<dyn CarrierConnector>),
}

impl Hook {
    /// Whether the bytes are really from the vendor.
    pub fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        match self {
            Self::Sales(connector, _) => connector.verify(request),
            Self::Payments(connector) => connector.verify(request),
            Self::Carriers(connector) => connector.verify(request),
        }
    }

    /// What they say.
    pub fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        match self {
            Self::Sales(connector, _) => connector.read(request),
            Self::Payments(connector) => connector.read(request),
            Self::Carriers(connector) => connector.read(request),
        }
    }

    /// Whether facts marked as test change nothing.
    pub fn is_live(&self) -> bool {
        match self {
            Self::Sales(connector, _) => connector.is_live(),
            Self::Payments(connector) => connector.is_live(),
            Self::Carriers(connector) => connector.is_live(),
        }
    }

    /// The channel, for sales.
    pub const fn channel(&self) -> Option<ChannelId> {
        match self {
            Self::Sales(_, channel) => Some(*channel),
            Self::Payments(_) | Self::Carriers(_) => None,
        }
    }
}

/// A webhook that was verified when it came and is read again. Its signature is not kept.
#[derive(Debug, Clone, Copy)]
pub struct KeptWebhook<'a> {
    /// The connection that it came through: `payments/stripe-eu`.
    pub source: &'a str,
    /// When it came.
    pub received_at: Timestamp,
    /// Headers without secrets and signatures.
    pub headers: &'a BTreeMap<String, String>,
    /// The raw body.
    pub body: &'a [u8],
}

/// Every connection whose webhooks are taken.
#[derive(Clone)]
pub struct Hooks {
    connections: BTreeMap<(Family, Slug), Hook>,
    public_url: String,
}

impl Hooks {
    /// Where the world reaches this hub.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// These connections, which vendors reach under this scheme and host; some of them sign it.
    pub const fn new(connections: BTreeMap<(Family, Slug), Hook>, public_url: String) -> Self {
        Self {
            connections,
            public_url,
        }
    }

    /// The connection of a family's word and a slug.
    pub fn find(&self, family: &str, slug: &Slug) -> Option<(Family, &Hook)> {
        let family = Family::ALL
            .into_iter()
            .find(|known| known.word() == family)?;
        let hook = self.connections.get(&(family, slug.clone()))?;
        Some((family, hook))
    }

    /// Every connection, as webhooks name their source.
    pub fn sources(&self) -> impl Iterator<Item = String> {
        self.connections
            .keys()
            .map(|(family, slug)| format!("{}/{slug}", family.word()))
    }

    /// The whole URL of a path, as vendors call it.
    pub fn url(&self, path_and_query: &str) -> String {
        format!("{}{path_and_query}", self.public_url)
    }

    /// What a kept webhook says, with its connection as it is configured now. `None` when the
    /// connection is gone.
    pub fn read_again(&self, kept: &KeptWebhook<'_>) -> Option<Delivery> {
        let (family, slug) = kept.source.split_once('/')?;
        let slug = Slug::from(slug);
        let (_, hook) = self.find(family, &slug)?;
        let headers: HeaderMap = kept
            .headers
            .iter()
            .filter_map(|(name, value)| {
                let name = HeaderName::try_from(name).ok()?;
                Some((name, HeaderValue::try_from(value).ok()?))
            })
            .collect();
        let request = RawRequest {
            headers: &headers,
            body: kept.body,
            url: &self.url(&format!("/v1/hooks/{}", kept.source)),
            received_at: kept.received_at,
        };
        Some(Delivery {
            source: kept.source.to_owned(),
            slug,
            channel: hook.channel(),
            live: hook.is_live(),
            items: hook.read(&request),
            body: kept.body.to_vec(),
            headers: kept.headers.clone(),
        })
    }
}
