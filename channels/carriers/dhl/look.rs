//! Looking parcels up: everything that DHL has seen of one, by its number
//! (`GET /track/shipments`, developer.dhl.com/api-reference/shipment-tracking). Those that are under way are asked
//! for in turn, as fast as the app's quota lets us.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::ExposeSecret;

use super::{Dhl, NUMBER, STATED};
use crate::carriers::sightings::each;
use crate::outbound::Failure;
use crate::port::{CallError, Follow, LookUp, Pace, Resource, Statement};
use crate::settings::{ConfigError, Settings};
use crate::wire::path_id;

/// How long a turn through all parcels takes at least, with the push and without.
const TURN_BESIDE_PUSH: Duration = Duration::from_hours(12);
const TURN: Duration = Duration::from_hours(4);

const DAY: u32 = 24 * 60 * 60;

/// How many calls a day a new app has.
const QUOTA: u32 = 250;

/// DHL takes no more than one call in this time.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

/// How long to wait between two parcels, so that the day's calls are not used up.
pub(super) fn pause(settings: &Settings) -> Result<Duration, ConfigError> {
    let key = "tracking_calls_per_day";
    let quota = match settings.text(key) {
        Some(text) => text.parse().ok().filter(|quota| (1..=DAY).contains(quota)),
        None => Some(QUOTA),
    };
    let quota = quota.ok_or_else(|| settings.bad(key, "a number from 1 to 86400"))?;
    Ok(Duration::from_secs(u64::from(DAY.div_ceil(quota))).max(SHORTEST_PAUSE))
}

#[async_trait]
impl LookUp for Dhl {
    async fn look_up(&self, resource: &Resource) -> Result<Vec<Statement>, CallError> {
        let named = (resource.kind == NUMBER).then(|| path_id(&resource.id));
        let Some(number) = named.flatten() else {
            return Ok(Vec::new());
        };
        let request = self.http.get("/track/shipments");
        let request = request
            .query(&[("trackingNumber", number)])
            .header("DHL-API-Key", self.api_key.expose_secret());
        let answer = self.http.send(request).await.map_err(Failure::of_look_up)?;
        match answer.status.as_u16() {
            200..=299 => {
                let headers = BTreeMap::from([(STATED.to_owned(), "tracking".to_owned())]);
                let raw = answer.body;
                Ok(vec![Statement { headers, raw }])
            }
            404 => Ok(Vec::new()),
            status => Err(CallError::of_question(answer.failure().unwrap_or_else(
                || answer.not_done(format!("the carrier answered {status} to a look-up")),
            ))),
        }
    }
}

#[async_trait]
impl Follow for Dhl {
    fn pace(&self) -> Pace {
        let pushed = !self.words.is_empty();
        Pace {
            turn: if pushed { TURN_BESIDE_PUSH } else { TURN },
            pause: self.pause,
            at_once: 1,
        }
    }

    async fn seen(&self, numbers: &[String]) -> Result<Vec<Statement>, CallError> {
        each(self, NUMBER, numbers).await
    }
}
