//! Events and changes of stock on the bus: all of them, in order, whatever happens to the bus.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use sqlx::PgPool;

use crate::support::api::Api;
use crate::support::doubles::stripe::DECLINED_CARD;
use crate::support::nats::{Nats, Published, Server, on_both_servers};
use crate::support::orders::one_unit;
use crate::support::patience::{SOON, until};
use crate::support::world::World;

on_both_servers! {
    every_event_of_an_order_is_published_once_and_in_order,
    every_change_of_stock_is_published_with_what_moved,
    orders_go_on_without_the_bus_and_their_events_follow,
    a_bus_that_forgot_everything_is_filled_again,
    a_bus_that_lost_its_latest_messages_gets_them_again,
    a_bus_that_stops_answering_gets_everything_when_it_goes_on,
    a_hub_that_is_killed_while_it_publishes_leaves_nothing_out,
    a_message_that_the_bus_refuses_for_good_is_parked_and_the_rest_goes_on,
}

/// The time from a bus that is back to a bus that has everything.
const REFILLED: Duration = Duration::from_mins(1);

/// The kind of a change of stock.
const STOCK_CHANGED: &str = "inventory.stock_changed";

/// Every committed event (order, version, kind), change of stock (location, seq) and entry of a logbook.
type Log = BTreeSet<(String, i64, String)>;

async fn log(audit: &PgPool) -> Log {
    let query = sqlx::query_as(
        "select order_id, version, kind from orderhub_check.events
         union all
         select location, seq, $1 from orderhub_check.stock_ledger
         union all
         select location || '/logbook', seq, kind from orderhub_check.logbook",
    );
    let query = query.bind(STOCK_CHANGED);
    let rows: Vec<(String, i64, String)> = query.fetch_all(audit).await.unwrap();
    rows.into_iter().collect()
}

fn place_of(message: &Published) -> (String, i64, String) {
    let kind = message.text("type");
    let kind = kind.strip_prefix("io.orderhub.").unwrap_or_default();
    let kind = kind.strip_suffix(".v1").unwrap_or_default();
    let sequence = message.text("sequence").parse().unwrap();
    (
        message.text("partitionkey").to_owned(),
        sequence,
        kind.to_owned(),
    )
}

/// Waits until the bus has what the log has, and checks what holds for every stream of events.
pub(crate) async fn all_is_published(world: &World, nats: &Nats) -> Vec<Published> {
    until("the log is on the bus", REFILLED, || async {
        let published = nats.published().await;
        let on_bus: Log = published.iter().map(place_of).collect();
        (on_bus == log(&world.audit).await).then_some(())
    })
    .await;
    until("every cursor is at its log's end", SOON, || async {
        let behind = sqlx::query_scalar::<_, i64>(
            "select (select count(*) from orderhub_check.publish_cursor
                     where published <> last_seq)
                  + (select count(*) from orderhub_check.stock_cursor
                     where published <> last_seq)
                  + (select count(*) from orderhub_check.logbook_cursor
                     where published <> last_seq)",
        );
        let behind = behind.fetch_one(&world.audit).await.unwrap();
        (behind == 0).then_some(())
    })
    .await;
    let published = nats.published().await;
    let mut ids = BTreeMap::new();
    let mut versions: BTreeMap<String, i64> = BTreeMap::new();
    for message in &published {
        let id = message.text("id");
        assert_eq!(id, message.msg_id, "the id is the message's");
        let place = place_of(message);
        let before = ids.insert(id.to_owned(), place.clone());
        if let Some(before) = before {
            assert_eq!(before, place, "one id, two events");
            continue;
        }
        let last = versions.entry(place.0.clone()).or_default();
        assert_eq!(place.1, *last + 1, "{} is out of order", place.0);
        *last = place.1;
    }
    // Against what was published, not the log: orders may go on meanwhile.
    let places: BTreeSet<_> = published.iter().map(place_of).collect();
    assert_eq!(ids.len(), places.len(), "one event, two ids");
    published
}

