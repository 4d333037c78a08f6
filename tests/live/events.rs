//! Events over the API: the stream and the pages tell what the bus has, through crashes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use super::bus::all_is_published;
use super::logbook::until_availability_is_told;
use crate::support::api::Api;
use crate::support::nats::{Nats, Server};
use crate::support::orders::one_unit;
use crate::support::patience::{AFTER_A_CRASH, SOON, until};
use crate::support::world::World;

/// A listener who comes back whenever it is cut off, with the last id that it was given.
#[derive(Clone, Default)]
struct Listener(Arc<Mutex<Heard>>);

#[derive(Default)]
struct Heard {
    /// Messages by their id, as they came.
    messages: BTreeMap<String, String>,
    /// The order of the messages of each log.
    places: BTreeMap<String, Vec<i64>>,
    last: Option<String>,
    connections: usize,
}

impl Listener {
    /// Listens until nobody holds this any more.
    fn begin(api: &Api) -> Self {
        let listener = Self::default();
        let (heard, api) = (Arc::downgrade(&listener.0), api.clone());
        tokio::spawn(async move {
            while let Some(heard) = heard.upgrade() {
                let listener = Self(heard);
                // Cut off, or nobody there: it comes back.
                drop(listener.listen(&api).await);
                drop(listener);
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
        listener
    }

    /// Checks that it was told exactly this, each log in its order, over more than one connection.
    fn has_heard(&self, expected: &BTreeMap<String, String>) {
        let heard = self.0.lock().unwrap();
        assert!(heard.connections > 3, "it was cut off by each crash");
        assert_eq!(
            heard.messages, *expected,
            "the same messages, byte for byte"
        );
        for (log, places) in &heard.places {
            let in_order = places.windows(2).all(|pair| pair[1] == pair[0] + 1);
            assert!(in_order, "{log}: {places:?}");
        }
    }

    async fn listen(&self, api: &Api) -> reqwest::Result<()> {
        let mut request = api.request(Method::GET, "/v1/events/stream");
        if let Some(last) = self.0.lock().unwrap().last.clone() {
            request = request.header("Last-Event-ID", last);
        }
        let mut answer = request.send().await?.error_for_status()?;
        self.0.lock().unwrap().connections += 1;
        let mut text = String::new();
        while let Some(piece) = answer.chunk().await? {
            text.push_str(std::str::from_utf8(&piece).unwrap());
            while let Some((event, rest)) = text.split_once("\n\n") {
                self.0.lock().unwrap().hear(event);
                text = rest.to_owned();
            }
        }
        Ok(())
    }
}

impl Heard {
    fn hear(&mut self, event: &str) {
        for line in event.lines() {
            if let Some(id) = line.strip_prefix("id:") {
                self.last = Some(id.to_owned());
            }
            let Some(data) = line.strip_prefix("data:") else {
                continue;
            };
            let message: Value = serde_json::from_str(data).unwrap();
            let text = |name: &str| message[name].as_str().unwrap().to_owned();
            let before = self.messages.insert(text("id"), data.to_owned());
            if let Some(before) = before {
                assert_eq!(before, data, "one id, two messages");
                continue;
            }
            let place = text("sequence").parse().unwrap();
            self.places
                .entry(text("partitionkey"))
                .or_default()
                .push(place);
        }
    }
}

/// Everything that the pages have, from the beginning.
async fn pages(api: &Api) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let mut after = String::new();
    loop {
        let page = api
            .get(&format!("/v1/events?limit=37{after}"))
            .await
            .expect(200);
        for message in page["data"].as_array().unwrap() {
            let before = found.insert(message["id"].as_str().unwrap().to_owned(), message.clone());
            assert!(before.is_none(), "a page repeats {message}");
        }
        after = format!("&after={}", page["next_cursor"].as_str().unwrap());
        if page["has_more"] == false {
            return found;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_stream_the_pages_and_the_bus_tell_the_same_through_crashes() {
    let nats = Nats::start(Server::Installed).await;
    let mut world = World::start_with_bus(nats.url()).await;
    world.api.count("BER1", "SKU-1", 1_000).await;
    until_availability_is_told(&world.audit).await;
    all_is_published(&world, &nats).await;
    let listener = Listener::begin(&world.api);
    until("the listener is there", SOON, || async {
        (listener.0.lock().unwrap().connections == 1).then_some(())
    })
    .await;
    let mut placed = Vec::new();
    for round in 0..3 {
        for number in 0..10 {
            let order = one_unit(&format!("EV-{round}-{number}"), "SKU-1");
            placed.push(world.api.place(&order).await);
        }
        // In the middle of their lives.
        world.hub.kill();
        world.hub.start().await;
    }
    for order in &placed {
        let stages = ["fulfilling"];
        world
            .api
            .until_stage_within(order, &stages, AFTER_A_CRASH)
            .await;
    }
    until_availability_is_told(&world.audit).await;
    let published = all_is_published(&world, &nats).await;
    let of_bus = |since: usize| -> BTreeMap<String, String> {
        let messages = published.iter().skip(since);
        messages
            .map(|message| (message.msg_id.clone(), message.raw.clone()))
            .collect()
    };
    // The count of the stock, and what can be promised of it, came before the listener did.
    let expected = of_bus(2);
    until("the listener has heard what the bus has", SOON, || async {
        let heard = listener.0.lock().unwrap();
        (heard.messages.len() >= expected.len()).then_some(())
    })
    .await;
    listener.has_heard(&expected);
    let paged = pages(&world.api).await;
    let all = of_bus(0);
    assert_eq!(paged.len(), all.len());
    for (id, raw) in all {
        let message: Value = serde_json::from_str(&raw).unwrap();
        assert_eq!(paged.get(&id), Some(&message));
    }
}
