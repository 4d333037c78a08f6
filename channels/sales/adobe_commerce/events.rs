//! Adobe's I/O Events, which tell of the shop's own events and only say here that an order is there.
//!
//! Adobe signs each with RSA-SHA256 over its body, twice, by keys that it serves at paths which the headers name
//! (`x-adobe-digital-signature-1`, `x-adobe-public-key1-path`, and the same with 2); one signature that
//! is right is enough (developer.adobe.com/events/docs/guides/sdk/sdk-signature-verification). The keys are the
//! same for all of Adobe's customers: what is signed has to name our own project as its recipient as well.
//! Without a project every event is refused, and the rounds of asking find the orders a few minutes later.

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::key_ring::{KeyRing, served};
use crate::outbound::{Failure, Outbound};
use crate::port::{CallError, Forged, Greeting, Inbound, Keys, RawRequest, Resource};
use crate::public_key::{Hash, PublicKey};
use crate::settings::{ConfigError, Settings};
use crate::wire::{Exact, code, path_id, unreadable};

/// The setting that names the recipient.
pub(super) const RECIPIENT: &str = "events_client_id";

/// Where the keys are served, for everybody.
const HOST: &str = "https://static.adobeioevents.com";

/// The folder that they are served from.
const FOLDER: &str = "/prod/keys/";

/// How long a key counts. Adobe says nothing of it.
const LIFE: SignedDuration = SignedDuration::from_hours(24);

/// The headers of the two signatures and of their keys.
const SIGNED: [(&str, &str); 2] = [
    ("x-adobe-digital-signature-1", "x-adobe-public-key1-path"),
    ("x-adobe-digital-signature-2", "x-adobe-public-key2-path"),
];

/// Longest question that is answered.
const LONGEST_CHALLENGE: usize = 128;

/// The header that names the event.
const CODE: &str = "x-adobe-event-code";

/// What the names of a shop's events begin with, and what those about orders contain, their invoices, shipments
/// and credit memos among them.
const OBSERVED: &str = "com.adobe.commerce.";
const ORDERS: &str = "sales_order";

/// The project that events come for, and the keys that they are signed with.
pub(super) struct Events {
    recipient: String,
    ring: KeyRing,
    http: Outbound,
}

#[derive(Deserialize)]
struct Addressed {
    recipient_client_id: String,
}

/// An event, with or without what Adobe puts around it.
#[derive(Deserialize)]
struct Pushed<'a> {
    #[serde(borrow, default)]
    event: Option<Event<'a>>,
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(borrow, default)]
    data: Option<Data<'a>>,
}

#[derive(Deserialize)]
struct Event<'a> {
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(borrow, default)]
    data: Option<Data<'a>>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow, default)]
    value: Option<&'a RawValue>,
}

/// What names an order: documents of one name it apart from themselves.
#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    order_id: Option<Exact>,
    #[serde(default)]
    entity_id: Option<Exact>,
}

impl Events {
    /// For a connection that names its project; none for one that does not.
    pub(super) fn open(settings: &Settings) -> Result<Option<Self>, ConfigError> {
        let Some(recipient) = settings.text(RECIPIENT) else {
            return Ok(None);
        };
        Ok(Some(Self {
            recipient: recipient.to_owned(),
            ring: KeyRing::new(LIFE),
            http: Outbound::apart(settings, HOST)?,
        }))
    }

    /// Whether Adobe signed it, and meant it for us.
    pub(super) fn verify(&self, request: &RawRequest<'_>) -> Result<(), Forged> {
        let mut verdict = Err(Forged::Missing);
        for (signature, path) in SIGNED {
            let (Some(signature), Some(path)) = (request.header(signature), request.header(path))
            else {
                continue;
            };
            match self.is_signed(request, signature, path) {
                Ok(()) => return self.is_ours(request.body),
                // The other key may still be the right one.
                Err(Forged::KeyUnknown) => verdict = Err(Forged::KeyUnknown),
                Err(forged) if verdict != Err(Forged::KeyUnknown) => verdict = Err(forged),
                Err(_) => {}
            }
        }
        verdict
    }

