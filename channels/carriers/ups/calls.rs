//! Calls to UPS's APIs: buy a label, look it up by the parcel's name, give it back, ask for its alerts.
//!
//! The parcel's short name is the reference number of the shipment, by which UPS's Label Recovery finds it
//! again. Only `POST .../ship` costs money. What fails after it is the alerts' business, and no reason to
//! doubt the label.

use std::time::Duration;

use http::StatusCode;
use jiff::Timestamp;
use orderhub_domain::ids::ParcelId;
use orderhub_domain::order::LabelEvidence;
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::json;

use super::Ups;
use super::ask::{purchase, recovery};
use super::look::{SOURCE, call_id};
use super::map::{is_voided, parcels};
use super::wire::{Recovered, Refused, Several, ShipmentResults, Shipped, Voided};
use crate::carriers::LabelCall;
use crate::carriers::labels::{cost, garbled, short_name};
use crate::outbound::{Answer, Failure};
use crate::port::{CallError, Found, LabelAnswer};
use crate::wire::{code, path_id};

/// The version of the Shipping API: since this one, packages are always a list.
const VERSION: &str = "v2403";

/// UPS's firm no to a look-up: no shipment has this reference number and shipper number.
const NO_SUCH_SHIPMENT: &str = "9801031";

/// How long the question for alerts may hold up a label that is bought already.
const ALERTS: Duration = Duration::from_secs(3);

fn parsed<T: DeserializeOwned>(answer: &Answer) -> Result<T, CallError> {
    serde_json::from_slice(&answer.body).map_err(|_| garbled())
}

/// A refusal's code, or why there is none: the answer is not UPS's or says nothing final.
fn refusal(answer: &Answer) -> Result<String, CallError> {
    if let Some(failure) = answer.failure() {
        return Err(failure);
    }
    let refused: Refused = parsed(answer)?;
    let mut codes = refused.response.errors.iter();
    let word = codes.find_map(|problem| problem.code.as_deref().and_then(code));
    Ok(word.unwrap_or_else(|| format!("http_{}", answer.status.as_u16())))
}

/// A page that shows the label, if it is one.
fn page(url: Option<&str>) -> Option<String> {
    let url = url.filter(|url| url.starts_with("https://"))?;
    Some(url.to_owned())
}

impl Ups {
    /// The evidence of a label; none without its numbers.
    fn label(&self, shipment: Option<&str>, number: Option<&str>) -> Option<LabelEvidence> {
        let shipment = path_id(shipment?.trim())?;
        let number = path_id(number?.trim())?;
        Some(LabelEvidence::Bought {
            account: self.slug.clone(),
            carrier: "ups".to_owned(),
            tracking_number: number.to_owned(),
            reference: shipment.to_owned(),
            label_url: None,
            cost: None,
            service: Some(self.service.clone()),
        })
    }

    /// The label of an answer to a purchase, with what it costs: by the account's own rates, where it has
    /// any.
    fn bought(&self, results: &ShipmentResults) -> Option<LabelEvidence> {
        let shipment = results.shipment_identification_number.as_deref();
        let package = results.package_results.as_ref()?.first()?;
        let mut label = self.label(shipment, package.tracking_number.as_deref())?;
        let own = results.negotiated_rate_charges.as_ref();
        let listed = results.shipment_charges.as_ref();
        let charge = own
            .and_then(|charges| charges.total_charge.as_ref())
            .or_else(|| listed.and_then(|charges| charges.total_charges.as_ref()));
        let price = charge.and_then(|charge| {
            cost(
                charge.monetary_value.as_ref(),
                charge.currency_code.as_deref(),
            )
        });
        if let LabelEvidence::Bought {
            label_url, cost, ..
        } = &mut label
        {
            *label_url = page(results.label_url.as_deref());
            *cost = price;
        }
        Some(label)
    }

    pub(super) async fn buy_now(&self, call: &LabelCall) -> LabelAnswer {
        let name = short_name(call.parcel);
        let ask = purchase(
            call,
            &self.account,
            &self.service,
            (&name, Timestamp::now()),
        );
        let request = self.http.post(&format!("/api/shipments/{VERSION}/ship"));
        let request = request
            .header("transId", call_id())
            .header("transactionSrc", SOURCE)
            .json(&ask);
        let answer = self.tokens.send(&self.http, request).await?;
        if !answer.status.is_success() {
            let reason = refusal(&answer)?;
            return Ok(LabelEvidence::Failed { reason });
        }
        let shipped: Shipped = parsed(&answer)?;
        let label = self.bought(&shipped.response.results).ok_or_else(garbled)?;
        self.ask_for_alerts(&label).await;
        Ok(label)
    }

