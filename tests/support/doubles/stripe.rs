//! A double of Stripe: manual-capture payment intents, refunds, search, idempotency keys, webhooks.
//!
//! Its book is append-only: what was really applied, under which key. A repeat under a key answers
//! the first answer for 24 hours and is not booked again; everything else that is carried out is.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use http::Method;
use serde_json::Value;

use super::faults::{Call, Faults};
use super::post::Post;
use super::server::{self, Answer, Asked, Double, Switch};
use super::signing;
use super::stripe_account::{Account, now};
pub(crate) use super::stripe_account::{Applied, Entry};
use super::stripe_wire as wire;

/// The key that the hub must show.
pub(crate) const API_KEY: &str = "sk_test_orderhub_scenarios";
/// The secret of the webhook endpoint.
pub(crate) const WEBHOOK_SECRET: &str = "whsec_orderhub_scenarios";
pub(crate) use super::stripe_account::DECLINED_CARD;

/// The version of an account that asks for none; its events are in this version too.
const CURRENT_VERSION: &str = "2024-06-20";

const KEY_LIFE: Duration = Duration::from_hours(24);

/// The double.
pub(crate) struct Stripe {
    pub(crate) url: String,
    pub(crate) switch: Switch,
    pub(crate) faults: Faults,
    pub(crate) post: Arc<Post>,
    state: Mutex<Account>,
}

impl Stripe {
    /// Starts a double that tells `webhook_url` what happens.
    pub(crate) async fn start(webhook_url: String) -> Arc<Self> {
        let (listener, addr) = server::listen().await;
        let sign = Box::new(|body: &[u8]| {
            let now = jiff::Timestamp::now().as_second();
            vec![(
                "stripe-signature",
                signing::stripe(WEBHOOK_SECRET, now, body),
            )]
        });
        let (switch, served) = server::switch();
        let double = Arc::new(Self {
            url: format!("http://{addr}"),
            switch,
            faults: Faults::default(),
            post: Post::new(webhook_url, sign),
            state: Mutex::default(),
        });
        server::serve(listener, served, double.clone());
        double
    }

    fn state(&self) -> MutexGuard<'_, Account> {
        self.state.lock().unwrap()
    }

    /// Everything that was applied so far, in order.
    pub(crate) fn book(&self) -> Vec<Entry> {
        self.state().book.clone()
    }

    /// What was applied for one order.
    pub(crate) fn book_of(&self, order: &str) -> Vec<(Applied, i64)> {
        let book = self.book();
        let of_order = book.iter().filter(|entry| entry.order == order);
        of_order
            .map(|entry| (entry.applied, entry.amount))
            .collect()
    }

    /// The bodies of all events so far, in order.
    /// The account's balance transactions as the dashboard exports them, from its own book. It keeps
    /// a fee of 1.4 % and 0.25 of each charge.
    pub(crate) fn balance_csv(&self) -> String {
        self.state().balance_csv()
    }

    pub(crate) fn events(&self) -> Vec<String> {
        self.state().events.clone()
    }

    /// Calls that the contract does not name.
    pub(crate) fn unexpected(&self) -> Vec<String> {
        self.state().unexpected.clone()
    }

    /// How often a key was used again and answered from memory.
    pub(crate) fn repeated(&self) -> u32 {
        self.state().repeated
    }

    async fn respond(self: Arc<Self>, asked: Asked) -> Answer {
        let bearer = asked.header("authorization").unwrap_or_default();
        if bearer != format!("Bearer {API_KEY}") && bearer != basic(API_KEY) {
            let body = wire::error("invalid_request_error", "api_key", "Invalid API Key.");
            return Some(server::json(401, &body));
        }
        let Some((call, id)) = classify(&asked) else {
            let line = format!("{} {}", asked.method, asked.path);
            self.state().unexpected.push(line);
            let body = wire::error("invalid_request_error", "url", "Unrecognized request URL.");
            return Some(server::json(404, &body));
        };
        if let Some(refusal) = self.faults.before(call).await {
            return refusal;
        }
        let (status, body, replayed, events) = self.keyed(call, &id, &asked);
        for event in &events {
            self.post.send(event);
        }
        if !replayed && self.faults.notifies_twice(call) {
            for event in &events {
                self.post.send(event);
            }
        }
        let mut body = body;
        if self.faults.misstates(call) {
            wire::misstate(&mut body);
        }
        let mut right = server::json(status, &body);
        if replayed {
            let yes = http::HeaderValue::from_static("true");
            right.headers_mut().insert("idempotent-replayed", yes);
        }
        self.faults.after(call, right).await
    }

    /// Carries a call out, or answers it again under its key.
    fn keyed(&self, call: Call, id: &str, asked: &Asked) -> (u16, Value, bool, Vec<String>) {
        let text = String::from_utf8_lossy(&asked.body).into_owned();
        let params = format!("{} {text}", asked.path);
        let key = asked
            .header("idempotency-key")
            .unwrap_or_default()
            .to_owned();
        let mut state = self.state();
        if asked.method == Method::POST
            && let Some((first, status, body, at)) = state.replays.get(&key)
            && at.elapsed() < KEY_LIFE
        {
            let (same, status, body) = (*first == params, *status, body.clone());
            if !same {
                let message = "Keys for idempotent requests can only be used with the same \
                               parameters they were first used with.";
                let body = wire::error("idempotency_error", "idempotency_error", message);
                return (400, body, true, Vec::new());
            }
            state.repeated += 1;
            return (status, body, true, Vec::new());
        }
        let fields: BTreeMap<String, String> = server::form(&text).into_iter().collect();
        let (status, body, told) = match call {
            Call::Authorize => {
                let decline = self.faults.declines(call);
                state.create(&fields, &key, decline)
            }
            Call::Capture => state.capture(id, &fields, &key),
            Call::Cancel => state.cancel(id, &key),
            Call::Refund => state.refund(&fields, &key),
            _ => state.look(id, &asked.query),
        };
        let mut body = body;
        let version = asked.header("stripe-version").unwrap_or(CURRENT_VERSION);
        if version < "2022-11-15" {
            state.list_charges(&mut body);
        }
        // Stripe remembers what it began to carry out, refusals of cards included.
        if asked.method == Method::POST && !key.is_empty() {
            let remembered = (params, status, body.clone(), Instant::now());
            state.replays.insert(key, remembered);
        }
        let events = told.into_iter().map(|(kind, object)| {
            let number = state.events.len() + 1;
            let body = wire::event(number, kind, now(), &object).to_string();
            state.events.push(body.clone());
            body
        });
        (status, body, false, events.collect())
    }
}

impl Double for Stripe {
    fn answer(self: Arc<Self>, asked: Asked) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        Box::pin(self.respond(asked))
    }
}

/// Which call a request is, and the id in its path.
fn classify(asked: &Asked) -> Option<(Call, String)> {
    let post = asked.method == Method::POST;
    let get = asked.method == Method::GET;
    match asked.segments().as_slice() {
        ["v1", "payment_intents"] if post => Some((Call::Authorize, String::new())),
        ["v1", "payment_intents", id] if get => Some((Call::Look, (*id).to_owned())),
        ["v1", "payment_intents", id, "capture"] if post => Some((Call::Capture, (*id).to_owned())),
        ["v1", "payment_intents", id, "cancel"] if post => Some((Call::Cancel, (*id).to_owned())),
        ["v1", "refunds"] if post => Some((Call::Refund, String::new())),
        _ => None,
    }
}

fn basic(key: &str) -> String {
    use base64::Engine;
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{key}:"));
    format!("Basic {pair}")
}