pub(crate) async fn metric(world: &World, name: &str) -> Option<f64> {
    let reply = world.hub.admin().get("/metrics").await;
    let text = String::from_utf8(reply.body.to_vec()).unwrap();
    let mut lines = text.lines();
    let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    value?.parse().ok()
}

pub(crate) fn is_stock(message: &Published) -> bool {
    place_of(message).2 == STOCK_CHANGED
}

fn is_of_an_order(message: &Published) -> bool {
    place_of(message).0.starts_with("ord_")
}

async fn some_orders(api: &Api, name: &str, orders: usize) -> Vec<String> {
    let mut placed = Vec::new();
    for number in 0..orders {
        let order = one_unit(&format!("{name}-{number}"), "SKU-1");
        placed.push(api.place(&order).await);
    }
    for order in &placed {
        api.until_stage(order, &["fulfilling"]).await;
    }
    placed
}

async fn every_event_of_an_order_is_published_once_and_in_order(server: Server) {
    let nats = Nats::start(server).await;
    let world = World::start_with_bus(nats.url()).await;
    world.api.count("BER1", "SKU-1", 10).await;
    let orders = some_orders(&world.api, "N", 3).await;
    let mut declined = one_unit("N-declined", "SKU-1");
    declined["payment"]["token"] = DECLINED_CARD.into();
    let declined = world.api.place(&declined).await;
    world.api.until_stage(&declined, &["rejected"]).await;

    let published = all_is_published(&world, &nats).await;
    let places: BTreeSet<_> = published.iter().map(place_of).collect();
    assert_eq!(published.len(), places.len(), "the bus recognises repeats");
    for message in published.iter().filter(|m| is_of_an_order(m)) {
        let event = &message.event;
        assert_eq!(event["specversion"], "1.0");
        assert_eq!(event["source"], "/orderhub/hub-1");
        assert_eq!(event["datacontenttype"], "application/json");
        assert_eq!(event["channel"], "web");
        assert_eq!(event["partitionkey"], event["subject"]);
        assert_eq!(event["correlationid"], event["subject"]);
        assert!(event["data"].is_object(), "{event}");
        assert!(!message.text("actor").is_empty(), "{event}");
        assert!(message.text("time").ends_with('Z'), "{event}");
        let (order, _, kind) = place_of(message);
        // The byte before the last one of an order's id is its shard; four shards share a number.
        let shard = u8::from_str_radix(&order[order.len() - 4..order.len() - 2], 16).unwrap();
        let subject = format!("orderhub.evt.{kind}.web.p{:02}", shard / 4);
        assert_eq!(message.subject, subject);
        let (trace, span) = (&order["ord_".len()..], message.msg_id.replace('-', ""));
        let traceparent = format!("00-{trace}-{}-01", &span[..16]);
        assert_eq!(message.traceparent, traceparent);
        assert_eq!(message.text("traceparent"), traceparent);
        for personal in ["Ada", "shop.example", "Chausseestr", "pm_card"] {
            assert!(!message.raw.contains(personal), "{personal} is on the bus");
        }
    }
    let kinds = |order: &str| -> Vec<String> {
        let of = published
            .iter()
            .map(place_of)
            .filter(|(id, ..)| id == order);
        of.map(|(.., kind)| kind).collect()
    };
    assert_eq!(kinds(&orders[0])[0], "order.received");
    assert!(kinds(&orders[0]).contains(&"payment.authorized".to_owned()));
    assert!(kinds(&declined).contains(&"order.rejected".to_owned()));
    let delays = metric(&world, "orderhub_publish_delay_seconds_count").await;
    assert!(delays >= Some(1.0), "{delays:?} delays were measured");
    until("nothing waits", SOON, || async {
        let lag = metric(&world, "orderhub_publish_lag_events").await;
        (lag == Some(0.0)).then_some(())
    })
    .await;
}

