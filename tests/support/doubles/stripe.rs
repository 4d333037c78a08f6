//! A double of Stripe: manual-capture payment intents, refunds, search, idempotency keys, webhooks.
//!
//! Its book is append-only: what was really applied, under which key. A repeat under a key answers
//! the first answer for 24 hours and is not booked again; everything else that is carried out is.

use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use http::Method;
use serde_json::Value;

use super::faults::{Call, Faults};
use super::post::Post;
use super::server::{self, Answer, Asked, Double};
use super::signing;
use super::stripe_wire::{self as wire, Intent};

/// The key that the hub must show.
pub(crate) const API_KEY: &str = "sk_test_orderhub_scenarios";
/// The secret of the webhook endpoint.
pub(crate) const WEBHOOK_SECRET: &str = "whsec_orderhub_scenarios";
/// Stripe's own test token for a card that is always declined.
pub(crate) const DECLINED_CARD: &str = "pm_card_chargeDeclined";

const KEY_LIFE: Duration = Duration::from_hours(24);

/// What was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Applied {
    Authorized,
    Declined,
    Captured,
    Canceled,
    Refunded,
}

/// A line of the book.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) applied: Applied,
    /// The order that the intent was made for, as its metadata says.
    pub(crate) order: String,
    pub(crate) intent: String,
    /// Minor units; for a cancellation, what was released.
    pub(crate) amount: i64,
    /// The idempotency key it was applied under.
    pub(crate) key: String,
}

#[derive(Default)]
struct State {
    intents: BTreeMap<String, Intent>,
    book: Vec<Entry>,
    events: Vec<String>,
    replays: HashMap<String, (String, u16, Value, Instant)>,
    unexpected: Vec<String>,
    repeated: u32,
}

/// The double.
pub(crate) struct Stripe {
    pub(crate) url: String,
    pub(crate) faults: Faults,
    pub(crate) post: Arc<Post>,
    state: Mutex<State>,
}

