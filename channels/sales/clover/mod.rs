//! Clover: orders of one merchant, named by webhooks or found by asking, looked up with what was sold.
//!
//! A webhook names what has changed, for many merchants at a time, and nothing about how. An order, and the
//! order of a payment, is then looked up. Sales at the counter come in finished; orders of the types that the
//! connection names are ours. Clover documents no way to tell it of shipments; it is told units on offer.
//! Whatever else it names is kept as unknown.

mod map;
mod news;
mod offer;
mod people;
mod poll;
mod rest;
mod specimen;
mod verify;
mod wire;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use orderhub_domain::ids::LocationCode;
use orderhub_domain::order::ChannelFact;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::value::RawValue;

use self::map::Types;
use self::offer::Offers;
use self::poll::Orders;
use self::rest::{DELETED, Rest};
use super::answers::Answers;
use super::taken::{NotTaken, parse, unknown, unreadable};
use super::till::STATED;
use super::{SalesConnector, StockWay, WayBack};
use crate::port::{Connector, Forged, Inbound, LookUp, Poll, RawRequest, Resource};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Settings};
use crate::wire::{code, path_id};

const MERCHANT: &str = "merchant_id";
const PICKUP_TYPE: &str = "pickup_order_type";
const PICKUP_LOCATION: &str = "pickup_location";
const STOCK_MERCHANT: &str = "stock_merchant_id";

/// A connection to a Clover merchant.
struct Clover {
    secrets: Vec<SecretString>,
    merchant: String,
    types: Types,
    live: bool,
    rest: Arc<Rest>,
    orders: Orders,
    offers: Option<Offers>,
}

/// Answers of the REST API (`/v3/merchants/{mId}/orders`).
const ANSWERS: Answers = Answers {
    of_order: &["currency"],
    at: &["elements"],
};

/// What there is to know of a Clover connection.
pub(super) const KIND: Kind<dyn SalesConnector> = Kind {
    about: About {
        family: Family::Sales,
        name: "clover",
        standing: Standing::Sampled,
        can: &[
            Capability::Webhooks,
            Capability::LooksUp,
            Capability::Polled,
            Capability::Stock,
        ],
        settings: &[
            Setting::required(
                "secrets",
                Form::Secrets,
                "the Clover Auth Code of the application (Developer Dashboard, App Settings, Webhooks); until it is shown there, a long random value of your own",
            ),
            Setting::required(
                "access_token",
                Form::Secret,
                "an API token of the merchant (Merchant Dashboard, Account & Setup, API Tokens) that may read orders, payments, inventory, customers and the merchant, and with stock_merchant_id write the inventory",
            ),
            Setting::required(
                MERCHANT,
                Form::Text,
                "the merchant's id (Merchant Dashboard, Account & Setup, About your business)",
            ),
            Setting::optional(
                "ship_order_type",
                Form::Text,
                "the id of the type of orders that are shipped (GET /v3/merchants/<id>/order_types)",
            ),
            Setting::optional(
                PICKUP_TYPE,
                Form::Text,
                "the id of the type of orders that are collected later",
            ),
            Setting::optional(
                PICKUP_LOCATION,
                Form::Text,
                "the hub's code of the location where buyers collect, with pickup_order_type",
            ),
            Setting::optional(
                STOCK_MERCHANT,
                Form::Text,
                "the merchant's id once more, where the hub states the units of its items: one that sells nothing behind the hub's back",
            ),
        ],
        account: Some(MERCHANT),
    },
    connect,
    specimen: Some(&specimen::Till),
};

