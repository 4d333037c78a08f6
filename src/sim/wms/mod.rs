//! A warehouse with a system of its own: takes the hub's signed requests and says in signed webhooks, both
//! after Standard Webhooks, what became of them. What is kept stands in `site`, the messages in `wire`.
//!
//! Labels are not sent along: it reads them from the hub's API, and nothing leaves without one. What runs low
//! on its shelves is counted there, as people with scanners do.

mod site;
#[cfg(test)]
mod tests;
mod wire;

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::Method;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use self::site::{Job, Settings, Site, Stage};
use super::courier::{self, Headers, Letter, Teller};
use super::faults::{Faults, Trouble};
use super::hub::Hub;
use super::place::{HubUrl, LocalAddress};
use super::server::{self, Asked, Peer, Reply};
use super::warehouse::Warehouse;
use super::{SimError, locked, signing};

/// How often it is looked what is to be done.
const ROUND: Duration = Duration::from_millis(250);
/// How far the time of a request may be off, either way, in seconds.
const WINDOW: i64 = 300;

/// What a warehouse's system is started with.
#[derive(Debug)]
pub struct Options {
    /// The hub.
    pub hub: HubUrl,
    /// The warehouse connection there.
    pub slug: String,
    /// Where requests are taken.
    pub address: LocalAddress,
    /// What requests are signed with.
    pub request_secret: SecretString,
    /// What its webhooks are signed with.
    pub callback_secret: SecretString,
    /// The API key that labels are read with, and shelves counted.
    pub key: SecretString,
    /// The locations whose shelves it counts.
    pub locations: Vec<String>,
    /// What is filled up when it runs low.
    pub skus: Vec<String>,
    /// How many of its people's seconds pass in one of the clock's.
    pub speed: u32,
    /// What its chances depend on.
    pub seed: u64,
    /// How much goes wrong.
    pub faults: Faults,
    /// Its book; without one it forgets with its process.
    pub book: Option<PathBuf>,
}

struct System {
    site: Mutex<Site>,
    request_secret: SecretString,
    callback_secret: SecretString,
}

/// Runs a warehouse's system until `stop`.
pub async fn run(options: Options, stop: CancellationToken) -> Result<(), SimError> {
    let listener = server::listen(options.address).await?;
    let settings = Settings {
        seed: options.seed,
        speed: options.speed,
    };
    let system = Arc::new(System {
        site: Mutex::new(Site::open(options.book.as_deref(), settings)?),
        request_secret: options.request_secret,
        callback_secret: options.callback_secret,
    });
    let hook = options
        .hub
        .path(&["v1", "hooks", "warehouses", &options.slug]);
    let hub = Hub::new(options.hub, Some(options.key))?;
    let shelves = Warehouse {
        hub: hub.clone(),
        stop: stop.clone(),
    };
    let trouble = Trouble::new(options.faults, options.seed);
    let answering = server::serve(listener, system.clone(), trouble, stop.clone());
    let business = async {
        if !hub.ready(&stop).await {
            return Ok(());
        }
        tracing::info!(slug = options.slug, "the warehouse's system is at work");
        let (told, worked, filled) = tokio::join!(
            courier::run(system.clone(), hook, stop.clone()),
            system.work(&hub, &stop),
            shelves.fill(&options.skus, &options.locations),
        );
        told.and(worked).and(filled)
    };
    let ((), done) = tokio::join!(answering, business);
    done
}

