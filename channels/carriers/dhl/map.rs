//! What DHL's trackings mean. Pure; the code table is data, after the enumeration `statusCode` of the
//! Shipment Tracking Unified API (developer.dhl.com/api-reference/shipment-tracking).

use std::collections::BTreeSet;

use orderhub_domain::order::{DeliveryProof, ParcelStatus, Scan};
use serde_json::value::RawValue;

use super::NUMBER;
use super::wire::{Event, OfMyDhl, Shipment, Tracked};
use crate::carriers::sightings::{code_of, instant, meaning, signed};
use crate::port::{Inbound, Resource};
use crate::wire::{path_id, unreadable};

/// A `statusCode`. Whatever is not listed is `Unknown`: a new word never moves an order. The free text
/// beside it (`status`, `description`) is prose, in several languages, and may name a person.
const STATUSES: [(&str, ParcelStatus); 5] = [
    ("delivered", ParcelStatus::Delivered),
    ("failure", ParcelStatus::Exception),
    ("pre-transit", ParcelStatus::LabelCreated),
    ("transit", ParcelStatus::InTransit),
    ("unknown", ParcelStatus::Unknown),
];

/// A sighting. Those of the past mostly have the place's own time without its zone: it is read as UTC and
/// may be hours off, and those of one place keep their order.
fn scan_of(event: &Event) -> Option<Scan> {
    let word = event.status_code.as_deref();
    Some(Scan {
        at: instant(event.timestamp.as_deref()?)?,
        status: meaning(&STATUSES, word).unwrap_or(ParcelStatus::Unknown),
        code: code_of([word]),
    })
}

/// Every sighting once, in the order of time; the parcel's own state stands for itself when no sighting
/// says the same.
fn scans_of(shipment: &Shipment) -> Vec<Scan> {
    let events = shipment.events.as_deref().unwrap_or_default();
    // One sighting without a readable time loses only itself.
    let mut scans: BTreeSet<Scan> = events.iter().filter_map(scan_of).collect();
    let now = shipment.status.as_ref().and_then(scan_of);
    if let Some(now) = now
        && !scans.iter().any(|scan| scan.status == now.status)
    {
        scans.insert(now);
    }
    scans.into_iter().collect()
}

/// That somebody signed for a delivered parcel, and DHL's page that shows it. The name stays behind.
fn proof_of(shipment: &Shipment, scans: &[Scan]) -> Option<DeliveryProof> {
    let proof = shipment.details.as_ref()?.proof_of_delivery.as_ref()?;
    if proof.signed.is_none() && proof.signature_url.is_none() {
        return None;
    }
    let pages = [&proof.document_url, &proof.signature_url];
    let mut pages = pages.into_iter().flatten();
    signed(scans, pages.next().map(String::as_str))
}

/// What is said of a parcel; one of which too little is said to be of use is looked up, if it may be.
pub(super) fn parcel(stated: &RawValue, look_up: bool) -> Inbound {
    let shipment: Shipment = match serde_json::from_str(stated.get()) {
        Ok(shipment) => shipment,
        Err(_) if serde_json::from_str::<OfMyDhl>(stated.get()).is_ok() => {
            let topic = "another_api:mydhl".to_owned();
            return Inbound::Unknown { topic };
        }
        Err(error) => {
            return Inbound::Unreadable {
                reason: unreadable(&error),
            };
        }
    };
    let Some(number) = path_id(shipment.id.0.trim()) else {
        return Inbound::Unreadable {
            reason: "the shipment has no plain number".to_owned(),
        };
    };
    let scans = scans_of(&shipment);
    if scans.is_empty() {
        if look_up {
            return Inbound::Changed(Resource {
                kind: NUMBER.to_owned(),
                id: number.to_owned(),
            });
        }
        return Inbound::Unreadable {
            reason: "the shipment has no status and no event with a readable time".to_owned(),
        };
    }
    let proof = proof_of(&shipment, &scans);
    Inbound::Scans {
        tracking_number: number.to_owned(),
        carrier: None,
        // DHL marks nothing: the sandbox is a connection of its own.
        test: false,
        scans,
        proof,
    }
}

/// What DHL said when it was asked. A number may be that of several parcels, at several of its services.
pub(super) fn read(body: &[u8]) -> Vec<Inbound> {
    let tracked: Tracked<'_> = match serde_json::from_slice(body) {
        Ok(tracked) => tracked,
        Err(error) => {
            return vec![Inbound::Unreadable {
                reason: unreadable(&error),
            }];
        }
    };
    let each = tracked.shipments.iter();
    each.map(|shipment| parcel(shipment, false)).collect()
}
