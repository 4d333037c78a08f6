//! What UPS's scans mean. Pure; the code tables are data. The types and the codes `MP`, `OR`, `DP`, `YP`,
//! `OT` and `FS` are from `UPSTrackAlert.yaml` (github.com/UPS-API/api-documentation), the other codes from
//! karrio's table, which names UPS's appendix as its source; the appendix itself is behind a login.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use orderhub_domain::order::{DeliveryProof, ParcelStatus, Scan};

use super::wire::{Activity, Package, Shipment, Status, Tracked};
use crate::carriers::sightings::{code_of, meaning, signed};
use crate::port::Inbound;
use crate::wire::{code, unreadable};

/// Whom test numbers begin with: the two that UPS names for trying out alerts.
const TEST_NUMBERS: &str = "1ZCIETST";

/// A scan's `code`, whatever its type.
const CODES: [(&str, ParcelStatus); 46] = [
    ("AA", ParcelStatus::InTransit),
    ("AC", ParcelStatus::AvailableForPickup),
    ("AF", ParcelStatus::InTransit),
    ("AL", ParcelStatus::InTransit),
    ("AP", ParcelStatus::InTransit),
    ("AR", ParcelStatus::InTransit),
    ("CA", ParcelStatus::Cancelled),
    ("CC", ParcelStatus::AttemptFailed),
    ("CN", ParcelStatus::Cancelled),
    ("CV", ParcelStatus::Cancelled),
    ("DD", ParcelStatus::LabelCreated),
    ("DE", ParcelStatus::Delayed),
    ("DP", ParcelStatus::InTransit),
    ("DS", ParcelStatus::InTransit),
    ("DY", ParcelStatus::Delayed),
    ("EX", ParcelStatus::OnHold),
    ("F4", ParcelStatus::Delivered),
    ("FS", ParcelStatus::Delivered),
    ("HD", ParcelStatus::OnHold),
    ("HI", ParcelStatus::OnHold),
    ("HS", ParcelStatus::OnHold),
    ("HU", ParcelStatus::OnHold),
    ("HX", ParcelStatus::OnHold),
    ("IH", ParcelStatus::InTransit),
    ("KB", ParcelStatus::Delivered),
    ("MP", ParcelStatus::LabelCreated),
    ("NH", ParcelStatus::OnHold),
    ("OA", ParcelStatus::LabelCreated),
    ("OC", ParcelStatus::PickedUp),
    ("OD", ParcelStatus::OutForDelivery),
    ("OF", ParcelStatus::OutForDelivery),
    ("OG", ParcelStatus::PickedUp),
    ("OR", ParcelStatus::PickedUp),
    ("OT", ParcelStatus::OutForDelivery),
    ("PU", ParcelStatus::PickedUp),
    ("RF", ParcelStatus::AttemptFailed),
    ("RH", ParcelStatus::ReturnToSender),
    ("RP", ParcelStatus::AvailableForPickup),
    ("RS", ParcelStatus::ReturnToSender),
    ("RT", ParcelStatus::ReturnToSender),
    ("RU", ParcelStatus::ReturnToSender),
    ("SD", ParcelStatus::Delayed),
    ("UF", ParcelStatus::AttemptFailed),
    ("UR", ParcelStatus::AttemptFailed),
    ("VD", ParcelStatus::Cancelled),
    ("YP", ParcelStatus::InTransit),
];

/// The number of the simple words, which says what kind of `D` it is.
const PLAIN: [(&str, ParcelStatus); 2] = [
    ("011", ParcelStatus::Delivered),
    ("021", ParcelStatus::OutForDelivery),
];

/// A scan's `type`, for codes that nobody knows. `D` is not among them: a parcel on the last vehicle has it
/// as well. Nor is `U`, which is about the estimate.
const TYPES: [(&str, ParcelStatus); 5] = [
    ("I", ParcelStatus::InTransit),
    ("M", ParcelStatus::LabelCreated),
    ("MV", ParcelStatus::Cancelled),
    ("P", ParcelStatus::PickedUp),
    ("X", ParcelStatus::Exception),
];

/// What a scan means: by its code, else by its simple words, else by its type. Only a `D` is a delivery.
pub(super) fn status_of(status: &Status) -> ParcelStatus {
    let kind = status.kind.as_deref().map(str::trim);
    let delivery = kind == Some("D");
    let own = meaning(&CODES, status.code.as_deref().map(str::trim));
    let plain = status.plain().filter(|_| delivery);
    let found = match kind {
        // An update of the estimate, and a type that nobody knows, move nothing.
        Some("I" | "M" | "MV" | "P" | "X" | "D") => own
            .or_else(|| meaning(&PLAIN, plain))
            .or_else(|| meaning(&TYPES, kind)),
        _ => None,
    };
    match found {
        Some(ParcelStatus::Delivered) if !delivery => ParcelStatus::Unknown,
        Some(status) => status,
        None => ParcelStatus::Unknown,
    }
}

