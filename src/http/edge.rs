//! What the routes stand on: the hub's front door and the few things beside it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use orderhub_actors::api::HubApi;
use orderhub_actors::ports::Journal;
use orderhub_channels::carriers::CarrierConnector;
use orderhub_channels::payments::PaymentConnector;
use orderhub_channels::port::{Forged, Inbound, RawRequest};
use orderhub_channels::sales::SalesConnector;
use orderhub_domain::ids::{ChannelId, OrderId, Slug};
use orderhub_domain::order::{Order, Recorded};
use orderhub_domain::policy::Policy;

use super::auth::Keys;
use super::copies::WebhookCopies;
use super::keys::Key;
use super::listing::OrderList;
use super::problem::Problem;
use crate::intake::Desk;

/// What the routes stand on.
pub struct Edge {
    /// The front door.
    pub hub: Arc<dyn HubApi>,
    /// Personal data and parked messages.
    pub journal: Arc<dyn Journal>,
    /// The list of orders.
    pub list: Arc<dyn OrderList>,
    /// API keys.
    pub keys: Keys,
    /// Takes orders in the canonical form; knows the channels.
    pub desk: Arc<Desk>,
    /// Connections whose webhooks are taken, by family and slug.
    pub hooks: BTreeMap<(Family, Slug), Hook>,
    /// Copies of webhooks.
    pub webhooks: Arc<dyn WebhookCopies>,
    /// The rules in force.
    pub policy: Policy,
    /// Scheme and host under which vendors reach the hub; some of them sign it.
    pub public_url: String,
    /// Renders the metrics.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// The hub has accepted orders at least once.
    pub started: AtomicBool,
}

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

impl Edge {
    /// An order and its log, if this key may see it. Another channel's order is as unknown as one
    /// that does not exist, and takes as long to find out.
    pub async fn visible(
        &self,
        key: &Key,
        order: OrderId,
    ) -> Result<(Order, Vec<Recorded>), Problem> {
        self.hub
            .order(order)
            .await?
            .filter(|(order, _)| self.may_see(key, order.channel))
            .ok_or_else(Problem::not_found)
    }

    /// Refuses what the key may not see; free for keys without a channel.
    pub async fn check_visible(&self, key: &Key, order: OrderId) -> Result<(), Problem> {
        if key.channel.is_some() {
            self.visible(key, order).await?;
        }
        Ok(())
    }

    /// Whether a key may see orders of a channel.
    pub fn may_see(&self, key: &Key, channel: ChannelId) -> bool {
        key.channel.as_ref().is_none_or(|bound| {
            let known = self.desk.channels.get(bound);
            known.is_some_and(|known| known.id == channel)
        })
    }

    /// Whether orders are accepted now; remembers that they once were.
    pub fn ready(&self) -> bool {
        let ready = self.hub.ready();
        if ready {
            self.started.store(true, Ordering::Relaxed);
        }
        ready
    }
}
