//! A warehouse's staff: looks at the hub's open orders and accepts, picks, packs and hands over with
//! the pauses that people make, refuses now and then, and fills the shelves. What they do next
//! stands in `staff`, what they have before them in `floor`.
//!
//! They use the hub's API under a key with `ops:act` and, to fill shelves, `inventory:write`.

mod floor;
mod shelves;
pub(super) mod staff;
mod watch;

use std::time::Duration;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use secrecy::SecretString;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use self::floor::{Floor, Task};
use self::watch::Watch;
use super::SimError;
use super::hub::{Answer, Hub};
use super::place::HubUrl;

/// The time between two looks at the orders, and between two rounds along the shelves.
const LOOK: Duration = Duration::from_millis(500);
const ROUND: Duration = Duration::from_secs(2);
/// Most steps, and most looks, at the same time.
const HANDS: usize = 8;
/// Pages of open orders that are looked at; the rest follows when these have left.
const PAGES: usize = 10;
/// Stages of orders that a warehouse has work with.
const STAGES: [&str; 2] = ["confirmed", "fulfilling"];
/// When what cannot be done now (a hold, a missing label) is tried again.
const LATER: SignedDuration = SignedDuration::from_secs(2);

/// What a warehouse is started with.
#[derive(Debug)]
pub struct Options {
    /// The hub.
    pub hub: HubUrl,
    /// The API key.
    pub key: SecretString,
    /// The locations; all of the hub's, if there are none.
    pub locations: Vec<String>,
    /// What is filled up when it runs low; needs locations.
    pub skus: Vec<String>,
    /// How many of the staff's seconds pass in one of the clock's.
    pub speed: u32,
    /// What their chances depend on.
    pub seed: u64,
}

/// A warehouse's people at the hub's API.
pub(super) struct Warehouse {
    pub(super) hub: Hub,
    pub(super) stop: CancellationToken,
}

/// Runs a warehouse until `stop`.
pub async fn run(options: Options, stop: CancellationToken) -> Result<(), SimError> {
    let warehouse = Warehouse {
        hub: Hub::new(options.hub, Some(options.key))?,
        stop: stop.clone(),
    };
    if !warehouse.hub.ready(&stop).await {
        return Ok(());
    }
    tracing::info!("the staff is at work");
    let floor = Floor::new(options.seed, options.speed, options.locations.clone());
    let (worked, filled) = tokio::join!(
        warehouse.work(floor),
        warehouse.fill(&options.skus, &options.locations),
    );
    worked.and(filled)
}

impl Warehouse {
    async fn work(&self, mut floor: Floor) -> Result<(), SimError> {
        let mut watch = Watch::default();
        while self.pause(LOOK).await {
            let Some(open) = self.open_orders().await? else {
                return Ok(());
            };
            watch.look(&open);
            floor.begin();
            for orders in watch.changed().chunks(HANDS) {
                let looks = orders.iter().map(|id| self.order(id));
                for (id, answer) in orders.iter().zip(join_all(looks).await) {
                    let Some(answer) = answer? else {
                        return Ok(());
                    };
                    watch.seen(id, &answer.body);
                }
            }
            let now = Timestamp::now();
            for order in watch.shown() {
                floor.look_at(order, now);
            }
            floor.end();
            loop {
                let tasks = floor.due(Timestamp::now(), HANDS);
                if tasks.is_empty() {
                    break;
                }
                let steps = join_all(tasks.iter().map(|task| self.take(task))).await;
                for (task, answer) in tasks.iter().zip(steps) {
                    let Some(answer) = answer? else {
                        return Ok(());
                    };
                    judge(&mut floor, task, &answer);
                }
            }
        }
        Ok(())
    }

    /// Ids and versions of the orders that there is work with; `None` when it is time to stop.
    async fn open_orders(&self) -> Result<Option<Vec<(String, u64)>>, SimError> {
        let mut open = Vec::new();
        for stage in STAGES {
            let mut cursor: Option<String> = None;
            for _ in 0..PAGES {
                let mut query = vec![("stage", stage), ("limit", "200")];
                query.extend(cursor.as_deref().map(|cursor| ("cursor", cursor)));
                let Some(page) = self.get(&["v1", "orders"], &query).await? else {
                    return Ok(None);
                };
                for order in page.body["data"].as_array().into_iter().flatten() {
                    let version = order["version"].as_u64().unwrap_or_default();
                    open.extend(order["id"].as_str().map(|id| (id.to_owned(), version)));
                }
                cursor = page.body["next_cursor"].as_str().map(str::to_owned);
                if cursor.is_none() {
                    break;
                }
            }
        }
        Ok(Some(open))
    }

    async fn order(&self, id: &str) -> Result<Option<Answer>, SimError> {
        self.get(&["v1", "orders", id], &[]).await
    }

    async fn take(&self, task: &Task) -> Result<Option<Answer>, SimError> {
        let path = ["v1", "fulfilments", &task.fulfilment, task.step.verb];
        let url = self.hub.path(&path);
        let body = Some(&task.step.body);
        self.checked(self.hub.ask(Method::POST, &url, body, &self.stop).await)
    }

    /// Goes along the shelves and fills up what runs low.
    pub(super) async fn fill(&self, skus: &[String], locations: &[String]) -> Result<(), SimError> {
        if skus.is_empty() || locations.is_empty() {
            return Ok(());
        }
        loop {
            for sku in skus {
                let Some(stock) = self.get(&["v1", "inventory", sku], &[]).await? else {
                    return Ok(());
                };
                for (location, units) in shelves::counts(&stock.body, locations) {
                    let url = self.hub.path(&["v1", "inventory", &location, sku]);
                    let body = json!({ "on_hand": units });
                    let counted = self
                        .hub
                        .ask(Method::PUT, &url, Some(&body), &self.stop)
                        .await;
                    let Some(counted) = self.checked(counted)? else {
                        return Ok(());
                    };
                    if !counted.done() {
                        let code = counted.code();
                        tracing::warn!(location, sku, code, "the hub does not take a count");
                    }
                }
            }
            if !self.pause(ROUND).await {
                return Ok(());
            }
        }
    }

    async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Option<Answer>, SimError> {
        let mut url = self.hub.path(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.checked(self.hub.ask(Method::GET, &url, None, &self.stop).await)
    }

    /// A key that the hub does not take will not be taken later either.
    fn checked(&self, answer: Option<Answer>) -> Result<Option<Answer>, SimError> {
        match answer {
            Some(Answer { status, .. }) if matches!(status, 401 | 403) => {
                // The other half ends as well: there is nothing that it could do.
                self.stop.cancel();
                Err(SimError::Key { status })
            }
            answer => Ok(answer),
        }
    }

    /// Waits; `false` when it is time to stop.
    async fn pause(&self, wait: Duration) -> bool {
        let slept = self.stop.run_until_cancelled(tokio::time::sleep(wait));
        slept.await.is_some()
    }
}

fn judge(floor: &mut Floor, task: &Task, answer: &Answer) {
    match answer.code() {
        _ if answer.done() => floor.done(&task.fulfilment),
        "label_missing" | "on_hold" => {
            let later = staff::done_at(Timestamp::now(), LATER);
            floor.postpone(&task.fulfilment, later);
        }
        // Somebody else was faster: a cancellation, a scan. The next look shows what is now.
        code => {
            let (fulfilment, verb) = (&task.fulfilment, task.step.verb);
            tracing::info!(fulfilment, verb, code, "the hub does not take a step");
            floor.done(&task.fulfilment);
        }
    }
}
