//! Quotas of channels: of many orders at once no more are taken than a channel may have, through a kill,
//! and what is given back is sold again.

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::support::api::Api;
use crate::support::checker;
use crate::support::operator::Operator;
use crate::support::orders::one_unit;
use crate::support::world::World;

async fn quota(api: &Api, location: &str, sku: &str) -> Value {
    let stock = api.get(&format!("/v1/inventory/{sku}")).await.expect(200);
    let places = stock["locations"].as_array().unwrap();
    let place = places.iter().find(|place| place["location"] == location);
    place.unwrap()["quotas"][0].clone()
}

/// Places orders for a unit each, all at once, and waits until each is taken or refused.
async fn buy(api: &Api, name: &str, sku: &str, many: usize) -> Vec<(String, Value)> {
    let mut buying = JoinSet::new();
    for number in 0..many {
        let (api, order) = (api.clone(), one_unit(&format!("{name}-{number}"), sku));
        buying.spawn(async move {
            let id = api.place(&order).await;
            let order = api.until_stage(&id, &["fulfilling", "rejected"]).await;
            (id, order)
        });
    }
    buying.join_all().await
}

fn taken(orders: &[(String, Value)]) -> Vec<&str> {
    let taken = orders.iter().filter(|(_, o)| o["stage"] == "fulfilling");
    taken.map(|(id, _)| id.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_gets_no_more_than_its_quota_of_what_there_is() {
    let mut world = World::start().await;
    let api = world.api.clone();
    api.count("BER1", "RARE", 50).await;
    api.count("BER1", "FREE", 50).await;
    let set =
        Operator::of(&world).json("inventory quota BER1 RARE web 5 --reason scarce --if-match 0");
    assert_eq!((&set["left"], &set["version"]), (&json!(5), &json!(1)));

    let (rare, free) = tokio::join!(buy(&api, "R", "RARE", 16), buy(&api, "F", "FREE", 8));
    assert_eq!(taken(&free).len(), 8);
    let got: Vec<String> = taken(&rare).into_iter().map(Into::into).collect();
    assert_eq!(got.len(), 5);
    for (id, order) in rare.iter().filter(|(_, o)| o["stage"] == "rejected") {
        assert_eq!(order["reason"], "quota_used_up", "{order}");
        let timeline = api.get(&format!("/v1/orders/{id}/timeline")).await;
        let timeline = timeline.expect(200).to_string();
        assert!(timeline.contains("quota"), "{timeline}");
    }

    // What it has is counted through a kill.
    world.hub.kill();
    world.hub.start().await;
    let known = quota(&api, "BER1", "RARE").await;
    assert_eq!(
        (&known["channel"], &known["taken"], &known["left"]),
        (&json!("web"), &json!(5), &json!(0)),
        "{known}"
    );
    assert!(taken(&buy(&api, "S", "RARE", 3).await).is_empty());

    // A unit that is given back is sold again.
    let cancel = format!("/v1/orders/{}/actions/cancel", got[0]);
    let reason = json!({"reason": "changed my mind"});
    api.post(&cancel, &reason).await.expect(200);
    api.until_stage(&got[0], &["cancelled"]).await;
    assert_eq!(taken(&buy(&api, "T", "RARE", 3).await).len(), 1);
    assert_eq!(quota(&api, "BER1", "RARE").await["left"], 0);

    // Who decides on what was is told so; the same again changes nothing; `none` takes the bound away.
    let operator = Operator::of(&world);
    let stale = operator.run("inventory quota BER1 RARE web 9 --reason more --if-match 7");
    assert!(stale.words.contains("version 1"), "{stale:?}");
    stale.expect(5);
    let path = "/v1/inventory/BER1/RARE/quotas/web";
    let again = json!({"units": 5, "reason": "scarce"});
    assert_eq!(api.put(path, &again).await.expect(200)["repeated"], true);
    let bad = json!({"units": -1, "reason": "scarce"});
    assert_eq!(api.put(path, &bad).await.code(), "negative");
    let nobody = "/v1/inventory/BER1/RARE/quotas/nobody";
    assert_eq!(api.put(nobody, &again).await.code(), "unknown_channel");
    operator.text("inventory quota BER1 RARE web none --reason enough");
    assert_eq!(taken(&buy(&api, "U", "RARE", 4).await).len(), 4);
    assert_eq!(quota(&api, "BER1", "RARE").await, Value::Null);

    let words: Vec<(i64, Option<i64>, String, String)> = sqlx::query_as(
        "select version, units, said_by, reason from orderhub_check.quota_changes \
         where location = 'BER1' and sku = 'RARE' and channel = 'web' order by version",
    )
    .fetch_all(&world.audit)
    .await
    .unwrap();
    let said: Vec<(i64, Option<i64>, &str)> = words
        .iter()
        .map(|(version, units, _, reason)| (*version, *units, reason.as_str()))
        .collect();
    assert_eq!(said, [(1, Some(5), "scarce"), (2, None, "enough")]);
    assert!(words.iter().all(|(.., by, _)| by.starts_with("operator:")));
    checker::always(&world.audit).await;
    checker::nothing_was_promised_that_was_not_there(&world.audit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_raised_quota_lets_the_next_orders_through_and_others_places_are_asked() {
    let world = World::start_with(&["BER1", "HAM1"], None).await;
    let api = &world.api;
    api.count("BER1", "A", 10).await;
    api.count("HAM1", "A", 10).await;
    let set = |location: &str, units: i64| {
        let path = format!("/v1/inventory/{location}/A/quotas/web");
        async move {
            let wanted = json!({"units": units, "reason": "shares"});
            api.put(&path, &wanted).await.expect(200)
        }
    };
    set("BER1", 2).await;
    set("HAM1", 1).await;
    let bought = buy(api, "A", "A", 6).await;
    assert_eq!(taken(&bought).len(), 3);
    let places = |orders: &[(String, Value)], code: &str| {
        let at = |order: &Value| order["fulfilments"][0]["location"] == code;
        orders.iter().filter(|(_, order)| at(order)).count()
    };
    assert_eq!((places(&bought, "BER1"), places(&bought, "HAM1")), (2, 1));
    set("HAM1", 3).await;
    let bought = buy(api, "B", "A", 4).await;
    assert_eq!((taken(&bought).len(), places(&bought, "HAM1")), (2, 2));
    let quotas: Vec<(String, i64, i64, i64)> = sqlx::query_as(
        "select location, units, reserved, taken from orderhub_check.quotas order by location",
    )
    .fetch_all(&world.audit)
    .await
    .unwrap();
    let row = |location: &str, units, taken| (location.to_owned(), units, 0, taken);
    assert_eq!(quotas, [row("BER1", 2, 2), row("HAM1", 3, 3)]);
    checker::always(&world.audit).await;
}
