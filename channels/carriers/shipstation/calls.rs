//! Calls to ShipStation's API: ask for offers for a shipment, buy the cheapest, look a label up, give it
//! back.
//!
//! A shipment is made under the parcel's id as `external_shipment_id`, of which an account has one only
//! (and which is cut after 50 characters: a parcel's id is shorter). A try first looks for the shipment
//! of an earlier one. Only the label costs money; whatever fails before it was certainly not bought.

use orderhub_domain::ids::ParcelId;
use orderhub_domain::order::LabelEvidence;
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;

use super::ShipStation;
use super::map::{Standing, customs, dimensions, evidence_of, standing};
use super::wire::{
    Ask, Buy, Label, NewShipment, Options, Package, Page, Party, Rated, Rates, Refused, Shipment,
    Voided, Weight,
};
use crate::carriers::LabelCall;
use crate::carriers::labels::{Offer, cheapest, garbled};
use crate::outbound::{Answer, Failure};
use crate::port::{CallError, Found, LabelAnswer};
use crate::wire::{code, path_id};

/// Labels of one shipment that are looked at: more than anybody gives back and buys again.
const PAGE: &str = "50";

/// A refusal's code, or why there is none: the answer is not ShipStation's or says nothing final.
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
    let refused: Refused = parsed(answer)?;
    let mut codes = refused.errors.iter();
    let word = codes.find_map(|problem| problem.error_code.as_deref().and_then(code));
    Ok(word.unwrap_or_else(|| format!("http_{status}")))
}

fn parsed<T: DeserializeOwned>(answer: &Answer) -> Result<T, CallError> {
    serde_json::from_slice(&answer.body).map_err(|_| garbled())
}

/// Why there is nothing to choose from.
fn unrated(rates: &Rates) -> LabelAnswer {
    if rates.status.as_deref() == Some("working") {
        return Err(CallError::not_now(
            "the carriers have not made their offers yet",
        ));
    }
    let mut codes = rates.errors.iter();
    let word = codes.find_map(|problem| problem.error_code.as_deref().and_then(code));
    Ok(LabelEvidence::Failed {
        reason: word.unwrap_or_else(|| "no_rates".to_owned()),
    })
}

