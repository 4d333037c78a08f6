//! What a warehouse with a system of its own says of its work, in the hub's own words. Whichever way the
//! message came, it is read here. Pure.
//!
//! Every message may come twice and in any order: what was said already changes nothing, what comes late
//! is implied, and what contradicts is recorded with its reason.

use orderhub_domain::ids::LocationCode;
use orderhub_domain::order::{FulfilmentEvidence, ParcelSize, StatedParcel, WorkSaid};
use orderhub_domain::quantity::Quantity;
use serde::Deserialize;

use crate::port::Inbound;
use crate::wire::{Exact, code, unreadable};

/// Most parcels or lines of one message.
const MOST: usize = 1000;

/// A message.
#[derive(Deserialize)]
struct Report {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    timestamp: Option<String>,
    data: Done,
}

/// What was done.
#[derive(Deserialize)]
struct Done {
    fulfilment: String,
    location: String,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    lines: Option<Vec<Units>>,
    #[serde(default)]
    parcels: Option<Vec<Parcel>>,
}

/// Units of a line, which is named as the request named it.
#[derive(Deserialize)]
struct Units {
    line: String,
    quantity: Exact,
}

/// A parcel.
#[derive(Deserialize)]
struct Parcel {
    #[serde(default)]
    lines: Option<Vec<Units>>,
    #[serde(default)]
    weight_g: Option<u32>,
    #[serde(default)]
    length_mm: Option<u32>,
    #[serde(default)]
    width_mm: Option<u32>,
    #[serde(default)]
    height_mm: Option<u32>,
}

/// What a message says that is believed to be the warehouse's.
pub(super) fn read(body: &[u8]) -> Inbound {
    let report: Report = match serde_json::from_slice(body) {
        Ok(report) => report,
        Err(error) => {
            let reason = unreadable(&error);
            return Inbound::Unreadable { reason };
        }
    };
    match said(&report) {
        Ok(Some(said)) => work(&report, said).unwrap_or_else(because),
        Ok(None) => {
            let topic = code(&report.kind);
            let topic = topic.unwrap_or_else(|| "a type without a plain name".to_owned());
            Inbound::Unknown { topic }
        }
        Err(reason) => because(reason),
    }
}

fn because(reason: &'static str) -> Inbound {
    let reason = reason.to_owned();
    Inbound::Unreadable { reason }
}

fn work(report: &Report, said: WorkSaid) -> Result<Inbound, &'static str> {
    let fulfilment = report.data.fulfilment.parse();
    let at = report.timestamp.as_deref().map(str::parse).transpose();
    Ok(Inbound::Work {
        fulfilment: fulfilment.map_err(|_| "data.fulfilment is not an id of the hub's")?,
        location: LocationCode(report.data.location.clone()),
        occurred_at: at.map_err(|_| "timestamp is not a time with its offset (RFC 3339)")?,
        said,
    })
}

/// What happened; nothing when the type is unknown.
fn said(report: &Report) -> Result<Option<WorkSaid>, &'static str> {
    let data = &report.data;
    let evidence = match report.kind.as_str() {
        "fulfilment.accepted" => FulfilmentEvidence::Accepted,
        "fulfilment.rejected" => FulfilmentEvidence::Rejected {
            reason: reason(data)?,
        },
        "fulfilment.picked_short" => {
            let stated = data.lines.as_deref();
            let stated = stated.ok_or("data.lines is missing: what was picked, perhaps nothing")?;
            return Ok(Some(WorkSaid::PickedShort {
                lines: units(stated)?,
                reason: reason(data)?,
            }));
        }
        "fulfilment.packed" => match data.parcels.as_deref() {
            None | Some([]) => FulfilmentEvidence::Packed {
                parcels: Vec::new(),
            },
            Some(parcels) => {
                let parcels = few(parcels)?.iter().map(parcel).collect::<Result<_, _>>()?;
                return Ok(Some(WorkSaid::PackedInto { parcels }));
            }
        },
        "fulfilment.ready_for_pickup" => FulfilmentEvidence::ReadyForPickup,
        "fulfilment.collected" => FulfilmentEvidence::Collected,
        "fulfilment.handed_over" => FulfilmentEvidence::HandedOver,
        "fulfilment.cancelled" => FulfilmentEvidence::Cancelled,
        "fulfilment.cancel_refused" => FulfilmentEvidence::CancelRefused,
        _ => return Ok(None),
    };
    Ok(Some(WorkSaid::Evidence(evidence)))
}

/// Why, in one word: it stands in events, so prose has no place in it.
fn reason(data: &Done) -> Result<String, &'static str> {
    let word = data.reason.as_deref().and_then(code);
    word.ok_or("data.reason is not a word such as not_in_stock or damaged")
}

fn few<T>(list: &[T]) -> Result<&[T], &'static str> {
    if list.len() > MOST {
        return Err("a list has more than 1000 members");
    }
    Ok(list)
}

fn units(stated: &[Units]) -> Result<Vec<(String, Quantity)>, &'static str> {
    let one = |units: &Units| {
        let quantity = units.quantity.decimal().and_then(Quantity::new);
        let quantity = quantity.ok_or("a quantity is not a decimal above zero")?;
        Ok((units.line.clone(), quantity))
    };
    few(stated)?.iter().map(one).collect()
}

fn parcel(stated: &Parcel) -> Result<StatedParcel, &'static str> {
    if stated.weight_g == Some(0) {
        return Err("a parcel weighs nothing");
    }
    let sides = [stated.length_mm, stated.width_mm, stated.height_mm];
    let size = if sides == [None; 3] {
        None
    } else {
        let size = ParcelSize::new(sides.map(Option::unwrap_or_default));
        Some(size.ok_or("a parcel has not all three sides, or one that is no length")?)
    };
    Ok(StatedParcel {
        size,
        lines: stated.lines.as_deref().map(units).transpose()?,
        weight_g: stated.weight_g,
    })
}
