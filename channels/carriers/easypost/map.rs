//! What EasyPost's trackers and shipments mean. Pure; the code tables are data.

use std::collections::BTreeSet;

use jiff::Timestamp;
use orderhub_domain::ids::Slug;
use orderhub_domain::order::{DeliveryProof, LabelEvidence, ParcelSize, ParcelStatus, Scan};
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use super::wire::{CustomsInfo, CustomsItem, Event, Named, Parcel, Shipment, Sighting, Tracker};
use crate::carriers::LabelCall;
use crate::carriers::customs::{exact, inches};
use crate::carriers::labels::cost;
use crate::carriers::sightings::{self, meaning};
use crate::port::Inbound;
use crate::wire::{code, unreadable};

/// A tracker's or a sighting's `status`. Whatever is not listed is `Unknown`: a new word never
/// moves an order.
const STATUSES: [(&str, ParcelStatus); 10] = [
    ("available_for_pickup", ParcelStatus::AvailableForPickup),
    ("cancelled", ParcelStatus::Cancelled),
    ("delivered", ParcelStatus::Delivered),
    ("error", ParcelStatus::Unknown),
    ("failure", ParcelStatus::Exception),
    ("in_transit", ParcelStatus::InTransit),
    ("out_for_delivery", ParcelStatus::OutForDelivery),
    ("pre_transit", ParcelStatus::LabelCreated),
    ("return_to_sender", ParcelStatus::ReturnToSender),
    ("unknown", ParcelStatus::Unknown),
];

/// `status_detail` where it says more than the status. It refines what is under way or wrong and
/// never overrides an outcome (delivered, on its way back, to be collected, cancelled).
const DETAILS: [(&str, ParcelStatus); 7] = [
    ("damaged", ParcelStatus::Exception),
    ("delayed", ParcelStatus::Delayed),
    ("delivery_exception", ParcelStatus::AttemptFailed),
    ("expired", ParcelStatus::Expired),
    ("held", ParcelStatus::OnHold),
    ("lost", ParcelStatus::Lost),
    ("missorted", ParcelStatus::Delayed),
];

/// What a status with its detail means.
pub(super) fn status_of(status: Option<&str>, detail: Option<&str>) -> ParcelStatus {
    let base = meaning(&STATUSES, status).unwrap_or(ParcelStatus::Unknown);
    match base {
        ParcelStatus::Unknown
        | ParcelStatus::InTransit
        | ParcelStatus::OutForDelivery
        | ParcelStatus::Exception => meaning(&DETAILS, detail).unwrap_or(base),
        _ => base,
    }
}

/// The carrier's own code, else EasyPost's words. Never the message: it may name a person.
fn code_of(carrier: Option<&str>, status: Option<&str>, detail: Option<&str>) -> String {
    if let Some(carrier) = carrier.and_then(|text| code(text.trim())) {
        return carrier;
    }
    sightings::code_of([status, detail])
}

fn scan_of(detail: &Sighting) -> Option<Scan> {
    let (status, refined) = (detail.status.as_deref(), detail.status_detail.as_deref());
    Some(Scan {
        at: detail.datetime.as_deref()?.parse::<Timestamp>().ok()?,
        status: status_of(status, refined),
        code: code_of(detail.carrier_code.as_deref(), status, refined),
    })
}

/// Every sighting once, in the order of time; the tracker's own status stands for itself when no
/// sighting says the same.
fn scans_of(tracker: &Tracker) -> Vec<Scan> {
    let details = tracker.tracking_details.as_deref().unwrap_or_default();
    // One sighting without a readable time loses only itself.
    let mut scans: BTreeSet<Scan> = details.iter().filter_map(scan_of).collect();
    let (status, detail) = (tracker.status.as_deref(), tracker.status_detail.as_deref());
    let now = status_of(status, detail);
    let at = tracker
        .updated_at
        .as_deref()
        .and_then(|text| text.parse().ok());
    if let Some(at) = at
        && !scans.iter().any(|scan| scan.status == now)
    {
        scans.insert(Scan {
            at,
            status: now,
            code: code_of(None, status, detail),
        });
    }
    scans.into_iter().collect()
}

/// What the carrier can show for a delivered parcel: that somebody signed, and the page that says so.
/// The name stays behind.
fn proof_of(tracker: &Tracker, scans: &[Scan]) -> Option<DeliveryProof> {
    let signed = tracker.signed_by.as_deref().map(str::trim);
    signed.filter(|name| !name.is_empty())?;
    sightings::signed(scans, tracker.public_url.as_deref())
}

/// What a verified webhook says. A tracker on its own, as the vendor's API answers it, is read like one that
/// an event tells of; any other thing of the vendor's is kept by its name.
pub(super) fn read(body: &[u8]) -> Inbound {
    let named = serde_json::from_slice::<Named>(body);
    match named.as_ref().map(|of| of.object.as_str()) {
        Ok("Event") | Err(_) => event(body),
        Ok("Tracker") => match std::str::from_utf8(body) {
            Ok(tracker) => followed(tracker, None),
            Err(_) => unreadable_body("the tracker is not text"),
        },
        Ok(other) => unknown(other, "a thing without a plain name"),
    }
}

