//! What is in a parcel: its weight, its size, and what is declared to customs where it meets them.

use orderhub_domain::canonical::Address;
use serde_json::{Value, json};

use super::{BUY, CREATE, answering, bought, bought_shipment, call, carrier, ok, shipment};
use crate::carriers::buying::within_the_union;
use crate::carriers::customs::tests::abroad;
use crate::carriers::{Goods, LabelCall};

#[tokio::test]
async fn missing_parts_and_a_missing_weight_never_stop_a_label() {
    let bare = LabelCall {
        to: Address::default(),
        goods: Goods {
            weight_g: 0,
            ..Goods::default()
        },
        ..call()
    };
    assert_eq!(asked(&bare).await["parcel"]["weight"], 0.1);
}

async fn asked(call: &LabelCall) -> Value {
    let server = answering(vec![
        ("POST", CREATE.to_owned(), ok(&shipment(json!({})))),
        ("POST", BUY.to_owned(), ok(&bought_shipment())),
    ])
    .await;
    assert_eq!(carrier(&server.uri()).buy(call).await, Ok(bought()));
    let requests = server.received_requests().await.expect("recorded");
    let created = requests.iter().find(|r| r.method.as_str() == "POST");
    let created = created.expect("a creation");
    let asked: Value = serde_json::from_slice(&created.body).expect("JSON");
    asked["shipment"].clone()
}

#[tokio::test]
async fn a_parcel_says_its_size_and_across_a_border_what_is_in_it() {
    let shipment = asked(&abroad(call())).await;
    let parcel = json!({ "weight": 31.8, "length": 11.9, "width": 7.9, "height": 4.0 });
    assert_eq!(shipment["parcel"], parcel);
    let customs = &shipment["customs_info"];
    assert_eq!(customs["contents_type"], "merchandise");
    assert_eq!(customs["non_delivery_option"], "return");
    let mugs = json!({
        "description": "A mug", "quantity": 2, "value": 19.98, "currency": "EUR", "weight": 21.2,
        "hs_tariff_number": "691200", "origin_country": "PT", "code": "SKU-1",
    });
    assert_eq!(customs["customs_items"][0], mugs);
    let inside = asked(&within_the_union(call())).await;
    assert_eq!(inside.get("customs_info"), None);
}
