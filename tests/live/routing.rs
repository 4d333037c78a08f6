//! Who does which part of the work, through the API and the command line: split, short pick, a part
//! cancelled, reroute, a kit, and the question what other rules would have decided.

use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::doubles::stripe::Applied;
use crate::support::journey::{self, step};
use crate::support::operator::Operator;
use crate::support::orders::one_unit;
use crate::support::patience::{SOON, until};
use crate::support::world::World;
use crate::support::{books, checker};

/// So many units of one line.
fn units(external_id: &str, quantity: u32) -> Value {
    let mut order = one_unit(external_id, "SKU-1");
    order["lines"][0]["quantity"] = quantity.to_string().into();
    order["lines"][0]["taxes"] = json!([]);
    let cents = 1999 * quantity;
    order["stated_total"] = format!("{}.{:02}", cents / 100, cents % 100).into();
    order
}

/// Work that is asked for and still open, by id, with its location and its units.
async fn open(api: &Api, order: &str, count: usize) -> Vec<(String, String, u64)> {
    let what = format!("{order} has {count} pieces of work");
    until(&what, SOON, || async {
        let order = api.order(order).await;
        let over = [
            "planned",
            "rejected",
            "unanswered",
            "cancelled",
            "handed_over",
            "delivered",
        ];
        let all = order["fulfilments"].as_array()?.iter();
        let open = all.filter(|one| !over.contains(&one["stage"].as_str().unwrap_or_default()));
        let open: Vec<_> = open
            .map(|one| {
                let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
                let lines = one["lines"].as_array().into_iter().flatten();
                let units = lines.map(|line| line["quantity"].as_str().unwrap_or_default());
                let units = units.map(|units| units.parse::<u64>().unwrap_or(0)).sum();
                (text("id"), text("location"), units)
            })
            .collect();
        let quiet = order["outstanding"].as_array()?.is_empty();
        (open.len() == count && quiet).then_some(open)
    })
    .await
}

async fn shelf(world: &World, location: &str) -> (i64, i64, i64) {
    checker::counters(&world.audit, location, "SKU-1").await
}