fn event(body: &[u8]) -> Inbound {
    let event: Event<'_> = match serde_json::from_slice(body) {
        Ok(event) => event,
        Err(error) => {
            return Inbound::Unreadable {
                reason: unreadable(&error),
            };
        }
    };
    if !event.description.starts_with("tracker.") {
        return unknown(&event.description, "an event without a plain name");
    }
    match event.result {
        Some(tracker) => followed(tracker.get(), event.mode),
        None => unreadable_body("the event comes without its tracker"),
    }
}

/// What a tracker says; `mode` is that of the event which tells of it.
fn followed(tracker: &str, mode: Option<String>) -> Inbound {
    let tracker: Tracker = match serde_json::from_str(tracker) {
        Ok(tracker) => tracker,
        Err(error) => {
            return Inbound::Unreadable {
                reason: unreadable(&error),
            };
        }
    };
    let scans = scans_of(&tracker);
    if scans.is_empty() {
        return unreadable_body("the tracker has no sighting with a readable time");
    }
    if tracker.status.as_deref() == Some("error") {
        tracing::warn!("a carrier's tracker reports an error; its parcel is not followed");
    }
    let proof = proof_of(&tracker, &scans);
    let mode = mode.or(tracker.mode);
    Inbound::Scans {
        tracking_number: tracker.tracking_code,
        carrier: None,
        test: mode.as_deref() == Some("test"),
        scans,
        proof,
    }
}

fn unknown(name: &str, nameless: &str) -> Inbound {
    Inbound::Unknown {
        topic: code(name).unwrap_or_else(|| nameless.to_owned()),
    }
}

fn unreadable_body(reason: &str) -> Inbound {
    Inbound::Unreadable {
        reason: reason.to_owned(),
    }
}

/// A weight in ounces with one decimal, rounded up, and never nothing: a missing weight must not
/// stop a label.
fn ounces(weight_g: u32) -> Option<Box<RawValue>> {
    let grams_per_ounce = Decimal::new(28_349_523_125, 9);
    let ounces = (Decimal::from(weight_g.max(1)) / grams_per_ounce)
        .round_dp_with_strategy(1, rust_decimal::RoundingStrategy::AwayFromZero);
    RawValue::from_string(ounces.to_string()).ok()
}

/// The parcel, with its size where that is known.
pub(super) fn parcel(call: &LabelCall) -> Option<Parcel> {
    let sides = call.goods.size.map(ParcelSize::sides);
    let side = |place: usize| exact(inches(*sides.as_ref()?.get(place)?));
    Some(Parcel {
        weight: ounces(call.goods.weight_g)?,
        length: side(0),
        width: side(1),
        height: side(2),
    })
}

/// What is declared to customs: goods that were sold, which come back if nobody takes them.
pub(super) fn customs(call: &LabelCall) -> Option<CustomsInfo<'_>> {
    let items = call.declared()?.iter().map(|content| CustomsItem {
        description: content.words(255),
        quantity: content.units,
        value: exact(content.value().amount()),
        currency: content.unit_value.currency().to_string(),
        weight: ounces(content.grams()),
        hs_tariff_number: content.hs_code.as_deref(),
        origin_country: content.origin.as_deref(),
        code: content.sku.as_deref(),
    });
    Some(CustomsInfo {
        contents_type: "merchandise",
        restriction_type: "none",
        non_delivery_option: "return",
        customs_certify: true,
        customs_signer: call.sender(),
        customs_items: items.collect(),
    })
}

/// The label that a shipment has; `None` while it has none.
pub(super) fn label_of(shipment: &Shipment, account: &Slug) -> Option<LabelEvidence> {
    let tracked = shipment
        .tracker
        .as_ref()
        .and_then(|t| t.tracking_code.as_ref());
    let tracking_number = shipment.tracking_code.as_ref().or(tracked)?;
    let rate = shipment.selected_rate.as_ref();
    let cost = rate.and_then(|rate| cost(rate.price.as_ref(), rate.currency.as_deref()));
    let label = shipment.postage_label.as_ref();
    Some(LabelEvidence::Bought {
        account: account.clone(),
        carrier: rate
            .and_then(|rate| rate.carrier.clone())
            .unwrap_or_else(|| "unknown".to_owned()),
        tracking_number: tracking_number.clone(),
        reference: shipment.id.clone(),
        label_url: label.and_then(|label| label.label_url.clone()),
        cost,
        service: rate.and_then(|rate| rate.service.clone()),
    })
}

/// Whether a shipment's label was given back, or is being given back.
pub(super) fn is_given_back(shipment: &Shipment) -> bool {
    matches!(
        shipment.refund_status.as_deref(),
        Some("submitted" | "refunded")
    )
}
