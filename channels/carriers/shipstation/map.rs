//! What ShipStation's trackings and labels mean. Pure; the code tables are data, after the enumerations
//! `status_code` and `tracking_status_detail_code` of the vendor's description of its API v2.

use std::collections::BTreeSet;

use jiff::Timestamp;
use orderhub_domain::ids::Slug;
use orderhub_domain::order::{DeliveryProof, LabelEvidence, ParcelStatus, Scan};

use super::wire::{CustomsDeclaration, CustomsItem, Dimensions, Label, Sighting, Tracking, Value};
use crate::carriers::LabelCall;
use crate::carriers::customs::{exact, whole};
use crate::carriers::labels::cost;
use crate::carriers::sightings::{code_of, instant, meaning, signed};
use crate::port::Inbound;
use crate::wire::{code, unreadable};

/// A `status_code`. Whatever is not listed is `Unknown`: a new word never moves an order.
const STATUSES: [(&str, ParcelStatus); 8] = [
    ("AC", ParcelStatus::PickedUp),
    ("AT", ParcelStatus::AttemptFailed),
    ("DE", ParcelStatus::Delivered),
    ("EX", ParcelStatus::Exception),
    ("IT", ParcelStatus::InTransit),
    ("NY", ParcelStatus::LabelCreated),
    ("SP", ParcelStatus::AvailableForPickup),
    ("UN", ParcelStatus::Unknown),
];

/// What a `status_detail_code` says beyond `IT` and `EX`. It never overrides another status.
const DETAILS: [(&str, ParcelStatus); 18] = [
    ("CANCELLED", ParcelStatus::Cancelled),
    ("CANCELLED_BEFORE_DESPATCH", ParcelStatus::Cancelled),
    ("CARRIER_DELAYS", ParcelStatus::Delayed),
    ("CUSTOMER_CARDED", ParcelStatus::AttemptFailed),
    ("CUSTOMS_PROCESSING", ParcelStatus::OnHold),
    ("DELAYED_NOT_CARRIER", ParcelStatus::Delayed),
    ("HELD_BY_CARRIER", ParcelStatus::OnHold),
    (
        "HELD_BY_CARRIER_FOR_CLEARANCE_PRE_PROCESSING",
        ParcelStatus::OnHold,
    ),
    ("HELD_BY_CUSTOMS", ParcelStatus::OnHold),
    ("HELD_BY_EXPORT_CUSTOMS", ParcelStatus::OnHold),
    ("HELD_BY_IMPORT_CUSTOMS", ParcelStatus::OnHold),
    ("MISSORTED", ParcelStatus::Delayed),
    ("OUT_FOR_DELIVERY", ParcelStatus::OutForDelivery),
    ("PARCEL_LOST", ParcelStatus::Lost),
    ("PICKED_UP", ParcelStatus::PickedUp),
    ("RECEIVED_BY_CARRIER", ParcelStatus::PickedUp),
    ("RETURN_TO_SENDER", ParcelStatus::ReturnToSender),
    ("ROUTING_ERROR", ParcelStatus::Delayed),
];

/// What a status with its detail means.
pub(super) fn status_of(status: Option<&str>, detail: Option<&str>) -> ParcelStatus {
    let base = meaning(&STATUSES, status).unwrap_or(ParcelStatus::Unknown);
    match base {
        ParcelStatus::InTransit | ParcelStatus::Exception => {
            meaning(&DETAILS, detail).unwrap_or(base)
        }
        _ => base,
    }
}

/// A sighting's own codes. The latest may come without: the parcel's are then its.
fn codes<'a>(
    sighting: &'a Sighting,
    latest: Option<Timestamp>,
    tracking: &'a Tracking,
) -> (Option<&'a str>, Option<&'a str>) {
    let own = sighting.status_code.as_deref();
    if own.is_none() && latest.is_some() && latest == moment(sighting) {
        return (
            tracking.status_code.as_deref(),
            tracking.status_detail_code.as_deref(),
        );
    }
    (own, sighting.status_detail_code.as_deref())
}

fn moment(sighting: &Sighting) -> Option<Timestamp> {
    instant(sighting.occurred_at.as_deref()?)
}

