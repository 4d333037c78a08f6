//! WooCommerce: orders as webhooks and by asking, completed and cancelled orders back to the shop, units on
//! offer.
//!
//! Every order topic carries the whole order as it is at sending, so each is read the same way: it
//! places the order if it is new, and says what changed (paid, given back, cancelled) if it is known. An
//! order states what was refunded as sums only: which units these were is looked up. A shop stops
//! sending after some failures, so it is also asked what has changed; the answers are read like webhooks.
//! Whatever else it sends is kept as unknown.

pub(crate) mod amounts;
mod back;
mod changes;
mod map;
mod offer;
mod poll;
mod refunds;
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
use self::poll::{Orders, STATED};
use self::rest::Rest;
use super::answers::Answers;
use super::taken::{NotTaken, news_only, parse, taken};
use super::{SalesConnector, StockWay, WayBack};
use crate::port::{Connector, Forged, Inbound, LookUp, Poll, RawRequest, Resource};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Settings};

/// Topics whose body is the order.
const SNAPSHOTS: [&str; 3] = ["order.created", "order.restored", "order.updated"];

/// An order is there no more; the id is left of it.
const DELETED: &str = "order.deleted";

/// A connection to a WooCommerce shop.
struct WooCommerce {
    secrets: Vec<SecretString>,
    site: Option<String>,
    live: bool,
    back: Option<Back>,
    offers: Option<Offers>,
    orders: Option<Orders>,
}

/// Answers of the REST API (`/orders`), which are lists without anything around them.
const ANSWERS: Answers = Answers {
    of_order: &["order_key", "billing"],
    at: &[],
};

/// What there is to know of a WooCommerce connection.
pub(super) const KIND: Kind<dyn SalesConnector> = Kind {
    about: About {
        family: Family::Sales,
        name: "woocommerce",
        standing: Standing::Sampled,
        can: &[
            Capability::Webhooks,
            Capability::LooksUp,
            Capability::Polled,
            Capability::Shipments,
            Capability::Cancellations,
            Capability::Refund,
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
    Ok(Arc::new(WooCommerce {
        secrets: settings.secrets("secrets")?,
        site: settings.text("site").map(str::to_owned),
        live: settings.is_live(),
        back: rest.clone().map(Back::new),
        offers: rest.clone().map(Offers::new),
        orders: rest.map(Orders::new),
    }))
}

impl WooCommerce {
    /// An order as it was pushed or listed. Once money of it went back the units that this was for have to
    /// be looked up: without them its state is none that can be followed, or that an order can begin with.
    fn read_order(&self, topic: &str, body: &[u8]) -> Result<Vec<Inbound>, NotTaken> {
        let order: wire::Order = parse(body)?;
        let read = map::order(&order).map_err(|why| why.under(topic))?;
        let mut read = taken(body, read)?;
        let refunded = order.refunds.is_some_and(|refunds| !refunds.is_empty());
        let Inbound::Order(inbound) = &mut read else {
            return Ok(vec![read]);
        };
        if !refunded {
            return Ok(vec![read]);
        }
        inbound.submission.draft.changed_at = None;
        let named = self.orders.is_some().then(|| {
            Inbound::Changed(Resource {
                kind: "order".to_owned(),
                id: inbound.submission.draft.external_id.clone(),
            })
        });
        Ok(match named {
            Some(named) => vec![news_only(read), named],
            None => vec![read],
        })
    }
}

/// An order as it was looked up, with its refunds.
fn read_whole(body: &[u8]) -> Result<Inbound, NotTaken> {
    let whole: wire::Whole = parse(body)?;
    let mut read = taken(body, map::order(&whole.order)?)?;
    if let Inbound::Order(inbound) = &mut read {
        inbound.wanted = changes::wanted(&whole)?;
    }
    Ok(read)
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
        if request.header(STATED) == Some("order") {
            let whole = |body: &[u8]| read_whole(body).map(|one| vec![one]);
            return ANSWERS.each(request.body, whole, |body| self.read_order("order", body));
        }
        let topic = match request.header("x-wc-webhook-topic") {
            Some(topic) => topic,
            None if ANSWERS.hold(request.body) => "order.updated",
            None => "no_topic",
        };
        if SNAPSHOTS.contains(&topic) {
            let read = |body: &[u8]| self.read_order(topic, body);
            return ANSWERS.each(request.body, read, read);
        }
        let read = if topic == DELETED {
            let deleted = parse(request.body);
            let said = deleted.and_then(|order| changes::deleted(&order, request.received_at));
            said.map(|said| vec![said])
        } else {
            let topic: String = topic.chars().take(64).collect();
            return vec![Inbound::Unknown { topic }];
        };
        read.unwrap_or_else(|why| vec![why.into()])
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn look_up(&self) -> Option<&dyn LookUp> {
        self.orders.as_ref().map(|orders| orders as &dyn LookUp)
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
