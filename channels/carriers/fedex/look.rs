//! Looking parcels up: everything that FedEx has seen of some, by their numbers
//! (`POST /track/v1/trackingnumbers`). Those that are under way are asked for in turn.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::json;

use super::wire::Tracked;
use super::{FedEx, NUMBER, STATED};
use crate::outbound::{Answer, Failure};
use crate::port::{CallError, Follow, LookUp, Pace, Resource, Statement};
use crate::wire::path_id;

/// How long a turn through all parcels takes, with pushes and without.
const TURN_BESIDE_PUSHES: Duration = Duration::from_hours(12);
const TURN: Duration = Duration::from_hours(2);

/// How long to wait between two questions.
const PAUSE: Duration = Duration::from_secs(10);

/// Parcels that one question is about. FedEx takes thirty; with all of their scans ten surely fit into an
/// answer.
const AT_ONCE: usize = 10;

fn stated(raw: Vec<u8>) -> Statement {
    let headers = BTreeMap::from([(STATED.to_owned(), "tracking".to_owned())]);
    Statement { headers, raw }
}

impl FedEx {
    /// All that was seen of these parcels; `None` when FedEx knows none of the numbers.
    async fn track(&self, numbers: &[&str]) -> Result<Option<Answer>, CallError> {
        let asked = numbers.iter();
        let asked =
            asked.map(|number| json!({ "trackingNumberInfo": { "trackingNumber": number } }));
        let request = self.http.post("/track/v1/trackingnumbers").json(&json!({
            "includeDetailedScans": true,
            "trackingInfo": asked.collect::<Vec<_>>(),
        }));
        let sent = self.tokens.send(&self.http, request).await;
        let answer = sent.map_err(Failure::of_look_up)?;
        match answer.status.as_u16() {
            200..=299 => Ok(Some(answer)),
            404 => Ok(None),
            status => Err(CallError::of_question(answer.failure().unwrap_or_else(
                || answer.not_done(format!("the carrier answered {status} to a look-up")),
            ))),
        }
    }
}

#[async_trait]
impl LookUp for FedEx {
    async fn look_up(&self, resource: &Resource) -> Result<Vec<Statement>, CallError> {
        let named = (resource.kind == NUMBER).then(|| path_id(&resource.id));
        let Some(number) = named.flatten() else {
            return Ok(Vec::new());
        };
        let answer = self.track(&[number]).await?;
        Ok(answer
            .map(|answer| stated(answer.body))
            .into_iter()
            .collect())
    }
}

#[async_trait]
impl Follow for FedEx {
    fn pace(&self) -> Pace {
        let pushed = !self.secrets.is_empty();
        Pace {
            turn: if pushed { TURN_BESIDE_PUSHES } else { TURN },
            pause: PAUSE,
            at_once: AT_ONCE,
        }
    }

    /// Each parcel is a statement of its own, in FedEx's bytes of it and without the number of the question:
    /// the same twice is then the same.
    async fn seen(&self, numbers: &[String]) -> Result<Vec<Statement>, CallError> {
        let numbers: Vec<&str> = numbers
            .iter()
            .filter_map(|number| path_id(number))
            .collect();
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let Some(answer) = self.track(&numbers).await? else {
            return Ok(Vec::new());
        };
        let tracked: Tracked<'_> = serde_json::from_slice(&answer.body)
            .map_err(|_| CallError::not_done("the carrier's answer cannot be read"))?;
        let output = tracked.output.unwrap_or_default();
        let parcels = output.complete_track_results.iter();
        let parcels = parcels.chain(&tracked.complete_track_results);
        let alone = |parcel: &&serde_json::value::RawValue| {
            stated(format!(r#"{{"completeTrackResults":[{}]}}"#, parcel.get()).into_bytes())
        };
        Ok(parcels.map(alone).collect())
    }
}