    fn is_signed(
        &self,
        request: &RawRequest<'_>,
        signature: &str,
        path: &str,
    ) -> Result<(), Forged> {
        let name = name_of(path).ok_or(Forged::Mismatch)?;
        let signature = STANDARD.decode(signature).map_err(|_| Forged::Mismatch)?;
        let key = self.ring.key(name, request.received_at)?;
        let signed = key.signed(request.body, &signature);
        signed.then_some(()).ok_or(Forged::Mismatch)
    }

    fn is_ours(&self, body: &[u8]) -> Result<(), Forged> {
        let to: Addressed = serde_json::from_slice(body).map_err(|_| Forged::Mismatch)?;
        let ours = to.recipient_client_id == self.recipient;
        ours.then_some(()).ok_or(Forged::Mismatch)
    }

    async fn fetch(&self, name: &str) -> Result<Vec<(String, PublicKey)>, CallError> {
        let request = self.http.get(&format!("{FOLDER}{name}.pem"));
        let answer = self.http.send(request).await.map_err(Failure::of_look_up)?;
        let read = |body: &[u8]| {
            let pem = std::str::from_utf8(body).ok()?;
            PublicKey::from_pem(pem, Hash::Sha256)
        };
        let key = served(&answer, read)?;
        Ok(key.map(|key| (name.to_owned(), key)).into_iter().collect())
    }
}

/// The name of the key at a path of Adobe's; `None` for any other path.
fn name_of(path: &str) -> Option<&str> {
    path_id(path.strip_prefix(FOLDER)?.strip_suffix(".pem")?)
}

/// The answer to the question that Adobe asks before it sends anything
/// (developer.adobe.com/events/docs/guides, The challenge request).
pub(super) fn greet(query: &[(String, String)]) -> Option<Greeting> {
    let (_, challenge) = query.iter().find(|(name, _)| name == "challenge")?;
    let plain = path_id(challenge).filter(|text| text.len() <= LONGEST_CHALLENGE)?;
    Some(Greeting::Text(plain.to_owned()))
}

#[async_trait]
impl Keys for Events {
    async fn learn(&self, request: &RawRequest<'_>) -> Result<(), CallError> {
        for (_, path) in SIGNED {
            if let Some(name) = request.header(path).and_then(name_of) {
                let fetch = self.fetch(name);
                self.ring.learn(name, request.received_at, fetch).await?;
            }
        }
        Ok(())
    }
}

/// The order that an event is about.
pub(super) fn read(request: &RawRequest<'_>) -> Inbound {
    let pushed: Pushed<'_> = match serde_json::from_slice(request.body) {
        Ok(pushed) => pushed,
        Err(error) => {
            let reason = unreadable(&error);
            return Inbound::Unreadable { reason };
        }
    };
    let (kind, data) = match pushed.event {
        Some(event) => (event.kind.or(pushed.kind), event.data),
        None => (pushed.kind, pushed.data),
    };
    let kind = request.header(CODE).or(kind.as_deref()).and_then(code);
    let kind = kind.unwrap_or_else(|| "event".to_owned());
    if !(kind.starts_with(OBSERVED) && kind.contains(ORDERS)) {
        return Inbound::Unknown { topic: kind };
    }
    let value = data.and_then(|data| data.value);
    let named = value.and_then(|value| serde_json::from_str::<Named>(value.get()).ok());
    let id = named.and_then(|named| named.order_id.or(named.entity_id));
    match id.as_ref().and_then(|id| path_id(&id.0)) {
        Some(id) => Inbound::Changed(Resource {
            kind: "order".to_owned(),
            id: id.to_owned(),
        }),
        None => Inbound::Unreadable {
            reason: "the event names no order".to_owned(),
        },
    }
}
