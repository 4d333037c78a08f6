//! Lightspeed Retail (X-Series, once Vend): sales of one outlet, named by webhooks or found by asking, looked up
//! with what hangs on them; completed fulfilments back, units on offer.
//!
//! A webhook names a sale. It is then looked up together with its fulfilments, its products (a line has no SKU),
//! its customer and the retailer's currency. Sales at the counter come in finished; pending deliveries and
//! pickups are ours. Whatever else the store sends is kept as unknown.

mod back;
mod hooks;
mod later;
mod map;
mod offer;
mod people;
mod poll;
mod rest;
mod returns;
mod specimen;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use orderhub_domain::ids::LocationCode;
use secrecy::SecretString;
use serde::Deserialize;

use self::back::Back;
use self::map::Place;
use self::offer::Offers;
use self::poll::Sales;
use self::rest::Rest;
use super::answers::Answers;
use super::taken::{NotTaken, parse, unreadable};
use super::till::STATED;
use super::{SalesConnector, StockWay, WayBack};
use crate::port::{Connector, Forged, Inbound, LookUp, Poll, RawRequest, Resource};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Settings};
use crate::wire::path_id;

const PREFIX: &str = "domain_prefix";
const OUTLET: &str = "outlet_id";
const STOCK_OUTLET: &str = "stock_outlet_id";

/// A connection to an outlet of a Lightspeed store.
struct Lightspeed {
    secrets: Vec<SecretString>,
    prefix: String,
    place: Place,
    live: bool,
    rest: Arc<Rest>,
    sales: Sales,
    back: Back,
    offers: Option<Offers>,
}

/// Answers of the API (`/sales`, `/sales/{id}`).
const ANSWERS: Answers = Answers {
    of_order: &["line_items"],
    at: &["data"],
};

/// What there is to know of a Lightspeed connection.
pub(super) const KIND: Kind<dyn SalesConnector> = Kind {
    about: About {
        family: Family::Sales,
        name: "lightspeed",
        standing: Standing::Documented,
        can: &[
            Capability::Webhooks,
            Capability::LooksUp,
            Capability::Polled,
            Capability::Shipments,
            Capability::Stock,
        ],
        settings: &[
            Setting::optional(
                "secrets",
                Form::Secrets,
                "the client secret of the application that made the webhook (developers.retail.lightspeed.app), which signs it; a webhook made by hand is not signed",
            ),
            Setting::required(
                "access_token",
                Form::Secret,
                "a personal token (Setup, Personal Tokens) that may read sales, products, customers and the retailer, and write sales; with stock_outlet_id read the inventory and write products, too",
            ),
            Setting::required(
                PREFIX,
                Form::Text,
                "the store's domain prefix: the first part of its address, https://<prefix>.retail.lightspeed.app",
            ),
            Setting::required(
                OUTLET,
                Form::Text,
                "the id of the outlet whose sales come in (GET /api/2026-07/outlets)",
            ),
            Setting::optional(
                "pickup_location",
                Form::Text,
                "the hub's code of the location where buyers collect; without it sales to be collected are kept",
            ),
            Setting::optional(
                STOCK_OUTLET,
                Form::Text,
                "the id of the outlet whose units the hub states: one that nothing is sold from behind the hub's back",
            ),
        ],
        account: Some(OUTLET),
    },
    connect,
    specimen: Some(&specimen::Till),
};

fn connect(settings: &Settings) -> Result<Arc<dyn SalesConnector>, ConfigError> {
    let id = |key: &'static str| {
        let text = settings.required_text(key)?;
        let plain = path_id(text).map(str::to_owned);
        plain.ok_or_else(|| settings.bad(key, "letters, digits and dashes only"))
    };
    let prefix = id(PREFIX)?;
    let rest = Arc::new(Rest::open(settings, &prefix)?);
    let secrets = match settings.secret_if_any("secrets")? {
        Some(_) => settings.secrets("secrets")?,
        None => Vec::new(),
    };
    let pickup = settings.text("pickup_location");
    let offers = match settings.text(STOCK_OUTLET) {
        Some(_) => Some(Offers::new(rest.clone(), id(STOCK_OUTLET)?)),
        None => None,
    };
    Ok(Arc::new(Lightspeed {
        secrets,
        prefix,
        place: Place {
            outlet: id(OUTLET)?,
            pickup: pickup.map(|code| LocationCode(code.to_owned())),
        },
        live: settings.is_live(),
        sales: Sales::new(rest.clone()),
        back: Back::new(rest.clone()),
        offers,
        rest,
    }))
}

/// A sale of a list, which names it.
fn entry(body: &[u8]) -> Result<Inbound, NotTaken> {
    #[derive(Deserialize)]
    struct Entry {
        id: String,
    }
    let entry: Entry = parse(body)?;
    let id = path_id(&entry.id).ok_or_else(|| unreadable("id"))?;
    Ok(Inbound::Changed(Resource {
        kind: "sale".to_owned(),
        id: id.to_owned(),
    }))
}

impl Connector for Lightspeed {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        hooks::verify(&self.secrets, request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        let read = match request.header(STATED) {
            Some("sale") => {
                let whole = |body: &[u8]| returns::stated(body, &self.place).map(|one| [one]);
                return ANSWERS.each(request.body, whole, |sale| entry(sale).map(|one| [one]));
            }
            Some("entry") => entry(request.body),
            _ => {
                let read = hooks::read(request.body, &self.prefix);
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
        Some(&self.sales)
    }
}

impl SalesConnector for Lightspeed {
    fn way_back(&self) -> Option<&dyn WayBack> {
        Some(&self.back)
    }

    fn stock_way(&self) -> Option<&dyn StockWay> {
        self.offers.as_ref().map(|offers| offers as &dyn StockWay)
    }
}
