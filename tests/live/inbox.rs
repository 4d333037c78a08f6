//! Orders over the bus: each becomes one order, and its sender is told.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::postgres::PgPoolOptions;

use crate::bus::metric;
use crate::support::inbox::{Sender, Verdict};
use crate::support::nats::{Nats, Server, on_both_servers};
use crate::support::orders::one_unit;
use crate::support::patience::{AFTER_A_CRASH, until};
use crate::support::world::World;

on_both_servers! {
    a_published_order_is_recorded_once_and_every_repeat_is_answered,
    another_body_under_the_same_name_is_a_conflict,
    what_is_no_order_is_refused_with_the_place_of_the_mistake,
    orders_that_wait_while_the_hub_is_killed_become_one_order_each,
    orders_that_wait_while_the_hub_stops_become_one_order_each,
    an_inbox_that_is_restarted_or_wiped_goes_on,
    an_order_that_cannot_be_stored_yet_waits_and_is_told_nothing,
    an_inbox_that_an_operator_made_stays_as_it_is,
}

/// The orders that there are: external id to id. Postgres itself forbids two of one name.
async fn orders(world: &World) -> BTreeMap<String, String> {
    let query = sqlx::query_as("select external_id, order_id from orderhub_check.orders");
    let rows: Vec<(String, String)> = query.fetch_all(&world.audit).await.unwrap();
    rows.into_iter().collect()
}

async fn settled(world: &World, outcome: &str) -> f64 {
    let name = format!("orderhub_inbox_messages_total{{outcome=\"{outcome}\"}}");
    metric(world, &name).await.unwrap_or_default()
}

fn accepted(msg_id: Option<&str>, id: &str) -> Verdict {
    Verdict {
        channel: "web".into(),
        msg_id: msg_id.map(Into::into),
        outcome: "accepted".into(),
        id: Some(id.into()),
        errors: Vec::new(),
    }
}

async fn a_published_order_is_recorded_once_and_every_repeat_is_answered(server: Server) {
    let nats = Nats::start(server).await;
    let world = World::start_with_bus(nats.url()).await;
    world.api.count("BER1", "SKU-1", 10).await;
    let mut sender = Sender::connect(&nats).await;
    let order = one_unit("I-1", "SKU-1");
    sender.send_order(Some("m-1"), &order).await;
    let first = sender.verdict().await;
    let id = first.id.clone().expect("an order");
    assert_eq!(first, accepted(Some("m-1"), &id));
    let read = world.api.until_stage(&id, &["fulfilling"]).await;
    assert_eq!(read["external_id"], "I-1");

    // The same message again, written in another way, is answered as it was the first time.
    let spaced = serde_json::to_string_pretty(&order).unwrap();
    sender.send("web", Some("m-1"), spaced).await;
    assert_eq!(sender.verdict().await, first);
    // The same order under another id, or none, was there before.
    for msg_id in [Some("m-2"), None] {
        sender.send_order(msg_id, &order).await;
        let again = sender.verdict().await;
        let duplicate = Verdict {
            outcome: "duplicate".into(),
            ..accepted(msg_id, &id)
        };
        assert_eq!(again, duplicate);
    }
    // And over the API.
    let posted = world.api.post("/v1/orders", &order).await.expect(200);
    assert_eq!(posted["id"], id.as_str());
    // Without an id, the natural key serves.
    sender.send_order(None, &one_unit("I-2", "SKU-1")).await;
    let second = sender.verdict().await;
    let second_id = second.id.clone().expect("an order");
    assert_eq!(second, accepted(None, &second_id));

    sender.until_empty().await;
    let expected = [("I-1".to_owned(), id), ("I-2".to_owned(), second_id)];
    assert_eq!(orders(&world).await, expected.into());
    assert!(settled(&world, "accepted").await >= 3.0);
    assert!(settled(&world, "duplicate").await >= 2.0);
}

async fn another_body_under_the_same_name_is_a_conflict(server: Server) {
    let nats = Nats::start(server).await;
    let world = World::start_with_bus(nats.url()).await;
    let mut sender = Sender::connect(&nats).await;
    let order = one_unit("C-1", "SKU-1");
    sender.send_order(Some("m-1"), &order).await;
    let id = sender.verdict().await.id.expect("an order");
    let mut changed = order.clone();
    changed["lines"][0]["title"] = "Another thing".into();
    for (msg_id, code) in [
        (Some("m-1"), "idempotency_key_reused"),
        (Some("m-2"), "external_id_conflict"),
        (None, "external_id_conflict"),
    ] {
        sender.send_order(msg_id, &changed).await;
        let verdict = sender.verdict().await;
        let expected = Verdict {
            outcome: "conflict".into(),
            id: None,
            errors: vec![(String::new(), code.to_owned())],
            ..accepted(msg_id, &id)
        };
        assert_eq!(verdict, expected);
    }
    // A key belongs to the order that it reaches.
    sender
        .send_order(Some("m-1"), &one_unit("C-2", "SKU-1"))
        .await;
    assert_eq!(sender.verdict().await.outcome, "accepted");
    sender.until_empty().await;
    assert_eq!(orders(&world).await.len(), 2);
}

