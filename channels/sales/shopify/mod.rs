//! Shopify: orders as webhooks, shipments and cancellations back to the shop.
//!
//! Every order topic carries the whole order as it is at sending, so each is read the same way: it
//! places the order if it is new, and says what changed (paid, given back, taken out, cancelled) if it is
//! known. A refund and the deletion of an order only name the order they are about; an edit and a hold are looked
//! up. A draft
//! (`draft_orders/*`) is no order until somebody completes it, and then it comes as one; it is kept under its
//! topic, like whatever else Shopify sends.

mod admin;
mod back;
mod changes;
mod look;
mod map;
mod offer;
mod refunds;
mod specimen;
mod terms;
mod verify;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use secrecy::SecretString;

use self::admin::Admin;
use self::back::Back;
use self::look::{Asking, EDITED, HOLDS, OF_HOLDS, STATED};
use self::offer::Offers;
use super::answers::Answers;
use super::taken::{NotTaken, parse, taken};
use super::{SalesConnector, StockWay, WayBack};
use crate::port::{Connector, Forged, Inbound, LookUp, RawRequest};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Gateway, Settings};

/// Topics whose body is the order.
const SNAPSHOTS: [&str; 6] = [
    "orders/cancelled",
    "orders/create",
    "orders/fulfilled",
    "orders/paid",
    "orders/partially_fulfilled",
    "orders/updated",
];

/// Money or units were taken back; what it states names the order and has nothing else of it.
const REFUNDED: &str = "refunds/create";

/// An order is there no more; the id is left of it.
const DELETED: &str = "orders/delete";

/// Answers of the REST Admin API (`/orders.json`, `/orders/{id}.json`).
const ANSWERS: Answers = Answers {
    of_order: &["line_items"],
    at: &["order", "orders"],
};

/// A connection to a Shopify shop.
struct Shopify {
    secrets: Vec<SecretString>,
    shop: Option<String>,
    gateway: Option<Gateway>,
    live: bool,
    back: Option<Back>,
    asking: Option<Asking>,
    offers: Option<Offers>,
}

/// What there is to know of a Shopify connection.
pub(super) const KIND: Kind<dyn SalesConnector> = Kind {
    about: About {
        family: Family::Sales,
        name: "shopify",
        standing: Standing::Sampled,
        can: &[
            Capability::Webhooks,
            Capability::LooksUp,
            Capability::Shipments,
            Capability::Cancellations,
            Capability::Refund,
            Capability::Stock,
        ],
        settings: &[
            Setting::required(
                "secrets",
                Form::Secrets,
                "the app's client secret, which signs its webhooks",
            ),
            Setting::optional(
                "access_token",
                Form::Secret,
                "the app's Admin API access token, for the way back",
            ),
            Setting::optional(
                "shop_domain",
                Form::Text,
                "the shop's own domain (acme.myshopify.com), held against each webhook",
            ),
            Setting::optional(
                STOCK_LOCATION,
                Form::Digits,
                "the number at the end of the address of the location in the shop's admin whose stock is told",
            ),
        ],
        account: Some("shop_domain"),
    },
    connect,
    specimen: Some(&specimen::Shop),
};

const STOCK_LOCATION: &str = "stock_location";

fn connect(settings: &Settings) -> Result<Arc<dyn SalesConnector>, ConfigError> {
    let admin = Admin::open(settings)?.map(Arc::new);
    let offers = match settings.text(STOCK_LOCATION) {
        None => None,
        Some(location) => {
            let needs = "base_url and access_token beside it, so that the shop can be called";
            let admin = admin.clone();
            let admin = admin.ok_or_else(|| settings.bad(STOCK_LOCATION, needs))?;
            Some(Offers::new(admin, location))
        }
    };
    Ok(Arc::new(Shopify {
        back: admin.clone().map(Back::new),
        asking: admin.map(Asking),
        offers,
        secrets: settings.secrets("secrets")?,
        shop: settings.text("shop_domain").map(str::to_owned),
        gateway: settings.payment.clone(),
        live: settings.is_live(),
    }))
}

impl Shopify {
    fn read_order(
        &self,
        topic: &str,
        request: &RawRequest<'_>,
        body: &[u8],
    ) -> Result<Inbound, NotTaken> {
        let order: wire::Order = parse(body)?;
        let marked = request.header("x-shopify-test") == Some("true");
        let test = marked || order.test == Some(true);
        let read = map::order(&order, test, self.gateway.as_ref());
        let mut read = taken(body, read.map_err(|why| why.under(topic))?)?;
        if let Inbound::Order(read) = &mut read {
            read.wanted = changes::wanted(&order)?;
        }
        Ok(read)
    }
}

/// What is said of an order without its state; nothing of a refund by which no money went back.
fn said(topic: &str, request: &RawRequest<'_>) -> Result<Option<Inbound>, NotTaken> {
    if topic == REFUNDED {
        let refund = parse(request.body)?;
        return changes::refund(&refund).map_err(|why| why.under(topic));
    }
    let triggered = request.header("x-shopify-triggered-at");
    let at = triggered.and_then(|at| at.parse().ok());
    let order = parse(request.body)?;
    changes::deleted(&order, at.unwrap_or(request.received_at)).map(Some)
}

/// Whether a body has the one member that only an order has among order topics.
fn looks_like_an_order(body: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Order {
        #[serde(rename = "line_items")]
        _line_items: serde::de::IgnoredAny,
    }
    serde_json::from_slice::<Order>(body).is_ok()
}

impl Connector for Shopify {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        verify::verify(&self.secrets, self.shop.as_deref(), request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        if request.header(STATED) == Some(OF_HOLDS) {
            let kept_back = look::kept_back(request.body);
            return vec![kept_back.unwrap_or_else(Inbound::from)];
        }
        let topic = match request.header("x-shopify-topic") {
            Some(topic) => topic,
            None if ANSWERS.hold(request.body) => "orders/updated",
            None => "no_topic",
        };
        // An edit arrives as the edit alone or as the whole order, depending on the version.
        let whole_edit = topic == EDITED && looks_like_an_order(request.body);
        let is_order = whole_edit || SNAPSHOTS.contains(&topic);
        let only_named = !is_order && (topic == EDITED || HOLDS.contains(&topic));
        if only_named && self.asking.is_some() {
            let named = look::named(topic, request.body).map_err(|why| why.under(topic));
            return vec![named.unwrap_or_else(Inbound::from)];
        }
        if [REFUNDED, DELETED].contains(&topic) {
            let said = said(topic, request).transpose();
            let said = said.map(|said| said.unwrap_or_else(Inbound::from));
            return said.into_iter().collect();
        }
        if !is_order {
            let topic: String = topic.chars().take(64).collect();
            return vec![Inbound::Unknown { topic }];
        }
        let read = |body: &[u8]| self.read_order(topic, request, body).map(|one| [one]);
        ANSWERS.each(request.body, read, read)
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn look_up(&self) -> Option<&dyn LookUp> {
        self.asking.as_ref().map(|asking| asking as &dyn LookUp)
    }
}

impl SalesConnector for Shopify {
    fn way_back(&self) -> Option<&dyn WayBack> {
        self.back.as_ref().map(|back| back as &dyn WayBack)
    }

    fn stock_way(&self) -> Option<&dyn StockWay> {
        self.offers.as_ref().map(|offers| offers as &dyn StockWay)
    }
}
