//! BigCommerce: webhooks that name an order, the order looked up, shipments, cancellations and units on offer
//! back to the store.
//!
//! A webhook says what has changed and nothing about how. The order is then looked up together with its
//! lines, addresses and refunds, and that is read: it places the order if it is new, and says what changed
//! (paid, given back, taken out, cancelled) if it is known. Whatever else the store sends is kept as unknown.

mod back;
mod cancel;
mod changes;
mod map;
mod offer;
mod refunds;
mod rest;
mod specimen;
mod verify;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::Timestamp;
use orderhub_domain::order::ChannelFact;
use secrecy::SecretString;

use self::back::Back;
use self::offer::Offers;
use self::rest::{Rest, STATED};
use super::answers::Answers;
use super::taken::{NotTaken, id_of, parse, taken, unreadable};
use super::{SalesConnector, StockWay, WayBack};
use crate::port::{Connector, Forged, Inbound, LookUp, RawRequest, Resource};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Settings};

/// Scopes after which an order is no longer what it was.
const CHANGES: [&str; 6] = [
    "store/order/created",
    "store/order/refund/created",
    "store/order/statusUpdated",
    "store/order/transaction/created",
    "store/order/transaction/updated",
    "store/order/updated",
];

/// An order was archived, which is what the store does in place of deleting one.
const ARCHIVED: &str = "store/order/archived";

/// A connection to a BigCommerce store.
struct BigCommerce {
    secrets: Vec<SecretString>,
    producer: String,
    live: bool,
    rest: Arc<Rest>,
    back: Back,
    offers: Option<Offers>,
}

const STORE_HASH: &str = "store_hash";
const STOCK_LOCATION: &str = "stock_location";

/// Answers of the V2 API (`/v2/orders`), which are lists without anything around them.
const ANSWERS: Answers = Answers {
    of_order: &["status_id"],
    at: &[],
};

/// What there is to know of a BigCommerce connection.
pub(super) const KIND: Kind<dyn SalesConnector> = Kind {
    about: About {
        family: Family::Sales,
        name: "bigcommerce",
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
                "the client secret that was shown with the store's API account (Settings, Store-level API accounts), which signs its webhooks",
            ),
            Setting::required(
                "access_token",
                Form::Secret,
                "the access token of the same API account, which may modify orders and, with stock_location, read products and modify the inventory",
            ),
            Setting::required(
                STORE_HASH,
                Form::Text,
                "the store's hash, in the API path of the account (https://api.bigcommerce.com/stores/<hash>/v3/)",
            ),
            Setting::optional(
                STOCK_LOCATION,
                Form::Digits,
                "the number of the location whose units the hub states (GET /v3/inventory/locations); 1 is the default one; without it no stock is told",
            ),
        ],
        account: Some(STORE_HASH),
    },
    connect,
    specimen: Some(&specimen::Store),
};

fn connect(settings: &Settings) -> Result<Arc<dyn SalesConnector>, ConfigError> {
    let store = settings.required_text(STORE_HASH)?;
    if crate::wire::path_id(store).is_none() {
        return Err(settings.bad(STORE_HASH, "letters and digits only"));
    }
    let rest = Arc::new(Rest::open(settings, store)?);
    let offers = match settings.text(STOCK_LOCATION).map(str::parse) {
        Some(Ok(location)) => Some(Offers::new(rest.clone(), location)),
        Some(Err(_)) => return Err(settings.bad(STOCK_LOCATION, "the number of a location")),
        None => None,
    };
    Ok(Arc::new(BigCommerce {
        secrets: settings.secrets("secrets")?,
        producer: format!("stores/{store}"),
        live: settings.is_live(),
        back: Back::new(rest.clone()),
        offers,
        rest,
    }))
}

impl BigCommerce {
    fn read_hook(&self, body: &[u8], received_at: Timestamp) -> Inbound {
        let hook: wire::Hook = match parse(body) {
            Ok(hook) => hook,
            Err(why) => return ANSWERS.unasked(body, why),
        };
        let scope: String = hook.scope.chars().take(64).collect();
        if hook.producer.as_ref() != Some(&self.producer) {
            let topic = format!("another_store:{scope}");
            return Inbound::Unknown { topic };
        }
        if !CHANGES.contains(&hook.scope.as_str()) && hook.scope != ARCHIVED {
            return Inbound::Unknown { topic: scope };
        }
        let named = hook.data.as_ref();
        let of = named.and_then(|data| id_of(data.order_id.as_ref()));
        let itself = named.filter(|data| data.form.as_deref() == Some("order"));
        match of.or_else(|| id_of(itself?.id.as_ref())) {
            Some(order) if hook.scope == ARCHIVED => Inbound::Said {
                order,
                facts: vec![ChannelFact::Cancelled { at: received_at }],
            },
            Some(id) => changed(id),
            None => Inbound::Unreadable {
                reason: "the order that has changed is not named".to_owned(),
            },
        }
    }
}

fn changed(id: String) -> Inbound {
    let kind = "order".to_owned();
    Inbound::Changed(Resource { kind, id })
}

/// An order on its own: its lines and addresses stand in other answers, so that it is looked up.
fn named(body: &[u8]) -> Result<Inbound, NotTaken> {
    let order: wire::Named = parse(body)?;
    let id = id_of(order.id.as_ref());
    id.map(changed).ok_or_else(|| unreadable("id"))
}

/// An order as it was looked up.
fn read_whole(body: &[u8]) -> Result<Inbound, NotTaken> {
    let whole: wire::Whole = parse(body)?;
    let mut read = taken(body, map::order(&whole)?)?;
    let Inbound::Order(inbound) = &mut read else {
        return Ok(read);
    };
    inbound.wanted = changes::wanted(&whole)?;
    if map::is_partly_shipped(&whole) {
        return Ok(Inbound::Said {
            order: inbound.submission.draft.external_id.clone(),
            facts: inbound.news(),
        });
    }
    Ok(read)
}

impl Connector for BigCommerce {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        verify::verify(&self.secrets, request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        if request.header(STATED) != Some("order") {
            return vec![self.read_hook(request.body, request.received_at)];
        }
        let whole = |body: &[u8]| read_whole(body).map(|one| [one]);
        ANSWERS.each(request.body, whole, |order| named(order).map(|one| [one]))
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn look_up(&self) -> Option<&dyn LookUp> {
        Some(self.rest.as_ref())
    }
}

impl SalesConnector for BigCommerce {
    fn way_back(&self) -> Option<&dyn WayBack> {
        Some(&self.back)
    }

    fn stock_way(&self) -> Option<&dyn StockWay> {
        self.offers.as_ref().map(|offers| offers as &dyn StockWay)
    }
}
