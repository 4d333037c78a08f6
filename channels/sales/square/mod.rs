//! Square: orders of one location, named by webhooks or found by asking, looked up with their catalog; fulfilments
//! and cancellations back, units on offer.
//!
//! A webhook names an order, or a payment that names one. The order is then looked up together with what its
//! lines were bought from, for an order states no SKU. Sales at the counter come in finished; what is to be
//! shipped or collected is ours. A refund is looked up for the payment that it gives back, and that for its order.
//! Counts of stock are kept as unknown.

mod amounts;
mod back;
mod held;
mod later;
mod map;
mod news;
mod offer;
mod parts;
mod poll;
mod refunds;
mod rest;
mod specimen;
mod verify;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use orderhub_domain::ids::LocationCode;
use secrecy::SecretString;

use self::back::Back;
use self::map::Place;
use self::offer::Offers;
use self::poll::Orders;
use self::rest::Rest;
use super::answers::Answers;
use super::taken::{NotTaken, parse};
use super::till::STATED;
use super::{SalesConnector, StockWay, WayBack};
use crate::port::{Connector, Forged, Inbound, LookUp, Poll, RawRequest, Resource};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Settings};
use crate::wire::{code, path_id};

/// Topics after which an order is no longer what it was.
const CHANGES: [&str; 5] = [
    "order.created",
    "order.fulfillment.updated",
    "order.updated",
    "payment.created",
    "payment.updated",
];

/// Topics after which money may have gone back.
const REFUNDS: [&str; 2] = ["refund.created", "refund.updated"];

const MERCHANT: &str = "merchant_id";
const LOCATION: &str = "location_id";
const STOCK_LOCATION: &str = "stock_location_id";

/// A connection to a location of a Square seller.
struct Square {
    secrets: Vec<SecretString>,
    merchant: String,
    place: Place,
    live: bool,
    rest: Arc<Rest>,
    orders: Orders,
    back: Back,
    offers: Option<Offers>,
}

/// Answers of the Orders API (`SearchOrders`, `BatchRetrieveOrders`).
const ANSWERS: Answers = Answers {
    of_order: &["line_items"],
    at: &["orders"],
};

/// What there is to know of a Square connection.
pub(super) const KIND: Kind<dyn SalesConnector> = Kind {
    about: About {
        family: Family::Sales,
        name: "square",
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
                "the signature key of the webhook subscription (Developer Console, Webhooks, Subscriptions)",
            ),
            Setting::required(
                "access_token",
                Form::Secret,
                "the application's access token for the seller (Developer Console, Credentials), which may read and write orders, payments, items and inventory",
            ),
            Setting::required(
                MERCHANT,
                Form::Text,
                "the seller's merchant id (GET /v2/merchants/me), which every webhook names",
            ),
            Setting::required(
                LOCATION,
                Form::Text,
                "the id of the location whose orders come in (Developer Console, Locations)",
            ),
            Setting::optional(
                "pickup_location",
                Form::Text,
                "the hub's code of the location where buyers collect; without it orders to be collected are kept",
            ),
            Setting::optional(
                STOCK_LOCATION,
                Form::Text,
                "the id of the Square location whose units the hub states: one that nothing is sold from behind the hub's back",
            ),
        ],
        account: Some(LOCATION),
    },
    connect,
    specimen: Some(&specimen::Till),
};

fn connect(settings: &Settings) -> Result<Arc<dyn SalesConnector>, ConfigError> {
    let id = |key: &'static str| {
        let text = settings.required_text(key)?;
        let plain = path_id(text).map(str::to_owned);
        plain.ok_or_else(|| settings.bad(key, "letters, digits, dashes and underscores only"))
    };
    let rest = Arc::new(Rest::open(settings)?);
    let location = id(LOCATION)?;
    let offers = match settings.text(STOCK_LOCATION) {
        Some(_) => {
            let location = id(STOCK_LOCATION)?;
            Some(Offers::new(rest.clone(), location))
        }
        None => None,
    };
    let pickup = settings.text("pickup_location");
    Ok(Arc::new(Square {
        secrets: settings.secrets("secrets")?,
        merchant: id(MERCHANT)?,
        live: settings.is_live(),
        orders: Orders::new(rest.clone(), location.clone()),
        place: Place {
            location,
            pickup: pickup.map(|code| LocationCode(code.to_owned())),
        },
        back: Back::new(rest.clone()),
        offers,
        rest,
    }))
}

