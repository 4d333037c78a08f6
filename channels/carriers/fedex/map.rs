//! What FedEx's scans mean. Pure; the code table is data, after the event types of the Track API
//! (developer.fedex.com/api/en-us/guides/api-reference.html, Tracking Status), by way of karrio's table.

use std::collections::BTreeSet;

use jiff::Timestamp;
use orderhub_domain::order::{DeliveryProof, ParcelStatus, Scan};
use serde_json::value::RawValue;

use super::NUMBER;
use super::wire::{Complete, ScanEvent, TrackResult, Tracked};
use crate::carriers::sightings::{code_of, instant, meaning, signed};
use crate::port::{Inbound, Resource};
use crate::wire::{code, path_id, unreadable};

/// An `eventType`. Whatever is not listed is `Unknown`: a new word never moves an order. The derived status
/// beside it says less: a parcel on its last vehicle is `IT` there.
const EVENTS: [(&str, ParcelStatus); 45] = [
    ("AA", ParcelStatus::InTransit),
    ("AC", ParcelStatus::InTransit),
    ("AD", ParcelStatus::OutForDelivery),
    ("AE", ParcelStatus::InTransit),
    ("AF", ParcelStatus::InTransit),
    ("AO", ParcelStatus::InTransit),
    ("AP", ParcelStatus::PickedUp),
    ("AR", ParcelStatus::InTransit),
    ("AX", ParcelStatus::InTransit),
    ("CA", ParcelStatus::Cancelled),
    ("CD", ParcelStatus::OnHold),
    ("DD", ParcelStatus::Delayed),
    ("DE", ParcelStatus::AttemptFailed),
    ("DL", ParcelStatus::Delivered),
    ("DP", ParcelStatus::InTransit),
    ("DY", ParcelStatus::Delayed),
    ("EA", ParcelStatus::InTransit),
    ("ED", ParcelStatus::OutForDelivery),
    ("EO", ParcelStatus::InTransit),
    ("EP", ParcelStatus::LabelCreated),
    ("FD", ParcelStatus::InTransit),
    ("HA", ParcelStatus::OnHold),
    ("HL", ParcelStatus::AvailableForPickup),
    ("HP", ParcelStatus::AvailableForPickup),
    ("IT", ParcelStatus::InTransit),
    ("IX", ParcelStatus::InTransit),
    ("LO", ParcelStatus::InTransit),
    ("MD", ParcelStatus::LabelCreated),
    ("OC", ParcelStatus::LabelCreated),
    ("OD", ParcelStatus::OutForDelivery),
    ("OF", ParcelStatus::PickedUp),
    ("OW", ParcelStatus::InTransit),
    ("OX", ParcelStatus::LabelCreated),
    ("PF", ParcelStatus::InTransit),
    ("PL", ParcelStatus::InTransit),
    ("PM", ParcelStatus::InTransit),
    ("PU", ParcelStatus::PickedUp),
    ("PX", ParcelStatus::PickedUp),
    ("PY", ParcelStatus::Delayed),
    ("RD", ParcelStatus::Cancelled),
    ("RS", ParcelStatus::ReturnToSender),
    ("RT", ParcelStatus::ReturnToSender),
    ("SE", ParcelStatus::Exception),
    ("SF", ParcelStatus::InTransit),
    ("TR", ParcelStatus::InTransit),
];

/// What FedEx writes in place of a name where nobody had to sign.
const NOBODY: &str = "signature not req";

/// A sighting. The few without a zone are read as UTC.
fn scan_of(event: &ScanEvent) -> Option<Scan> {
    let word = event.event_type.as_deref();
    Some(Scan {
        at: instant(event.date.as_deref()?)?,
        status: meaning(&EVENTS, word).unwrap_or(ParcelStatus::Unknown),
        code: code_of([word, event.exception_code.as_deref()]),
    })
}

/// Every sighting once, in the order of time.
fn scans_of(result: &TrackResult) -> Vec<Scan> {
    // One sighting without a readable time loses only itself.
    let scans: BTreeSet<Scan> = result.scan_events.iter().filter_map(scan_of).collect();
    scans.into_iter().collect()
}

/// That somebody signed for a delivered parcel. The name stays behind.
fn proof_of(result: &TrackResult, scans: &[Scan]) -> Option<DeliveryProof> {
    let name = result
        .delivery_details
        .as_ref()?
        .signed_by_name
        .as_deref()?;
    let name = name.trim().to_ascii_lowercase();
    let by_somebody = !name.is_empty() && !name.starts_with(NOBODY);
    by_somebody.then(|| signed(scans, None))?
}

fn last_of(scans: &[Scan]) -> Option<Timestamp> {
    scans.last().map(|scan| scan.at)
}

/// Why FedEx says nothing of a number.
fn unsaid(complete: &Complete) -> Option<String> {
    let errors = complete.track_results.iter();
    let mut errors = errors.filter_map(|result| result.error.as_ref());
    errors.find_map(|error| error.code.as_deref().and_then(code))
}

/// What is said of a number: of the parcels that have had it, the one that was seen last counts.
fn parcel(stated: &RawValue, look_up: bool) -> Inbound {
    let complete: Complete = match serde_json::from_str(stated.get()) {
        Ok(complete) => complete,
        Err(error) => {
            return Inbound::Unreadable {
                reason: unreadable(&error),
            };
        }
    };
    let Some(number) = path_id(complete.tracking_number.0.trim()) else {
        return Inbound::Unreadable {
            reason: "the parcel has no plain number".to_owned(),
        };
    };
    let results = complete.track_results.iter();
    let seen = results.map(|result| (scans_of(result), result));
    let latest = seen.max_by_key(|(scans, _)| last_of(scans));
    let latest = latest.filter(|(scans, _)| !scans.is_empty());
    if let Some((scans, result)) = latest {
        let proof = proof_of(result, &scans);
        return Inbound::Scans {
            tracking_number: number.to_owned(),
            carrier: None,
            // FedEx marks nothing: the sandbox is a connection of its own.
            test: false,
            scans,
            proof,
        };
    }
    match unsaid(&complete) {
        Some(word) => Inbound::Unknown {
            topic: format!("not_yet:{word}"),
        },
        None if look_up => Inbound::Changed(Resource {
            kind: NUMBER.to_owned(),
            id: number.to_owned(),
        }),
        None => Inbound::Unreadable {
            reason: "the parcel has no scan with a readable time".to_owned(),
        },
    }
}

/// What FedEx says, number by number.
pub(super) fn read(body: &[u8], look_up: bool) -> Vec<Inbound> {
    let tracked: Tracked<'_> = match serde_json::from_slice(body) {
        Ok(tracked) => tracked,
        Err(error) => {
            return vec![Inbound::Unreadable {
                reason: unreadable(&error),
            }];
        }
    };
    let within = tracked.output.as_ref();
    let within = within.map_or(&[][..], |output| &output.complete_track_results[..]);
    let all: Vec<_> = within
        .iter()
        .chain(&tracked.complete_track_results)
        .collect();
    if all.is_empty() {
        // The push that tries the address out, and whatever else may come.
        return vec![Inbound::Unknown {
            topic: "no_track_results".to_owned(),
        }];
    }
    let each = all.into_iter();
    each.map(|stated| parcel(stated, look_up)).collect()
}
