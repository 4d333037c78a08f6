//! Mirakl: the orders of a shop on a marketplace that runs on it, asked for as they change; acceptance, shipments,
//! cancellations, refunds and units on offer back to the marketplace.
//!
//! Each operator has an instance of its own (`base_url`), and a seller's key is good on that one alone. Mirakl
//! pushes nothing to sellers, so whatever comes as a webhook is not from it. An order counts from the state
//! in which the seller is to accept it; it is sent only once the marketplace wants it shipped, and not before
//! there is an address.

mod amounts;
mod back;
mod given;
mod giving;
mod map;
mod offer;
mod poll;
mod refund;
mod rest;
mod specimen;
mod stock_file;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::back::Back;
use self::offer::{Offers, Pace};
use self::poll::Orders;
use self::rest::Rest;
use super::answers::Answers;
use super::taken::{NotTaken, parse, taken};
use super::{SalesConnector, StockWay, WayBack};
use crate::port::{Connector, Forged, Inbound, Poll, RawRequest};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Settings};

/// A connection to a shop on a marketplace.
struct Mirakl {
    live: bool,
    orders: Orders,
    back: Back,
    offers: Offers,
}

/// Answers of OR11.
const ANSWERS: Answers = Answers {
    of_order: &["order_id"],
    at: &["orders"],
};

/// What there is to know of a Mirakl connection.
pub(super) const KIND: Kind<dyn SalesConnector> = Kind {
    about: About {
        family: Family::Sales,
        name: "mirakl",
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
                "api_key",
                Form::Secret,
                "the shop's API key (the marketplace's back office, your user at the top right, API key)",
            ),
            Setting::optional(
                "shop_id",
                Form::Digits,
                "the shop's number (back office, Settings, Shop), for a user who has several; else the user's default one",
            ),
            Setting::optional(
                "refund_reason",
                Form::Text,
                "the code of the marketplace's reason for refunds (GET /api/reasons, of type REFUND); without it nothing is given back through the marketplace",
            ),
            Setting::optional(
                "stock_warehouse",
                Form::Text,
                "the code of the shop's warehouse there whose units the hub states; without it they are each offer's as a whole",
            ),
        ],
        // Two operators may give the same number to two shops.
        account: None,
    },
    connect,
    specimen: Some(&specimen::Shop),
};

fn connect(settings: &Settings) -> Result<Arc<dyn SalesConnector>, ConfigError> {
    let rest = Arc::new(Rest::open(settings)?);
    let reason = settings.text("refund_reason").map(str::to_owned);
    let warehouse = settings.text("stock_warehouse").map(str::to_owned);
    Ok(Arc::new(Mirakl {
        live: settings.is_live(),
        orders: Orders::new(rest.clone()),
        offers: Offers::new(rest.clone(), warehouse, Pace::ASKED),
        back: Back::new(rest, reason),
    }))
}

/// An order as it is stated.
fn stated(body: &[u8]) -> Result<Inbound, NotTaken> {
    let order: wire::Order = parse(body)?;
    let read = map::order(&order).map_err(|why| why.under("order"))?;
    let mut read = taken(body, read)?;
    // Of an order that is over, its end says all.
    if let Inbound::Order(stated) = &mut read
        && stated.submission.draft.cancelled_at.is_none()
    {
        stated.wanted = map::wanted(&order);
    }
    Ok(read)
}

impl Connector for Mirakl {
    fn verify(&self, _: &RawRequest<'_>) -> Result<(), Forged> {
        Err(Forged::Missing)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        let read = |body: &[u8]| stated(body).map(|one| [one]);
        ANSWERS.each(request.body, read, read)
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn poll(&self) -> Option<&dyn Poll> {
        Some(&self.orders)
    }
}

impl SalesConnector for Mirakl {
    fn way_back(&self) -> Option<&dyn WayBack> {
        Some(&self.back)
    }

    fn stock_way(&self) -> Option<&dyn StockWay> {
        Some(&self.offers)
    }
}