fn connect(settings: &Settings) -> Result<Arc<dyn SalesConnector>, ConfigError> {
    let merchant = settings.required_text(MERCHANT)?;
    if path_id(merchant).is_none() {
        return Err(settings.bad(MERCHANT, "letters and digits only"));
    }
    let location = settings.text(PICKUP_LOCATION);
    let collected = match (settings.text(PICKUP_TYPE), location) {
        (Some(own), Some(code)) => Some((own.to_owned(), LocationCode(code.to_owned()))),
        (None, None) => None,
        (Some(_), None) => return Err(settings.bad(PICKUP_LOCATION, "where they are collected")),
        (None, Some(_)) => return Err(settings.bad(PICKUP_TYPE, "which orders are collected")),
    };
    let types = Types {
        shipped: settings.text("ship_order_type").map(str::to_owned),
        collected,
    };
    let rest = Arc::new(Rest::open(settings, merchant, types.clone())?);
    let offers = match settings.text(STOCK_MERCHANT) {
        Some(same) if same == merchant => Some(Offers::new(rest.clone())),
        // An item's number is the counter's, too: whoever gives it away says so.
        Some(_) => return Err(settings.bad(STOCK_MERCHANT, "the same as merchant_id, or left out")),
        None => None,
    };
    Ok(Arc::new(Clover {
        secrets: settings.secrets("secrets")?,
        merchant: merchant.to_owned(),
        types,
        live: settings.is_live(),
        orders: Orders::new(rest.clone()),
        offers,
        rest,
    }))
}

impl Clover {
    fn read_hook(&self, body: &[u8]) -> Vec<Inbound> {
        let hook: wire::Hook<'_> = match parse(body) {
            Ok(hook) => hook,
            Err(why) => return vec![ANSWERS.unasked(body, why)],
        };
        // The same object stands in one message as often as it has changed.
        let mut named = BTreeSet::new();
        let mut read = Vec::new();
        for (merchant, changes) in hook.merchants {
            for change in changes {
                match self.change(&merchant, change) {
                    Ok(resource) if !named.insert(resource.clone()) => {}
                    Ok(resource) => read.push(Inbound::Changed(resource)),
                    Err(why) => read.push(why.into()),
                }
            }
        }
        read
    }

    fn change(&self, merchant: &str, change: &RawValue) -> Result<Resource, NotTaken> {
        let change: wire::Change = parse(change.get().as_bytes())?;
        let (form, id) = change.object.split_once(':').unwrap_or(("", ""));
        let verb = change.verb.as_deref().unwrap_or("UPDATE");
        let topic = code(&format!("{form}.{verb}")).unwrap_or_else(|| "unknown".to_owned());
        if merchant != self.merchant {
            return Err(unknown(format!("another_merchant:{topic}")));
        }
        let kind = match form {
            "O" if verb == "DELETE" => DELETED,
            "O" => "order",
            "P" => "payment",
            _ => return Err(unknown(topic)),
        };
        let id = path_id(id).ok_or_else(|| unreadable("what has changed"))?;
        Ok(Resource {
            kind: kind.to_owned(),
            id: id.to_owned(),
        })
    }
}

/// The id of an order that is only named.
fn entry(body: &[u8]) -> Result<String, NotTaken> {
    #[derive(Deserialize)]
    struct Entry {
        id: String,
    }
    let entry: Entry = parse(body)?;
    let id = path_id(&entry.id).ok_or_else(|| unreadable("id"))?;
    Ok(id.to_owned())
}

/// An order that is only named: what hangs on it is looked up.
fn named(body: &[u8]) -> Result<Inbound, NotTaken> {
    let id = entry(body)?;
    let kind = "order".to_owned();
    Ok(Inbound::Changed(Resource { kind, id }))
}

impl Connector for Clover {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        verify::verify(&self.secrets, request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        // Let through from anybody, so nothing is read out of it.
        if verify::is_verification(request.body) {
            let topic = "verification_code".to_owned();
            return vec![Inbound::Unknown { topic }];
        }
        let read = match request.header(STATED) {
            Some("order") => {
                let whole = |body: &[u8]| news::stated(body, &self.types).map(|one| [one]);
                return ANSWERS.each(request.body, whole, |order| named(order).map(|one| [one]));
            }
            Some("entry") => named(request.body),
            Some(DELETED) => entry(request.body).map(|order| Inbound::Said {
                order,
                facts: vec![ChannelFact::Cancelled {
                    at: request.received_at,
                }],
            }),
            _ => return self.read_hook(request.body),
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

impl SalesConnector for Clover {
    fn way_back(&self) -> Option<&dyn WayBack> {
        None
    }

    fn stock_way(&self) -> Option<&dyn StockWay> {
        self.offers.as_ref().map(|offers| offers as &dyn StockWay)
    }
}
