//! Marks among a delivery's custom fields: the units and codes of each shipment that the hub told of. The
//! shop itself keeps no units of a shipment. Each mark has a name of its own, so that two shipments at a
//! time cannot undo each other: the shop merges custom fields by name.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::wire::Delivery;
use crate::sales::ShipmentNotice;

/// How the names of marks begin.
const MARK: &str = "orderhub_shipment_";

/// What a shipment is marked with.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Its name; the same for every try to tell of it.
    pub(super) name: String,
    /// Its units (`<line>:2,<line>:1`) and its codes.
    pub(super) value: Value,
}

/// The mark of a shipment: named after its parcels, or what was collected.
pub(super) fn of(notice: &ShipmentNotice) -> Mark {
    let mut by_line: BTreeMap<&str, u32> = BTreeMap::new();
    for (line, count) in &notice.lines {
        *by_line.entry(line).or_default() += count;
    }
    let units: Vec<_> = by_line
        .iter()
        .map(|(line, n)| format!("{line}:{n}"))
        .collect();
    let units = units.join(",");
    let parcels = notice.tracking.iter();
    let codes: Vec<_> = parcels.map(|parcel| parcel.number.as_str()).collect();
    let named_after = codes.first().copied().unwrap_or(&units);
    let digest = hex::encode(Sha256::digest(named_after));
    Mark {
        name: format!("{MARK}{}", &digest[..16]),
        value: json!({ "units": units, "codes": codes }),
    }
}

fn all(delivery: &Delivery) -> impl Iterator<Item = (&String, &Value)> {
    let fields = delivery.custom_fields.as_ref().and_then(Value::as_object);
    let fields = fields.into_iter().flatten();
    fields.filter(|(name, _)| name.starts_with(MARK))
}

/// Whether the hub has told of a shipment.
pub(super) fn any(delivery: &Delivery) -> bool {
    all(delivery).next().is_some()
}

/// Whether this shipment is marked.
pub(super) fn has(delivery: &Delivery, mark: &Mark) -> bool {
    all(delivery).any(|(name, value)| *name == mark.name && *value == mark.value)
}

/// Every code that a mark has.
pub(super) fn codes(delivery: &Delivery) -> BTreeSet<String> {
    let codes = all(delivery).filter_map(|(_, value)| value.get("codes")?.as_array());
    let codes = codes.flatten().filter_map(Value::as_str);
    codes.map(str::to_owned).collect()
}

/// The units of all marks, by line.
pub(super) fn units(delivery: &Delivery) -> BTreeMap<String, u64> {
    let mut sums: BTreeMap<String, u64> = BTreeMap::new();
    let texts = all(delivery).filter_map(|(_, value)| value.get("units")?.as_str());
    for (line, count) in texts
        .flat_map(|text| text.split(','))
        .filter_map(|part| part.split_once(':'))
    {
        let count: u64 = count.parse().unwrap_or(0);
        let sum = sums.entry(line.to_owned()).or_default();
        *sum = sum.saturating_add(count);
    }
    sums
}
