//! Looking parcels up: everything that FedEx has seen of one, by its number
//! (`POST /track/v1/trackingnumbers`).

use std::collections::BTreeMap;

use async_trait::async_trait;
use serde_json::json;

use super::{FedEx, NUMBER, STATED};
use crate::carriers::labels::nothing_bought;
use crate::outbound::Failure;
use crate::port::{CallError, LookUp, Resource, Statement};
use crate::wire::path_id;

#[async_trait]
impl LookUp for FedEx {
    async fn look_up(&self, resource: &Resource) -> Result<Vec<Statement>, CallError> {
        let named = (resource.kind == NUMBER).then(|| path_id(&resource.id));
        let Some(number) = named.flatten() else {
            return Ok(Vec::new());
        };
        let request = self.http.post("/track/v1/trackingnumbers").json(&json!({
            "includeDetailedScans": true,
            "trackingInfo": [{ "trackingNumberInfo": { "trackingNumber": number } }],
        }));
        let sent = self.tokens.send(&self.http, request).await;
        let answer = sent.map_err(Failure::of_look_up)?;
        match answer.status.as_u16() {
            200..=299 => {
                let headers = BTreeMap::from([(STATED.to_owned(), "tracking".to_owned())]);
                let raw = answer.body;
                Ok(vec![Statement { headers, raw }])
            }
            404 => Ok(Vec::new()),
            status => Err(nothing_bought(answer.failure().unwrap_or_else(|| {
                answer.not_done(format!("the carrier answered {status} to a look-up"))
            }))),
        }
    }
}
