//! What is in a parcel: its size, and what is declared to customs where it meets them.

use serde_json::{Value, json};

use super::{ORDERED, ORDERS, answering, bought, call, carrier, json_of, ok};
use crate::carriers::LabelCall;
use crate::carriers::buying::{told, within_the_union};
use crate::carriers::customs::tests::abroad;

async fn asked(call: &LabelCall) -> Value {
    let server = answering(vec![("POST", ORDERS, ok(&json_of(ORDERED)))]).await;
    assert_eq!(carrier(&server.uri()).buy(call).await, Ok(bought()));
    told(&server, 1).await["shipments"][0].clone()
}

#[tokio::test]
async fn a_parcel_says_its_size_and_across_a_border_what_is_in_it() {
    let shipment = asked(&abroad(call())).await;
    let details = json!({
        "weight": { "uom": "g", "value": 900 },
        "dim": { "uom": "mm", "length": 300, "width": 200, "height": 100 },
    });
    assert_eq!(shipment["details"], details);
    let customs = &shipment["customs"];
    assert_eq!(customs["exportType"], "COMMERCIAL_GOODS");
    let mug = json!({
        "itemDescription": "A mug", "packagedQuantity": 2,
        "itemValue": { "currency": "EUR", "value": 9.99 },
        "itemWeight": { "uom": "g", "value": 300 },
        "hsCode": "691200", "countryOfOrigin": "PRT",
    });
    assert_eq!(customs["items"][0], mug);
    assert_eq!(customs["items"][1]["itemDescription"], "A tee");
    assert_eq!(asked(&within_the_union(call())).await.get("customs"), None);
}