#[async_trait]
impl Peer for System {
    async fn answer(&self, asked: Asked) -> Reply {
        if asked.method != Method::POST || !self.is_signed(&asked, Timestamp::now()) {
            return Reply::new(401, json!({ "error": "the signature is not believed" }));
        }
        let request = serde_json::from_slice::<wire::Request>(&asked.body);
        let Ok(request) = request else {
            return Reply::new(422, json!({ "error": "the message cannot be read" }));
        };
        let mut site = locked(&self.site);
        let answer = match request.kind.as_str() {
            "fulfilment.requested" => site.take(&request.data, Timestamp::now()),
            "fulfilment.cancel_requested" => site.stop(&request.data.fulfilment, Timestamp::now()),
            // A type that is new one day is stored, and moves nothing.
            _ => Ok(json!({})),
        };
        match answer {
            Ok(answer) => Reply::new(200, answer),
            Err(error) => {
                tracing::error!(%error, "the book takes no line; nothing was carried out");
                Reply::new(500, self.error(500))
            }
        }
    }

    fn error(&self, status: u16) -> Value {
        json!({ "error": format!("the warehouse's system answers {status}") })
    }
}

impl System {
    fn is_signed(&self, asked: &Asked, now: Timestamp) -> bool {
        let (id, time) = (
            asked.header("webhook-id"),
            asked.header("webhook-timestamp"),
        );
        let time = time.and_then(|time| time.parse::<i64>().ok());
        let (Some(id), Some(time)) = (id, time) else {
            return false;
        };
        let secret = self.request_secret.expose_secret();
        let right = signing::standard(secret, id, time, &asked.body);
        let shown = asked.header("webhook-signature").unwrap_or_default();
        let right = right.is_some_and(|right| shown.split(' ').any(|shown| shown == right));
        right && (now.as_second() - time).abs() <= WINDOW
    }

    /// People do what is due, until `stop`.
    async fn work(&self, hub: &Hub, stop: &CancellationToken) -> Result<(), SimError> {
        while stop
            .run_until_cancelled(tokio::time::sleep(ROUND))
            .await
            .is_some()
        {
            let due = locked(&self.site).due(Timestamp::now());
            for job in due {
                let label = if job.stage == Stage::Packed && !job.pickup {
                    match label(hub, &job, stop).await? {
                        Some(label) => label,
                        None => return Ok(()),
                    }
                } else {
                    Label::NotNeeded
                };
                let done = locked(&self.site).step(&job.fulfilment, label, Timestamp::now());
                if let Err(error) = done {
                    tracing::error!(%error, "the book takes no line; nothing is done");
                }
            }
        }
        Ok(())
    }
}

/// What is known of a parcel's label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label {
    NotNeeded,
    There,
    NotYet,
    /// The hub has ended the work: nobody will buy one.
    Never,
}

/// Reads from the hub whether a job's parcels have labels; `None` when it is time to stop.
async fn label(hub: &Hub, job: &Job, stop: &CancellationToken) -> Result<Option<Label>, SimError> {
    let Some(order) = wire::order_of(&job.fulfilment) else {
        return Ok(Some(Label::Never));
    };
    let url = hub.path(&["v1", "orders", &order]);
    let Some(answer) = hub.ask(Method::GET, &url, None, stop).await else {
        return Ok(None);
    };
    if matches!(answer.status, 401 | 403) {
        stop.cancel();
        let status = answer.status;
        return Err(SimError::Key { status });
    }
    let work = answer.body["fulfilments"].as_array().into_iter().flatten();
    let mut work = work.filter(|work| work["id"] == *job.fulfilment);
    Ok(Some(work.next().map_or(Label::Never, wire::label)))
}

impl Teller for System {
    fn due(&self, now: Timestamp) -> Vec<Letter> {
        locked(&self.site).outbox().due(now)
    }

    fn headers(&self, now: Timestamp, letter: &Letter) -> Headers {
        let secret = self.callback_secret.expose_secret();
        let (id, time) = (format!("msg_sim_{}", letter.number), now.as_second());
        let signature = signing::standard(secret, &id, time, letter.body.as_bytes());
        vec![
            ("webhook-id", id),
            ("webhook-timestamp", time.to_string()),
            ("webhook-signature", signature.unwrap_or_default()),
        ]
    }

    fn told(&self, number: u64, taken: bool) {
        locked(&self.site).told(number, taken);
    }
}