    /// Whether UPS says that a shipment was voided. One that it does not know yet was not.
    async fn voided(&self, shipment: &str) -> Result<bool, CallError> {
        let Some(answer) = self.track(shipment).await? else {
            return Ok(false);
        };
        let tracked = parcels(&answer.body).map_err(|_| CallError::of_question(garbled()))?;
        Ok(is_voided(&tracked))
    }

    pub(super) async fn void_now(&self, reference: &str) -> LabelAnswer {
        let Some(shipment) = path_id(reference) else {
            return Ok(LabelEvidence::VoidRefused {
                reason: "malformed_reference".to_owned(),
            });
        };
        let path = format!("/api/shipments/{VERSION}/void/cancel/{shipment}");
        let request = self.http.delete(&path);
        let request = request
            .header("transId", call_id())
            .header("transactionSrc", SOURCE);
        let answer = self.tokens.send(&self.http, request).await?;
        let reason = if answer.status.is_success() {
            let voided: Voided = parsed(&answer)?;
            let status = voided.response.result.status.code.0;
            if status.trim() == "1" {
                return Ok(LabelEvidence::Voided);
            }
            code(&format!("status_{status}")).unwrap_or_else(|| "not_voided".to_owned())
        } else {
            refusal(&answer)?
        };
        // It may be refused because it was given back before.
        if self.voided(shipment).await.map_err(|_| garbled())? {
            return Ok(LabelEvidence::Voided);
        }
        Ok(LabelEvidence::VoidRefused { reason })
    }

    pub(super) async fn find_now(
        &self,
        parcel: ParcelId,
    ) -> Result<Found<LabelEvidence>, CallError> {
        let ask = recovery(&self.account, &short_name(parcel));
        let request = self.http.post("/api/labels/v1/recovery");
        let request = request
            .header("transId", call_id())
            .header("transactionSrc", SOURCE)
            .json(&ask);
        let sent = self.tokens.send(&self.http, request).await;
        let answer = sent.map_err(Failure::of_look_up)?;
        if !answer.status.is_success() {
            let reason = refusal(&answer).map_err(CallError::of_question)?;
            if reason == NO_SUCH_SHIPMENT {
                return Ok(Found::Absent);
            }
            return Err(answer.not_done(format!("the carrier answered {reason} to a look-up")));
        }
        let unclear = || CallError::of_question(garbled());
        let recovered: Recovered = parsed(&answer).map_err(CallError::of_question)?;
        let results = recovered.response.label_results.as_ref();
        // Several would be candidates to choose from, and none of them firmly the one.
        let result = results.filter(|results| results.is_one());
        let result = result.and_then(Several::first);
        let result = result.ok_or_else(unclear)?;
        let number = result.tracking_number.as_deref();
        let shipment = recovered.response.shipment_identification_number.as_deref();
        let shipment = shipment.or(number);
        let mut label = self
            .label(shipment, number.or(shipment))
            .ok_or_else(unclear)?;
        if let LabelEvidence::Bought {
            label_url,
            reference,
            ..
        } = &mut label
        {
            if self.voided(reference).await? {
                return Ok(Found::Absent);
            }
            let image = result.label_image.as_ref();
            *label_url = page(image.and_then(|image| image.url.as_deref()));
        }
        self.ask_for_alerts(&label).await;
        Ok(Found::There(label))
    }

    /// Asks for the alerts of a parcel. It is bought either way.
    async fn ask_for_alerts(&self, label: &LabelEvidence) {
        let (Some(url), Some(word)) = (&self.alerts_to, self.words.first()) else {
            return;
        };
        let LabelEvidence::Bought {
            tracking_number, ..
        } = label
        else {
            return;
        };
        let ask = json!({
            "locale": "en_US",
            "countryCode": "US",
            "trackingNumberList": [tracking_number],
            "destination": {
                "url": url,
                "credentialType": "Bearer",
                "credential": word.expose_secret(),
            },
        });
        let request = self
            .http
            .post("/api/track/v1/subscription/standard/package");
        let request = request
            .header("transId", call_id())
            .header("transactionSrc", SOURCE)
            .json(&ask);
        let sent = tokio::time::timeout(ALERTS, self.tokens.send(&self.http, request)).await;
        let taken = matches!(&sent, Ok(Ok(answer)) if answer.status == StatusCode::OK);
        if !taken {
            tracing::warn!(
                carrier = %self.slug,
                "the carrier did not take the question for a parcel's alerts; it is not followed"
            );
        }
    }
}
