//! Looking parcels up: everything that DHL has seen of one, by its number
//! (`GET /track/shipments`, developer.dhl.com/api-reference/shipment-tracking).

use std::collections::BTreeMap;

use async_trait::async_trait;
use secrecy::ExposeSecret;

use super::{Dhl, NUMBER, STATED};
use crate::carriers::labels::nothing_bought;
use crate::outbound::Failure;
use crate::port::{CallError, LookUp, Resource, Statement};
use crate::wire::path_id;

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
            status => Err(nothing_bought(answer.failure().unwrap_or_else(|| {
                answer.not_done(format!("the carrier answered {status} to a look-up"))
            }))),
        }
    }
}
