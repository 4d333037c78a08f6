//! The connections whose webhooks are taken: who verifies what, and who reads it, now or again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orderhub_actors::api::{Delivery, KEPT_QUERY};
use orderhub_actors::{Inlet, header_map};
use orderhub_channels::port::RawRequest;
use orderhub_channels::registry::Family;
use orderhub_domain::ids::Slug;

/// A webhook that was verified when it came and is read again. Its signature is not kept.
#[derive(Debug, Clone, Copy)]
pub struct KeptWebhook<'a> {
    /// The connection that it came through: `payments/stripe-eu`.
    pub source: &'a str,
    /// When it came.
    pub received_at: Timestamp,
    /// Headers without secrets and signatures, and what is kept of the query under [`KEPT_QUERY`].
    pub headers: &'a BTreeMap<String, String>,
    /// The raw body.
    pub body: &'a [u8],
}

/// Every connection whose webhooks are taken.
#[derive(Clone)]
pub struct Hooks {
    connections: BTreeMap<(Family, Slug), Inlet>,
    public_url: String,
}

impl Hooks {
    /// Where the world reaches this hub.
    pub fn public_url(&self) -> &str {
        &self.public_url
    }

    /// These connections, which vendors reach under this scheme and host; some of them sign it.
    pub const fn new(connections: BTreeMap<(Family, Slug), Inlet>, public_url: String) -> Self {
        Self {
            connections,
            public_url,
        }
    }

    /// Every connection.
    pub fn inlets(&self) -> impl Iterator<Item = &Inlet> {
        self.connections.values()
    }

    /// The connection of a family's word and a slug.
    pub fn find(&self, family: &str, slug: &Slug) -> Option<(Family, &Inlet)> {
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

    /// A connection by the name of what comes through it: `payments/stripe-eu`.
    pub fn inlet(&self, source: &str) -> Option<&Inlet> {
        let (family, slug) = source.split_once('/')?;
        let (_, inlet) = self.find(family, &Slug::from(slug))?;
        Some(inlet)
    }

    /// What a kept webhook says, with its connection as it is configured now. `None` when the
    /// connection is gone.
    pub fn read_again(&self, kept: &KeptWebhook<'_>) -> Option<Delivery> {
        let inlet = self.inlet(kept.source)?;
        let query = kept.headers.get(KEPT_QUERY);
        let query = query.map(|query| format!("?{query}")).unwrap_or_default();
        let request = RawRequest {
            headers: &header_map(kept.headers),
            body: kept.body,
            url: &self.url(&format!("/v1/hooks/{}{query}", kept.source)),
            received_at: kept.received_at,
        };
        Some(inlet.deliver(&request, kept.headers.clone()))
    }
}
