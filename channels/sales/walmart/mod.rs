//! Walmart Marketplace: a seller's purchase orders, asked for as they change; acknowledgements, shipments,
//! cancellations and refunds back to Walmart, units on offer.
//!
//! A purchase order has no state of its own: its lines have, unit by unit. It is an order from the moment that
//! Walmart releases it, and wants to be acknowledged within four hours. What Walmart pushes is not listened to: how it signs is
//! not documented to the end.

mod amounts;
mod back;
mod given;
mod map;
mod offer;
mod parts;
mod poll;
mod refund;
mod rest;
mod specimen;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::back::Back;
use self::offer::Offers;
use self::poll::Orders;
use self::rest::Rest;
use super::answers::Answers;
use super::taken::{parse, taken};
use super::{SalesConnector, StockWay, WayBack};
use crate::port::{Connector, Forged, Inbound, Poll, RawRequest};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Settings};

/// A connection to a seller's account.
struct Walmart {
    live: bool,
    orders: Orders,
    back: Back,
    offers: Offers,
}

/// Answers of the Orders API: of one order, and of the list.
const ANSWERS: Answers = Answers {
    of_order: &["purchaseOrderId"],
    at: &["order", "list/elements/order"],
};

/// What there is to know of a Walmart connection.
pub(super) const KIND: Kind<dyn SalesConnector> = Kind {
    about: About {
        family: Family::Sales,
        name: "walmart",
        standing: Standing::Sampled,
        can: &[
            Capability::Polled,
            Capability::Acknowledged,
            Capability::Shipments,
            Capability::Cancellations,
            Capability::Refund,
            Capability::Stock,
        ],
        settings: &[
            Setting::required(
                "client_id",
                Form::Text,
                "the client ID of the account's API keys (Walmart Developer Portal, My Account, API Key Management, Production or Sandbox)",
            ),
            Setting::required(
                "client_secret",
                Form::Secret,
                "the client secret that is shown beside it",
            ),
        ],
        account: Some("client_id"),
    },
    connect,
    specimen: Some(&specimen::Market),
};

fn connect(settings: &Settings) -> Result<Arc<dyn SalesConnector>, ConfigError> {
    let rest = Arc::new(Rest::open(settings)?);
    Ok(Arc::new(Walmart {
        live: settings.is_live(),
        orders: Orders::new(rest.clone()),
        back: Back::new(rest.clone()),
        offers: Offers::new(rest),
    }))
}

impl Connector for Walmart {
    fn verify(&self, _: &RawRequest<'_>) -> Result<(), Forged> {
        Err(Forged::Missing)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        let read = |body: &[u8]| {
            let order = map::order(&parse(body)?).map_err(|why| why.under("order"))?;
            taken(body, order).map(|one| [one])
        };
        ANSWERS.each(request.body, read, read)
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn poll(&self) -> Option<&dyn Poll> {
        Some(&self.orders)
    }
}

impl SalesConnector for Walmart {
    fn way_back(&self) -> Option<&dyn WayBack> {
        Some(&self.back)
    }

    fn stock_way(&self) -> Option<&dyn StockWay> {
        Some(&self.offers)
    }
}