async fn what_is_no_order_is_refused_with_the_place_of_the_mistake(server: Server) {
    let mut nats = Nats::absent(server);
    // A bus may carry more than the hub takes.
    nats.limit_payload(2 * 1024 * 1024);
    nats.bring_up().await;
    let world = World::start_with_bus(nats.url()).await;
    let mut sender = Sender::connect(&nats).await;
    let with = |change: fn(&mut Value)| {
        let mut order = one_unit("R-1", "SKU-1");
        change(&mut order);
        order.to_string()
    };
    let good = with(|_| ());
    let long_id = "m".repeat(256);
    let cases: Vec<(&str, Option<&str>, String, &str, &str)> = vec![
        ("web", None, String::new(), "", "empty_body"),
        ("web", None, " ".repeat(1024 * 1024 + 1), "", "too_large"),
        ("web", Some("r-1"), "{".into(), "", "malformed_json"),
        ("web", Some("r-2"), "[]".into(), "", "not_an_object"),
        (
            "web",
            Some("r-3"),
            with(|order| order["lines"][0]["unit_price"] = json!(19.99)),
            "/lines/0/unit_price",
            "decimal_as_number",
        ),
        (
            "web",
            Some("r-4"),
            with(|order| order["stated_total"] = "20.00".into()),
            "/stated_total",
            "total_mismatch",
        ),
        (
            "web",
            Some("r-5"),
            with(|order| order["pickup_location"] = "MARS".into()),
            "/pickup_location",
            "unknown_location",
        ),
        (
            "web",
            Some("r-6"),
            with(|order| order["channel"] = "shop-de".into()),
            "/channel",
            "invalid_value",
        ),
        (
            "web",
            Some("r-7"),
            with(|order| drop(order.as_object_mut().unwrap().remove("channel"))),
            "/channel",
            "required",
        ),
        (
            "app",
            Some("r-8"),
            good.clone(),
            "/channel",
            "unknown_channel",
        ),
        (
            "shop-de",
            Some("r-9"),
            good.clone(),
            "/channel",
            "unknown_channel",
        ),
        (
            "web.x",
            Some("r-10"),
            good.clone(),
            "/channel",
            "unknown_channel",
        ),
        (
            "web",
            Some(&long_id),
            good.clone(),
            "",
            "idempotency_key_invalid",
        ),
    ];
    for (channel, msg_id, body, pointer, code) in cases {
        sender.send(channel, msg_id, body).await;
        let verdict = sender.verdict().await;
        let expected = Verdict {
            channel: channel.into(),
            msg_id: msg_id.map(|id| id[..id.len().min(255)].to_owned()),
            outcome: "rejected".into(),
            id: None,
            errors: vec![(pointer.into(), code.into())],
        };
        assert_eq!(verdict, expected);
    }
    sender.until_empty().await;
    assert_eq!(orders(&world).await, BTreeMap::new());
    // A refused message takes nobody's place: the order itself, under an id that was refused.
    sender.send("web", Some("r-4"), good).await;
    assert_eq!(sender.verdict().await.outcome, "accepted");
}

/// Every message got a verdict, all verdicts of a message agree, and they are about the orders
/// that there are.
async fn every_sender_was_told(world: &World, sender: &mut Sender, sent: &BTreeMap<String, Value>) {
    sender.until_empty().await;
    let orders = orders(world).await;
    assert_eq!(orders.len(), sent.len(), "one order for each message");
    let mut told: BTreeMap<String, Verdict> = BTreeMap::new();
    while told.len() < sent.len() {
        let verdict = sender.verdict().await;
        let msg_id = verdict.msg_id.clone().expect("an id");
        let before = told.insert(msg_id, verdict.clone());
        assert!(before.is_none_or(|before| before == verdict), "{verdict:?}");
    }
    for (msg_id, order) in sent {
        let name = order["external_id"].as_str().unwrap();
        assert_eq!(told[msg_id], accepted(Some(msg_id), &orders[name]));
    }
}

async fn publish_many(sender: &Sender, name: &str, many: usize) -> BTreeMap<String, Value> {
    let mut sent = BTreeMap::new();
    for number in 0..many {
        let order = one_unit(&format!("{name}-{number}"), "SKU-1");
        let msg_id = format!("{name}-message-{number}");
        sender.send_order(Some(&msg_id), &order).await;
        sent.insert(msg_id, order);
    }
    sent
}

