//! What AfterShip's trackings mean. Pure; the code tables are data, after
//! aftership.com/docs/tracking/enum/delivery-statuses and .../delivery-sub-statuses.

use std::collections::BTreeSet;

use jiff::Timestamp;
use orderhub_domain::order::{DeliveryProof, ParcelStatus, Scan};

use super::couriers;
use super::wire::{Checkpoint, Event, Tracking};
use crate::carriers::sightings::{code_of, instant, meaning, signed};
use crate::port::Inbound;
use crate::wire::{code, unreadable};

/// A `tag`. Whatever is not listed is `Unknown`: a new word never moves an order.
const TAGS: [(&str, ParcelStatus); 9] = [
    ("AttemptFail", ParcelStatus::AttemptFailed),
    ("AvailableForPickup", ParcelStatus::AvailableForPickup),
    ("Delivered", ParcelStatus::Delivered),
    ("Exception", ParcelStatus::Exception),
    ("Expired", ParcelStatus::Expired),
    ("InTransit", ParcelStatus::InTransit),
    ("InfoReceived", ParcelStatus::LabelCreated),
    ("OutForDelivery", ParcelStatus::OutForDelivery),
    ("Pending", ParcelStatus::Unknown),
];

/// What a `subtag` says beyond the tag that it begins with. New ones appear without a new version; one
/// that is not listed says no more than its tag.
const SUBTAGS: [(&str, ParcelStatus); 11] = [
    ("Exception_004", ParcelStatus::OnHold),
    ("Exception_005", ParcelStatus::Delayed),
    ("Exception_006", ParcelStatus::OnHold),
    ("Exception_010", ParcelStatus::ReturnToSender),
    ("Exception_011", ParcelStatus::Returned),
    ("Exception_013", ParcelStatus::Lost),
    ("Exception_016", ParcelStatus::Delayed),
    ("Exception_017", ParcelStatus::Delayed),
    ("Exception_018", ParcelStatus::OnHold),
    ("InTransit_002", ParcelStatus::PickedUp),
    // Not given any more: such parcels have a tag of their own by now.
    ("OutForDelivery_002", ParcelStatus::AvailableForPickup),
];

/// Delivered to the customer, who signed.
const SIGNED: &str = "Delivered_003";

/// What a tag with its subtag means. A subtag of another tag says nothing.
pub(super) fn status_of(tag: Option<&str>, subtag: Option<&str>) -> ParcelStatus {
    let base = meaning(&TAGS, tag).unwrap_or(ParcelStatus::Unknown);
    let own = subtag.filter(|subtag| subtag.split('_').next() == tag);
    meaning(&SUBTAGS, own).unwrap_or(base)
}

/// The subtag alone when it names its tag, as it does in all that AfterShip lists.
fn code_for(tag: Option<&str>, subtag: Option<&str>) -> String {
    match (tag, subtag) {
        (Some(tag), Some(subtag)) if subtag.starts_with(tag) => code_of([Some(subtag)]),
        _ => code_of([tag, subtag]),
    }
}

fn scan(at: Timestamp, tag: Option<&str>, subtag: Option<&str>) -> Scan {
    Scan {
        at,
        status: status_of(tag, subtag),
        code: code_for(tag, subtag),
    }
}

/// A checkpoint's time is the carrier's, mostly local and without its zone: it is read as UTC, so that
/// it may be hours off, and the checkpoints of one place keep their order.
fn scan_of(checkpoint: &Checkpoint) -> Option<Scan> {
    let at = instant(checkpoint.time.as_deref()?)?;
    Some(scan(
        at,
        checkpoint.tag.as_deref(),
        checkpoint.subtag.as_deref(),
    ))
}

/// Every checkpoint once, in the order of time; the tracking's own state stands for itself when no
/// checkpoint says the same, as it is with parcels that AfterShip stops looking for.
fn scans_of(tracking: &Tracking, happened: Option<Timestamp>) -> Vec<Scan> {
    let checkpoints = tracking.checkpoints.as_deref().unwrap_or_default();
    // One checkpoint without a readable time loses only itself.
    let mut scans: BTreeSet<Scan> = checkpoints.iter().filter_map(scan_of).collect();
    if let Some(at) = happened {
        let now = scan(at, tracking.tag.as_deref(), tracking.subtag.as_deref());
        if !scans.iter().any(|scan| scan.status == now.status) {
            scans.insert(now);
        }
    }
    scans.into_iter().collect()
}

/// That somebody signed for a delivered parcel, and the carrier's page. The name stays behind.
fn proof_of(tracking: &Tracking, scans: &[Scan]) -> Option<DeliveryProof> {
    let signer = tracking.signed_by.as_deref().map(str::trim);
    let named = signer.is_some_and(|name| !name.is_empty());
    if !named && tracking.subtag.as_deref() != Some(SIGNED) {
        return None;
    }
    signed(scans, tracking.courier_tracking_link.as_deref())
}

/// The carrier of a tracking: as the hub named it when it told AfterShip of the parcel, else by AfterShip's
/// own word for it.
fn carrier_of(tracking: &Tracking) -> Option<String> {
    let named = |text: Option<&str>| {
        let text = text.map(str::trim).filter(|text| !text.is_empty());
        text.map(str::to_owned)
    };
    let own = tracking.custom_fields.as_ref();
    let own = own.and_then(|fields| fields.hub_carrier.as_deref());
    named(own).or_else(|| named(tracking.slug.as_deref().map(couriers::carrier_of)))
}

/// What a verified webhook says.
pub(super) fn read(body: &[u8]) -> Vec<Inbound> {
    let event: Event<'_> = match serde_json::from_slice(body) {
        Ok(event) => event,
        Err(error) => {
            return vec![Inbound::Unreadable {
                reason: unreadable(&error),
            }];
        }
    };
    match event.name.as_str() {
        "tracking_update" => vec![update(&event)],
        // A new estimate, and a parcel that nobody has seen for long: the hub has its own measure.
        "edd_revise" | "tracking_pending_time" => Vec::new(),
        other => {
            let topic = code(other);
            vec![Inbound::Unknown {
                topic: topic.unwrap_or_else(|| "an event without a plain name".to_owned()),
            }]
        }
    }
}

fn update(event: &Event<'_>) -> Inbound {
    let Some(msg) = event.msg else {
        return Inbound::Unreadable {
            reason: "the event comes without its tracking".to_owned(),
        };
    };
    let tracking: Tracking = match serde_json::from_str(msg.get()) {
        Ok(tracking) => tracking,
        Err(error) => {
            return Inbound::Unreadable {
                reason: unreadable(&error),
            };
        }
    };
    let happened = event.ts.and_then(|ts| Timestamp::from_second(ts).ok());
    let scans = scans_of(&tracking, happened);
    if scans.is_empty() {
        return Inbound::Unreadable {
            reason: "the tracking has no checkpoint with a readable time".to_owned(),
        };
    }
    let proof = proof_of(&tracking, &scans);
    let carrier = carrier_of(&tracking);
    Inbound::Scans {
        tracking_number: tracking.number,
        carrier,
        // AfterShip has no test accounts; what its button sends names no parcel of ours.
        test: false,
        scans,
        proof,
    }
}
