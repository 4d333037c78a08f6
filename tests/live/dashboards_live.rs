//! The dashboard and the alerts on a real Prometheus that scrapes a real hub: every query answers,
//! names what there is, and moves with its cause.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::board::{Panel, board, filled_in, metrics_of, panels};
use crate::support::doubles::faults::{Call, Fault};
use crate::support::journey;
use crate::support::nats::{Nats, Server};
use crate::support::orders::one_unit;
use crate::support::patience::{SOON, until};
use crate::support::prometheus::Prometheus;
use crate::support::world::World;

/// Enough for gauges that are read from the store every 10 or 30 s.
const READ_AGAIN: Duration = Duration::from_mins(1);

/// The dashboard over a hub in trouble.
struct Watched {
    world: World,
    bus: Nats,
    prometheus: Prometheus,
    panels: Vec<Panel>,
}

impl Watched {
    async fn start() -> Self {
        let bus = Nats::start(Server::Installed).await;
        let world = World::start_with_bus(bus.url()).await;
        let admin = world.hub.admin();
        let address = admin.base().trim_start_matches("http://");
        let prometheus = Prometheus::scraping(address).await;
        Self {
            world,
            bus,
            prometheus,
            panels: panels(&board()),
        }
    }

    /// The largest value that a panel shows, of lines with this among their labels.
    async fn shows(&self, title: &str, label: &str) -> Option<f64> {
        let panel = self.panels.iter().find(|panel| panel.title == title);
        let panel = panel.unwrap_or_else(|| panic!("there is no panel {title}"));
        let mut largest: Option<f64> = None;
        for expr in &panel.exprs {
            for sample in self.prometheus.now(&filled_in(expr)).await {
                let labels = sample.labels.as_object().unwrap();
                if label.is_empty() || labels.values().any(|value| value == label) {
                    largest = Some(largest.map_or(sample.value, |other| other.max(sample.value)));
                }
            }
        }
        largest
    }

    async fn rises(&self, title: &str, label: &str) {
        let what = format!("{title} {label} rises");
        until(&what, READ_AGAIN, || async {
            (self.shows(title, label).await > Some(0.0)).then_some(())
        })
        .await;
    }

    async fn falls(&self, title: &str, label: &str) {
        let what = format!("{title} {label} falls");
        until(&what, READ_AGAIN, || async {
            (self.shows(title, label).await == Some(0.0)).then_some(())
        })
        .await;
    }

    /// Every panel draws numbers only, but for these, which draw nothing.
    async fn all_draw(&self, but: &[&str]) {
        for Panel { title, exprs, .. } in &self.panels {
            for expr in exprs {
                let points = self.prometheus.drawn(&filled_in(expr), 3).await;
                let drawn = !points.is_empty() && points.iter().all(|point| point.is_finite());
                assert_eq!(drawn, !but.contains(&title.as_str()), "{title}: {points:?}");
            }
        }
    }

