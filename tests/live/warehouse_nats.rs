//! A warehouse whose system speaks NATS: work goes out and comes back, each thing once, while the hub is
//! killed and the NATS server is away, silent or has forgotten.

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::support::doubles::wms::{self, Asked, Wms, report};
use crate::support::nats::{Nats, Server, on_both_servers};
use crate::support::operator::Operator;
use crate::support::orders::two_and_shipping;
use crate::support::patience::{AFTER_A_CRASH, until};
use crate::support::world::World;
use crate::support::{books, checker, journey};

on_both_servers! {
    work_goes_out_and_comes_back_once_through_kills_and_silence,
    a_server_that_forgot_is_heard_again_from_its_beginning,
}

/// A hub with ten units at HAM1, which the warehouse runs.
async fn world(nats: &Nats, secret: &NamedTempFile) -> World {
    let world = World::start_under(&wms::sections(nats, secret)).await;
    world.api.count("HAM1", "SKU-1", 10).await;
    world
}

fn fulfilment(asked: &Asked) -> String {
    asked.body["data"]["fulfilment"]
        .as_str()
        .unwrap()
        .to_owned()
}

/// What the doctor says of the warehouse: its verdict and its words.
fn examined(world: &World) -> (String, String) {
    let printed = world.hub.attempt(&["doctor", "-o", "json"]).stdout;
    let found: Vec<Value> = serde_json::from_slice(&printed).unwrap();
    let of_partner = |one: &&Value| one["check"] == "partner";
    let one = found.iter().find(of_partner).expect("it is looked at");
    let text = |name: &str| one[name].as_str().unwrap().to_owned();
    (text("verdict"), text("detail"))
}

/// Until the order's first piece of work stands there.
async fn until_work_is(world: &World, order: &str, stage: &str) {
    let what = format!("the work of {order} is {stage}");
    until(&what, AFTER_A_CRASH, || async {
        let order = world.api.order(order).await;
        (order["fulfilments"][0]["stage"] == stage).then_some(())
    })
    .await;
}

/// Until the order's timeline has these words.
async fn until_told(world: &World, order: &str, words: &str) {
    let what = format!("{order} is told: {words}");
    until(&what, AFTER_A_CRASH, || async {
        let timeline = format!("/v1/orders/{order}/timeline");
        let timeline = world.api.get(&timeline).await.expect(200);
        timeline.to_string().contains(words).then_some(())
    })
    .await;
}

/// What is parked for good, with its reason.
async fn dead(world: &World) -> Vec<String> {
    let dead = world.api.get("/v1/parked?state=dead").await.expect(200);
    let dead = dead["data"].as_array().unwrap().iter();
    let reason = |one: &Value| {
        assert_eq!(one["source"], "warehouses/north");
        one["reason"].as_str().unwrap().to_owned()
    };
    let mut dead: Vec<String> = dead.map(reason).collect();
    dead.sort();
    dead
}

/// The number that the hub's place in the reports has.
async fn place(world: &World) -> String {
    let cursor: Option<String> = sqlx::query_scalar(
        "select cursor from orderhub_check.poll_cursors where source = 'warehouses/north'",
    )
    .fetch_optional(&world.audit)
    .await
    .unwrap();
    let cursor = cursor.unwrap_or_default();
    cursor.split('/').next().unwrap_or_default().to_owned()
}

async fn until_place_is(world: &World, number: &str) {
    until(
        &format!("report {number} is on disk"),
        AFTER_A_CRASH,
        || async { (place(world).await == number).then_some(()) },
    )
    .await;
}

