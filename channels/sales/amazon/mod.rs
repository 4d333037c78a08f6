//! Amazon: orders by asking; acknowledgements, shipments, cancellations and refunds back to the marketplace, units on
//! offer.
//!
//! The Orders API v2026-01-01 states an order whole, with its lines, so each is read the same way: it
//! places the order if it is new, and says what changed (cancelled, paid) if it is known. Nothing is pushed to
//! a web address: notifications go to queues of Amazon's own cloud, so whoever sends something here is not
//! believed.

mod acknowledgement;
mod adjust;
mod api;
mod back;
mod documents;
mod feeds;
mod map;
mod marketplaces;
mod money;
mod offer;
mod orders_v0;
mod poll;
mod refunds;
mod report;
mod specimen;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use self::api::Api;
use self::back::{Back, Wanted};
use self::offer::Offers;
use self::orders_v0::Told;
use self::poll::Orders;
use super::answers::Answers;
use super::taken::{NotTaken, parse, taken};
use super::{SalesConnector, StockWay, WayBack};
use crate::port::{Connector, Forged, Inbound, Poll, RawRequest};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Settings};

/// The header of a statement that says what it is.
const STATED: &str = "orderhub-stated";

/// Most marketplaces that one question may name.
const MOST_MARKETPLACES: usize = 50;

/// A connection to a seller's account.
struct Amazon {
    marketplaces: Vec<String>,
    live: bool,
    orders: Orders,
    back: Back,
    offers: Offers,
}

const SELLER: &str = "seller_id";
const MARKETPLACES: &str = "marketplaces";
const ACKNOWLEDGE: &str = "acknowledge";
const REFUNDS: &str = "refunds";

/// Answers of the Orders API: `getOrder` and `searchOrders`, and those of its version 0.
const ANSWERS: Answers = Answers {
    of_order: &["orderId", orders_v0::ID],
    at: &["order", "orders", "payload/Orders", "payload"],
};

/// What there is to know of an Amazon connection.
pub(super) const KIND: Kind<dyn SalesConnector> = Kind {
    about: About {
        family: Family::Sales,
        name: "amazon",
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
                SELLER,
                Form::Text,
                "the seller's id (A...), called Merchant Token in Seller Central (Settings, Account Info)",
            ),
            Setting::required(
                MARKETPLACES,
                Form::Text,
                "ids of the marketplaces to sell in, of one region, with commas between them (A1PA6795UKMFR9 is Amazon.de; the vendor's page Marketplace IDs lists them)",
            ),
            Setting::required(
                "client_id",
                Form::Text,
                "the application's LWA client id (amzn1.application-oa2-client....), in Seller Central's Develop Apps, View LWA credentials",
            ),
            Setting::required(
                "client_secret",
                Form::Secret,
                "the application's LWA client secret, shown beside its id; it ends after 180 days",
            ),
            Setting::required(
                "refresh_token",
                Form::Secret,
                "the refresh token (Atzr|...) that was shown when the seller authorised the application",
            ),
            Setting::optional(
                ACKNOWLEDGE,
                Form::Flag,
                "true: the marketplace is told by a feed that an order stands, before anything else; it does not ask for that",
            ),
            Setting::optional(
                REFUNDS,
                Form::Flag,
                "true: money for returns and claims goes back through the marketplace, by a feed; else somebody gives it back in Seller Central",
            ),
        ],
        account: Some(SELLER),
    },
    connect,
    specimen: Some(&specimen::Marketplace),
};

fn connect(settings: &Settings) -> Result<Arc<dyn SalesConnector>, ConfigError> {
    open(settings, refunds::SETTLED)
}

/// A connection. `settled`: after what time a refund that is not listed there was not handed in.
fn open(settings: &Settings, settled: Duration) -> Result<Arc<dyn SalesConnector>, ConfigError> {
    let seller = settings.required_text(SELLER)?;
    if crate::wire::path_id(seller).is_none() {
        return Err(settings.bad(SELLER, "letters and digits only"));
    }
    let marketplaces = settings.required_text(MARKETPLACES)?.split([',', ' ']);
    let marketplaces = marketplaces.filter(|id| !id.is_empty());
    let marketplaces: Vec<String> = marketplaces.map(str::to_owned).collect();
    let plain = |id: &String| id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let few = (1..=MOST_MARKETPLACES).contains(&marketplaces.len());
    if !few || !marketplaces.iter().all(plain) {
        return Err(settings.bad(MARKETPLACES, "ids with commas between them, 50 at most"));
    }
    let api = Arc::new(Api::open(settings, &marketplaces)?);
    let wanted = Wanted {
        acknowledge: settings.flag(ACKNOWLEDGE),
        refunds: settings.flag(REFUNDS),
    };
    Ok(Arc::new(Amazon {
        live: settings.is_live(),
        orders: Orders::new(api.clone(), &marketplaces),
        back: Back::new(api.clone(), seller, wanted, settled),
        offers: Offers::new(api, seller, &marketplaces),
        marketplaces,
    }))
}

impl Amazon {
    fn read_order(&self, body: &[u8]) -> Result<Inbound, NotTaken> {
        if orders_v0::is_one(body) {
            return match orders_v0::told(body)? {
                Told::Said(said) => Ok(said),
                Told::Whole(order) => taken(body, map::order(&parse(&order)?, &self.marketplaces)?),
            };
        }
        taken(body, map::order(&parse(body)?, &self.marketplaces)?)
    }
}

impl Connector for Amazon {
    /// There is nothing that the vendor could have sent.
    fn verify(&self, _request: &RawRequest<'_>) -> Result<(), Forged> {
        Err(Forged::Missing)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        if request.header(STATED) != Some("order") {
            let topic = "not_stated".to_owned();
            return vec![Inbound::Unknown { topic }];
        }
        let read = |body: &[u8]| self.read_order(body).map(|one| [one]);
        ANSWERS.each(request.body, read, read)
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn poll(&self) -> Option<&dyn Poll> {
        Some(&self.orders)
    }
}

impl SalesConnector for Amazon {
    fn way_back(&self) -> Option<&dyn WayBack> {
        Some(&self.back)
    }

    fn stock_way(&self) -> Option<&dyn StockWay> {
        Some(&self.offers)
    }
}
