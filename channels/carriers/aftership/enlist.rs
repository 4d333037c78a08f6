//! Telling AfterShip of parcels: `POST /trackings`
//! (aftership.com/docs/tracking/reference, Create a tracking; errors in .../quickstart/request-errors).
//!
//! AfterShip knows a parcel by its number and its carrier, so that the same told again is refused as one that
//! exists, which is as good. The carrier is said in the hub's own word too: AfterShip says it back with each
//! webhook, so that the parcel is found whichever name AfterShip has for who moves it.

use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::couriers::slug_of;
use super::wire::{OWN_CARRIER, Refused};
use crate::outbound::{Answer, Failure, Outbound};
use crate::port::{CallError, Enlist, Enlisted, Pace, UnderWay};
use crate::settings::{ConfigError, Settings};

/// Where AfterShip's API lives.
const VENDOR: &str = "https://api.aftership.com";

const TRACKINGS: &str = "/tracking/2026-07/trackings";

/// How long a turn through all parcels takes at least. Most of a turn costs nothing: what AfterShip was told
/// before it is not told again.
const TURN: Duration = Duration::from_mins(10);

/// How long to wait between two parcels. AfterShip takes twenty a second
/// (aftership.com/docs/tracking/quickstart/rate-limit), from whoever else speaks to it too.
const PAUSE: Duration = Duration::from_millis(250);

/// The tracking is there already.
const EXISTS: u32 = 4003;

/// AfterShip has no carrier of this slug.
const NO_SUCH_SLUG: u32 = 4010;

/// What speaks against this one parcel and no other.
const REFUSALS: [(u32, &str); 5] = [
    (4005, "its number is none that AfterShip takes"),
    (4008, "AfterShip finds something wrong with it"),
    (
        4011,
        "its carrier is asked for more than the number; add it at AfterShip by hand",
    ),
    (
        4012,
        "AfterShip cannot tell its carrier from the number; add the carrier there, Settings, Carriers",
    ),
    (4017, "its number has not the form of its carrier's"),
];

/// Where AfterShip is told of parcels.
pub(super) struct Desk {
    api_key: SecretString,
    http: Outbound,
}

impl Desk {
    /// None without a key: then nobody wants AfterShip to be told anything.
    pub(super) fn new(settings: &Settings) -> Result<Option<Self>, ConfigError> {
        let Some(api_key) = settings.secret_if_any("api_key")? else {
            return Ok(None);
        };
        let http = Outbound::new(settings, VENDOR)?;
        Ok(Some(Self { api_key, http }))
    }

    async fn post(&self, tracking: &Value) -> Result<Answer, CallError> {
        let request = self.http.post(TRACKINGS);
        let request = request
            .header("as-api-key", self.api_key.expose_secret())
            .json(tracking);
        self.http.send(request).await.map_err(Failure::of_look_up)
    }
}

/// A parcel as AfterShip is told of it; without a slug it detects the carrier among those of the account.
fn tracking(parcel: &UnderWay, slug: Option<&str>) -> Value {
    let mut tracking = json!({
        "tracking_number": parcel.number,
        "order_id": parcel.order.to_string(),
    });
    if let Some(slug) = slug {
        tracking["slug"] = json!(slug);
    }
    if let Some(carrier) = &parcel.carrier {
        tracking["custom_fields"] = json!({ OWN_CARRIER: carrier });
    }
    tracking
}

/// The code of AfterShip's own error.
fn code(answer: &Answer) -> Option<u32> {
    let refused: Refused = serde_json::from_slice(&answer.body).ok()?;
    *refused.meta.code
}

fn said(answer: &Answer) -> Result<Enlisted, CallError> {
    if answer.status.is_success() {
        return Ok(Enlisted::Followed);
    }
    if let Some(failure) = answer.failure() {
        return Err(CallError::of_question(failure));
    }
    let code = code(answer);
    if code == Some(EXISTS) {
        return Ok(Enlisted::Followed);
    }
    let refusal = REFUSALS.iter().find(|(known, _)| Some(*known) == code);
    if let Some((code, why)) = refusal {
        return Ok(Enlisted::Refused {
            reason: format!("{why} ({code})"),
        });
    }
    // What is not about the parcel (a quota that is used up, an address that is not AfterShip's) passes.
    let code = code.unwrap_or_else(|| u32::from(answer.status.as_u16()));
    Err(answer.not_done(format!("AfterShip answered {code} to a parcel")))
}

#[async_trait]
impl Enlist for Desk {
    fn pace(&self) -> Pace {
        Pace {
            turn: TURN,
            pause: PAUSE,
            at_once: 1,
        }
    }

    async fn enlist(&self, parcel: &UnderWay) -> Result<Enlisted, CallError> {
        let slug = parcel.carrier.as_deref().and_then(slug_of);
        let mut answer = self.post(&tracking(parcel, slug)).await?;
        if slug.is_some() && code(&answer) == Some(NO_SUCH_SLUG) {
            answer = self.post(&tracking(parcel, None)).await?;
        }
        said(&answer)
    }
}