/// What carrying a call out gave: status, body, and events to tell about.
type Done = (u16, Value, Vec<(&'static str, Value)>);

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
        let double = Arc::new(Self {
            url: format!("http://{addr}"),
            faults: Faults::default(),
            post: Post::new(webhook_url, sign),
            state: Mutex::default(),
        });
        server::serve(listener, Arc::clone(&double));
        double
    }

    fn state(&self) -> MutexGuard<'_, State> {
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

impl State {
    fn note(&mut self, applied: Applied, intent: &Intent, amount: i64, key: &str) {
        self.book.push(Entry {
            applied,
            order: intent.order().unwrap_or_default().to_owned(),
            intent: intent.id.clone(),
            amount,
            key: key.to_owned(),
        });
    }

    fn create(&mut self, fields: &BTreeMap<String, String>, key: &str, decline: bool) -> Done {
        let field = |name: &str| fields.get(name).map_or("", String::as_str);
        let amount = field("amount").parse::<i64>().unwrap_or_default();
        let manual = field("capture_method") == "manual" && field("confirm") == "true";
        let complete = amount > 0 && field("currency").len() == 3 && manual;
        if !complete || field("payment_method").is_empty() {
            return refused(
                "parameter_missing",
                "A required parameter is missing or wrong.",
            );
        }
        let metadata = fields.iter().filter_map(|(name, value)| {
            let name = name.strip_prefix("metadata[")?.strip_suffix(']')?;
            Some((name.to_owned(), value.clone()))
        });
        let mut intent = Intent {
            id: format!("pi_{:08}", self.intents.len() + 1),
            created: now(),
            amount,
            currency: field("currency").to_owned(),
            status: "requires_capture",
            capturable: amount,
            received: 0,
            refunded: 0,
            metadata: metadata.collect(),
            token: field("payment_method").to_owned(),
            decline: None,
        };
        let created = ("payment_intent.created", intent.json(false));
        let done = if decline || intent.token == DECLINED_CARD {
            intent.status = "requires_payment_method";
            intent.capturable = 0;
            intent.decline = Some("generic_decline");
            self.note(Applied::Declined, &intent, amount, key);
            let failed = ("payment_intent.payment_failed", intent.json(false));
            (402, wire::declined(&intent), vec![created, failed])
        } else {
            self.note(Applied::Authorized, &intent, amount, key);
            let capturable = "payment_intent.amount_capturable_updated";
            let told = vec![created, (capturable, intent.json(false))];
            (200, intent.json(false), told)
        };
        self.intents.insert(intent.id.clone(), intent);
        done
    }

    fn capture(&mut self, id: &str, fields: &BTreeMap<String, String>, key: &str) -> Done {
        let Some(mut intent) = self.intents.get(id).cloned() else {
            return missing(id);
        };
        if intent.status != "requires_capture" {
            return unexpected_state(&intent, "captured");
        }
        let stated = fields.get("amount_to_capture");
        let amount = stated.map_or(Ok(intent.capturable), |text| text.parse::<i64>());
        let Ok(amount) = amount else {
            return refused("parameter_invalid_integer", "Invalid integer.");
        };
        if amount <= 0 || amount > intent.capturable {
            return refused(
                "amount_too_large",
                "The amount is more than can be captured.",
            );
        }
        intent.status = "succeeded";
        intent.received = amount;
        intent.capturable = 0;
        self.note(Applied::Captured, &intent, amount, key);
        let told = vec![
            ("charge.captured", intent.charge()),
            ("payment_intent.succeeded", intent.json(false)),
        ];
        let body = intent.json(false);
        self.intents.insert(id.to_owned(), intent);
        (200, body, told)
    }

    fn cancel(&mut self, id: &str, key: &str) -> Done {
        let Some(mut intent) = self.intents.get(id).cloned() else {
            return missing(id);
        };
        if matches!(intent.status, "succeeded" | "canceled") {
            return unexpected_state(&intent, "canceled");
        }
        let released = intent.capturable;
        intent.status = "canceled";
        intent.capturable = 0;
        self.note(Applied::Canceled, &intent, released, key);
        let body = intent.json(false);
        self.intents.insert(id.to_owned(), intent);
        (200, body.clone(), vec![("payment_intent.canceled", body)])
    }

    fn refund(&mut self, fields: &BTreeMap<String, String>, key: &str) -> Done {
        let id = fields.get("payment_intent").cloned().unwrap_or_default();
        let Some(mut intent) = self.intents.get(&id).cloned() else {
            return missing(&id);
        };
        let left = intent.received - intent.refunded;
        let amount = fields.get("amount").map_or(Ok(left), |text| text.parse());
        let Ok(amount) = amount else {
            return refused("parameter_invalid_integer", "Invalid integer.");
        };
        if left == 0 {
            return refused("charge_already_refunded", "The charge has been refunded.");
        }
        if amount <= 0 || amount > left {
            return refused("amount_too_large", "The amount is more than what is left.");
        }
        intent.refunded += amount;
        self.note(Applied::Refunded, &intent, amount, key);
        let refund = intent.refund(&format!("re_{:08}", self.book.len()), amount);
        let told = vec![("charge.refunded", intent.charge())];
        self.intents.insert(id, intent);
        (200, refund, told)
    }

    fn look(&self, id: &str, query: &str) -> Done {
        let pairs = server::form(query);
        let expand = pairs
            .iter()
            .any(|(name, value)| name.starts_with("expand[") && value.ends_with("latest_charge"));
        if id != "search" {
            return match self.intents.get(id) {
                Some(intent) => (200, intent.json(expand), Vec::new()),
                None => missing(id),
            };
        }
        let text = pairs.iter().find(|(name, _)| name == "query");
        let text = text.map_or("", |(_, value)| value.as_str());
        let wanted = text
            .replace('"', "'")
            .replace(' ', "")
            .strip_prefix("metadata['order_id']:'")
            .and_then(|rest| rest.strip_suffix('\'').map(str::to_owned));
        let Some(wanted) = wanted else {
            return refused("search_query_invalid", "The query cannot be read.");
        };
        let found = self.intents.values().rev();
        let found = found.filter(|intent| intent.order() == Some(&wanted));
        let found: Vec<Value> = found.map(|intent| intent.json(expand)).collect();
        (200, wire::search_result(&found), Vec::new())
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

fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

fn refused(code: &str, message: &str) -> Done {
    let body = wire::error("invalid_request_error", code, message);
    (400, body, Vec::new())
}

fn missing(id: &str) -> Done {
    let message = format!("No such payment_intent: '{id}'");
    let body = wire::error("invalid_request_error", "resource_missing", &message);
    (404, body, Vec::new())
}

fn unexpected_state(intent: &Intent, verb: &str) -> Done {
    let message = format!(
        "This PaymentIntent could not be {verb} because it has a status of {}.",
        intent.status
    );
    let code = "payment_intent_unexpected_state";
    let mut body = wire::error("invalid_request_error", code, &message);
    body["error"]["payment_intent"] = intent.json(false);
    (400, body, Vec::new())
}
