//! What is read out of a warehouse's webhooks.

use http::HeaderMap;
use jiff::Timestamp;
use orderhub_domain::order::{FulfilmentEvidence, StatedParcel, WorkSaid};
use orderhub_domain::quantity::Quantity;
use serde_json::{Value, json};

use super::{connected, settings};
use crate::port::{Inbound, RawRequest};

const FULFILMENT: &str = "ful_0199f3c8a2b17def8a6b1c2d3e4f5061_2";

fn read(body: &Value) -> Inbound {
    let connection = connected(&settings()).expect("a connection");
    let body = body.to_string();
    let items = connection.read(&RawRequest {
        headers: &HeaderMap::new(),
        body: body.as_bytes(),
        url: "",
        received_at: Timestamp::UNIX_EPOCH,
    });
    let [item] = <[Inbound; 1]>::try_from(items).expect("one thing");
    item
}

fn report(kind: &str, more: &Value) -> Value {
    let mut data = json!({ "fulfilment": FULFILMENT, "location": "BER1" });
    for (key, value) in more.as_object().into_iter().flatten() {
        data[key] = value.clone();
    }
    json!({ "type": kind, "timestamp": "2026-03-01T09:30:00+01:00", "data": data })
}

fn said(kind: &str, more: &Value) -> WorkSaid {
    match read(&report(kind, more)) {
        Inbound::Work {
            fulfilment,
            location,
            occurred_at,
            said,
        } => {
            assert_eq!(fulfilment.to_string(), FULFILMENT);
            assert_eq!(location.0, "BER1");
            assert_eq!(occurred_at, "2026-03-01T08:30:00Z".parse().ok());
            said
        }
        other => panic!("{other:?}"),
    }
}

fn units(count: i64) -> Quantity {
    Quantity::new(count.into()).expect("a quantity")
}

#[test]
fn units_that_are_not_there_and_parcels_are_read_line_by_line() {
    let lines = json!([{ "line": "L-1", "quantity": 2 }, { "line": "L-2", "quantity": "1.5" }]);
    let short = said(
        "fulfilment.picked_short",
        &json!({ "lines": lines, "reason": "damaged" }),
    );
    let WorkSaid::PickedShort { lines, reason } = short else {
        panic!("{short:?}");
    };
    assert_eq!(lines[0], ("L-1".to_owned(), units(2)));
    assert_eq!(lines[1].1.to_string(), "1.5");
    assert_eq!(reason, "damaged");
    let fixture = include_str!("../fixtures/packed.json");
    let fixture: Value = serde_json::from_str(fixture).expect("JSON");
    let Inbound::Work { said: packed, .. } = read(&fixture) else {
        panic!("{fixture}");
    };
    let parcel = |line: &str, count, weight_g| StatedParcel {
        size: None,
        lines: Some(vec![(line.to_owned(), units(count))]),
        weight_g,
    };
    assert_eq!(
        packed,
        WorkSaid::PackedInto {
            parcels: vec![parcel("L-1", 2, Some(850)), parcel("L-2", 1, None)],
        }
    );
}

#[test]
fn a_parcel_may_be_measured_on_all_three_sides_or_not_at_all() {
    let packed = |parcel: Value| {
        read(&report(
            "fulfilment.packed",
            &json!({ "parcels": [parcel] }),
        ))
    };
    let measured = json!({ "length_mm": 300, "width_mm": 200, "height_mm": 100 });
    let Inbound::Work {
        said: WorkSaid::PackedInto { parcels },
        ..
    } = packed(measured)
    else {
        panic!("it is packed");
    };
    let size = parcels[0].size.expect("measured");
    assert_eq!(size.sides(), [300, 200, 100]);
    for wrong in [
        json!({ "length_mm": 300 }),
        json!({ "length_mm": 300, "width_mm": 200, "height_mm": 0 }),
    ] {
        assert!(matches!(packed(wrong), Inbound::Unreadable { .. }));
    }
}

#[test]
fn everything_else_is_said_in_a_word() {
    let nothing = json!({});
    let packed = FulfilmentEvidence::Packed {
        parcels: Vec::new(),
    };
    for (kind, evidence) in [
        ("fulfilment.accepted", FulfilmentEvidence::Accepted),
        ("fulfilment.packed", packed),
        (
            "fulfilment.ready_for_pickup",
            FulfilmentEvidence::ReadyForPickup,
        ),
        ("fulfilment.collected", FulfilmentEvidence::Collected),
        ("fulfilment.handed_over", FulfilmentEvidence::HandedOver),
        ("fulfilment.cancelled", FulfilmentEvidence::Cancelled),
        (
            "fulfilment.cancel_refused",
            FulfilmentEvidence::CancelRefused,
        ),
    ] {
        assert_eq!(said(kind, &nothing), WorkSaid::Evidence(evidence), "{kind}");
    }
}

#[test]
fn what_cannot_be_read_says_where_and_quotes_nothing() {
    let none = json!([]);
    for body in [
        report("fulfilment.rejected", &json!({})),
        report(
            "fulfilment.rejected",
            &json!({ "reason": "Jane Doe took it" }),
        ),
        report("fulfilment.picked_short", &json!({ "reason": "damaged" })),
        report(
            "fulfilment.picked_short",
            &json!({ "reason": "damaged", "lines": [{ "line": "Jane", "quantity": -1 }] }),
        ),
        report(
            "fulfilment.packed",
            &json!({ "parcels": [{ "weight_g": 0 }] }),
        ),
        report("fulfilment.accepted", &json!({ "fulfilment": "Jane" })),
        json!({ "type": "fulfilment.accepted", "timestamp": "Jane", "data": {
            "fulfilment": FULFILMENT, "location": "BER1" } }),
        none,
    ] {
        let Inbound::Unreadable { reason } = read(&body) else {
            panic!("{body}");
        };
        assert!(!reason.contains("Jane"), "{reason}");
    }
    let unknown = read(&report("fulfilment.own_word", &json!({})));
    assert!(matches!(unknown, Inbound::Unknown { topic } if topic == "fulfilment.own_word"));
}
