//! eBay: orders by asking, shipments and refunds back to the marketplace, units on offer.
//!
//! The Fulfillment API states an order whole, so each is read the same way: it places the order if it is
//! new, and says what changed (cancelled, paid) if it is known. Notifications, which eBay signs, only say that an
//! order is there, sooner than the next round of asking; it is looked up.

mod api;
mod back;
mod cancel;
mod giving;
mod hooks;
mod keys;
mod map;
mod money;
mod offer;
mod poll;
mod specimen;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use self::api::Api;
use self::back::Back;
use self::hooks::Hooks;
use self::offer::Offers;
use self::poll::Orders;
use super::answers::Answers;
use super::taken::{parse, taken};
use super::{SalesConnector, StockWay, WayBack};
use crate::port::{Connector, Forged, Greeting, Inbound, Keys, LookUp, Poll, RawRequest};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Settings};

/// The header of a statement that says what it is. Nothing that is pushed is read under it.
const STATED: &str = "orderhub-stated";

/// A connection to a seller's account.
struct Ebay {
    seller: Option<String>,
    live: bool,
    hooks: Option<Hooks>,
    orders: Orders,
    back: Back,
    offers: Offers,
}

/// Answers of the Fulfillment API (`getOrders`).
const ANSWERS: Answers = Answers {
    of_order: &["orderId"],
    at: &["orders"],
};

/// What there is to know of an eBay connection.
pub(super) const KIND: Kind<dyn SalesConnector> = Kind {
    about: About {
        family: Family::Sales,
        name: "ebay",
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
                "client_id",
                Form::Text,
                "the App ID of the application's keyset (developer.ebay.com, Application Keysets)",
            ),
            Setting::required(
                "client_secret",
                Form::Secret,
                "the Cert ID of the same keyset",
            ),
            Setting::required(
                "refresh_token",
                Form::Secret,
                "the refresh token (v^1.1#...) that came with the seller's consent to the scopes sell.fulfillment and sell.inventory; it ends after 18 months",
            ),
            Setting::optional(
                "seller",
                Form::Text,
                "the seller's user id as orders state it (sellerId): those of another one are kept apart",
            ),
            Setting::optional(
                "refunds",
                Form::Text,
                "`yes` where the hub may cancel and give money back through eBay: not for sellers in the EU or the UK, of whom eBay wants such calls signed",
            ),
            Setting::optional(
                "verification_token",
                Form::Secret,
                "the verification token of the notification's destination: one of your own, 32 to 80 letters, digits, underscores and dashes",
            ),
            Setting::optional(
                "endpoint",
                Form::Url,
                "the address of the same destination, letter by letter: this hub's for the connection's webhooks",
            ),
        ],
        account: Some("seller"),
    },
    connect,
    specimen: Some(&specimen::Site),
};

fn connect(settings: &Settings) -> Result<Arc<dyn SalesConnector>, ConfigError> {
    let api = Arc::new(Api::open(settings)?);
    let refunds = settings.text("refunds").is_some_and(|word| word != "no");
    Ok(Arc::new(Ebay {
        seller: settings.text("seller").map(str::to_owned),
        live: settings.is_live(),
        hooks: Hooks::open(settings)?,
        orders: Orders::new(api.clone()),
        back: Back::new(api.clone(), refunds),
        offers: Offers::new(api),
    }))
}

impl Connector for Ebay {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        // Only what was asked for is read as an order.
        if request.header(STATED).is_some() {
            return Err(Forged::Mismatch);
        }
        // Who is not asked to listen does not.
        let hooks = self.hooks.as_ref().ok_or(Forged::Missing)?;
        hooks.verify(request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        if request.header(STATED) != Some("order") {
            let named = hooks::read(request.body);
            return vec![named.unwrap_or_else(|why| ANSWERS.unasked(request.body, why))];
        }
        let read = |body: &[u8]| {
            let order = map::order(&parse(body)?, self.seller.as_deref())?;
            taken(body, order).map(|one| [one])
        };
        ANSWERS.each(request.body, read, read)
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn greet(&self, query: &[(String, String)]) -> Option<Greeting> {
        self.hooks.as_ref()?.greet(query)
    }

    fn keys(&self) -> Option<&dyn Keys> {
        Some(&self.hooks.as_ref()?.keys)
    }

    fn look_up(&self) -> Option<&dyn LookUp> {
        Some(&self.orders)
    }

    fn poll(&self) -> Option<&dyn Poll> {
        Some(&self.orders)
    }
}

impl SalesConnector for Ebay {
    fn way_back(&self) -> Option<&dyn WayBack> {
        Some(&self.back)
    }

    fn stock_way(&self) -> Option<&dyn StockWay> {
        Some(&self.offers)
    }
}
