//! Shipments of several parcels.

use std::collections::BTreeMap;

use wiremock::ResponseTemplate;

use super::{Shop, TOLD, gid, ship, shipment, tracked};
use crate::port::CallError;
use crate::sales::shipments::in_parcels;

#[tokio::test]
async fn the_parcels_of_a_shipment_are_noted_together_with_a_number_each() {
    let shop = Shop::with(&[((1, 11), 3)]);
    let (_server, connector) = shop.serve().await;
    let mut notice = shipment(&[("11", 3)], Some("OWN1"));
    notice.tracking.push(tracked("OWN2"));
    for _ in 0..3 {
        assert_eq!(ship(&connector, &notice).await, TOLD);
    }
    let book = shop.0.lock().expect("a lock");
    assert_eq!(book.shipments.len(), 1);
    assert_eq!(book.numbers, ["OWN1", "OWN2"]);
}

#[tokio::test]
async fn a_parcel_of_which_it_is_known_what_is_in_it_is_a_shipment_of_its_own() {
    let shop = Shop::with(&[((1, 11), 3), ((2, 12), 1)]);
    let (_server, connector) = shop.serve().await;
    let notice = in_parcels(
        "1001",
        &[("OWN1", &[("11", 2)]), ("OWN2", &[("11", 1), ("12", 1)])],
    );
    shop.0.lock().expect("a lock").lose = Some(ResponseTemplate::new(502));
    let lost = ship(&connector, &notice).await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    for _ in 0..2 {
        assert_eq!(ship(&connector, &notice).await, TOLD);
    }
    let noted = |number: &str, line: u64, units: u64| {
        let units = BTreeMap::from([(gid("LineItem", line), units)]);
        (Some(number.to_owned()), units)
    };
    let expected = [
        noted("OWN1", 11, 2),
        noted("OWN2", 11, 1),
        noted("OWN2", 12, 1),
    ];
    assert_eq!(shop.0.lock().expect("a lock").shipments, expected);
}
