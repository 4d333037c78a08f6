//! Adobe Commerce and Magento Open Source (2.4): orders by asking, shipments and cancellations back to the shop,
//! units on offer.
//!
//! A core shop pushes nothing, so it is asked what has changed; each order comes whole and is read: it
//! places the order if it is new, and says what changed (cancelled, paid) if it is known. Adobe's I/O Events, which
//! Adobe signs, only say that an order is there, sooner than the next round of asking; it is looked up. The shop's
//! own webhooks, which wait for an answer, are not taken.

mod back;
mod events;
mod lines;
mod map;
mod news;
mod offer;
mod poll;
mod refunds;
mod rest;
mod specimen;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::back::Back;
use self::events::Events;
use self::offer::Offers;
use self::poll::{Orders, STATED};
use self::rest::Rest;
use super::answers::Answers;
use super::{SalesConnector, StockWay, WayBack};
use crate::port::{Connector, Forged, Greeting, Inbound, Keys, LookUp, Poll, RawRequest};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Settings};

const SOURCE: &str = "source_code";
const STOCK: &str = "stock_id";

/// A connection to an Adobe Commerce shop.
struct AdobeCommerce {
    live: bool,
    back: Back,
    offers: Offers,
    orders: Orders,
    events: Option<Events>,
}

/// Answers of the REST API (`/V1/orders`).
const ANSWERS: Answers = Answers {
    of_order: &["increment_id"],
    at: &["items"],
};

/// What there is to know of an Adobe Commerce connection.
pub(super) const KIND: Kind<dyn SalesConnector> = Kind {
    about: About {
        family: Family::Sales,
        name: "adobe_commerce",
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
                "access_token",
                Form::Secret,
                "the access token of an integration for sales and inventory (System, Extensions, Integrations); the shop must allow it as a bearer token (Stores, Configuration, Services, OAuth)",
            ),
            Setting::optional(
                SOURCE,
                Form::Text,
                "the code of the source that goods leave from (Stores, Inventory, Sources); \"default\" where there is one",
            ),
            Setting::optional(
                STOCK,
                Form::Digits,
                "the id of the stock that the shop sells from (Stores, Inventory, Stocks); 1 where there is one",
            ),
            Setting::optional(
                events::RECIPIENT,
                Form::Text,
                "the client id of the project whose event registration sends to the hub (developer.adobe.com/console, the project's credentials); without it events are refused",
            ),
        ],
        account: None,
    },
    connect,
    specimen: Some(&specimen::Shop),
};

fn connect(settings: &Settings) -> Result<Arc<dyn SalesConnector>, ConfigError> {
    let rest = Arc::new(Rest::open(settings)?);
    let source = settings.text(SOURCE).map(str::to_owned);
    let stock = settings.text(STOCK).unwrap_or("1").to_owned();
    let of_stock = source.clone().unwrap_or_else(|| "default".to_owned());
    Ok(Arc::new(AdobeCommerce {
        live: settings.is_live(),
        back: Back::new(rest.clone(), source),
        offers: Offers::new(rest.clone(), of_stock, stock),
        orders: Orders::new(rest),
        events: Events::open(settings)?,
    }))
}

impl Connector for AdobeCommerce {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        // Only what was asked for is read as an order.
        if request.header(STATED).is_some() {
            return Err(Forged::Mismatch);
        }
        // Who is not asked to listen does not.
        let events = self.events.as_ref().ok_or(Forged::Missing)?;
        events.verify(request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        if request.header(STATED) != Some("order") {
            return vec![events::read(request)];
        }
        let read = |body: &[u8]| map::stated(body).map(|one| [one]);
        ANSWERS.each(request.body, read, read)
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn greet(&self, query: &[(String, String)]) -> Option<Greeting> {
        self.events.as_ref()?;
        events::greet(query)
    }

    fn keys(&self) -> Option<&dyn Keys> {
        Some(self.events.as_ref()?)
    }

    fn look_up(&self) -> Option<&dyn LookUp> {
        Some(&self.orders)
    }

    fn poll(&self) -> Option<&dyn Poll> {
        Some(&self.orders)
    }
}

impl SalesConnector for AdobeCommerce {
    fn way_back(&self) -> Option<&dyn WayBack> {
        Some(&self.back)
    }

    fn stock_way(&self) -> Option<&dyn StockWay> {
        Some(&self.offers)
    }
}
