//! What is in a parcel: its size, and what is declared to customs where it meets them.

use serde_json::{Value, json};

use super::calls::buying_for;
use super::{SHIPPED, bought, call, json_of, ok};
use crate::carriers::LabelCall;
use crate::carriers::buying::within_the_union;
use crate::carriers::customs::tests::abroad;

async fn asked(call: &LabelCall) -> Value {
    let (answer, asked) = buying_for(call, ok(&json_of(SHIPPED))).await;
    assert_eq!(answer, Ok(bought()));
    asked["ShipmentRequest"]["Shipment"].clone()
}

#[tokio::test]
async fn a_parcel_says_its_size_and_across_a_border_what_is_in_it() {
    let shipment = asked(&abroad(call())).await;
    let size = json!({
        "UnitOfMeasurement": { "Code": "CM" }, "Length": "30", "Width": "20", "Height": "10",
    });
    assert_eq!(shipment["Package"][0]["Dimensions"], size);
    let invoice = &shipment["ShipmentServiceOptions"]["InternationalForms"];
    assert_eq!(
        (&invoice["FormType"], &invoice["CurrencyCode"]),
        (&json!("01"), &json!("EUR"))
    );
    assert_eq!(invoice["Contacts"]["SoldTo"], shipment["ShipTo"]);
    let mugs = json!({
        "Description": "A mug", "CommodityCode": "691200", "OriginCountryCode": "PT",
        "PartNumber": "SKU-1",
        "Unit": { "Number": "2", "UnitOfMeasurement": { "Code": "PCS" }, "Value": "9.99" },
    });
    assert_eq!(invoice["Product"][0], mugs);
    let options = &asked(&within_the_union(call())).await["ShipmentServiceOptions"];
    assert_eq!(options.get("InternationalForms"), None);
}