/// Every sighting once, in the order of time; that the parcel was delivered also stands for itself when
/// no sighting says so.
fn scans_of(tracking: &Tracking) -> Vec<Scan> {
    let seen = tracking.events.as_deref().unwrap_or_default();
    let latest = seen.iter().filter_map(moment).max();
    let scan_of = |sighting: &Sighting| {
        let (status, detail) = codes(sighting, latest, tracking);
        let own = sighting.event_code.as_deref();
        let own = own.and_then(|own| code(own.trim()));
        Some(Scan {
            at: moment(sighting)?,
            status: status_of(status, detail),
            code: own.unwrap_or_else(|| code_of([status, detail])),
        })
    };
    // One sighting without a readable time loses only itself.
    let mut scans: BTreeSet<Scan> = seen.iter().filter_map(scan_of).collect();
    let (status, detail) = (
        tracking.status_code.as_deref(),
        tracking.status_detail_code.as_deref(),
    );
    let delivered_at = tracking.actual_delivery_date.as_deref().and_then(instant);
    if let Some(at) = delivered_at
        && status_of(status, detail) == ParcelStatus::Delivered
        && !scans
            .iter()
            .any(|scan| scan.status == ParcelStatus::Delivered)
    {
        scans.insert(Scan {
            at,
            status: ParcelStatus::Delivered,
            code: code_of([status, detail]),
        });
    }
    scans.into_iter().collect()
}

/// That somebody signed for a delivered parcel, and where that can be seen. The name stays behind.
fn proof_of(tracking: &Tracking, scans: &[Scan]) -> Option<DeliveryProof> {
    let seen = tracking.events.as_deref().unwrap_or_default();
    let has_signer = |sighting: &&Sighting| {
        let signer = sighting.signer.as_deref().map(str::trim);
        signer.is_some_and(|name| !name.is_empty())
    };
    let signed_for = seen.iter().find(has_signer)?;
    let page = signed_for.proof_of_delivery_url.as_deref();
    signed(scans, page.or(tracking.page.as_deref()))
}

/// What a tracking that was looked up says.
pub(super) fn read(body: &[u8], test: bool) -> Inbound {
    let tracking: Tracking = match serde_json::from_slice(body) {
        Ok(tracking) => tracking,
        Err(error) => {
            return Inbound::Unreadable {
                reason: unreadable(&error),
            };
        }
    };
    let scans = scans_of(&tracking);
    if scans.is_empty() {
        if tracking
            .events
            .as_ref()
            .is_some_and(|seen| !seen.is_empty())
        {
            return Inbound::Unreadable {
                reason: "the tracking has no sighting with a readable time".to_owned(),
            };
        }
        // So it is until the carrier has seen the parcel.
        return Inbound::Unknown {
            topic: format!("not_yet:{}", code_of([tracking.status_code.as_deref()])),
        };
    }
    let proof = proof_of(&tracking, &scans);
    Inbound::Scans {
        tracking_number: tracking.number,
        carrier: None,
        test,
        scans,
        proof,
    }
}

/// How a label stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It is there, and ours to use.
    Bought,
    /// It was given back.
    GivenBack,
    /// ShipStation is still at it, or says a word that is not known.
    Open,
    /// There is none.
    Failed,
}

/// How a label stands by its `status`, and by whether it is `voided`.
pub(super) fn standing(label: &Label) -> Standing {
    if label.voided == Some(true) {
        return Standing::GivenBack;
    }
    match label.status.as_str() {
        "completed" => Standing::Bought,
        "voided" => Standing::GivenBack,
        "error" => Standing::Failed,
        _ => Standing::Open,
    }
}

/// The evidence of a label; none without a tracking number.
pub(super) fn evidence_of(label: &Label, account: &Slug) -> Option<LabelEvidence> {
    let price = label.shipment_cost.as_ref();
    let download = label.download.as_ref();
    let url = download.and_then(|all| all.pdf.clone().or_else(|| all.href.clone()));
    Some(LabelEvidence::Bought {
        account: account.clone(),
        carrier: label
            .carrier_code
            .clone()
            .unwrap_or_else(|| "unknown".to_owned()),
        tracking_number: label.tracking_number.clone()?,
        reference: label.id.clone(),
        label_url: url,
        cost: price.and_then(|price| cost(price.amount.as_ref(), price.currency.as_deref())),
        service: label.service_code.clone(),
    })
}

/// A parcel's size in whole centimetres, where it is known.
pub(super) fn dimensions(call: &LabelCall) -> Option<Dimensions> {
    let [length, width, height] = call.goods.size?.sides().map(|mm| whole(mm, false));
    Some(Dimensions {
        unit: "centimeter",
        length,
        width,
        height,
    })
}

/// What is declared to customs: goods that were sold, which come back if nobody takes them.
pub(super) fn customs(call: &LabelCall) -> Option<CustomsDeclaration<'_>> {
    let items = call.declared()?.iter().map(|content| CustomsItem {
        description: content.words(100),
        quantity: content.units,
        value: Value {
            amount: exact(content.unit_value.amount()),
            currency: content.unit_value.currency().to_string().to_lowercase(),
        },
        harmonized_tariff_code: content.hs_code.as_deref(),
        country_of_origin: content.origin.as_deref(),
        sku: content.sku.as_deref(),
    });
    Some(CustomsDeclaration {
        contents: "merchandise",
        non_delivery: "return_to_sender",
        customs_items: items.collect(),
    })
}
