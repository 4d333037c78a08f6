//! Calls to EasyPost's API: look a shipment up, create it, buy its label, give the label back.
//!
//! A shipment is created under the parcel's id as reference and a try first looks for the
//! shipment of an earlier one, so there is at most one per parcel and the look-up by reference
//! has one answer. Only `buy` costs money; whatever fails before it was certainly not bought.

use orderhub_domain::ids::ParcelId;
use orderhub_domain::order::LabelEvidence;
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;

use super::EasyPost;
use super::map::{customs, is_given_back, label_of, parcel};
use super::wire::{Buy, Chosen, NewShipment, Page, Refused, Shipment, ShipmentParts};
use crate::carriers::LabelCall;
use crate::carriers::labels::{AddressParts, cheapest, garbled};
use crate::outbound::{Answer, Failure};
use crate::port::{CallError, Found, LabelAnswer};
use crate::wire::{code, path_id};

/// Shipments per page of a look-up, and pages that are looked through.
const PAGE: &str = "20";
const PAGES: usize = 50;

/// A refusal's code, or why there is none: the answer is not EasyPost's or says nothing final.
fn refusal(answer: &Answer) -> Result<String, CallError> {
    if let Some(failure) = answer.failure() {
        return Err(failure);
    }
    let status = answer.status.as_u16();
    if status == 409 {
        return Err(CallError::unknown(
            "the carrier is still carrying out an earlier try",
        ));
    }
    let refused: Refused = serde_json::from_slice(&answer.body).map_err(|_| garbled())?;
    let word = refused.error.code.as_deref().and_then(code);
    Ok(word.unwrap_or_else(|| format!("http_{status}")))
}

