//! TikTok Shop: webhooks that name an order, the order looked up, and asked for beside them; shipments,
//! cancellations and units on offer back to the shop.
//!
//! A webhook says what has changed and hardly how. The order is then looked up, and that is read: it places the
//! order if it is new, and says what changed (cancelled, paid) if it is known. After a webhook about a return the
//! order's returns are looked up, too. Whatever else the channel sends is kept as unknown.

mod api;
mod back;
mod keys;
mod map;
mod money;
mod offer;
mod poll;
mod returns;
mod specimen;
mod units;
mod verify;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use secrecy::SecretString;

use self::api::{Api, RETURNS, STATED};
use self::back::Back;
use self::offer::Offers;
use self::poll::Changes;
use super::answers::Answers;
use super::taken::{digits, id_of, parse, taken};
use super::{SalesConnector, StockWay, WayBack};
use crate::port::{Connector, Forged, Inbound, LookUp, Poll, RawRequest, Resource};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Settings};

/// Types of webhooks after which an order is no longer what it was: its status, its reversal, its address, its
/// packages, its cancellation, its return.
const CHANGES: [&str; 6] = ["1", "2", "3", "4", "11", "12"];

/// The type of webhooks about the status of a return.
const RETURN: &str = "12";

/// A connection to a TikTok shop.
struct TikTokShop {
    app_key: String,
    secrets: Vec<SecretString>,
    shop: String,
    live: bool,
    api: Arc<Api>,
    changes: Changes,
    back: Back,
    offers: Offers,
}

const APP_KEY: &str = "app_key";
const SHOP: &str = "shop_id";
const WAREHOUSE: &str = "warehouse_id";

/// Answers of the Order API (`Get Order Detail`, `Get Order List`).
const ANSWERS: Answers = Answers {
    of_order: &["line_items"],
    at: &["data/orders"],
};

/// What there is to know of a TikTok Shop connection.
pub(super) const KIND: Kind<dyn SalesConnector> = Kind {
    about: About {
        family: Family::Sales,
        name: "tiktok_shop",
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
                APP_KEY,
                Form::Text,
                "the app's key, in the Partner Center (App & Service, the app, App key and secret)",
            ),
            Setting::required(
                "secrets",
                Form::Secrets,
                "the app's secret, shown beside its key; it signs webhooks, and the newest one signs our requests",
            ),
            Setting::required(
                "refresh_token",
                Form::Secret,
                "the refresh token that was handed out for the code when the seller authorised the app",
            ),
            Setting::required(
                SHOP,
                Form::Digits,
                "the shop's id, as Get Authorized Shops answers it and webhooks name it",
            ),
            Setting::required(
                "shop_cipher",
                Form::Text,
                "the shop's cipher, beside its id in the answer of Get Authorized Shops",
            ),
            Setting::optional(
                WAREHOUSE,
                Form::Digits,
                "the warehouse whose units are told, as Get Warehouse List answers it; without it the shop's default one",
            ),
        ],
        account: Some(SHOP),
    },
    connect,
    specimen: Some(&specimen::Shop),
};

fn connect(settings: &Settings) -> Result<Arc<dyn SalesConnector>, ConfigError> {
    let app_key = settings.required_text(APP_KEY)?.to_owned();
    let shop = digits(settings.required_text(SHOP)?);
    let shop = shop.ok_or_else(|| settings.bad(SHOP, "digits only"))?;
    let secrets = settings.secrets("secrets")?;
    let api = Arc::new(Api::open(settings, &app_key, &secrets)?);
    let warehouse = settings.text(WAREHOUSE).map(str::to_owned);
    Ok(Arc::new(TikTokShop {
        app_key,
        secrets,
        shop,
        live: settings.is_live(),
        changes: Changes::new(api.clone()),
        back: Back::new(api.clone()),
        offers: Offers::new(api.clone(), warehouse),
        api,
    }))
}

impl TikTokShop {
    fn read_hook(&self, body: &[u8]) -> Vec<Inbound> {
        let hook: wire::Hook = match parse(body) {
            Ok(hook) => hook,
            Err(why) => return vec![ANSWERS.unasked(body, why)],
        };
        let form = digits(&hook.form.0).unwrap_or_else(|| "odd".to_owned());
        let unknown = |topic| vec![Inbound::Unknown { topic }];
        if hook.shop_id.as_ref().map(|shop| &shop.0) != Some(&self.shop) {
            return unknown(format!("another_shop:type.{form}"));
        }
        if !CHANGES.contains(&form.as_str()) {
            return unknown(format!("type.{form}"));
        }
        let named = hook.data.as_ref();
        let itself = named.and_then(|data| data.order_id.as_ref());
        let of_it = named
            .map(|data| data.order_ids.as_slice())
            .unwrap_or_default();
        let packages = named
            .map(|data| data.packages.as_slice())
            .unwrap_or_default();
        let of_packages = packages.iter().flat_map(|package| &package.order_ids);
        let mut changed = Vec::new();
        let kinds: &[&str] = if form == RETURN {
            &["order", RETURNS]
        } else {
            &["order"]
        };
        for id in itself.into_iter().chain(of_it).chain(of_packages) {
            let items = match id_of(Some(id)) {
                Some(id) => kinds.iter().map(|kind| changed_is(kind, &id)).collect(),
                None => vec![Inbound::Unreadable {
                    reason: "the id of an order that has changed cannot be read".to_owned(),
                }],
            };
            for item in items {
                if !changed.contains(&item) {
                    changed.push(item);
                }
            }
        }
        if changed.is_empty() {
            return unknown(format!("no_order:type.{form}"));
        }
        changed
    }
}

/// A thing of this order has changed.
fn changed_is(kind: &str, id: &str) -> Inbound {
    Inbound::Changed(Resource {
        kind: kind.to_owned(),
        id: id.to_owned(),
    })
}

impl Connector for TikTokShop {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        verify::verify(&self.app_key, &self.secrets, request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        match request.header(STATED) {
            Some("order") => {}
            Some(RETURNS) => return returns::read(request.body),
            _ => return self.read_hook(request.body),
        }
        let read = |body: &[u8]| {
            let order = map::order(&parse(body)?)?;
            taken(body, order).map(|one| [one])
        };
        ANSWERS.each(request.body, read, read)
    }

    fn is_live(&self) -> bool {
        self.live
    }

    fn look_up(&self) -> Option<&dyn LookUp> {
        Some(self.api.as_ref())
    }

    fn poll(&self) -> Option<&dyn Poll> {
        Some(&self.changes)
    }
}

impl SalesConnector for TikTokShop {
    fn way_back(&self) -> Option<&dyn WayBack> {
        Some(&self.back)
    }

    fn stock_way(&self) -> Option<&dyn StockWay> {
        Some(&self.offers)
    }
}