impl ShipStation {
    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        request.header("api-key", self.api_key.expose_secret())
    }

    /// What an address of the API holds; `None` when ShipStation has no such thing.
    pub(super) async fn fetched(
        &self,
        request: RequestBuilder,
    ) -> Result<Option<Answer>, CallError> {
        let request = self.signed(request);
        let answer = self.http.send(request).await.map_err(Failure::of_look_up)?;
        match answer.status.as_u16() {
            200..=299 => Ok(Some(answer)),
            404 => Ok(None),
            status => Err(CallError::of_question(answer.failure().unwrap_or_else(
                || answer.not_done(format!("the carrier answered {status} to a look-up")),
            ))),
        }
    }

    pub(super) async fn seen<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<Option<T>, CallError> {
        let answer = self.fetched(request).await?;
        let read = answer.map(|answer| parsed(&answer).map_err(CallError::of_question));
        read.transpose()
    }

    /// The shipment of an earlier try.
    async fn shipment(&self, parcel: &str) -> Result<Option<Shipment>, CallError> {
        let path = format!("/v2/shipments/external_shipment_id/{parcel}");
        self.seen(self.http.get(&path)).await
    }

    /// A step that buys nothing, or the code of its refusal.
    async fn step<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<Result<T, String>, CallError> {
        let request = self.signed(request);
        let answer = self.http.send(request).await.map_err(Failure::of_look_up)?;
        if answer.status.is_success() {
            return parsed(&answer).map(Ok).map_err(CallError::of_question);
        }
        refusal(&answer).map(Err).map_err(CallError::of_question)
    }

    pub(super) async fn buy_now(&self, call: &LabelCall) -> LabelAnswer {
        let parcel = call.parcel.to_string();
        let earlier = self.shipment(&parcel).await?;
        if let Some(earlier) = &earlier
            && let Some(label) = self.label_of(earlier).await?
        {
            // It is bought already: that label is the answer.
            return Ok(label);
        }
        let wanted = || NewShipment {
            external_shipment_id: &parcel,
            validate_address: "no_validation",
            ship_to: Party::from(&call.to),
            ship_from: Party::from(&call.from),
            packages: [Package {
                weight: Weight {
                    // A missing weight must not stop a label.
                    value: call.goods.weight_g.max(1),
                    unit: "gram",
                },
                dimensions: dimensions(call),
            }],
            customs: customs(call),
        };
        // One that nobody bought has the address that it was made with.
        if let (Some(earlier), true) = (&earlier, call.readdressed) {
            let Some(id) = path_id(&earlier.shipment_id) else {
                return Err(CallError::of_question(garbled()));
            };
            let path = format!("/v2/shipments/{id}");
            let set: Result<Shipment, String> =
                self.step(self.http.put(&path).json(&wanted())).await?;
            if let Err(reason) = set {
                return Ok(LabelEvidence::Failed { reason });
            }
        }
        let ask = Ask {
            shipment_id: earlier.as_ref().map(|earlier| earlier.shipment_id.as_str()),
            shipment: earlier.is_none().then(wanted),
            rate_options: Options {
                carrier_ids: &self.carrier_ids,
            },
        };
        let request = self.http.post("/v2/rates").json(&ask);
        let answered: Result<Rated, String> = self.step(request).await?;
        let made = match answered {
            Ok(shipment) => shipment.rate_response,
            Err(reason) => return Ok(LabelEvidence::Failed { reason }),
        };
        let Some(offer) = cheapest(&made.offers) else {
            return unrated(&made);
        };
        let Some(id) = path_id(offer.id()) else {
            return Err(CallError::of_question(garbled()));
        };
        let buy = Buy {
            label_download_type: "url",
        };
        let request = self.http.post(&format!("/v2/labels/rates/{id}"));
        let answer = self.http.send(self.signed(request).json(&buy)).await?;
        if !answer.status.is_success() {
            let reason = refusal(&answer)?;
            return Ok(LabelEvidence::Failed { reason });
        }
        let label: Label = parsed(&answer)?;
        match standing(&label) {
            Standing::Bought => evidence_of(&label, &self.slug).ok_or_else(garbled),
            Standing::Open | Standing::GivenBack => Err(CallError::under_way(
                "the carrier is still making the label",
            )),
            Standing::Failed => Ok(LabelEvidence::Failed {
                reason: "label_error".to_owned(),
            }),
        }
    }

    pub(super) async fn void_now(&self, reference: &str) -> LabelAnswer {
        let Some(id) = path_id(reference) else {
            return Ok(LabelEvidence::VoidRefused {
                reason: "malformed_reference".to_owned(),
            });
        };
        let request = self.http.put(&format!("/v2/labels/{id}/void"));
        // It has no body; some servers want to be told so.
        let request = self.signed(request).header("content-length", "0");
        let answer = self.http.send(request).await?;
        let reason = if answer.status.is_success() {
            let voided: Voided = parsed(&answer)?;
            let reason = voided.reason_code.as_deref().and_then(code);
            if voided.approved || reason.as_deref() == Some("label_already_voided") {
                return Ok(LabelEvidence::Voided);
            }
            reason.unwrap_or_else(|| "not_approved".to_owned())
        } else {
            refusal(&answer)?
        };
        // It may be refused because it was given back before.
        let request = self.http.get(&format!("/v2/labels/{id}"));
        let known: Option<Label> = self.seen(request).await.map_err(|_| garbled())?;
        Ok(match known {
            Some(label) if standing(&label) == Standing::GivenBack => LabelEvidence::Voided,
            _ => LabelEvidence::VoidRefused { reason },
        })
    }

    /// A label of the parcel's shipment. One that was given back is none; one that ShipStation is still at
    /// keeps the answer open.
    async fn label_of(&self, shipment: &Shipment) -> Result<Option<LabelEvidence>, CallError> {
        let id = shipment.shipment_id.as_str();
        let query = [("shipment_id", id), ("page_size", PAGE)];
        let request = self.http.get("/v2/labels").query(&query);
        let page: Option<Page> = self.seen(request).await?;
        let labels = page.map(|page| page.labels).unwrap_or_default();
        let of_it = labels.iter();
        let of_it = of_it.filter(|label| label.shipment_id.as_deref() == Some(id));
        let mut open = false;
        for label in of_it {
            match standing(label) {
                Standing::Bought => {
                    let label = evidence_of(label, &self.slug);
                    let label = label.ok_or_else(|| CallError::of_question(garbled()))?;
                    return Ok(Some(label));
                }
                Standing::Open => open = true,
                Standing::GivenBack | Standing::Failed => {}
            }
        }
        if open {
            return Err(CallError::not_now("the carrier is still making the label"));
        }
        Ok(None)
    }

    pub(super) async fn find_now(
        &self,
        parcel: ParcelId,
    ) -> Result<Found<LabelEvidence>, CallError> {
        let label = match self.shipment(&parcel.to_string()).await? {
            Some(shipment) => self.label_of(&shipment).await?,
            None => None,
        };
        Ok(label.map_or(Found::Absent, Found::There))
    }
}
