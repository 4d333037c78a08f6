//! A return on its way: what its carrier tells of the label's number is seen on the return, however often
//! and in whatever order it is told, and units come only when somebody has opened the parcel.

use serde_json::{Value, json};

use crate::support::checker;
use crate::support::doubles::easypost_wire::Sighting;
use crate::support::journey;
use crate::support::operator::Operator;
use crate::support::orders::one_unit;
use crate::support::patience::{SOON, until};
use crate::support::world::World;

const NUMBER: &str = "1Z999AA10123456784";

fn seen(status: &'static str, detail: &'static str, hour: &str) -> Sighting {
    Sighting {
        status,
        detail,
        at: format!("2026-11-23T{hour}:00:00Z"),
    }
}

/// What the carrier says, told twice; the status of the last answer.
async fn told(world: &World, sightings: &[Sighting]) -> Option<u16> {
    let body = world.easypost.sighted(NUMBER, sightings);
    world.easypost.post.deliver(&body).await;
    world.easypost.post.deliver(&body).await
}

async fn back_in(world: &World, order: &str, stage: &str) -> Value {
    let what = format!("the return is {stage}");
    until(&what, SOON, || async {
        let back = world.api.order(order).await["returns"][0].clone();
        (back["stage"] == stage).then_some(back)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_return_is_followed_by_its_label_and_its_units_come_when_somebody_opens_it() {
    let mut world = World::start().await;
    world.api.count("BER1", "SKU-1", 10).await;
    let order = world.api.place(&one_unit("RL-1", "SKU-1")).await;
    let tracking = journey::ship(&world.api, &order).await;
    journey::deliver(&world.easypost, &tracking).await;
    world.api.until_stage(&order, &["completed"]).await;

    // The carrier is quicker than the person who types the number in.
    let early = [seen("in_transit", "departed_origin_facility", "08")];
    assert_eq!(
        told(&world, &early).await,
        Some(202),
        "nobody has this number"
    );
    let asked = json!({ "reason": "does not fit" });
    let path = format!("/v1/orders/{order}/returns");
    let back = world.api.post(&path, &asked).await.expect(200);
    let id = back["id"].as_str().unwrap().to_owned();
    let label =
        json!({ "reason": "fine", "label": { "carrier": "UPS", "tracking_number": NUMBER } });
    let approve = format!("/v1/returns/{id}/approve");
    world.api.post(&approve, &label).await.expect(200);
    let on_its_way = back_in(&world, &order, "in_transit").await;
    assert_eq!(on_its_way["label"]["status"], "in_transit");
    assert_eq!(on_its_way["parcels"], json!([]));
    let close = format!("/v1/returns/{id}/close");
    let refused = world.api.post(&close, &json!({ "reason": "kept" })).await;
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (409, "wrong_stage")
    );

    world.hub.kill();
    world.hub.start().await;
    let there = [
        early[0].clone(),
        seen("delivered", "arrived_at_destination", "16"),
    ];
    assert_eq!(told(&world, &there).await, Some(200));
    let back = back_in(&world, &order, "in_transit").await;
    assert_eq!(back["label"]["status"], "delivered");
    assert_eq!(back["label"]["delivered_at"], "2026-11-23T16:00:00Z");
    let sightings = checker::events_of(&world.audit, &order, "return.seen").await;
    assert_eq!(sightings, 2, "each is told of twice or more and kept once");
    let explain = format!("/v1/orders/{order}/explain");
    let why = world.api.get(&explain).await.expect(200);
    assert_eq!(
        (&why["waiting_for"], &why["recommended"]),
        (&json!("location"), &json!("receive_return"))
    );
    let stock = world.api.get("/v1/inventory/SKU-1").await.expect(200);
    assert_eq!(stock["locations"][0]["on_hand"], 9, "nobody has opened it");
    assert_eq!(world.api.order(&order).await["payment"]["refunded"], "0.00");

    let operator = Operator::of(&world);
    let timeline = operator.text(&format!("orders timeline {order}"));
    assert!(
        timeline.contains("Return 1 on its way: delivered."),
        "{timeline}"
    );
    let receive = format!("/v1/returns/{id}/receive");
    let came = json!({ "location": "BER1" });
    world.api.post(&receive, &came).await.expect(200);
    operator.text(&format!("returns inspect {id} --line 1=1=restock"));
    back_in(&world, &order, "closed").await;
    let stock = world.api.get("/v1/inventory/SKU-1").await.expect(200);
    assert_eq!(stock["locations"][0]["on_hand"], 10);
    checker::always(&world.audit).await;
}
