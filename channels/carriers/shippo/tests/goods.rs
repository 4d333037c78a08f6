//! What is in a parcel: its size, and what is declared to customs where it meets them.

use serde_json::{Value, json};

use super::calls::{bought, created};
use super::{SHIPMENTS, TRANSACTIONS, answering, call, carrier, ok, transaction};
use crate::carriers::LabelCall;
use crate::carriers::buying::{told, within_the_union};
use crate::carriers::customs::tests::abroad;

async fn asked(call: &LabelCall) -> Value {
    let server = answering(vec![
        ("POST", SHIPMENTS.to_owned(), created()),
        ("POST", TRANSACTIONS.to_owned(), ok(&transaction(json!({})))),
    ])
    .await;
    assert_eq!(carrier(&server.uri()).buy(call).await, Ok(bought()));
    told(&server, 0).await
}

#[tokio::test]
async fn a_parcel_says_its_size_and_across_a_border_what_is_in_it() {
    let shipment = asked(&abroad(call())).await;
    let parcel = json!({
        "length": "300", "width": "200", "height": "100", "distance_unit": "mm",
        "weight": "900", "mass_unit": "g",
    });
    assert_eq!(shipment["parcels"][0], parcel);
    let customs = &shipment["customs_declaration"];
    assert_eq!(
        (&customs["contents_type"], &customs["certify"]),
        (&json!("MERCHANDISE"), &json!(true))
    );
    let mugs = json!({
        "description": "A mug", "quantity": 2, "net_weight": "600", "mass_unit": "g",
        "value_amount": "19.98", "value_currency": "EUR", "origin_country": "PT",
        "tariff_number": "691200", "sku_code": "SKU-1",
    });
    assert_eq!(customs["items"][0], mugs);
    let inside = asked(&within_the_union(call())).await;
    assert_eq!(inside.get("customs_declaration"), None);
    assert_eq!(asked(&call()).await["parcels"][0]["distance_unit"], "cm");
}