/// An instant of UPS's date (`YYYYMMDD`) and time (`HHMMSS`, perhaps with colons or without its first
/// zero), both in UTC.
pub(super) fn moment(date: Option<&str>, time: Option<&str>) -> Option<Timestamp> {
    let date = Date::strptime("%Y%m%d", date?.trim()).ok()?;
    let digits: String = time?.trim().chars().filter(|c| *c != ':').collect();
    let time = Time::strptime("%H%M%S", format!("{digits:0>6}")).ok()?;
    let zoned = date.to_datetime(time).to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp())
}

/// A sighting at a time.
pub(super) fn scan(at: Timestamp, status: &Status) -> Scan {
    Scan {
        at,
        status: status_of(status),
        code: code_of([status.kind.as_deref(), status.code.as_deref()]),
    }
}

/// Whether a number is one of UPS's own for trying out.
pub(super) fn is_test(number: &str) -> bool {
    number.starts_with(TEST_NUMBERS)
}

/// The time of a sighting. Where there is only the place's own, it is read as UTC: it may be hours off.
fn scan_of(activity: &Activity) -> Option<Scan> {
    let gmt = moment(activity.gmt_date.as_deref(), activity.gmt_time.as_deref());
    let at = gmt.or_else(|| moment(activity.date.as_deref(), activity.time.as_deref()))?;
    Some(scan(at, &activity.status))
}

/// That somebody signed: a signature was asked for, and somebody took it. The name stays behind.
fn proof_of(package: &Package, scans: &[Scan]) -> Option<DeliveryProof> {
    let mut services = package.additional_services.iter();
    let wanted = services.any(|service| service.ends_with("SIGNATURE_REQUIRED"));
    let taken = package.delivery_information.as_ref();
    let taken = taken.and_then(|information| information.received_by.as_deref());
    let by_somebody = taken.is_some_and(|name| !name.trim().is_empty());
    (wanted && by_somebody).then(|| signed(scans, None))?
}

fn parcel(package: &Package) -> Inbound {
    // One sighting without a readable time loses only itself.
    let scans: BTreeSet<Scan> = package.activities.iter().filter_map(scan_of).collect();
    let scans: Vec<Scan> = scans.into_iter().collect();
    if scans.is_empty() {
        if package.activities.is_empty() {
            return Inbound::Unknown {
                topic: "not_yet:no_activity".to_owned(),
            };
        }
        return Inbound::Unreadable {
            reason: "the parcel has no activity with a readable time".to_owned(),
        };
    }
    let proof = proof_of(package, &scans);
    Inbound::Scans {
        test: is_test(&package.tracking_number),
        tracking_number: package.tracking_number.clone(),
        carrier: None,
        scans,
        proof,
    }
}

fn shipment(shipment: &Shipment) -> Vec<Inbound> {
    if !shipment.packages.is_empty() {
        return shipment.packages.iter().map(parcel).collect();
    }
    let mut codes = shipment.warnings.iter();
    let word = codes.find_map(|warning| warning.code.as_deref().and_then(code));
    let topic = format!("not_yet:{}", word.as_deref().unwrap_or("no_package"));
    vec![Inbound::Unknown { topic }]
}

/// The parcels of an answer.
pub(super) fn parcels(body: &[u8]) -> Result<Tracked, serde_json::Error> {
    serde_json::from_slice(body)
}

/// What UPS said when it was asked.
pub(super) fn read(body: &[u8]) -> Vec<Inbound> {
    match parcels(body) {
        Ok(tracked) => {
            let shipments = tracked.track_response.shipment.iter();
            shipments.flat_map(shipment).collect()
        }
        Err(error) => vec![Inbound::Unreadable {
            reason: unreadable(&error),
        }],
    }
}

/// Whether the last that UPS says of a shipment's parcels is that it was voided.
pub(super) fn is_voided(tracked: &Tracked) -> bool {
    let shipments = tracked.track_response.shipment.iter();
    let mut packages = shipments.flat_map(|shipment| &shipment.packages);
    packages.any(|package| {
        let activities = package.activities.iter();
        let scans = activities.filter_map(scan_of);
        let last = scans.max();
        last.is_some_and(|scan| scan.status == ParcelStatus::Cancelled)
    })
}
