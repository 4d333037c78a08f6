//! Looking parcels up: everything that UPS has seen of one, by its number
//! (`GET /api/track/v1/details/{inquiryNumber}`). Those that are under way are asked for in turn: alerts come for
//! fourteen days and without any history, and only where somebody wants them.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use uuid::Uuid;

use super::{NUMBER, STATED, Ups};
use crate::carriers::sightings::each;
use crate::outbound::{Answer, Failure};
use crate::port::{CallError, Follow, LookUp, Pace, Resource, Statement};
use crate::wire::path_id;

/// How long a turn through all parcels takes, with alerts and without.
const TURN_BESIDE_ALERTS: Duration = Duration::from_hours(12);
const TURN: Duration = Duration::from_hours(2);

/// How long to wait between two parcels. UPS documents no rate.
const PAUSE: Duration = Duration::from_secs(3);

/// What UPS is told of who asks.
pub(super) const SOURCE: &str = "orderhub";

/// A name for one call: UPS wants one that is used once.
pub(super) fn call_id() -> String {
    Uuid::now_v7().simple().to_string()
}

impl Ups {
    /// All that was seen of a parcel; `None` when UPS knows no such number.
    pub(super) async fn track(&self, number: &str) -> Result<Option<Answer>, CallError> {
        let request = self.http.get(&format!("/api/track/v1/details/{number}"));
        let request = request
            .query(&[("locale", "en_US")])
            .header("transId", call_id())
            .header("transactionSrc", SOURCE);
        let sent = self.tokens.send(&self.http, request).await;
        let answer = sent.map_err(Failure::of_look_up)?;
        match answer.status.as_u16() {
            200..=299 => Ok(Some(answer)),
            _ if answer.status == StatusCode::NOT_FOUND => Ok(None),
            status => Err(CallError::of_question(answer.failure().unwrap_or_else(
                || answer.not_done(format!("the carrier answered {status} to a look-up")),
            ))),
        }
    }
}

#[async_trait]
impl LookUp for Ups {
    async fn look_up(&self, resource: &Resource) -> Result<Vec<Statement>, CallError> {
        let named = (resource.kind == NUMBER).then(|| path_id(&resource.id));
        let Some(number) = named.flatten() else {
            return Ok(Vec::new());
        };
        let answer = self.track(number).await?;
        let headers = BTreeMap::from([(STATED.to_owned(), "tracking".to_owned())]);
        let stated = answer.map(|answer| Statement {
            headers,
            raw: answer.body,
        });
        Ok(stated.into_iter().collect())
    }
}

#[async_trait]
impl Follow for Ups {
    fn pace(&self) -> Pace {
        let alerts = self.alerts_to.is_some();
        Pace {
            turn: if alerts { TURN_BESIDE_ALERTS } else { TURN },
            pause: PAUSE,
            at_once: 1,
        }
    }

    async fn seen(&self, numbers: &[String]) -> Result<Vec<Statement>, CallError> {
        each(self, NUMBER, numbers).await
    }
}