async fn work_goes_out_and_comes_back_once_through_kills_and_silence(server: Server) {
    let mut nats = Nats::absent(server);
    wms::admit(&nats);
    let secret = wms::secret();
    // The hub starts without the server, and takes orders.
    let mut world = world(&nats, &secret).await;
    let order = world.api.place(&two_and_shipping("N-1", "SKU-1")).await;
    world.api.until_stage(&order, &["fulfilling"]).await;
    until_told(&world, &order, "NATS server cannot be reached").await;
    let (verdict, words) = examined(&world);
    assert_eq!(verdict, "warn");
    assert!(
        words.starts_with("warehouses/north: ") && words.contains("cannot be reached"),
        "{words}"
    );
    nats.bring_up().await;
    let wms = Wms::connect(&nats).await;
    let asked = wms.until_asked(1).await;
    until("both streams are there", AFTER_A_CRASH, || async {
        let (verdict, words) = examined(&world);
        (verdict == "ok" && words.contains("has both streams")).then_some(())
    })
    .await;
    let work = fulfilment(&asked[0]);
    assert_eq!(asked[0].subject, "orderhub.warehouses.north.requests.HAM1");
    assert_eq!(asked[0].id, format!("{work}_requested"));
    assert_eq!(asked[0].body["type"], "fulfilment.requested");
    assert_eq!(
        asked[0].body["data"]["lines"],
        json!([{ "line": "1", "sku": "SKU-1", "quantity": "2" }])
    );

    // Reports come while there is no hub: one twice, one that nobody can read, one of another's location.
    world.hub.kill();
    wms.says(&work, "accepted").await;
    wms.publishes("this is no report").await;
    wms.publishes(&report(&work, "BER1", "accepted").to_string())
        .await;
    wms.says(&work, "accepted").await;
    wms.says(&work, "packed").await;
    world.hub.start().await;
    let tracking = journey::tracking_number(&world.api, &order, AFTER_A_CRASH).await;
    let reasons = dead(&world).await;
    assert_eq!(reasons.len(), 2, "{reasons:?}");
    assert!(reasons[0].contains("subject"), "{reasons:?}");
    assert!(reasons[1].contains("is not JSON"), "{reasons:?}");
    wms.says(&work, "handed_over").await;
    world.hub.kill();
    world.hub.start().await;
    until_work_is(&world, &order, "handed_over").await;
    journey::deliver(&world.easypost, &tracking).await;
    world.api.until_stage(&order, &["completed"]).await;

    // The server takes a request and does not answer: it is published again, and there once. So is the
    // request to stop, however often it is said.
    nats.freeze(true);
    let second = world.api.place(&two_and_shipping("N-2", "SKU-1")).await;
    until_told(&world, &second, "did not acknowledge the request in time").await;
    nats.freeze(false);
    let asked = wms.until_asked(2).await;
    let work = fulfilment(&asked[1]);
    until_work_is(&world, &second, "requested").await;
    Operator::of(&world).text(&format!("orders cancel {second} --reason changed-mind"));
    let asked = wms.until_asked(3).await;
    assert_eq!(asked[2].id, format!("{work}_cancel_requested"));
    assert_eq!(asked[2].body["data"]["location"], "HAM1");
    world.hub.kill();
    world.hub.start().await;
    wms.says(&work, "cancelled").await;
    world.api.until_stage(&second, &["cancelled"]).await;
    assert_eq!(wms.asked().await.len(), 3, "{:?}", wms.asked().await);
    until_place_is(&world, "7").await;
    assert_eq!(dead(&world).await.len(), 2);
    let handed_over = checker::events_of(&world.audit, &order, "shipment.handed_over").await;
    assert_eq!(handed_over, 1);
    checker::at_rest(&world.audit, 2).await;
    books::agree_with_the_gateway(&world.audit, &world.stripe).await;
    books::agree_with_the_carrier(&world.audit, &world.easypost).await;
}

async fn a_server_that_forgot_is_heard_again_from_its_beginning(server: Server) {
    let mut nats = Nats::absent(server);
    wms::admit(&nats);
    nats.bring_up().await;
    let secret = wms::secret();
    let world = world(&nats, &secret).await;
    let order = world.api.place(&two_and_shipping("N-1", "SKU-1")).await;
    let wms = Wms::connect(&nats).await;
    let work = fulfilment(&wms.until_asked(1).await[0]);
    wms.says(&work, "accepted").await;
    until_work_is(&world, &order, "accepted").await;
    nats.kill();
    nats.keep_copy();
    nats.bring_up().await;
    let wms = Wms::connect(&nats).await;
    wms.says(&work, "packed").await;
    let tracking = journey::tracking_number(&world.api, &order, AFTER_A_CRASH).await;
    until_place_is(&world, "2").await;

    // It comes back without the last report, and gives its number to the next.
    nats.kill();
    nats.go_back();
    nats.bring_up().await;
    let wms = Wms::connect(&nats).await;
    wms.says(&work, "handed_over").await;
    until_work_is(&world, &order, "handed_over").await;
    journey::deliver(&world.easypost, &tracking).await;
    world.api.until_stage(&order, &["completed"]).await;

    // And then with nothing at all: the streams are made again, and everything goes on.
    nats.kill();
    nats.wipe();
    nats.bring_up().await;
    let second = world.api.place(&two_and_shipping("N-2", "SKU-1")).await;
    let wms = Wms::connect(&nats).await;
    let asked = wms.until_asked(1).await;
    let work = fulfilment(&asked[0]);
    assert!(work.contains(second.trim_start_matches("ord_")), "{work}");
    wms.says(&work, "accepted").await;
    until_work_is(&world, &second, "accepted").await;
    until_place_is(&world, "1").await;
    let accepted = checker::events_of(&world.audit, &order, "fulfilment.accepted").await;
    assert_eq!(accepted, 1, "what was said again changed nothing");
    checker::always(&world.audit).await;
    assert!(dead(&world).await.is_empty());
}