async fn orders_that_wait_while_the_hub_is_killed_become_one_order_each(server: Server) {
    let nats = Nats::start(server).await;
    let mut world = World::start_with_bus(nats.url()).await;
    let mut sender = Sender::connect(&nats).await;
    world.hub.kill();
    let sent = publish_many(&sender, "K", 120).await;
    world.hub.start().await;
    // In the middle of it: some are recorded, and of these some are not acknowledged.
    until("some orders are recorded", AFTER_A_CRASH, || async {
        (orders(&world).await.len() >= 5).then_some(())
    })
    .await;
    world.hub.kill();
    world.hub.start().await;
    every_sender_was_told(&world, &mut sender, &sent).await;
}

async fn orders_that_wait_while_the_hub_stops_become_one_order_each(server: Server) {
    let nats = Nats::start(server).await;
    let mut world = World::start_with_bus(nats.url()).await;
    let mut sender = Sender::connect(&nats).await;
    let sent = publish_many(&sender, "T", 60).await;
    assert!(world.hub.terminate().await.success());
    world.hub.start().await;
    every_sender_was_told(&world, &mut sender, &sent).await;
}

async fn an_inbox_that_is_restarted_or_wiped_goes_on(server: Server) {
    let mut nats = Nats::start(server).await;
    let world = World::start_with_bus(nats.url()).await;
    let mut sender = Sender::connect(&nats).await;
    let mut sent = publish_many(&sender, "A", 3).await;
    every_sender_was_told(&world, &mut sender, &sent).await;

    // Restarted: what it stored is there.
    nats.kill();
    nats.bring_up().await;
    sender.until_connected().await;
    let more = publish_many(&sender, "B", 3).await;
    sender.until_empty().await;
    for _ in &more {
        assert_eq!(sender.verdict().await.outcome, "accepted");
    }
    sent.extend(more);

    // Wiped: neither stream nor consumer, until the hub has made them again.
    nats.kill();
    nats.wipe();
    nats.bring_up().await;
    sender.until_connected().await;
    sender.until_there_is_an_inbox().await;
    // The places of the new stream are those of the old one; everything is sent again, and more.
    for (msg_id, order) in &sent {
        sender.send_order(Some(msg_id), order).await;
    }
    sent.extend(publish_many(&sender, "D", 3).await);
    every_sender_was_told(&world, &mut sender, &sent).await;
}

async fn an_order_that_cannot_be_stored_yet_waits_and_is_told_nothing(server: Server) {
    let nats = Nats::start(server).await;
    let world = World::start_with_bus(nats.url()).await;
    let mut sender = Sender::connect(&nats).await;
    let saboteur = PgPoolOptions::new().max_connections(1);
    let saboteur = saboteur.connect(&world.setup.database_url).await.unwrap();
    let mut holding = saboteur.begin().await.unwrap();
    sqlx::query("lock table orderhub.orders in access exclusive mode")
        .execute(&mut *holding)
        .await
        .unwrap();
    let sent = publish_many(&sender, "W", 3).await;
    until("the hub gives a message back", AFTER_A_CRASH, || async {
        (settled(&world, "retried").await >= 1.0).then_some(())
    })
    .await;
    let early = sender.verdict_within(Duration::from_millis(200)).await;
    assert_eq!(early, None, "nothing is decided yet");
    holding.rollback().await.unwrap();
    every_sender_was_told(&world, &mut sender, &sent).await;
}

async fn an_inbox_that_an_operator_made_stays_as_it_is(server: Server) {
    let nats = Nats::start(server).await;
    let context = nats.context().await;
    let config = async_nats::jetstream::stream::Config {
        name: "ORDERHUB_INBOX".to_owned(),
        subjects: vec!["orderhub.in.>".to_owned()],
        max_age: Duration::from_hours(1),
        ..Default::default()
    };
    context.create_stream(config).await.unwrap();
    let world = World::start_with_bus(nats.url()).await;
    let mut sender = Sender::connect(&nats).await;
    sender
        .send_order(Some("m-1"), &one_unit("O-1", "SKU-1"))
        .await;
    assert_eq!(sender.verdict().await.outcome, "accepted");
    assert_eq!(orders(&world).await.len(), 1);
    let stream = context.get_stream("ORDERHUB_INBOX").await.unwrap();
    assert_eq!(stream.cached_info().config.max_age, Duration::from_hours(1));
    assert_eq!(
        sender.waiting().await,
        Some(1),
        "it keeps what it was told to"
    );
}
