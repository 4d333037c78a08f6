//! WooCommerce: orders as webhooks and by asking, completed and cancelled orders back to the shop, units on
//! offer.
//!
//! Every order topic carries the whole order as it is at sending, so each is read the same way: it
//! places the order if it is new, and says what changed (cancelled, paid) if it is known. A shop stops
//! sending after some failures, so it is also asked what has changed; the answers are read like webhooks.
//! Whatever else it sends is kept as unknown.

pub(crate) mod amounts;
mod back;
mod map;
mod offer;
mod poll;
mod rest;
mod specimen;
pub(crate) mod text;
mod verify;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use secrecy::SecretString;

use self::back::Back;
use self::offer::Offers;
use self::poll::Orders;
use self::rest::Rest;
use super::taken::{parse, taken};
use super::{SalesConnector, StockWay, WayBack};
use crate::port::{Connector, Forged, Inbound, Poll, RawRequest};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Settings};

/// Topics whose body is the order. A deleted one's has its id alone.
const SNAPSHOTS: [&str; 3] = ["order.created", "order.restored", "order.updated"];

/// A connection to a WooCommerce shop.
struct WooCommerce {
    secrets: Vec<SecretString>,
    site: Option<String>,
    live: bool,
    back: Option<Back>,
    offers: Option<Offers>,
    orders: Option<Orders>,
}

/// What there is to know of a WooCommerce connection.
pub(super) const KIND: Kind<dyn SalesConnector> = Kind {
    about: About {
        family: Family::Sales,
        name: "woocommerce",
        standing: Standing::Sampled,
        can: &[
            Capability::Webhooks,
            Capability::Polled,
            Capability::Shipments,
            Capability::Cancellations,
            Capability::Stock,
        ],
        settings: &[
            Setting::required(
                "secrets",
                Form::Secrets,
                "the secret in the webhook's form (WooCommerce, Settings, Advanced, Webhooks): one of your own, for the shop's is easy to guess",
            ),
            Setting::optional(
                "consumer_key",
                Form::Secret,
                "the consumer key (ck_...) of a key that may read and write (WooCommerce, Settings, Advanced, REST API), for whatever asks or tells the shop",
            ),
            Setting::optional(
                "consumer_secret",
                Form::Secret,
                "the consumer secret (cs_...) that was shown with the key",
            ),
            Setting::optional(
                "site",
                Form::Text,
                "the shop's own address (https://shop.example.com), held against each webhook",
            ),
        ],
        account: Some("site"),
    },
    connect,
    specimen: Some(&specimen::Shop),
};

fn connect(settings: &Settings) -> Result<Arc<dyn SalesConnector>, ConfigError> {
    let rest = Rest::open(settings)?.map(Arc::new);
    let slug = &settings.slug;
    Ok(Arc::new(WooCommerce {
        secrets: settings.secrets("secrets")?,
        site: settings.text("site").map(str::to_owned),
        live: settings.is_live(),
        back: rest.clone().map(|rest| Back::new(slug.clone(), rest)),
        offers: rest.clone().map(|rest| Offers::new(slug.clone(), rest)),
        orders: rest.map(Orders::new),
    }))
}

impl Connector for WooCommerce {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        verify::verify(&self.secrets, self.site.as_deref(), request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        // Let through unsigned, so nothing is read out of it, whatever its headers say.
        if verify::is_ping(request.body) {
            return Vec::new();
        }
        let topic = request
            .header("x-wc-webhook-topic")
            .unwrap_or("order.updated");
        if !SNAPSHOTS.contains(&topic) {
            let topic: String = topic.chars().take(64).collect();
            return vec![Inbound::Unknown { topic }];
        }
        let order = parse(request.body)
            .and_then(|order| map::order(&order).map_err(|why| why.under(topic)))
            .and_then(|order| taken(request.body, order));
        vec![order.unwrap_or_else(Inbound::from)]
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn poll(&self) -> Option<&dyn Poll> {
        self.orders.as_ref().map(|orders| orders as &dyn Poll)
    }
}

impl SalesConnector for WooCommerce {
    fn way_back(&self) -> Option<&dyn WayBack> {
        self.back.as_ref().map(|back| back as &dyn WayBack)
    }

    fn stock_way(&self) -> Option<&dyn StockWay> {
        self.offers.as_ref().map(|offers| offers as &dyn StockWay)
    }
}
