//! What is in a parcel: its size, and what is declared to customs where it meets them.

use serde_json::{Value, json};

use super::{BUY, RATES, answering, bought, call, carrier, label, ok, rated};
use crate::carriers::LabelCall;
use crate::carriers::buying::{told, within_the_union};
use crate::carriers::customs::tests::abroad;

async fn asked(call: &LabelCall) -> Value {
    let server = answering(vec![
        ("POST", RATES.to_owned(), ok(&rated(json!({})))),
        ("POST", BUY.to_owned(), ok(&label(json!({})))),
    ])
    .await;
    assert_eq!(carrier(&server.uri()).buy(call).await, Ok(bought()));
    told(&server, 1).await["shipment"].clone()
}

#[tokio::test]
async fn a_parcel_says_its_size_and_across_a_border_what_is_in_it() {
    let shipment = asked(&abroad(call())).await;
    let size = json!({ "unit": "centimeter", "length": 30, "width": 20, "height": 10 });
    assert_eq!(shipment["packages"][0]["dimensions"], size);
    let mugs = json!({
        "description": "A mug", "quantity": 2, "value": { "amount": 9.99, "currency": "eur" },
        "harmonized_tariff_code": "691200", "country_of_origin": "PT", "sku": "SKU-1",
    });
    let customs = &shipment["customs"];
    assert_eq!(customs["customs_items"][0], mugs);
    assert_eq!(customs["non_delivery"], "return_to_sender");
    assert_eq!(asked(&within_the_union(call())).await.get("customs"), None);
}
