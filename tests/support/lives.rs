//! Orders that live their lives whatever happens around them, and a watch over every answer that
//! their clients get: good, or busy with the time to come back, and never late.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::api::{Api, Reply};
use super::doubles::easypost::EasyPost;
use super::journey::sightings;
use super::patience::until;
use super::world::World;

/// Enough for an order whose hub is interrupted again and again.
const LIFETIME: Duration = Duration::from_mins(4);

/// Everything that was answered so far.
#[derive(Debug, Default, Clone)]
pub(crate) struct Seen {
    /// Answers that said yes.
    pub(crate) done: u32,
    /// Answers that said "later", and when.
    pub(crate) put_off: u32,
    /// Requests that nobody answered.
    pub(crate) unanswered: u32,
    /// Answers that a client must not get.
    pub(crate) wrong: Vec<String>,
    /// The longest wait for an answer.
    pub(crate) slowest: Duration,
}

/// Watches the answers that clients get.
#[derive(Default)]
pub(crate) struct Watch(Mutex<Seen>);

impl Watch {
    /// Sends a request; the answer when it is a yes.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Option<Reply> {
        let since = Instant::now();
        let reply = Api::try_send(request).await;
        let mut seen = self.0.lock().unwrap();
        seen.slowest = seen.slowest.max(since.elapsed());
        let Some(reply) = reply else {
            seen.unanswered += 1;
            return None;
        };
        match reply.status {
            200..=299 => {
                seen.done += 1;
                return Some(reply);
            }
            429 | 503 if !reply.header("retry-after").is_empty() => seen.put_off += 1,
            _ => seen.wrong.push(format!("{reply:?}")),
        }
        None
    }

    pub(crate) fn seen(&self) -> Seen {
        self.0.lock().unwrap().clone()
    }
}

/// Buyers, a warehouse and a carrier that try again until the hub is there.
#[derive(Clone)]
pub(crate) struct Cast {
    pub(crate) api: Api,
    pub(crate) easypost: Arc<EasyPost>,
    pub(crate) watch: Arc<Watch>,
}

impl Cast {
    /// The clients of this hub.
    pub(crate) fn of(world: &World) -> Self {
        Self {
            api: world.api.clone(),
            easypost: Arc::clone(&world.easypost),
            watch: Arc::default(),
        }
    }

    /// The id of a new order, which never changes once it was told.
    pub(crate) async fn place(&self, order: &Value) -> String {
        until("the order is taken", LIFETIME, || async {
            let request = self.api.request(Method::POST, "/v1/orders").json(order);
            let reply = self.watch.send(request).await?;
            Some(reply.json()["id"].as_str().unwrap().to_owned())
        })
        .await
    }

    /// From the order to its arrival; its id.
    pub(crate) async fn live(&self, order: &Value) -> String {
        let id = self.place(order).await;
        self.carry(&id).await;
        id
    }

    /// From a recorded order to its arrival.
    pub(crate) async fn carry(&self, id: &str) {
        until(&format!("{id} is completed"), LIFETIME, || async {
            // Not without a pause: the hub has other clients too.
            tokio::time::sleep(Duration::from_millis(200)).await;
            let order = self.order(id).await?;
            if order["stage"] == "completed" {
                return Some(());
            }
            let fulfilment = order["fulfilments"][0]["id"].as_str()?;
            let stage = order["fulfilments"][0]["stage"].as_str()?;
            let tracking = order["fulfilments"][0]["tracking_number"].as_str();
            let verbs: &[&str] = match (stage, tracking) {
                ("planned", _) => return None,
                (_, None) => &["accept", "pick", "pack"],
                (_, Some(_)) => &["hand-over"],
            };
            for verb in verbs {
                let path = format!("/v1/fulfilments/{fulfilment}/{verb}");
                let request = self.api.request(Method::POST, &path).json(&json!({}));
                self.watch.send(request).await?;
            }
            if let Some(tracking) = tracking {
                let told = self.easypost.sighted(tracking, &sightings());
                self.easypost.post.deliver(&told).await;
            }
            None
        })
        .await;
    }

    async fn order(&self, id: &str) -> Option<Value> {
        let request = self.api.request(Method::GET, &format!("/v1/orders/{id}"));
        self.watch.send(request).await.map(|reply| reply.json())
    }
}
