//! A location's work and the parcels it goes out in, as the order's page shows them.

use orderhub_domain::ids::FulfilmentId;
use orderhub_domain::order::{Event, Fulfilment, FulfilmentEvidence, Order, Parcel};
use serde_json::{Value, json};

use super::order::units;

/// A piece of work. What stands beside its parcels is about the first one, as work mostly has no other;
/// what went wrong is about any.
pub(super) fn fulfilment(order: &Order, work: &Fulfilment) -> Value {
    let parcels = work.parcels.iter();
    let parcels: Vec<Value> = parcels.map(|one| parcel(order, work, one)).collect();
    let first = parcels.first().cloned().unwrap_or_default();
    let any = |field: &str| {
        let mut stated = parcels.iter().map(|parcel| &parcel[field]);
        stated.find(|value| !value.is_null()).cloned()
    };
    let id = |number| {
        FulfilmentId {
            order: order.id,
            number,
        }
        .to_string()
    };
    json!({
        "id": id(work.number),
        "location": work.location.as_str(),
        "stage": work.word(),
        "since": work.since,
        "pickup": work.pickup,
        "transfer": super::transfers::transfer(work),
        "brought_by": work.brought_by.map(id),
        "reason": work.reason,
        "lines": units(order, &work.lines),
        "picked": units(order, &work.picked),
        "carrier": first["carrier"],
        "tracking_number": first["tracking_number"],
        "label_url": first["label_url"],
        "label_failed": any("label_failed"),
        "former_address": work.parcels.iter().any(|parcel| is_former(order, parcel)),
        "shipped_at": work.shipped_at,
        "overdue_since": any("overdue_since"),
        "replaced_at": first["replaced_at"],
        "not_before": work.not_before,
        "parcels": parcels,
    })
}

/// Whether its label says an address that the order does not have any more.
fn is_former(order: &Order, parcel: &Parcel) -> bool {
    let label = parcel.label.as_ref().filter(|label| !label.voided);
    label.is_some_and(|label| super::address::is_former(order, label))
}

/// How sentences name a parcel.
pub(super) fn named(fulfilment: u16, parcel: u16) -> String {
    format!("Parcel {parcel} of fulfilment {fulfilment}")
}

/// Who is to do which work, and for which store.
pub(super) fn planned(event: &Event) -> String {
    let Event::FulfilmentPlanned {
        fulfilment,
        location,
        lines,
        transfer_to,
        ..
    } = event
    else {
        return String::new();
    };
    let to = transfer_to.as_ref();
    let to = to.map_or_else(String::new, |store| format!(", for {store}"));
    let lines = super::timeline::lines_of(lines.len());
    format!("Fulfilment {fulfilment} planned at {location}{to}, {lines}.")
}

/// Into how many parcels work was packed, where it was more than one.
pub(super) fn packed_into(event: &Event) -> String {
    match event {
        Event::FulfilmentReported {
            work: FulfilmentEvidence::Packed { parcels },
            ..
        } if parcels.len() > 1 => format!(" into {} parcels", parcels.len()),
        _ => String::new(),
    }
}

/// A parcel; `lines` is null where nobody knows what is in it.
fn parcel(order: &Order, work: &Fulfilment, parcel: &Parcel) -> Value {
    let label = parcel.label.as_ref().filter(|label| !label.voided);
    let contents = work.contents(parcel);
    json!({
        "parcel": parcel.number,
        "stage": work.place_of(parcel),
        "lines": contents.map(|lines| units(order, &lines)),
        "weight_g": parcel.weight_g,
        "length_mm": parcel.size.map(|size| size.length_mm),
        "width_mm": parcel.size.map(|size| size.width_mm),
        "height_mm": parcel.size.map(|size| size.height_mm),
        "carrier": label.map(|label| label.carrier.as_str()),
        "tracking_number": label.map(|label| label.tracking_number.as_str()),
        "label_url": label.and_then(|label| label.label_url.as_deref()),
        "label_failed": parcel.label_failed,
        "seen_at": parcel.seen_at,
        "overdue_since": parcel.overdue_at,
        "delivered_at": work.arrived_at(parcel),
        "proof": parcel.proof.as_ref().map(|proof| json!({
            "at": proof.at, "signed": proof.signed, "reference": proof.reference,
        })),
        "replaced_at": parcel.replaced_at,
        "restocked_at": parcel.restocked_at,
    })
}
