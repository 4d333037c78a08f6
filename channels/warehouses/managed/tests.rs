//! A managed location is asked at once and agrees to every cancel.

use orderhub_domain::ids::{FulfilmentId, OrderId};
use orderhub_domain::order::FulfilmentEvidence;
use orderhub_domain::quantity::Quantity;

use crate::settings::Settings;
use crate::warehouses::{CallLine, FulfilmentCall, connect};

#[tokio::test]
async fn a_request_arrives_and_a_cancel_is_agreed_to_however_often() {
    let warehouse = connect("managed", &Settings::new("own".into())).expect("a connection");
    let fulfilment = FulfilmentId {
        order: OrderId::new(1_760_000_000_000, [7; 8], [1, 2]),
        number: 1,
    };
    let call = FulfilmentCall {
        fulfilment,
        location: "BER1".into(),
        lines: vec![CallLine {
            line: "1".to_owned(),
            sku: "SKU-1".into(),
            quantity: Quantity::units(2),
        }],
        pickup: false,
    };
    for _ in 0..2 {
        assert_eq!(
            warehouse.request(&call).await,
            Ok(FulfilmentEvidence::Delivered)
        );
        let cancelled = warehouse.cancel(fulfilment, &call.location).await;
        assert_eq!(cancelled, Ok(FulfilmentEvidence::Cancelled));
    }
}

#[test]
fn an_unknown_kind_is_refused_with_the_known_ones() {
    let Err(error) = connect("robots", &Settings::new("own".into())) else {
        panic!("there is no such kind");
    };
    assert!(error.to_string().contains("managed"), "{error}");
}
