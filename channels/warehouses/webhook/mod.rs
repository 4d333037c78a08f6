//! Warehouses with a system of their own that speaks the hub's webhooks: requests go out as signed
//! webhooks, progress comes back as signed webhooks, both after Standard Webhooks. The messages are the
//! hub's own; `docs/connectors/webhook.md` is their description for whoever writes the other side.

mod calls;
mod specimen;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

use self::calls::Requests;
use super::{WarehouseConnector, reports};
use crate::port::{Connector, Forged, Inbound, RawRequest};
use crate::registry::{About, Capability, Family, Form, Kind, Setting, Standing};
use crate::settings::{ConfigError, Settings};
use crate::standard_webhooks;

/// A connection to a warehouse's own system.
struct Warehouse {
    keys: Vec<Zeroizing<Vec<u8>>>,
    live: bool,
    requests: Requests,
}

/// What there is to know of a warehouse that speaks the hub's webhooks.
pub(super) const KIND: Kind<dyn WarehouseConnector> = Kind {
    about: About {
        family: Family::Warehouses,
        name: "webhook",
        standing: Standing::Documented,
        can: &[
            Capability::Webhooks,
            Capability::Requests,
            Capability::Progress,
        ],
        settings: &[
            Setting::required(
                "url",
                Form::Url,
                "the address at the warehouse that requests are posted to",
            ),
            Setting::required(
                "request_secret",
                Form::Secret,
                "the secret that requests are signed with: whsec_ and base64 of at least 24 bytes, made by you",
            ),
            Setting::required(
                "callback_secrets",
                Form::Secrets,
                "the secret that the warehouse signs its webhooks with, of the same form",
            ),
        ],
        account: None,
    },
    connect,
    specimen: Some(&specimen::Site),
};

/// Fewest bytes of a key: the scheme's own limit.
const SHORTEST_KEY: usize = 24;

fn connect(settings: &Settings) -> Result<Arc<dyn WarehouseConnector>, ConfigError> {
    let key = |setting: &'static str, secret: &SecretString| {
        let key = standard_webhooks::key(secret.expose_secret());
        let key = key.filter(|key| key.len() >= SHORTEST_KEY);
        key.ok_or_else(|| settings.bad(setting, "whsec_ and base64 of at least 24 bytes"))
    };
    let secrets = settings.secrets("callback_secrets")?;
    let secrets = secrets.iter().map(|secret| key("callback_secrets", secret));
    let keys = secrets.collect::<Result<Vec<_>, _>>()?;
    let request_key = key("request_secret", &settings.secret("request_secret")?)?;
    Ok(Arc::new(Warehouse {
        keys,
        live: settings.is_live(),
        requests: Requests::open(settings, request_key)?,
    }))
}

impl Connector for Warehouse {
    fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        let keys = self.keys.iter().map(|key| key.as_slice());
        standard_webhooks::verify(&keys, request)
    }

    fn read(&self, request: &RawRequest<'_>) -> Vec<Inbound> {
        vec![reports::read(request.body)]
    }

    fn is_live(&self) -> bool {
        self.live
    }
}
