//! Units on offer, against a stand-in shop.

use serde_json::{Value, json};
use wiremock::matchers::{body_json, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{calling, refusal, wrapped};
use crate::port::CallError;
use crate::sales::Offered;
use crate::sales::offering::offer;
use crate::sales::told::not_offered;

fn products() -> Value {
    json!({ "products": [
        { "id": "1728000000000000001", "status": "ACTIVATE", "skus": [
            { "id": "1729000000000000001", "seller_sku": "OWN-MUG" },
            { "id": "1729000000000000009", "seller_sku": "OWN-MUG-2" },
        ] },
        { "id": "1728000000000000002", "status": "DELETED", "skus": [
            { "id": "1729000000000000003", "seller_sku": "OWN-MUG" },
        ] },
    ] })
}

async fn listed(server: &MockServer, answer: ResponseTemplate) {
    Mock::given(method("POST"))
        .and(path("/product/202309/products/search"))
        .respond_with(answer)
        .mount(server)
        .await;
}

const UPDATE: &str = "/product/202309/products/1728000000000000001/inventory/update";

#[tokio::test]
async fn the_very_sku_is_set_in_the_warehouse_that_is_configured() {
    let more = |settings: crate::settings::Settings| settings.with_text("warehouse_id", "7000");
    let (server, connector) = calling(more).await;
    listed(&server, wrapped(&products())).await;
    for units in [7, 0] {
        let number = json!({ "quantity": units, "warehouse_id": "7000" });
        let body = json!({ "skus": [{ "id": "1729000000000000001", "inventory": [number] }] });
        Mock::given(method("POST"))
            .and(path(UPDATE))
            .and(body_json(body))
            .respond_with(wrapped(&json!({ "errors": [] })))
            .mount(&server)
            .await;
    }
    assert_eq!(offer(&connector, "OWN-MUG", 7).await, Ok(Offered::Set));
    assert_eq!(offer(&connector, "OWN-MUG", -3).await, Ok(Offered::Set));
}

#[tokio::test]
async fn what_is_not_listed_is_not_sold_and_what_is_not_updated_is_refused() {
    let (server, connector) = calling(|settings| settings).await;
    listed(
        &server,
        wrapped(&json!({ "products": [], "total_count": 0 })),
    )
    .await;
    assert_eq!(offer(&connector, "OWN-MUG", 1).await, Ok(Offered::NotSold));
    let errors = json!({ "errors": [{ "code": 12_052_023, "message": "for Jane" }] });
    for (answer, wanted) in [
        (wrapped(&errors), not_offered("12052023")),
        (refusal(400, 12_052_048), not_offered("12052048")),
        (wrapped(&Value::Null), Offered::Set),
    ] {
        let (server, connector) = calling(|settings| settings).await;
        listed(&server, wrapped(&products())).await;
        let update = Mock::given(path(UPDATE)).respond_with(answer);
        update.mount(&server).await;
        assert_eq!(offer(&connector, "OWN-MUG", 1).await, Ok(wanted));
    }
    let (server, connector) = calling(|settings| settings).await;
    listed(&server, ResponseTemplate::new(503)).await;
    let failed = offer(&connector, "OWN-MUG", 1).await;
    assert!(
        matches!(failed, Err(CallError::NotDone { .. })),
        "{failed:?}"
    );
}
