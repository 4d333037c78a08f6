//! Returns: what they name is looked up, and the money of those that are complete is said.

use orderhub_domain::order::ChannelFact;
use serde_json::{Value, json};
use wiremock::matchers::{body_json, method, path, query_param};
use wiremock::{Mock, ResponseTemplate};

use super::{calling, headers, refusal, request, shop, wrapped};
use crate::port::{CallError, Inbound, Resource};

const ORDER: &str = "576900000000000001";

fn one(id: &str, status: &str, total: &str) -> Value {
    json!({ "return_id": id, "order_id": ORDER, "return_type": "RETURN_AND_REFUND",
        "return_status": status, "update_time": 1_772_400_000,
        "refund_amount": { "currency": "USD", "refund_total": total, "refund_tax": "0.40" } })
}

fn read(returns: &Value) -> Vec<Inbound> {
    let stated = headers(&[("orderhub-stated", "returns")]);
    shop().read(&request(&stated, returns.to_string().as_bytes()))
}

#[test]
fn the_money_of_a_return_is_said_once_it_is_complete_and_one_odd_return_hides_no_other() {
    let complete = "RETURN_OR_REFUND_REQUEST_COMPLETE";
    let said = read(&json!({ "total_count": 5, "return_orders": [
        one("4000000000000000001", complete, "12.49"),
        one("4000000000000000002", "RETURN_OR_REFUND_REQUEST_SUCCESS", "5.00"),
        one("4000000000000000003", "AWAITING_BUYER_SHIP", "5.00"),
        one("4000000000000000004", complete, "0"),
        one("Jane Doe", complete, "1.00"),
    ] }));
    let [
        Inbound::Said { order, facts },
        Inbound::Unreadable { reason },
    ] = &said[..]
    else {
        panic!("one refund and one that is odd: {said:?}");
    };
    assert!(!reason.contains("Jane"), "{reason}");
    assert_eq!(order, ORDER);
    let [
        ChannelFact::Refunded {
            reference,
            amount,
            at,
        },
    ] = &facts[..]
    else {
        panic!("a refund: {facts:?}");
    };
    assert_eq!(reference, "4000000000000000001");
    assert_eq!(amount.amount().to_string(), "12.49");
    assert_eq!(at.map(jiff::Timestamp::as_second), Some(1_772_400_000));
    assert_eq!(read(&json!({ "total_count": 0 })), []);
    let broken = read(&json!("own"));
    assert!(
        matches!(broken[..], [Inbound::Unreadable { .. }]),
        "{broken:?}"
    );
}

#[tokio::test]
async fn the_returns_of_an_order_are_looked_up_by_its_id() {
    let (server, connector) = calling(|settings| settings).await;
    let found = json!({ "return_orders": [one("1", "BUYER_SHIPPED_ITEM", "5.00")] });
    Mock::given(method("POST"))
        .and(path("/return_refund/202309/returns/search"))
        .and(query_param("page_size", "50"))
        .and(body_json(json!({ "order_ids": [ORDER] })))
        .respond_with(wrapped(&found))
        .up_to_n_times(1)
        .mount(&server)
        .await;
    let look_up = connector.look_up().expect("a look-up");
    let named = Resource {
        kind: "returns".to_owned(),
        id: ORDER.to_owned(),
    };
    let stated = look_up.look_up(&named).await.expect("an answer");
    assert_eq!(stated.len(), 1);
    assert_eq!(stated[0].headers["orderhub-stated"], "returns");
    let there: Value = serde_json::from_slice(&stated[0].raw).expect("JSON");
    assert_eq!(there, found);
    for answer in [refusal(200, 25_016_001), ResponseTemplate::new(502)] {
        server.reset().await;
        Mock::given(path("/return_refund/202309/returns/search"))
            .respond_with(answer)
            .mount(&server)
            .await;
        let failed = look_up.look_up(&named).await;
        assert!(
            matches!(failed, Err(CallError::NotDone { .. })),
            "{failed:?}"
        );
    }
}