impl Square {
    fn read_hook(&self, body: &[u8]) -> Result<Inbound, NotTaken> {
        let hook: wire::Hook = parse(body)?;
        let topic = code(&hook.topic).unwrap_or_else(|| "unknown".to_owned());
        let kept = |topic: String| Ok(Inbound::Unknown { topic });
        if hook.merchant_id.as_ref() != Some(&self.merchant) {
            return kept(format!("another_merchant:{topic}"));
        }
        let is_refund = REFUNDS.contains(&hook.topic.as_str());
        if !is_refund && !CHANGES.contains(&hook.topic.as_str()) {
            return kept(topic);
        }
        let named = hook.data.and_then(|data| data.object?.of);
        let Some(named) = named else {
            let reason = "the order that has changed is not named".to_owned();
            return Err(NotTaken::Unreadable(reason));
        };
        // Some payments are taken without an order.
        if named.order_id.is_none() && topic.starts_with("payment.") {
            return kept(format!("{topic}:no_order"));
        }
        if is_refund {
            self.changed("refund", &named, named.id.as_deref(), &topic)
        } else {
            self.changed("order", &named, named.order_id.as_deref(), &topic)
        }
    }

    fn changed(
        &self,
        kind: &str,
        named: &wire::Named,
        id: Option<&str>,
        topic: &str,
    ) -> Result<Inbound, NotTaken> {
        let elsewhere = |location: &String| *location != self.place.location;
        if named.location_id.as_ref().is_some_and(elsewhere) {
            let topic = format!("another_location:{topic}");
            return Ok(Inbound::Unknown { topic });
        }
        match id.and_then(path_id) {
            Some(id) => Ok(Inbound::Changed(Resource {
                kind: kind.to_owned(),
                id: id.to_owned(),
            })),
            None => Err(NotTaken::Unreadable(format!(
                "the {kind} that has changed is not named"
            ))),
        }
    }
}

/// An order on its own, as it stands in what is looked up: without the catalogue, which names its SKUs.
fn alone(order: &[u8]) -> Vec<u8> {
    [br#"{"order":"#, order, b"}"].concat()
}

impl Connector for Square {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        verify::verify(&self.secrets, request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        let read = match request.header(STATED) {
            Some("order") => {
                let whole = |body: &[u8]| news::stated(body, &self.place).map(|one| [one]);
                return ANSWERS.each(request.body, whole, |order| whole(&alone(order)));
            }
            Some("refund") => news::refund(request.body, &self.place),
            Some("entry") => parse(request.body).and_then(|named: wire::Named| {
                self.changed("order", &named, named.order_id.as_deref(), "order.entry")
            }),
            _ => {
                let read = self.read_hook(request.body);
                return vec![read.unwrap_or_else(|why| ANSWERS.unasked(request.body, why))];
            }
        };
        vec![read.unwrap_or_else(Inbound::from)]
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn look_up(&self) -> Option<&dyn LookUp> {
        Some(self.rest.as_ref())
    }

    fn poll(&self) -> Option<&dyn Poll> {
        Some(&self.orders)
    }
}

impl SalesConnector for Square {
    fn way_back(&self) -> Option<&dyn WayBack> {
        Some(&self.back)
    }

    fn stock_way(&self) -> Option<&dyn StockWay> {
        self.offers.as_ref().map(|offers| offers as &dyn StockWay)
    }
}
