//! What is in a parcel: its size, and what is declared to customs where it meets them.

use serde_json::{Value, json};

use super::{SHIP, SHIPPED, answering, bought, call, carrier, json_of, ok};
use crate::carriers::LabelCall;
use crate::carriers::buying::{told, within_the_union};
use crate::carriers::customs::tests::abroad;

async fn asked(call: &LabelCall) -> Value {
    let server = answering(vec![("POST", SHIP, ok(&json_of(SHIPPED)))]).await;
    assert_eq!(carrier(&server.uri()).buy(call).await, Ok(bought()));
    told(&server, 1).await["requestedShipment"].clone()
}

#[tokio::test]
async fn a_parcel_says_its_size_and_across_a_border_what_is_in_it() {
    let shipment = asked(&abroad(call())).await;
    let size = json!({ "length": 30, "width": 20, "height": 10, "units": "CM" });
    let package = &shipment["requestedPackageLineItems"][0];
    assert_eq!(package["dimensions"], size);
    let customs = &shipment["customsClearanceDetail"];
    let total = json!({ "amount": 39.98, "currency": "EUR" });
    assert_eq!(customs["totalCustomsValue"], total);
    let mugs = json!({
        "description": "A mug", "numberOfPieces": 2, "quantity": 2, "quantityUnits": "PCS",
        "weight": { "units": "KG", "value": 0.6 },
        "unitPrice": { "amount": 9.99, "currency": "EUR" },
        "customsValue": { "amount": 19.98, "currency": "EUR" },
        "harmonizedCode": "691200", "countryOfManufacture": "PT", "partNumber": "SKU-1",
    });
    assert_eq!(customs["commodities"][0], mugs);
    assert_eq!(
        asked(&within_the_union(call()))
            .await
            .get("customsClearanceDetail"),
        None
    );
}
