//! Calls to the Parcel DE Shipping API (developer.dhl.com/api-reference/parcel-de-shipping-post-parcel-germany-v2):
//! buy a label, give it back.
//!
//! An answer holds a state for each shipment, of which there is one here: it counts, and not the HTTP
//! status around it, which is 200, 207 or 400.

use orderhub_domain::order::LabelEvidence;

use super::Dhl;
use super::address::{consignee, shipper};
use super::ask::{Details, Order, Shipment, customs};
use super::wire::{Answered, Item, State};
use crate::carriers::LabelCall;
use crate::carriers::labels::{garbled, short_name};
use crate::outbound::Answer;
use crate::port::{CallError, LabelAnswer};
use crate::wire::{code, path_id};

/// Shipments and their labels.
const ORDERS: &str = "/parcel/de/shipping/v2/orders";

/// What DHL says of the one shipment.
enum Said {
    /// It was done.
    Done(Item),
    /// It was not, and will not be.
    Refused(String),
}

/// Which member is wrong, by its path: of an error before that of a warning.
fn reason(item: &Item) -> Option<String> {
    let messages = item.validation_messages.as_deref().unwrap_or_default();
    let is_error = |state: Option<&str>| state == Some("Error");
    let (errors, others): (Vec<_>, Vec<_>) = messages
        .iter()
        .partition(|message| is_error(message.validation_state.as_deref()));
    let mut all = errors.into_iter().chain(others);
    all.find_map(|message| message.property.as_deref().and_then(code))
}

/// The state of the one shipment. An error of DHL's own leaves everything open, wherever it stands.
fn said(answer: &Answer) -> Result<Said, CallError> {
    if let Some(failure) = answer.failure() {
        return Err(failure);
    }
    let outer = answer.status.as_u16();
    let answered: Answered = serde_json::from_slice(&answer.body).map_err(|_| garbled())?;
    let Some(item) = answered.items.into_iter().next() else {
        // Refused as a whole, before it came to the shipment.
        return match outer {
            400..=499 => Ok(Said::Refused(format!("http_{outer}"))),
            _ => Err(garbled()),
        };
    };
    let stated = item.sstatus.as_ref().and_then(State::number);
    match stated.unwrap_or(outer) {
        200..=299 => Ok(Said::Done(item)),
        number @ 400..=499 => {
            let reason = reason(&item);
            Ok(Said::Refused(
                reason.unwrap_or_else(|| format!("http_{number}")),
            ))
        }
        _ => Err(garbled()),
    }
}

impl Dhl {
    /// One parcel under its name.
    fn order<'a>(&'a self, call: &'a LabelCall) -> Order<'a> {
        Order {
            profile: &self.profile,
            shipments: [Shipment {
                product: &self.product,
                billing_number: &self.billing_number,
                ref_no: short_name(call.parcel),
                shipper: shipper(&call.from),
                consignee: consignee(&call.to),
                details: Details::of(call),
                customs: customs(call),
            }],
        }
    }

    /// The evidence of a label; none without its number.
    fn label(&self, item: &Item) -> Option<LabelEvidence> {
        let number = path_id(item.shipment_no.as_ref()?.0.trim())?;
        let url = item.label.as_ref().and_then(|label| label.url.as_deref());
        let url = url.filter(|url| url.starts_with("https://"));
        Some(LabelEvidence::Bought {
            account: self.slug.clone(),
            carrier: "dhl".to_owned(),
            tracking_number: number.to_owned(),
            reference: number.to_owned(),
            label_url: url.map(str::to_owned),
            cost: None,
            service: Some(self.product.clone()),
        })
    }

    pub(super) async fn buy_now(&self, call: &LabelCall) -> LabelAnswer {
        let request = self.http.post(ORDERS);
        let request = request
            .query(&[("includeDocs", "URL")])
            .header("accept-language", "en-US")
            .json(&self.order(call));
        let answer = self.tokens.send(&self.http, request).await?;
        match said(&answer)? {
            Said::Done(item) => self.label(&item).ok_or_else(garbled),
            Said::Refused(reason) => Ok(LabelEvidence::Failed { reason }),
        }
    }

    pub(super) async fn void_now(&self, reference: &str) -> LabelAnswer {
        let Some(number) = path_id(reference) else {
            return Ok(LabelEvidence::VoidRefused {
                reason: "malformed_reference".to_owned(),
            });
        };
        let request = self.http.delete(ORDERS);
        let request = request
            .query(&[("profile", self.profile.as_str()), ("shipment", number)])
            .header("accept-language", "en-US");
        let answer = self.tokens.send(&self.http, request).await?;
        Ok(match said(&answer)? {
            Said::Done(_) => LabelEvidence::Voided,
            Said::Refused(reason) => LabelEvidence::VoidRefused { reason },
        })
    }
}