    /// Every metric that is named anywhere is there.
    async fn all_known(&self) {
        let names = self.prometheus.ask("label/__name__/values", &[]).await;
        let names: BTreeSet<String> = serde_json::from_value(names).unwrap();
        let rules = self.prometheus.ask("rules", &[]).await;
        let groups = rules["groups"].as_array().unwrap().iter();
        let rules: Vec<&Value> = groups
            .flat_map(|g| g["rules"].as_array().unwrap())
            .collect();
        let runbooks = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/runbooks.md");
        let runbooks = std::fs::read_to_string(runbooks).unwrap();
        let mut exprs: Vec<String> = Vec::new();
        for rule in rules {
            let name = rule["name"].as_str().unwrap();
            assert_eq!(rule["health"], "ok", "{rule}");
            assert!(rule["annotations"]["summary"].is_string(), "{name}");
            let link = format!("docs/runbooks.md#{}", name.to_lowercase());
            assert_eq!(rule["annotations"]["runbook_url"], link);
            assert!(
                runbooks.contains(&format!("## {name}\n")),
                "{name} has no runbook"
            );
            assert!(
                ["page", "ticket"]
                    .map(Value::from)
                    .contains(&rule["labels"]["severity"])
            );
            exprs.push(rule["query"].as_str().unwrap().to_owned());
        }
        assert!(exprs.len() > 10, "the rules are loaded");
        exprs.extend(self.panels.iter().flat_map(|panel| panel.exprs.clone()));
        let starts = board()["annotations"]["list"][0]["expr"].clone();
        exprs.push(starts.as_str().unwrap().to_owned());
        for expr in exprs {
            for metric in metrics_of(&expr) {
                assert!(names.contains(&metric), "there is no {metric}: {expr}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_panel_answers_and_moves_with_its_cause() {
    let mut watched = Watched::start().await;
    // Two scrapes make a rate; the gauges over all orders are read at the start.
    until("the hub is scraped", SOON, || async {
        let scraped = watched.prometheus.now("count_over_time(up[1m]) > 5").await;
        (!scraped.is_empty()).then_some(())
    })
    .await;
    // Nothing has happened yet. Only which currencies will come is not known.
    watched.all_draw(&["Order value, last 24 h"]).await;
    watched.falls("Firing alerts", "").await;
    business(&watched).await;
    doubts(&watched).await;
    a_bus_that_is_away(&mut watched).await;
    partners_that_fail(&watched).await;
    watched.all_draw(&[]).await;
    watched.all_known().await;
    a_shelf_with_less_than_was_promised(&mut watched).await;
}

/// What a day brings.
async fn business(watched: &Watched) {
    let World { api, stripe, .. } = &watched.world;
    // Nobody can read it. That is counted every 30 s, and looked at below.
    assert_eq!(stripe.post.deliver("{\"no\": \"event\"}").await, Some(202));
    api.count("BER1", "SKU-1", 100).await;
    let line = r#"{"location": "BER1", "sku": "SKU-1", "on_hand": 100}"#;
    let lines = [("content-type", "application/x-ndjson")];
    let feed = "/v1/inventory/feeds/erp?sequence=1";
    api.post_bytes(feed, &lines, line).await.expect(200);
    let first = api.place(&one_unit("D-1", "SKU-1")).await;
    watched.falls("Order value, last 24 h", "EUR").await;
    api.place(&one_unit("D-2", "SKU-1")).await;
    let again = api.post("/v1/orders", &one_unit("D-2", "SKU-1")).await;
    again.expect(200);
    let nothing = api.place(&one_unit("D-3", "EMPTY")).await;
    let tracking = journey::ship(api, &first).await;
    journey::deliver(&watched.world.easypost, &tracking).await;
    for (title, label) in [
        ("Order value, last 24 h", "EUR"),
        ("Orders accepted", "web"),
        ("Orders not taken", "duplicate"),
        ("Release delay", ""),
        ("Orders in hand", "fulfilling"),
        ("Reservations by result", "reserved"),
        ("Orders that ended early", "rejected"),
        ("Webhooks by outcome", "applied"),
        ("Webhook apply delay", ""),
        ("Publish delay", ""),
        ("Requests by status", "201"),
        ("Ingest latency", ""),
        ("Commit time", ""),
        ("Live actors", "order"),
        ("Resident memory", ""),
        ("Versions", ""),
        ("Oldest order by stage", "fulfilling"),
    ] {
        watched.rises(title, label).await;
    }
    api.until_stage(&nothing, &["rejected"]).await;
}

/// What a person has to look at.
async fn doubts(watched: &Watched) {
    let World { api, stripe, .. } = &watched.world;
    let forged = || vec![("stripe-signature", "t=1,v1=00".to_owned())];
    for _ in 0..8 {
        assert_eq!(stripe.post.deliver_with("{}", forged()).await, Some(401));
    }
    let doubtful = api.place(&one_unit("D-4", "SKU-1")).await;
    let hold = json!({"reason": "Mrs Miller called"});
    let path = format!("/v1/orders/{doubtful}/actions/hold");
    api.post(&path, &hold).await.expect(200);
    for (title, label) in [
        ("Webhooks by outcome", "bad_signature"),
        ("Firing alerts", ""),
        ("On hold by reason", "other"),
        ("Dead letters", ""),
        ("Parked messages", "dead"),
    ] {
        watched.rises(title, label).await;
    }
}

async fn a_bus_that_is_away(watched: &mut Watched) {
    const PANELS: [&str; 2] = ["Events not on the bus", "Oldest event not on the bus"];
    for title in PANELS {
        watched.falls(title, "").await;
    }
    watched.bus.kill();
    watched.world.api.place(&one_unit("D-5", "SKU-1")).await;
    for title in PANELS {
        watched.rises(title, "").await;
    }
    watched.bus.bring_up().await;
    for title in PANELS {
        watched.falls(title, "").await;
    }
}

async fn partners_that_fail(watched: &Watched) {
    let World {
        api,
        stripe,
        easypost,
        audit,
        ..
    } = &watched.world;
    let packed = api.place(&one_unit("D-6", "SKU-1")).await;
    let work = journey::fulfilment_of(api, &packed, SOON).await;
    stripe.faults.share(Call::Authorize, 100, Fault::Broken);
    easypost
        .faults
        .share(Call::CreateShipment, 100, Fault::Broken);
    for verb in ["accept", "pick", "pack"] {
        journey::step(api, &work, verb).await;
    }
    for number in 0..6 {
        api.place(&one_unit(&format!("F-{number}"), "SKU-1")).await;
    }
    watched.rises("Failing gateway calls", "stripe-eu").await;
    watched.rises("Failing carrier calls", "easypost").await;
    watched.rises("Open circuits", "payments/stripe-eu").await;
    // What takes two minutes has been so for ten.
    let earlier = "update orderhub.order_list set failing_since = failing_since - interval '10 min'
                   where failing_since is not null and failing_since > now() - interval '5 min'
                   returning order_id";
    until("the order list knows who fails", SOON, || async {
        let moved = sqlx::query(earlier).fetch_all(audit).await.unwrap();
        (!moved.is_empty()).then_some(())
    })
    .await;
    watched.rises("Stuck orders", "").await;
    watched.rises("Stuck by stage", "").await;
    stripe.faults.heal();
    easypost.faults.heal();
    watched.falls("Open circuits", "payments/stripe-eu").await;
    watched.falls("Stuck orders", "").await;
}

async fn a_shelf_with_less_than_was_promised(watched: &mut Watched) {
    for title in ["Oversold units", "Broken promises"] {
        watched.falls(title, "").await;
    }
    watched.world.api.count("BER1", "SKU-1", 0).await;
    watched.rises("Oversold units", "").await;
    watched.world.api.count("BER1", "SKU-1", 100).await;
    watched.world.hub.kill();
    sqlx::query("update orderhub.stock set reserved = reserved + 1 where sku = 'SKU-1'")
        .execute(&watched.world.audit)
        .await
        .unwrap();
    watched.world.hub.start().await;
    watched.rises("Broken promises", "").await;
}
