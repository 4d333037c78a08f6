//! Shipments for the tests of the ways back, and how a shipment comes apart into its parcels.

use jiff::Timestamp;

use super::{ShipmentNotice, Tracking};

/// When everything left.
pub(crate) fn left_at() -> Timestamp {
    "2026-03-01T12:30:00Z".parse().expect("a time")
}

type Units<'a> = &'a [(&'a str, u32)];

fn owned(units: Units<'_>) -> Vec<(String, u32)> {
    let units = units.iter();
    units.map(|(line, n)| ((*line).to_owned(), *n)).collect()
}

/// A shipment of several parcels of UPS's, by their numbers, each with what is in it.
pub(crate) fn in_parcels(order: &str, parcels: &[(&str, Units<'_>)]) -> ShipmentNotice {
    let tracking = parcels.iter().map(|(number, units)| Tracking {
        carrier: "UPS".to_owned(),
        number: (*number).to_owned(),
        units: owned(units),
    });
    ShipmentNotice {
        external_id: order.to_owned(),
        shipped_at: left_at(),
        lines: parcels.iter().flat_map(|(_, units)| owned(units)).collect(),
        tracking: tracking.collect(),
    }
}

#[test]
fn a_shipment_comes_apart_only_where_everything_is_in_a_known_parcel() {
    let both = in_parcels("1", &[("A", &[("x", 2)]), ("B", &[("x", 1), ("y", 1)])]);
    let parts = both.by_parcel();
    let told: Vec<_> = parts
        .iter()
        .map(|part| (part.tracking[0].number.as_str(), part.lines.clone()))
        .collect();
    let first = owned(&[("x", 2)]);
    let second = owned(&[("x", 1), ("y", 1)]);
    assert_eq!(told, [("A", first), ("B", second)]);
    assert!(parts.iter().all(|part| part.shipped_at == left_at()));
    // A parcel of which nobody said anything, one that was left out, one alone.
    let mut silent = both.clone();
    silent.tracking[1].units.clear();
    let mut lacking = both.clone();
    lacking.tracking[1].units.pop();
    let mut alone = both.clone();
    alone.tracking.pop();
    for whole in [silent, lacking, alone] {
        assert_eq!(whole.by_parcel(), [whole]);
    }
}