async fn every_change_of_stock_is_published_with_what_moved(server: Server) {
    let nats = Nats::start(server).await;
    let locations = ["BER1", "HAM.2"];
    let world = World::start_at_with_bus(&locations, nats.url()).await;
    for location in locations {
        world.api.count(location, "SKU-1", 10).await;
        world.api.count(location, "SKU-2", 1).await;
    }
    some_orders(&world.api, "Q", 2).await;
    world.api.count("HAM.2", "SKU-1", 8).await;
    let published = all_is_published(&world, &nats).await;
    let rows: Vec<(String, Value)> = sqlx::query_as(
        "select location || '/' || sku,
                jsonb_strip_nulls(to_jsonb(l) - 'recorded_at')
         from orderhub_check.stock_ledger l
         order by location, seq",
    )
    .fetch_all(&world.audit)
    .await
    .unwrap();
    assert!(rows.len() >= 7, "{rows:?}");
    let mut changes: Vec<&Published> = published.iter().filter(|m| is_stock(m)).collect();
    changes.sort_by_key(|message| place_of(message));
    let mut subjects = BTreeMap::new();
    assert_eq!(changes.len(), rows.len());
    for (message, (subject, row)) in changes.iter().zip(&rows) {
        assert_eq!(message.event["data"], *row);
        assert_eq!(message.text("subject"), subject);
        assert_eq!(message.event["correlationid"], row["order_id"]);
        assert_eq!(message.event.get("channel"), None);
        assert_eq!(message.text("traceparent"), message.traceparent);
        let location = row["location"].as_str().unwrap();
        let before = subjects.insert(location, &message.subject);
        assert!(before.is_none_or(|before| *before == message.subject));
        let part = message
            .subject
            .strip_prefix("orderhub.evt.inventory.stock_changed._.p");
        assert!(part.unwrap().parse::<u8>().unwrap() < 64, "{message:?}");
    }
    assert_eq!(subjects.len(), 2);
}

async fn orders_go_on_without_the_bus_and_their_events_follow(server: Server) {
    let mut nats = Nats::absent(server);
    let mut world = World::start_with_bus(nats.url()).await;
    world.api.count("BER1", "SKU-1", 100).await;
    some_orders(&world.api, "D", 5).await;
    until("the waiting events are counted", SOON, || async {
        let lag = metric(&world, "orderhub_publish_lag_events").await;
        let waiting = u32::try_from(log(&world.audit).await.len()).unwrap();
        (lag == Some(f64::from(waiting))).then_some(())
    })
    .await;
    nats.bring_up().await;
    all_is_published(&world, &nats).await;

    // Down in the middle of it, and the hub ends and comes back meanwhile.
    nats.kill();
    some_orders(&world.api, "E", 3).await;
    assert!(world.hub.terminate().await.success());
    world.hub.start().await;
    some_orders(&world.api, "F", 3).await;
    nats.bring_up().await;
    all_is_published(&world, &nats).await;
    until("nothing waits", SOON, || async {
        let lag = metric(&world, "orderhub_publish_lag_events").await;
        (lag == Some(0.0)).then_some(())
    })
    .await;
}

async fn a_bus_that_forgot_everything_is_filled_again(server: Server) {
    let mut nats = Nats::start(server).await;
    let world = World::start_with_bus(nats.url()).await;
    world.api.count("BER1", "SKU-1", 100).await;
    let before = some_orders(&world.api, "W", 4).await;
    all_is_published(&world, &nats).await;
    nats.kill();
    nats.wipe();
    let meanwhile = some_orders(&world.api, "X", 2).await;
    nats.bring_up().await;
    let published = all_is_published(&world, &nats).await;
    for order in before.iter().chain(&meanwhile) {
        let there = published.iter().any(|m| m.text("subject") == order);
        assert!(there, "{order} is not on the bus");
    }
    let forgotten = metric(&world, "orderhub_bus_regressions_total").await;
    assert!(forgotten >= Some(1.0), "{forgotten:?} shards were refilled");
}