#[tokio::test(flavor = "multi_thread")]
async fn work_is_split_picked_short_and_cancelled_in_part_and_every_book_agrees() {
    let world = World::start_with(&["BER1", "HAM1"], None).await;
    let api = &world.api;
    api.count("BER1", "SKU-1", 10).await;
    api.count("HAM1", "SKU-1", 10).await;
    let order = api.place(&units("RT-1", 6)).await;
    let (whole, place, _) = open(api, &order, 1).await.remove(0);
    assert_eq!(place, "BER1");
    let actions = format!("/v1/orders/{order}/actions");
    let split = json!({
        "reason": "two parcels", "fulfilment": whole, "lines": [{"line": "1", "quantity": "1"}],
    });
    let mut tried = split.clone();
    tried["dry_run"] = true.into();
    let forecast = api
        .post(&format!("{actions}/split"), &tried)
        .await
        .expect(200);
    let first = ["order.split", "inventory.regrouping_requested"];
    assert_eq!(forecast["events"].as_array().unwrap()[..2], first);
    let path = format!("{actions}/split");
    let key = [("idempotency-key", "split-once")];
    for _ in 0..2 {
        let told = api.post_bytes(&path, &key, split.to_string()).await;
        told.expect(200);
    }
    let two = open(api, &order, 2).await;
    assert_eq!(two.iter().map(|one| one.2).collect::<Vec<_>>(), [5, 1]);
    assert_eq!(shelf(&world, "BER1").await, (10, 0, 6));

    // Two of five are found; the shelf is empty but for what was taken off it.
    let pick = format!("/v1/fulfilments/{whole}/pick");
    let short = json!({"lines": [{"line": "1", "quantity": "2"}], "short": true});
    api.post(&pick, &short).await.expect(200);
    let three = open(api, &order, 3).await;
    let (elsewhere, place, rest) = three.last().unwrap().clone();
    assert_eq!((place.as_str(), rest), ("HAM1", 3));
    assert_eq!(shelf(&world, "BER1").await, (3, 0, 3));

    // Three are not wanted any more: the one nobody has begun, and two of those that are accepted. The
    // third of these stays where it is.
    step(api, &elsewhere, "accept").await;
    let cancel = json!({"reason": "three are enough", "lines": [{"line": "1", "quantity": "3"}]});
    let path = format!("{actions}/cancel");
    api.post(&path, &cancel).await.expect(200);
    let left = open(api, &order, 2).await;
    assert_eq!(left.iter().map(|one| one.2).collect::<Vec<_>>(), [2, 1]);
    let seen = api.order(&order).await;
    assert_eq!(seen["lines"][0]["quantities"]["cancelled"], "3");
    assert_eq!(shelf(&world, "HAM1").await, (10, 0, 1));
    let late = format!("/v1/fulfilments/{elsewhere}/accept");
    assert_eq!(api.post(&late, &json!({})).await.code(), "wrong_stage");

    for (fulfilment, _, _) in &left {
        journey::ship_work(&world.api, &world.easypost, &order, fulfilment).await;
    }
    api.until_stage(&order, &["completed"]).await;
    let book = world.stripe.book_of(&order);
    let taken = [(Applied::Authorized, 11994), (Applied::Captured, 5997)];
    assert_eq!(book, taken, "three of six were shipped, in one capture");
    assert_eq!(shelf(&world, "BER1").await, (1, 0, 0));
    assert_eq!(shelf(&world, "HAM1").await, (9, 0, 0));
    checker::at_rest(&world.audit, 3).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
    let told = api
        .get(&format!("/v1/orders/{order}/timeline"))
        .await
        .expect(200);
    let told = told.to_string();
    for said in [
        "Locations chosen: BER1",
        "was split off",
        "picked short",
        "stays at its location",
    ] {
        assert!(told.contains(said), "{said} is not in {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_moves_work_and_asks_what_other_rules_would_have_said() {
    let world = World::start_with(&["BER1", "HAM1", "MUC1"], None).await;
    let operator = Operator::of(&world);
    let api = &world.api;
    for location in ["BER1", "HAM1", "MUC1"] {
        api.count(location, "SKU-1", 10).await;
    }
    let order = api.place(&units("RT-2", 2)).await;
    let (first, _, _) = open(api, &order, 1).await.remove(0);
    let actions = format!("/v1/orders/{order}/actions");
    let reroute = |to: &str| json!({"reason": "closer", "fulfilment": first, "to": to});
    for (to, code) in [("XXX1", "no_such_location"), ("BER1", "location_cannot")] {
        let refused = api.post(&format!("{actions}/reroute"), &reroute(to)).await;
        assert_eq!(refused.code(), code);
    }
    operator.text("orders reroute RT-2 --fulfilment 1 --to MUC1 --reason closer");
    let moved = until("it has moved", SOON, || async {
        let now = open(api, &order, 1).await;
        now.into_iter().find(|one| one.0 != first)
    })
    .await;
    assert_eq!(moved.1, "MUC1");
    assert_eq!(shelf(&world, "BER1").await, (10, 0, 0));

    let why = api
        .get(&format!("/v1/orders/{order}/explain"))
        .await
        .expect(200);
    assert_eq!(why["sourcing"]["candidates"].as_array().unwrap().len(), 2);
    let redecide = format!("/v1/orders/{order}/redecide");
    let asked = api.post(&redecide, &json!({})).await.expect(200);
    assert_eq!(
        asked["again"]["asked"][0]["location"], "MUC1",
        "a person sent it"
    );
    assert_eq!(asked["same"], true);
    let odd = api
        .post(&redecide, &json!({"policy": {"nearness": 3}}))
        .await;
    assert_eq!(odd.code(), "invalid_value");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.toml");
    std::fs::write(&file, "[policy.sourcing]\nversion = 9\nsplit = 5\n").unwrap();
    let command = format!("orders redecide RT-2 --policy {}", file.display());
    let told = operator.json(&command);
    assert_eq!(told["again"]["policy_version"], 9);
    assert_eq!(told["decided"]["policy_version"], 1);

    let later = json!({
        "reason": "the buyer is away", "fulfilment": moved.0, "not_before": "2020-01-01T00:00:00Z",
    });
    let past = api.post(&format!("{actions}/schedule"), &later).await;
    assert_eq!(past.code(), "not_ahead");
    journey::ship_work(&world.api, &world.easypost, &order, &moved.0).await;
    api.until_stage(&order, &["completed"]).await;
    assert_eq!(shelf(&world, "MUC1").await, (8, 0, 0));
    checker::at_rest(&world.audit, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kit_is_sold_as_one_and_leaves_as_its_components() {
    let world = World::start_with(&["BER1"], None).await;
    let api = &world.api;
    api.count("BER1", "SKU-1", 5).await;
    api.count("BER1", "SKU-2", 9).await;
    let mut order = units("RT-3", 2);
    order["lines"][0]["sku"] = Value::Null;
    order["lines"][0]["components"] = json!([
        {"sku": "SKU-1", "quantity": "1"}, {"sku": "SKU-2", "quantity": "3"},
    ]);
    let mut odd = order.clone();
    odd["lines"][0]["components"][1]["quantity"] = "0.5".into();
    let refused = api.post("/v1/orders", &odd).await.expect(422);
    let pointer = &refused["errors"][0]["pointer"];
    assert_eq!(pointer, "/lines/0/components/1/quantity");
    let order = api.place(&order).await;
    let (work, _, count) = open(api, &order, 1).await.remove(0);
    assert_eq!(count, 8);
    let seen = api.order(&order).await;
    assert_eq!(seen["lines"].as_array().unwrap().len(), 3);
    assert_eq!(seen["lines"][2]["part_of"], 1);
    journey::ship_work(&world.api, &world.easypost, &order, &work).await;
    api.until_stage(&order, &["completed"]).await;
    let book = world.stripe.book_of(&order);
    assert_eq!(
        book,
        [(Applied::Authorized, 3998), (Applied::Captured, 3998)]
    );
    assert_eq!(shelf(&world, "BER1").await, (3, 0, 0));
    let second = checker::counters(&world.audit, "BER1", "SKU-2").await;
    assert_eq!(second, (3, 0, 0));
}
