//! Orders are edited after they were confirmed, through the API and the command line: what is added is
//! secured before anybody sees it, or the order is as it was.

use serde_json::json;

use crate::support::checker;
use crate::support::doubles::stripe::Applied;
use crate::support::journey;
use crate::support::operator::Operator;
use crate::support::orders::one_unit;
use crate::support::patience::{SOON, until};
use crate::support::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_is_secured_before_it_is_visible_and_captured_with_what_ships() {
    let world = World::start_with(&["BER1"], None).await;
    let operator = Operator::of(&world);
    let api = &world.api;
    api.count("BER1", "SKU-1", 10).await;
    let order = api.place(&one_unit("ED-1", "SKU-1")).await;
    api.until_stage(&order, &["fulfilling"]).await;
    let path = format!("/v1/orders/{order}/actions/edit");

    let mut wanted = json!({
        "reason": "the buyer called",
        "lines": [
            {"line": "1", "quantity": "3"},
            {"sku": "SKU-1", "title": "Another", "quantity": "1", "unit_price": "5.00"},
        ],
        "dry_run": true,
    });
    let tried = api.post(&path, &wanted).await.expect(200);
    assert_eq!(tried["edit"]["adds"], "44.98");
    assert_eq!(tried["edit"]["locations"], json!(["BER1"]));
    assert_eq!(api.order(&order).await["totals"]["grand"], "19.99");
    wanted["dry_run"] = false.into();
    api.post(&path, &wanted).await.expect(200);
    let edited = until("the edit is a part of the order", SOON, || async {
        let order = api.order(&order).await;
        let done = order["editing"].is_null() && order["outstanding"].as_array()?.is_empty();
        (done && order["lines"].as_array()?.len() == 3).then_some(order)
    })
    .await;
    assert_eq!(edited["totals"]["grand"], "64.97");
    assert_eq!(edited["lines"][1]["adds_to"], 1);
    let same = json!({"reason": "again", "lines": [{"line": "1", "quantity": "3"}]});
    let again = api.post(&path, &same).await;
    assert_eq!(again.code(), "nothing_changes");

    // More than anybody has: refused as a whole, and nothing is kept for it.
    operator.text("orders edit ED-1 --line 1=300 --reason more");
    let refused = until("the edit is refused", SOON, || async {
        let seen = api
            .get(&format!("/v1/orders/{order}/timeline"))
            .await
            .expect(200);
        let order = api.order(&order).await;
        let over = order["editing"].is_null() && seen.to_string().contains("was refused");
        over.then_some(order)
    })
    .await;
    assert_eq!(refused["totals"]["grand"], "64.97");
    assert_eq!(
        checker::counters(&world.audit, "BER1", "SKU-1").await,
        (10, 0, 4)
    );

    let open = refused["fulfilments"].as_array().unwrap().clone();
    assert_eq!(open.len(), 2);
    for work in &open {
        let work = work["id"].as_str().unwrap();
        journey::ship_work(api, &world.easypost, &order, work).await;
    }
    api.until_stage(&order, &["completed"]).await;
    let book = world.stripe.book_of(&order);
    // What was added is a payment of its own, each authorised once.
    let authorized = book.iter().filter(|(what, _)| *what == Applied::Authorized);
    let authorized: Vec<i64> = authorized.map(|(_, cents)| *cents).collect();
    assert_eq!(authorized, [1999, 4498]);
    let captured = book.iter().filter(|(what, _)| *what == Applied::Captured);
    assert_eq!(captured.map(|(_, cents)| cents).sum::<i64>(), 6497);
    assert_eq!(
        checker::counters(&world.audit, "BER1", "SKU-1").await,
        (6, 0, 0)
    );
    let why = api
        .get(&format!("/v1/orders/{order}/explain"))
        .await
        .expect(200);
    let actions = why["actions"].as_array().unwrap();
    let edit = actions.iter().find(|one| one["action"] == "edit").unwrap();
    assert_eq!(edit["allowed"], false);
    checker::money_entries_add_up_to_zero(&world.audit).await;
    assert_eq!(world.stripe.unexpected(), Vec::<String>::new());
}
