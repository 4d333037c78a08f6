//! Calls to Shippo's API: make a shipment and buy its cheapest rate, look a purchase up, give the label
//! back.
//!
//! Shippo has no idempotency keys and looks nothing up by a reference of ours. A purchase carries the
//! parcel's id as `metadata`, and one whose outcome is unknown is looked for among the account's
//! transactions. Only the transaction costs money; whatever fails before it was certainly not bought.

use orderhub_domain::ids::ParcelId;
use orderhub_domain::order::LabelEvidence;
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Shippo;
use super::map::{
    Standing, declaration, label_of, rate_named, rate_within, reason, standing, timed_out,
};
use super::wire::{
    NewRefund, NewShipment, NewTransaction, Page, Parcel, Rate, Refund, Shipment, Transaction,
};
use crate::carriers::LabelCall;
use crate::carriers::labels::{AddressParts, cheapest, garbled};
use crate::outbound::{Answer, Failure};
use crate::port::{CallError, Found, LabelAnswer};
use crate::wire::{code, path_id};

/// The version of the API that these calls are written for.
const VERSION: &str = "2018-02-08";

/// Transactions per page of a look-up, and pages that are looked through.
const PAGE: &str = "50";
const PAGES: usize = 50;

/// A refusal's code, or why there is none. Shippo's refusals are prose under the names of the fields
/// that they are about: the first name is kept, the prose is not.
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
    let refused: Map<String, Value> =
        serde_json::from_slice(&answer.body).map_err(|_| garbled())?;
    let field = refused.keys().find_map(|name| code(name));
    Ok(field.map_or_else(
        || format!("http_{status}"),
        |field| format!("http_{status}.{field}"),
    ))
}

fn parsed<T: DeserializeOwned>(answer: &Answer) -> Result<T, CallError> {
    serde_json::from_slice(&answer.body).map_err(|_| garbled())
}

