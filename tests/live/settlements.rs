//! Payout files made from the gateway's own book, read in by the real hub.

use reqwest::Method;
use serde_json::Value;

use crate::metrics::Scrape;
use crate::support::api::Api;
use crate::support::journey;
use crate::support::operator::Operator;
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

/// An order of 19.99 that has been delivered and paid.
async fn paid(world: &World, number: u8) -> String {
    let body = one_unit(&format!("S-{number}"), "SKU-1");
    let order = world.api.place(&body).await;
    let tracking = journey::ship(&world.api, &order).await;
    journey::deliver(&world.easypost, &tracking).await;
    world.api.until_stage(&order, &["completed"]).await;
    order
}

/// The orders whose money no payout has named, once they are as many.
async fn unnamed(world: &World, query: &str, many: usize) -> Vec<Value> {
    let path = format!("/v1/settlements/unreconciled?{query}");
    let what = format!("{many} captures are named by no payout");
    until(&what, AFTER_A_CRASH, || async {
        let answer = Api::send(world.api.request(Method::GET, &path)).await;
        let rows = answer.json()["data"].as_array().cloned().expect("rows");
        (rows.len() == many).then_some(rows)
    })
    .await
}

async fn counted(world: &World) -> Option<f64> {
    let labels = ["gateway=\"stripe-eu\""];
    let scrape = Scrape::of(&world.hub).await;
    scrape.value("orderhub_payments_unreconciled", &labels)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payout_that_names_one_of_two_payments_leaves_the_other_to_be_asked_for() {
    let mut world = World::start_under("[policy]\npayout_within = \"1s\"\n").await;
    world.api.count("BER1", "SKU-1", 10).await;
    let first = paid(&world, 1).await;
    let second = paid(&world, 2).await;
    let rows = unnamed(&world, "gateway=stripe-eu", 2).await;
    assert_eq!(
        (&rows[0]["order"], &rows[1]["order"]),
        (&first.clone().into(), &second.clone().into()),
        "oldest first"
    );
    assert_eq!(rows[0]["captured"], "19.99");
    assert!(unnamed(&world, "older_than=1d", 0).await.is_empty());

    let file = world.stripe.balance_csv();
    let one_of_two: Vec<&str> = file.lines().take(2).collect();
    read_in(&world, &one_of_two.join("\n")).await;
    let rows = unnamed(&world, "", 1).await;
    assert_eq!(rows[0]["order"], second);
    assert_eq!(rows[0]["open"], "19.99");
    assert_eq!(rows[0]["reference"], "pi_00000002");
    until("the metric counts one", AFTER_A_CRASH, || async {
        (counted(&world).await == Some(1.0)).then_some(())
    })
    .await;
    let operator = Operator::of(&world);
    let shown = operator.text("settlements unreconciled --older-than 1s");
    assert!(
        shown.contains(&second) && !shown.contains(&first),
        "{shown}"
    );

    // What is known of it survives a crash, and a line that does not fit names nothing.
    world.hub.kill();
    world.hub.start().await;
    read_in(&world, &file.replacen("19.99", "19.98", 2)).await;
    assert_eq!(unnamed(&world, "", 1).await[0]["order"], second);
    read_in(&world, &file).await;
    unnamed(&world, "", 0).await;
    until("the metric counts none", AFTER_A_CRASH, || async {
        (counted(&world).await == Some(0.0)).then_some(())
    })
    .await;
    checker::always(&world.audit).await;
}
