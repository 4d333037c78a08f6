//! Exchanges through the API and the command line: what goes out waits for what comes back, and the
//! gateway's book has the difference and nothing else.

use serde_json::{Value, json};

use crate::support::checker;
use crate::support::doubles::stripe::Applied;
use crate::support::journey;
use crate::support::operator::Operator;
use crate::support::orders::one_unit;
use crate::support::patience::{SOON, until};
use crate::support::world::World;

/// One unit at 19.99, delivered and paid.
async fn delivered(world: &World, external_id: &str) -> String {
    let order = world.api.place(&one_unit(external_id, "SKU-1")).await;
    let tracking = journey::ship(&world.api, &order).await;
    journey::deliver(&world.easypost, &tracking).await;
    world.api.until_stage(&order, &["completed"]).await;
    order
}

/// The first return comes back, and is good as new.
async fn bring_back(world: &World, order: &str) {
    let order = world.api.order(order).await;
    let back = order["returns"][0]["id"].as_str().unwrap().to_owned();
    let verb = |verb: &str| format!("/v1/returns/{back}/{verb}");
    let parcel = json!({ "location": "BER1" });
    world.api.post(&verb("receive"), &parcel).await.expect(200);
    let good = json!({ "disposition": "restock" });
    world.api.post(&verb("inspect"), &good).await.expect(200);
}

async fn ship_the_other(world: &World, order: &str) {
    let work = until("the other article is asked for", SOON, || async {
        let order = world.api.order(order).await;
        let work = order["fulfilments"].as_array()?.get(1)?.clone();
        let asked = work["stage"] != "planned" && order["outstanding"] == json!([]);
        asked.then(|| work["id"].as_str().unwrap_or_default().to_owned())
    })
    .await;
    journey::ship_work(&world.api, &world.easypost, order, &work).await;
    world.api.until_stage(order, &["completed"]).await;
}

/// What the gateway took and gave, in cents.
fn moved(world: &World, order: &str) -> (i64, i64) {
    let book = world.stripe.book_of(order);
    let sum = |wanted: Applied| {
        let of_it = book.iter().filter(|(what, _)| *what == wanted);
        of_it.map(|(_, cents)| cents).sum()
    };
    (sum(Applied::Captured), sum(Applied::Refunded))
}

async fn settled(world: &World, order: &str) -> Value {
    until("the exchange is over", SOON, || async {
        let order = world.api.order(order).await;
        let over = !order["exchanges"][0]["outcome"].is_null();
        (over && order["outstanding"] == json!([])).then(|| order["exchanges"][0].clone())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_out_is_held_until_what_comes_back_is_accepted_and_the_difference_is_charged() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let api = &world.api;
    api.count("BER1", "SKU-1", 10).await;
    api.count("BER1", "SKU-2", 10).await;

    // Dearer: the difference is charged, once.
    let order = delivered(&world, "EX-1").await;
    let path = format!("/v1/orders/{order}/actions/open_exchange");
    let nothing = json!({ "reason": "size", "lines": [] });
    assert_eq!(api.post(&path, &nothing).await.code(), "required");
    let unknown = json!({ "reason": "size", "lines": [{ "line": "9", "quantity": "1" }] });
    assert_eq!(api.post(&path, &unknown).await.code(), "no_such_line");
    let mut wanted = json!({
        "reason": "another size", "return": [{ "line": "1", "quantity": "1" }],
        "lines": [{ "sku": "SKU-2", "title": "A larger thing", "quantity": "1",
            "unit_price": "25.00" }],
        "dry_run": true,
    });
    let tried = api.post(&path, &wanted).await.expect(200);
    assert_eq!(
        tried["events"],
        json!(["return.requested", "exchange.opened", "return.approved"])
    );
    wanted["dry_run"] = false.into();
    api.post(&path, &wanted).await.expect(200);
    let shown = api.order(&order).await;
    assert_eq!(shown["exchanges"][0]["charge_at_most"], "5.01");
    assert_eq!(shown["fulfilments"].as_array().unwrap().len(), 1);
    bring_back(&world, &order).await;
    ship_the_other(&world, &order).await;
    let end = settled(&world, &order).await;
    assert_eq!(
        (&end["outcome"], &end["spent"]),
        (&json!("exchanged"), &json!("19.99"))
    );
    assert_eq!(moved(&world, &order), (1999 + 501, 0));

    // The same again: nobody pays anything.
    let order = delivered(&world, "EX-2").await;
    operator.text("orders exchange EX-2 --return 1=1 --line 1=1 --reason damaged");
    bring_back(&world, &order).await;
    ship_the_other(&world, &order).await;
    assert_eq!(settled(&world, &order).await["credit"], "19.99");
    assert_eq!(moved(&world, &order), (1999, 0));

    // Nobody has what was wanted: it is paid back.
    let order = delivered(&world, "EX-3").await;
    operator.text("orders exchange EX-3 --add SKU-9,1,12.00,Gone --reason other");
    bring_back(&world, &order).await;
    assert_eq!(settled(&world, &order).await["outcome"], "out_of_stock");
    until("all of it is back", SOON, || async {
        (moved(&world, &order) == (1999, 1999)).then_some(())
    })
    .await;
    let timeline = api.get(&format!("/v1/orders/{order}/timeline")).await;
    let told = timeline.expect(200).to_string();
    assert!(told.contains("Exchange 1 is over (out of stock)"), "{told}");

    // Sent in advance, and the buyer keeps what was to come back: charged once.
    let order = delivered(&world, "EX-4").await;
    operator.text("orders exchange EX-4 --advance --add SKU-2,1,20.00,Larger --reason urgent");
    ship_the_other(&world, &order).await;
    assert_eq!(moved(&world, &order), (1999 + 1, 0));
    let shown = api.order(&order).await;
    let back = shown["returns"][0]["id"].as_str().unwrap().to_owned();
    let kept = json!({ "reason": "kept after all" });
    let path = format!("/v1/returns/{back}/close");
    api.post(&path, &kept).await.expect(200);
    assert_eq!(settled(&world, &order).await["outcome"], "clawed_back");
    assert_eq!(moved(&world, &order), (1999 + 1 + 1999, 0));

    checker::money_entries_add_up_to_zero(&world.audit).await;
    checker::cash_is_what_was_captured_less_what_was_refunded(&world.audit).await;
    assert_eq!(world.stripe.unexpected(), Vec::<String>::new());
}