impl Shippo {
    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        let key = self.api_key.expose_secret();
        request
            .header("authorization", format!("ShippoToken {key}"))
            .header("shippo-api-version", VERSION)
    }

    /// What is there; `None` when Shippo has no such thing.
    async fn seen<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
    ) -> Result<Option<T>, CallError> {
        let request = self.signed(request);
        let answer = self.http.send(request).await.map_err(Failure::of_look_up)?;
        match answer.status.as_u16() {
            200..=299 => parsed(&answer).map(Some).map_err(CallError::of_question),
            404 => Ok(None),
            status => Err(CallError::of_question(answer.failure().unwrap_or_else(
                || answer.not_done(format!("the carrier answered {status} to a look-up")),
            ))),
        }
    }

    async fn offers(&self, call: &LabelCall) -> Result<Result<Shipment, String>, CallError> {
        // Shippo takes no parcel without a size: who did not measure has the connection's usual one.
        let measured = call
            .goods
            .size
            .map(|size| size.sides().map(|mm| mm.to_string()));
        let distance_unit = if measured.is_some() { "mm" } else { "cm" };
        let [length, width, height] = measured.unwrap_or_else(|| self.usual_size.clone());
        let body = NewShipment {
            address_to: AddressParts::from(&call.to),
            address_from: AddressParts::from(&call.from),
            parcels: [Parcel {
                length,
                width,
                height,
                distance_unit,
                // A missing weight must not stop a label.
                weight: call.goods.weight_g.max(1).to_string(),
                mass_unit: "g",
            }],
            customs_declaration: declaration(call),
            metadata: &call.parcel.to_string(),
            later: false,
        };
        let request = self.signed(self.http.post("/shipments/")).json(&body);
        let answer = self.http.send(request).await.map_err(Failure::of_look_up)?;
        if answer.status.is_success() {
            return parsed(&answer).map(Ok).map_err(CallError::of_question);
        }
        refusal(&answer).map(Err).map_err(CallError::of_question)
    }

    pub(super) async fn buy_now(&self, call: &LabelCall) -> LabelAnswer {
        let shipment = match self.offers(call).await? {
            Ok(shipment) => shipment,
            Err(reason) => return Ok(LabelEvidence::Failed { reason }),
        };
        let Some(rate) = cheapest(&shipment.rates) else {
            if timed_out(&shipment.messages) {
                return Err(CallError::not_now("no carrier answered with an offer"));
            }
            let reason = "no_rates".to_owned();
            return Ok(LabelEvidence::Failed { reason });
        };
        let body = NewTransaction {
            rate: &rate.object_id,
            metadata: &call.parcel.to_string(),
            later: false,
        };
        let request = self.signed(self.http.post("/transactions/")).json(&body);
        let answer = self.http.send(request).await?;
        if !answer.status.is_success() {
            let reason = refusal(&answer)?;
            return Ok(LabelEvidence::Failed { reason });
        }
        let bought: Transaction = parsed(&answer)?;
        match standing(&bought) {
            Standing::Bought => label_of(&bought, Some(rate), &self.slug).ok_or_else(garbled),
            Standing::Open | Standing::GivenBack => Err(CallError::under_way(
                "the carrier is still making the label",
            )),
            Standing::Failed if timed_out(&bought.messages) => Err(CallError::not_now(
                "the carrier did not answer Shippo, and nothing was bought",
            )),
            Standing::Failed => Ok(LabelEvidence::Failed {
                reason: reason(&bought.messages).unwrap_or_else(|| "refused".to_owned()),
            }),
        }
    }

    pub(super) async fn void_now(&self, reference: &str) -> LabelAnswer {
        let Some(id) = path_id(reference) else {
            return Ok(LabelEvidence::VoidRefused {
                reason: "malformed_reference".to_owned(),
            });
        };
        let body = NewRefund {
            transaction: id,
            later: false,
        };
        let request = self.signed(self.http.post("/refunds/")).json(&body);
        let answer = self.http.send(request).await?;
        let reason = if answer.status.is_success() {
            let refund: Refund = parsed(&answer)?;
            // What is queued or pending at the carrier is out of our hands: the label is not used.
            match refund.status.as_str() {
                "ERROR" => "refund_error".to_owned(),
                _ => return Ok(LabelEvidence::Voided),
            }
        } else {
            refusal(&answer)?
        };
        // It may be refused because it was given back before.
        let path = format!("/transactions/{id}");
        let known: Option<Transaction> = self
            .seen(self.http.get(&path))
            .await
            .map_err(|_| garbled())?;
        Ok(match known {
            Some(label) if standing(&label) == Standing::GivenBack => LabelEvidence::Voided,
            _ => LabelEvidence::VoidRefused { reason },
        })
    }

    /// The rate of a purchase: as it stands there, else looked up by the id that stands there.
    async fn rate_of(&self, transaction: &Transaction) -> Result<Option<Rate>, CallError> {
        if let Some(rate) = rate_within(transaction) {
            return Ok(Some(rate));
        }
        match rate_named(transaction).as_deref().and_then(path_id) {
            Some(id) => self.seen(self.http.get(&format!("/rates/{id}"))).await,
            None => Ok(None),
        }
    }

    /// Looks for the purchase with the parcel's id as `metadata`. A label that was given back is none;
    /// one purchase that Shippo is still at keeps the answer open. The vendor documents no order of
    /// the list: only its end says that there is none.
    pub(super) async fn find_now(
        &self,
        parcel: ParcelId,
    ) -> Result<Found<LabelEvidence>, CallError> {
        let parcel = parcel.to_string();
        for page in 1..=PAGES {
            let number = page.to_string();
            let query = [("results", PAGE), ("page", number.as_str())];
            let request = self.http.get("/transactions/").query(&query);
            let Some(page): Option<Page> = self.seen(request).await? else {
                return Ok(Found::Absent);
            };
            let named = page.results.iter();
            let named = named.filter(|one| one.metadata.as_deref() == Some(parcel.as_str()));
            for transaction in named {
                match standing(transaction) {
                    Standing::Bought => {
                        let rate = self.rate_of(transaction).await?;
                        let label = label_of(transaction, rate.as_ref(), &self.slug);
                        return label
                            .map(Found::There)
                            .ok_or_else(|| CallError::of_question(garbled()));
                    }
                    Standing::Open => {
                        return Err(CallError::not_now("the carrier is still making the label"));
                    }
                    Standing::GivenBack | Standing::Failed => {}
                }
            }
            if page.next.is_none() || page.results.is_empty() {
                return Ok(Found::Absent);
            }
        }
        let unseen = "the label may be among more purchases than a look-up goes through";
        Err(CallError::not_now(unseen))
    }
}