async fn a_bus_that_lost_its_latest_messages_gets_them_again(server: Server) {
    let mut nats = Nats::start(server).await;
    let world = World::start_with_bus(nats.url()).await;
    world.api.count("BER1", "SKU-1", 100).await;
    some_orders(&world.api, "L", 2).await;
    let kept = all_is_published(&world, &nats).await.len();
    nats.kill();
    nats.keep_copy();
    nats.bring_up().await;
    some_orders(&world.api, "M", 3).await;
    let had = all_is_published(&world, &nats).await.len();
    assert!(had > kept);
    nats.kill();
    nats.go_back();
    nats.bring_up().await;
    all_is_published(&world, &nats).await;
}

async fn a_bus_that_stops_answering_gets_everything_when_it_goes_on(server: Server) {
    let nats = Nats::start(server).await;
    let world = World::start_with_bus(nats.url()).await;
    world.api.count("BER1", "SKU-1", 100).await;
    some_orders(&world.api, "S", 2).await;
    all_is_published(&world, &nats).await;
    nats.freeze(true);
    some_orders(&world.api, "T", 3).await;
    // Long enough for messages to count as lost while the connection still stands.
    tokio::time::sleep(Duration::from_secs(6)).await;
    nats.freeze(false);
    all_is_published(&world, &nats).await;
    let again = metric(&world, "orderhub_publish_retries_total").await;
    assert!(again >= Some(1.0), "{again:?} messages were sent again");
}

async fn a_hub_that_is_killed_while_it_publishes_leaves_nothing_out(server: Server) {
    let mut nats = Nats::absent(server);
    let mut world = World::start_with_bus(nats.url()).await;
    world.api.count("BER1", "SKU-1", 100).await;
    some_orders(&world.api, "K", 10).await;
    nats.bring_up().await;
    until("the first events are on the bus", REFILLED, || async {
        (!nats.published().await.is_empty()).then_some(())
    })
    .await;
    world.hub.kill();
    world.hub.start().await;
    all_is_published(&world, &nats).await;
}

async fn a_message_that_the_bus_refuses_for_good_is_parked_and_the_rest_goes_on(server: Server) {
    let mut nats = Nats::absent(server);
    // Enough for every event but one that says what was ordered.
    nats.limit_payload(1_550);
    nats.bring_up().await;
    let world = World::start_with_bus(nats.url()).await;
    world.api.count("BER1", "SKU-1", 10).await;
    let mut order = one_unit("B-1", "SKU-1");
    order["lines"][0]["title"] = "A thing with a long name. ".repeat(9).into();
    let order = world.api.place(&order).await;
    world.api.until_stage(&order, &["fulfilling"]).await;
    let version: i64 = sqlx::query_scalar("select version from orderhub_check.orders")
        .fetch_one(&world.audit)
        .await
        .unwrap();
    let published = until("the order's later events arrive", REFILLED, || async {
        let mut published = nats.published().await;
        published.retain(is_of_an_order);
        (i64::try_from(published.len()) == Ok(version - 1)).then_some(published)
    })
    .await;
    let arrived: Vec<i64> = published.iter().map(|m| place_of(m).1).collect();
    assert_eq!(arrived, (2..=version).collect::<Vec<_>>());
    let parked: Vec<(String, String)> = sqlx::query_as(
        "select source, reason from orderhub_check.parked where source like 'bus/%'",
    )
    .fetch_all(&world.audit)
    .await
    .unwrap();
    let [(source, reason)] = parked.as_slice() else {
        panic!("{parked:?}");
    };
    assert_eq!(source, "bus/ORDERHUB_EVENTS");
    assert!(reason.starts_with("refused: "), "{reason}");
}