impl EasyPost {
    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        request.basic_auth(self.api_key.expose_secret(), Some(""))
    }

    async fn look_up(&self, request: RequestBuilder) -> Result<Answer, CallError> {
        let request = self.signed(request);
        self.http.send(request).await.map_err(Failure::of_look_up)
    }

    /// The shipment with this id or reference. Any plain "no" counts as not there: some accounts
    /// and stand-ins do not look references up.
    async fn shipment(&self, id: &str) -> Result<Option<Shipment>, CallError> {
        let answer = self
            .look_up(self.http.get(&format!("/v2/shipments/{id}")))
            .await?;
        match answer.status.as_u16() {
            200..=299 => serde_json::from_slice(&answer.body)
                .map(Some)
                .map_err(|_| CallError::of_question(garbled())),
            400 | 404 | 405 | 422 | 501 => Ok(None),
            status => Err(CallError::of_question(answer.failure().unwrap_or_else(
                || CallError::not_done(format!("the carrier answered {status} to a look-up")),
            ))),
        }
    }

    /// The latest shipment with this reference among those bought most recently. Read in small pages:
    /// a shipment is a few kilobytes, and a large answer would be refused. One that is not among them
    /// may still be there: only the end of the list says that it is not.
    async fn recent(&self, reference: &str) -> Result<Option<Shipment>, CallError> {
        let mut before: Option<String> = None;
        for _ in 0..PAGES {
            let mut request = self.http.get("/v2/shipments").query(&[("page_size", PAGE)]);
            if let Some(id) = &before {
                request = request.query(&[("before_id", id)]);
            }
            let answer = self.look_up(request).await?;
            let page: Page = match answer.status.as_u16() {
                200..=299 => serde_json::from_slice(&answer.body)
                    .map_err(|_| CallError::of_question(garbled()))?,
                400 | 404 | 405 | 422 | 501 => return Ok(None),
                status => {
                    return Err(CallError::of_question(answer.failure().unwrap_or_else(
                        || {
                            CallError::not_done(format!(
                                "the carrier answered {status} to a look-up"
                            ))
                        },
                    )));
                }
            };
            let last = page.shipments.last().map(|shipment| shipment.id.clone());
            let named = |shipment: &Shipment| shipment.reference.as_deref() == Some(reference);
            if let Some(found) = page.shipments.into_iter().find(named) {
                return Ok(Some(found));
            }
            // A carrier that ignores the cursor answers the same page again.
            if page.has_more == Some(false) || last.is_none() || last == before {
                return Ok(None);
            }
            before = last;
        }
        let unseen = "the label may be among more shipments than a look-up goes through";
        Err(CallError::not_now(unseen))
    }

    async fn create(&self, call: &LabelCall) -> Result<Result<Shipment, String>, CallError> {
        let Some(parcel) = parcel(call) else {
            return Ok(Err("weight_not_representable".to_owned()));
        };
        let body = NewShipment {
            shipment: ShipmentParts {
                reference: call.parcel.to_string(),
                to_address: AddressParts::from(&call.to),
                from_address: AddressParts::from(&call.from),
                parcel,
                customs_info: customs(call),
            },
        };
        let request = self.signed(self.http.post("/v2/shipments")).json(&body);
        let answer = self.http.send(request).await.map_err(Failure::of_look_up)?;
        if answer.status.is_success() {
            let shipment = serde_json::from_slice(&answer.body);
            return shipment
                .map(Ok)
                .map_err(|_| CallError::of_question(garbled()));
        }
        refusal(&answer).map(Err).map_err(CallError::of_question)
    }

    pub(super) async fn buy_now(&self, call: &LabelCall) -> LabelAnswer {
        let known = self.shipment(&call.parcel.to_string()).await?;
        let known = known.filter(|shipment| !is_given_back(shipment));
        let shipment = match known {
            Some(shipment) if label_of(&shipment, &self.slug).is_some() => {
                return label_of(&shipment, &self.slug).ok_or_else(garbled);
            }
            // One that nobody bought has the address that it was made with.
            Some(shipment) if !call.readdressed => shipment,
            Some(_) | None => match self.create(call).await? {
                Ok(shipment) => shipment,
                Err(reason) => return Ok(LabelEvidence::Failed { reason }),
            },
        };
        let Some(id) = path_id(&shipment.id) else {
            return Err(CallError::not_done(
                "the carrier's answer names no usable shipment",
            ));
        };
        let Some(rate) = cheapest(&shipment.rates) else {
            return Ok(LabelEvidence::Failed {
                reason: "no_rates".to_owned(),
            });
        };
        let body = Buy {
            rate: Chosen { id: &rate.id },
        };
        let request = self
            .signed(self.http.post(&format!("/v2/shipments/{id}/buy")))
            .json(&body);
        let answer = self.http.send(request).await?;
        if answer.status.is_success() {
            let bought: Shipment = serde_json::from_slice(&answer.body).map_err(|_| garbled())?;
            return label_of(&bought, &self.slug).ok_or_else(garbled);
        }
        let reason = refusal(&answer)?;
        if reason.contains("POSTAGE.EXISTS") {
            // An earlier try bought it: that label is the answer.
            let bought = self.shipment(id).await.map_err(|_| garbled())?;
            let label = bought.and_then(|bought| label_of(&bought, &self.slug));
            return label.ok_or_else(garbled);
        }
        Ok(LabelEvidence::Failed { reason })
    }

    pub(super) async fn void_now(&self, reference: &str) -> LabelAnswer {
        let Some(id) = path_id(reference) else {
            return Ok(LabelEvidence::VoidRefused {
                reason: "malformed_reference".to_owned(),
            });
        };
        let request = self.signed(self.http.post(&format!("/v2/shipments/{id}/refund")));
        let answer = self.http.send(request).await?;
        if answer.status.is_success() {
            let shipment: Shipment = serde_json::from_slice(&answer.body).map_err(|_| garbled())?;
            return Ok(voided(&shipment));
        }
        let reason = refusal(&answer)?;
        // It may be refused because it was given back before.
        let shipment = self.shipment(id).await.map_err(|_| garbled())?;
        Ok(match shipment {
            Some(shipment) if is_given_back(&shipment) => LabelEvidence::Voided,
            _ => LabelEvidence::VoidRefused { reason },
        })
    }

    pub(super) async fn find_now(
        &self,
        parcel: ParcelId,
    ) -> Result<Found<LabelEvidence>, CallError> {
        let reference = parcel.to_string();
        let by_reference = self.shipment(&reference).await?;
        let named = by_reference.filter(|shipment| label_of(shipment, &self.slug).is_some());
        let shipment = match named {
            Some(shipment) => Some(shipment),
            None => self.recent(&reference).await?,
        };
        Ok(match shipment {
            // What was given back is no label to send anything with.
            Some(shipment) if is_given_back(&shipment) => Found::Absent,
            Some(shipment) => label_of(&shipment, &self.slug).map_or(Found::Absent, Found::There),
            None => Found::Absent,
        })
    }
}

fn voided(shipment: &Shipment) -> LabelEvidence {
    match shipment.refund_status.as_deref() {
        Some(refused @ ("rejected" | "not_applicable")) => LabelEvidence::VoidRefused {
            reason: refused.to_owned(),
        },
        _ => LabelEvidence::Voided,
    }
}
