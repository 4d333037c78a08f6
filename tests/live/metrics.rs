//! The metrics that dashboards and alerts are built on: each is there, and moves with its cause.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::support::doubles::faults::{Call, Fault};
use crate::support::doubles::stripe::DECLINED_CARD;
use crate::support::hub::Hub;
use crate::support::journey;
use crate::support::orders::one_unit;
use crate::support::patience::{SOON, until};
use crate::support::world::World;

/// Samples by name and labels, as the text says them.
pub(crate) struct Scrape(BTreeMap<String, f64>);

impl Scrape {
    pub(crate) async fn of(hub: &Hub) -> Self {
        let reply = hub.admin().get("/metrics").await;
        assert_eq!(reply.status, 200);
        let text = String::from_utf8(reply.body.to_vec()).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let samples = lines.filter_map(|line| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        });
        Self(samples.collect())
    }

    /// The largest sample of a metric whose labels contain all of these.
    pub(crate) fn value(&self, metric: &str, labels: &[&str]) -> Option<f64> {
        let mut found: Option<f64> = None;
        for (series, value) in &self.0 {
            let (name, rest) = series.split_once('{').unwrap_or((series, ""));
            if name == metric && labels.iter().all(|label| rest.contains(label)) {
                found = Some(found.map_or(*value, |other: f64| other.max(*value)));
            }
        }
        found
    }

    #[track_caller]
    fn at_least_one(&self, metric: &str, labels: &[&str]) {
        let value = self.value(metric, labels);
        assert!(value >= Some(1.0), "{metric}{labels:?} is {value:?}");
    }

    #[track_caller]
    fn none_yet(&self, metric: &str) {
        let value = self.value(metric, &[]).unwrap_or_default();
        assert!(value < 1.0, "{metric} is {value}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_metric_of_the_contract_moves_with_its_cause() {
    let world = World::start().await;
    let api = &world.api;
    let fresh = Scrape::of(&world.hub).await;
    fresh.none_yet("orderhub_orders_received_total");
    fresh.none_yet("orderhub_webhooks_received_total");
    fresh.none_yet("orderhub_order_transitions_total");

    api.count("BER1", "SKU-1", 10).await;
    let order = api.place(&one_unit("P-1", "SKU-1")).await;
    api.post("/v1/orders", &one_unit("P-1", "SKU-1"))
        .await
        .expect(200);
    let mut declined = one_unit("P-2", "SKU-1");
    declined["payment"]["token"] = DECLINED_CARD.into();
    let declined = api.place(&declined).await;
    let nothing = api.place(&one_unit("P-3", "EMPTY")).await;
    api.until_stage(&declined, &["rejected"]).await;
    api.until_stage(&nothing, &["rejected"]).await;
    let tracking = journey::ship(api, &order).await;
    journey::deliver(&world.easypost, &tracking).await;
    api.until_stage(&order, &["completed"]).await;
    let forged = vec![("stripe-signature", "t=1,v1=00".to_owned())];
    assert_eq!(
        world.stripe.post.deliver_with("{}", forged).await,
        Some(401)
    );

    let moved = Scrape::of(&world.hub).await;
    let web = "channel=\"web\"";
    moved.at_least_one("orderhub_orders_received_total", &[web, "outcome=\""]);
    let outcomes = moved.0.keys().filter(|series| {
        series.starts_with("orderhub_orders_received_total") && series.contains(web)
    });
    assert!(
        outcomes.count() >= 2,
        "a new order and its repeat have one outcome"
    );
    let confirmed = "to=\"confirmed\"";
    moved.at_least_one(
        "orderhub_order_transitions_total",
        &["from=\"authorizing\"", confirmed],
    );
    moved.at_least_one("orderhub_order_transitions_total", &["to=\"completed\""]);
    moved.at_least_one("orderhub_actors", &["kind=\""]);
    moved.at_least_one("orderhub_inventory_reservations_total", &["result=\""]);
    moved.at_least_one(
        "orderhub_webhooks_received_total",
        &["source=\"", "outcome=\""],
    );
    moved.at_least_one("orderhub_commit_batch_orders_count", &[]);
    moved.at_least_one("orderhub_commit_duration_seconds_count", &[]);
    moved.at_least_one("orderhub_lane_wait_seconds_count", &[]);
    let created = "http_response_status_code=\"201\"";
    let post = "http_request_method=\"POST\"";
    let route = "http_route=\"/v1/orders\"";
    let http = "http_server_request_duration_seconds_count";
    moved.at_least_one(http, &[created, post, route]);
    // These have no cause here, and must be there to be alerted on.
    for quiet in [
        "orderhub_inventory_oversold_units_total",
        "orderhub_circuit_open",
    ] {
        assert!(moved.value(quiet, &[]).is_some(), "{quiet} is not there");
        moved.none_yet(quiet);
    }
    until("orders are counted by stage", SOON, || async {
        let scrape = Scrape::of(&world.hub).await;
        let rejected = scrape.value("orderhub_orders", &["stage=\"rejected\""]);
        let completed = scrape.value("orderhub_orders", &["stage=\"completed\""]);
        (rejected >= Some(2.0) && completed >= Some(1.0)).then_some(())
    })
    .await;
    let every_series = moved.0.keys();
    for personal in [order.as_str(), "W-1001", "P-1", "SKU-1", "Ada"] {
        let leak = every_series
            .clone()
            .find(|series| series.contains(personal));
        assert_eq!(leak, None, "a label names {personal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_count_of_open_orders_is_right_after_a_restart_too() {
    let mut world = World::start().await;
    world.api.count("BER1", "SKU-1", 10).await;
    let mut orders = Vec::new();
    for number in 0..3 {
        let order = one_unit(&format!("O-{number}"), "SKU-1");
        orders.push(world.api.place(&order).await);
    }
    for order in &orders {
        world.api.until_stage(order, &["fulfilling"]).await;
    }
    world.hub.kill();
    world.hub.start().await;
    // One goes on, so that its move is counted on top of what was there.
    let tracking = journey::ship(&world.api, &orders[0]).await;
    journey::deliver(&world.easypost, &tracking).await;
    world.api.until_stage(&orders[0], &["completed"]).await;
    until("two orders are counted as fulfilling", SOON, || async {
        let scrape = Scrape::of(&world.hub).await;
        let fulfilling = scrape.value("orderhub_orders", &["stage=\"fulfilling\""]);
        (fulfilling == Some(2.0)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_gateway_opens_its_circuit_and_a_live_one_closes_it() {
    let world = World::start().await;
    world.api.count("BER1", "SKU-1", 100).await;
    world
        .stripe
        .faults
        .share(Call::Authorize, 100, Fault::Broken);
    let mut orders = Vec::new();
    for number in 0..20 {
        orders.push(
            world
                .api
                .place(&one_unit(&format!("B-{number}"), "SKU-1"))
                .await,
        );
    }
    let open = || async {
        Scrape::of(&world.hub)
            .await
            .value("orderhub_circuit_open", &["stripe-eu"])
    };
    until("the circuit opens", Duration::from_mins(1), || async {
        (open().await >= Some(1.0)).then_some(())
    })
    .await;
    world.stripe.faults.heal();
    for order in &orders {
        world
            .api
            .until_stage_within(order, &["fulfilling"], Duration::from_mins(3))
            .await;
    }
    until("the circuit closes", SOON, || async {
        (open().await < Some(1.0)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_that_somebody_changed_beside_the_hub_is_found_when_it_is_read() {
    let mut world = World::start().await;
    world.api.count("BER1", "SKU-1", 10).await;
    let labels = ["invariant=\"stock_holds\""];
    let name = "orderhub_invariant_violations_total";
    let before = Scrape::of(&world.hub).await.value(name, &labels);
    assert_eq!(before, Some(0.0));
    world.hub.kill();
    sqlx::query("update orderhub.stock set reserved = reserved + 1 where sku = 'SKU-1'")
        .execute(&world.audit)
        .await
        .unwrap();
    world.hub.start().await;
    until("it is counted, once", SOON, || async {
        let after = Scrape::of(&world.hub).await.value(name, &labels);
        (after == Some(1.0)).then_some(())
    })
    .await;
}
