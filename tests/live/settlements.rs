//! Payout files made from the gateway's own book, read in by the real hub.

use reqwest::Method;
use serde_json::Value;

use crate::support::api::Api;
use crate::support::journey;
use crate::support::orders::one_unit;
use crate::support::patience::{AFTER_A_CRASH, until};
use crate::support::world::World;
use crate::support::{books, checker};

async fn read_in(world: &World, file: &str) -> Value {
    let request = world.api.request(Method::POST, "/v1/settlements/stripe-eu");
    let request = request
        .header("content-type", "text/csv")
        .body(file.to_owned());
    let answer = Api::send(request).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

async fn open_lines(world: &World) -> Vec<Value> {
    let request = world
        .api
        .request(Method::GET, "/v1/settlements/lines?open=true");
    let answer = Api::send(request).await;
    answer.json()["data"].as_array().cloned().expect("lines")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_gateways_own_book_matches_the_orders_and_a_forged_line_does_not() {
    let world = World::start().await;
    world.api.count("BER1", "SKU-1", 10).await;
    let mut orders = Vec::new();
    for number in 1..=3 {
        let order = world
            .api
            .place(&one_unit(&format!("S-{number}"), "SKU-1"))
            .await;
        let tracking = journey::ship(&world.api, &order).await;
        journey::deliver(&world.easypost, &tracking).await;
        world.api.until_stage(&order, &["completed"]).await;
        orders.push(order);
    }
    let refund = format!("/v1/orders/{}/actions/refund", orders[0]);
    let body = serde_json::json!({ "amount": "5.00", "reason": "scratched" });
    Api::send(world.api.request(Method::POST, &refund).json(&body)).await;
    until("the refund is answered", AFTER_A_CRASH, || async {
        let shown = world.api.order(&orders[0]).await;
        (shown["payment"]["refunded"] == "5.00").then_some(())
    })
    .await;

    let file = world.stripe.balance_csv();
    let read = read_in(&world, &file).await;
    let sums = &read["totals"][0];
    assert_eq!(read["lines"], 5, "three charges, a refund, a payout");
    assert_eq!(
        (&sums["variance"], &sums["unknown"]),
        (&"0.00".into(), &"0.00".into())
    );
    assert_eq!(sums["matched"], sums["total"]);
    assert!(open_lines(&world).await.is_empty());

    // One charge is said to be a cent more, one payment is nobody's, and a line stands there twice.
    let forged = file
        .replacen("19.99", "20.00", 1)
        .replacen("pi_00000002", "pi_none", 1);
    let forged = forged.replace("txn_", "fake_");
    let last = forged.lines().nth(1).expect("a line").to_owned();
    let read = read_in(&world, &format!("{forged}{last}\n")).await;
    let sums = &read["totals"][0];
    assert_eq!(
        sums["matched"], "0.00",
        "everything was settled before: {read}"
    );
    let total: rust_decimal::Decimal = sums["total"]
        .as_str()
        .and_then(|t| t.parse().ok())
        .expect("a sum");
    let parts = ["matched", "variance", "unknown"].map(|part| {
        let part: rust_decimal::Decimal = sums[part]
            .as_str()
            .and_then(|t| t.parse().ok())
            .expect("a sum");
        part
    });
    assert_eq!(parts.iter().sum::<rust_decimal::Decimal>(), total);
    let open = open_lines(&world).await;
    let reasons: Vec<&str> = open
        .iter()
        .filter_map(|line| line["reason"].as_str())
        .collect();
    assert!(reasons.contains(&"no_order"), "{reasons:?}");
    assert!(reasons.contains(&"repeated"), "{reasons:?}");
    assert!(reasons.contains(&"not_known"), "{reasons:?}");
    checker::always(&world.audit).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
}
