//! BigCommerce: webhooks that name an order, the order looked up, shipments and cancellations back to the
//! store.
//!
//! A webhook says what has changed and nothing about how. The order is then looked up together with its
//! lines and addresses, and that is read: it places the order if it is new, and says what changed
//! (cancelled, paid) if it is known. Whatever else the store sends is kept as unknown.

mod back;
mod map;
mod rest;
mod specimen;
mod verify;
mod wire;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use secrecy::SecretString;

use self::back::Back;
use self::rest::{Rest, STATED};
use super::taken::{id_of, parse, taken};
use super::{SalesConnector, WayBack};
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

/// A connection to a BigCommerce store.
struct BigCommerce {
    secrets: Vec<SecretString>,
    producer: String,
    live: bool,
    rest: Arc<Rest>,
    back: Back,
}

const STORE_HASH: &str = "store_hash";

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
                "the access token of the same API account, which may modify orders",
            ),
            Setting::required(
                STORE_HASH,
                Form::Text,
                "the store's hash, in the API path of the account (https://api.bigcommerce.com/stores/<hash>/v3/)",
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
    Ok(Arc::new(BigCommerce {
        secrets: settings.secrets("secrets")?,
        producer: format!("stores/{store}"),
        live: settings.is_live(),
        back: Back::new(settings.slug.clone(), rest.clone()),
        rest,
    }))
}

impl BigCommerce {
    fn read_hook(&self, body: &[u8]) -> Inbound {
        let hook: wire::Hook = match serde_json::from_slice(body) {
            Ok(hook) => hook,
            Err(error) => {
                let reason = crate::wire::unreadable(&error);
                return Inbound::Unreadable { reason };
            }
        };
        let scope: String = hook.scope.chars().take(64).collect();
        if hook.producer.as_ref() != Some(&self.producer) {
            let topic = format!("another_store:{scope}");
            return Inbound::Unknown { topic };
        }
        if !CHANGES.contains(&hook.scope.as_str()) {
            return Inbound::Unknown { topic: scope };
        }
        let named = hook.data.as_ref();
        let of = named.and_then(|data| id_of(data.order_id.as_ref()));
        let itself = named.filter(|data| data.form.as_deref() == Some("order"));
        match of.or_else(|| id_of(itself?.id.as_ref())) {
            Some(id) => Inbound::Changed(Resource {
                kind: "order".to_owned(),
                id,
            }),
            None => Inbound::Unreadable {
                reason: "the order that has changed is not named".to_owned(),
            },
        }
    }
}

impl Connector for BigCommerce {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        verify::verify(&self.secrets, request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        if request.header(STATED) != Some("order") {
            return vec![self.read_hook(request.body)];
        }
        let order = parse(request.body)
            .and_then(|whole| map::order(&whole))
            .and_then(|order| taken(request.body, order));
        vec![order.unwrap_or_else(Inbound::from)]
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
}
