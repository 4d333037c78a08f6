//! Calls to the Ship API (developer.fedex.com/api/en-us/catalog/ship): buy a label, give it back.

use orderhub_domain::canonical::Address;
use orderhub_domain::order::LabelEvidence;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::FedEx;
use super::customs::{Clearance, Weight, clearance, dimensions, weighed};
use super::wire::{Cancelled, Refused, Shipment, Shipped};
use crate::carriers::LabelCall;
use crate::carriers::labels::{cost, garbled, short_name, street_lines, weighs_in_pounds};
use crate::outbound::Answer;
use crate::port::{CallError, LabelAnswer};
use crate::wire::{code, path_id};

/// Lines of an address that FedEx takes.
const LINES: usize = 3;

fn parsed<T: DeserializeOwned>(answer: &Answer) -> Result<T, CallError> {
    serde_json::from_slice(&answer.body).map_err(|_| garbled())
}

/// A refusal's code, or why there is none: the answer is not FedEx's or says nothing final.
fn refusal(answer: &Answer) -> Result<String, CallError> {
    if let Some(failure) = answer.failure() {
        return Err(failure);
    }
    let refused: Refused = parsed(answer)?;
    let mut codes = refused.errors.iter();
    let word = codes.find_map(|problem| problem.code.as_deref().and_then(code));
    Ok(word.unwrap_or_else(|| format!("http_{}", answer.status.as_u16())))
}

/// Somebody at an address, with whatever parts there are.
#[derive(Serialize)]
struct Party<'a> {
    contact: Contact<'a>,
    address: Place<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Contact<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    person_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    company_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Place<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    street_lines: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_or_province_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    postal_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    country_code: Option<&'a str>,
}

fn party(address: &Address) -> Party<'_> {
    Party {
        contact: Contact {
            person_name: address.name.as_deref(),
            company_name: address.company.as_deref(),
            phone_number: address.phone.as_deref(),
        },
        address: Place {
            street_lines: street_lines(address, LINES),
            city: address.city.as_deref(),
            state_or_province_code: address.region.as_deref(),
            postal_code: address.postcode.as_deref(),
            country_code: address.country.as_deref(),
        },
    }
}

/// What is asked for a label.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Purchase<'a> {
    label_response_options: &'static str,
    account_number: Value,
    requested_shipment: Order<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Order<'a> {
    shipper: Party<'a>,
    recipients: [Party<'a>; 1],
    pickup_type: &'static str,
    service_type: &'a str,
    packaging_type: &'static str,
    shipping_charges_payment: Value,
    label_specification: Value,
    rate_request_type: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    customs_clearance_detail: Option<Clearance<'a>>,
    requested_package_line_items: [Package; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Package {
    customer_references: Value,
    weight: Weight,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<Value>,
}

impl FedEx {
    fn purchase<'a>(&'a self, call: &'a LabelCall) -> Result<Purchase<'a>, CallError> {
        let pounds = weighs_in_pounds(call.from.country.as_deref());
        let weight = weighed(call.goods.weight_g, pounds);
        let weight = weight.ok_or_else(|| CallError::not_done("the weight cannot be written"))?;
        let name = short_name(call.parcel);
        Ok(Purchase {
            label_response_options: "URL_ONLY",
            account_number: json!({ "value": self.account }),
            requested_shipment: Order {
                shipper: party(&call.from),
                recipients: [party(&call.to)],
                pickup_type: "USE_SCHEDULED_PICKUP",
                service_type: &self.service,
                packaging_type: "YOUR_PACKAGING",
                shipping_charges_payment: json!({ "paymentType": "SENDER" }),
                label_specification: json!({ "imageType": "PDF", "labelStockType": "PAPER_4X6" }),
                rate_request_type: ["ACCOUNT"],
                customs_clearance_detail: clearance(call, pounds),
                requested_package_line_items: [Package {
                    customer_references: json!([
                        { "customerReferenceType": "CUSTOMER_REFERENCE", "value": name },
                    ]),
                    weight,
                    dimensions: dimensions(call, pounds),
                }],
            },
        })
    }

    /// The evidence of a label; none without its number.
    fn label(&self, shipment: &Shipment) -> Option<LabelEvidence> {
        let piece = shipment.piece_responses.first();
        let master = shipment.master_tracking_number.as_ref();
        let number = piece.and_then(|piece| piece.tracking_number.as_ref());
        let number = path_id(number.or(master)?.0.trim())?;
        let reference = master.and_then(|master| path_id(master.0.trim()));
        let documents = piece.map_or(&[][..], |piece| &piece.package_documents[..]);
        let mut pages = documents.iter().filter_map(|page| page.url.as_deref());
        let page = pages.find(|url| url.starts_with("https://"));
        let rating = shipment.completed_shipment_detail.as_ref();
        let rating = rating.and_then(|detail| detail.shipment_rating.as_ref());
        let rate = rating.and_then(|rating| rating.shipment_rate_details.first());
        let price =
            rate.and_then(|rate| cost(rate.total_net_charge.as_ref(), rate.currency.as_deref()));
        let service = shipment.service_type.as_deref().and_then(code);
        Some(LabelEvidence::Bought {
            account: self.slug.clone(),
            carrier: "fedex".to_owned(),
            tracking_number: number.to_owned(),
            reference: reference.unwrap_or(number).to_owned(),
            label_url: page.map(str::to_owned),
            cost: price,
            service: service.or_else(|| Some(self.service.clone())),
        })
    }

    pub(super) async fn buy_now(&self, call: &LabelCall) -> LabelAnswer {
        let request = self.http.post("/ship/v1/shipments");
        let request = request
            .header("x-locale", "en_US")
            .json(&self.purchase(call)?);
        let answer = self.tokens.send(&self.http, request).await?;
        if !answer.status.is_success() {
            let reason = refusal(&answer)?;
            return Ok(LabelEvidence::Failed { reason });
        }
        let shipped: Shipped = parsed(&answer)?;
        let shipment = shipped.output.transaction_shipments.first();
        let label = shipment.and_then(|shipment| self.label(shipment));
        label.ok_or_else(garbled)
    }

    pub(super) async fn void_now(&self, reference: &str) -> LabelAnswer {
        let Some(number) = path_id(reference) else {
            return Ok(LabelEvidence::VoidRefused {
                reason: "malformed_reference".to_owned(),
            });
        };
        let request = self.http.put("/ship/v1/shipments/cancel");
        let request = request.header("x-locale", "en_US").json(&json!({
            "accountNumber": { "value": self.account },
            "trackingNumber": number,
            "deletionControl": "DELETE_ALL_PACKAGES",
        }));
        let answer = self.tokens.send(&self.http, request).await?;
        if !answer.status.is_success() {
            let reason = refusal(&answer)?;
            return Ok(LabelEvidence::VoidRefused { reason });
        }
        let cancelled: Cancelled = parsed(&answer)?;
        Ok(match cancelled.output.cancelled_shipment {
            Some(true) => LabelEvidence::Voided,
            _ => LabelEvidence::VoidRefused {
                reason: "not_cancelled".to_owned(),
            },
        })
    }
}
