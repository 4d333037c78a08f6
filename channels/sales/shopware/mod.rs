//! Shopware 6: webhooks of an app that name an order, what has changed asked for besides, the order looked
//! up, shipments and cancellations back to the shop, units on offer.
//!
//! Whatever names an order makes the hub look it up with its lines, deliveries and transactions, and that is
//! read: it places the order if it is new, and says what changed if it is known. Without the app's secret no
//! webhook is believed, and the shop is only asked.

mod amounts;
mod api;
mod asked;
mod back;
mod hooks;
mod map;
mod marks;
mod news;
mod offer;
mod poll;
mod specimen;
mod terms;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use orderhub_domain::order::ChannelFact;
use secrecy::SecretString;

use self::api::{Api, DELETED, STATED, is_id};
use self::back::Back;
use self::offer::Offers;
use self::poll::Orders;
use super::answers::Answers;
use super::taken::{NotTaken, parse, taken, unknown};
use super::{SalesConnector, StockWay, WayBack};
use crate::port::{Connector, Forged, Inbound, LookUp, Poll, RawRequest};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Settings};

const SHOP_ID: &str = "shop_id";

/// A connection to a Shopware shop.
struct Shopware {
    secrets: Vec<SecretString>,
    shop: Option<String>,
    live: bool,
    api: Arc<Api>,
    back: Back,
    offers: Offers,
    orders: Orders,
}

/// Answers of the Admin API (`/search/order`, `/order/{id}`).
const ANSWERS: Answers = Answers {
    of_order: &["orderNumber"],
    at: &["data"],
};

/// What there is to know of a Shopware connection.
pub(super) const KIND: Kind<dyn SalesConnector> = Kind {
    about: About {
        family: Family::Sales,
        name: "shopware",
        standing: Standing::Sampled,
        can: &[
            Capability::Webhooks,
            Capability::LooksUp,
            Capability::Polled,
            Capability::Shipments,
            Capability::Cancellations,
            Capability::Stock,
        ],
        settings: &[
            Setting::required(
                "client_id",
                Form::Text,
                "the access key ID of an integration that may read and write orders and products, and read refunds (Settings, System, Integrations)",
            ),
            Setting::required(
                "client_secret",
                Form::Secret,
                "the secret access key that was shown once with the access key ID",
            ),
            Setting::optional(
                "secrets",
                Form::Secrets,
                "the secret that the app gave the shop when it registered, which signs its webhooks; without it the shop is only asked",
            ),
            Setting::optional(
                SHOP_ID,
                Form::Text,
                "the shop's id (source.shopId of its webhooks), held against each webhook",
            ),
        ],
        account: Some(SHOP_ID),
    },
    connect,
    specimen: Some(&specimen::Shop),
};

fn connect(settings: &Settings) -> Result<Arc<dyn SalesConnector>, ConfigError> {
    let api = Arc::new(Api::open(settings)?);
    let secrets = match settings.secrets("secrets") {
        // Nobody is believed then.
        Err(ConfigError::MissingSecret { .. }) => Vec::new(),
        secrets => secrets?,
    };
    Ok(Arc::new(Shopware {
        secrets,
        shop: settings.text(SHOP_ID).map(str::to_owned),
        live: settings.is_live(),
        back: Back::new(api.clone()),
        offers: Offers::new(api.clone()),
        orders: Orders::new(api.clone()),
        api,
    }))
}

fn read_order(body: &[u8]) -> Result<Inbound, NotTaken> {
    let whole: wire::Whole = parse(body)?;
    match news::given_back(&whole)? {
        Some(said) => Ok(said),
        None => taken(body, map::order(&whole)?),
    }
}

/// An order on its own: its lines stand in another answer, so that it is looked up. An id that no shop gives
/// is none to ask for.
fn named_alone(body: &[u8]) -> Result<Inbound, NotTaken> {
    let named: wire::Named = parse(body)?;
    if is_id(&named.id) {
        Ok(hooks::order(named.id))
    } else {
        Err(unknown("order:odd_id"))
    }
}

/// An order that is only named.
fn read_named(body: &[u8]) -> Result<String, NotTaken> {
    let named: wire::Named = parse(body)?;
    if is_id(&named.id) {
        Ok(named.id)
    } else {
        let reason = "the order that has changed is not named";
        Err(NotTaken::Unreadable(reason.to_owned()))
    }
}

impl Connector for Shopware {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        hooks::verify(&self.secrets, request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        let read = match request.header(STATED) {
            Some("order") => {
                let whole = |body: &[u8]| read_order(body).map(|one| [one]);
                let one = |order: &[u8]| named_alone(order).map(|one| [one]);
                return ANSWERS.each(request.body, whole, one);
            }
            Some("changed") => read_named(request.body).map(hooks::order),
            Some(DELETED) => read_named(request.body).map(|order| Inbound::Said {
                order,
                facts: vec![ChannelFact::Cancelled {
                    at: request.received_at,
                }],
            }),
            _ => return hooks::read(request.body, self.shop.as_deref()),
        };
        vec![read.unwrap_or_else(Inbound::from)]
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn look_up(&self) -> Option<&dyn LookUp> {
        Some(self.api.as_ref())
    }

    fn poll(&self) -> Option<&dyn Poll> {
        Some(&self.orders)
    }
}

impl SalesConnector for Shopware {
    fn way_back(&self) -> Option<&dyn WayBack> {
        Some(&self.back)
    }

    fn stock_way(&self) -> Option<&dyn StockWay> {
        Some(&self.offers)
    }
}
