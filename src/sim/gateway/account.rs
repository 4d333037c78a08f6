//! The account behind the gateway: its payments, the answers kept under idempotency keys, and what
//! the hub has not been told yet. A line is decided, written into the book, and only then applied.
//!
//! Ended payments and old keys leave the memory after a while; they are answered from the book's
//! recent pages then, if there is a book.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::calls::{self, Call, Change, Did, Draw, Form, Outcome};
use super::wire::{self, Intent, Look, Status};
use crate::sim::book::{Book, BookError};
use crate::sim::courier::Letter;
use crate::sim::dice::Dice;
use crate::sim::outbox::Outbox;
use crate::sim::server::{Reply, pairs, value};

/// How long an answer is kept under its key, in seconds.
const KEY_LIFE: i64 = 24 * 60 * 60;
/// Most ended payments, and most keys, in memory.
const REMEMBERED: usize = 20_000;
/// One card in so many is declined.
const DECLINES: u64 = 25;

/// A line of the book.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// A call was carried out.
    Applied(Box<Applied>),
    /// A call was refused under a key.
    Refused(Saved),
    /// The hub took the event with this number.
    Told(u64),
}

/// What was carried out.
#[derive(Serialize, Deserialize)]
pub(super) struct Applied {
    did: Did,
    order: String,
    /// Minor units; of a cancellation, what it released.
    amount: i64,
    at: i64,
    intent: Intent,
    saved: Saved,
    /// The events that tell it, by their numbers.
    events: Vec<(u64, Value)>,
}

/// An answer, under the key that it was asked with.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Saved {
    key: Option<String>,
    /// The request: its path and its body.
    request: String,
    at: i64,
    status: u16,
    body: Value,
}

/// A request to the account.
pub(super) struct Request<'a> {
    pub(super) call: Call,
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) body: &'a [u8],
    pub(super) key: Option<&'a str>,
    pub(super) version: Option<&'a str>,
}

/// What memory there is of the payments.
#[derive(Default)]
struct Memory {
    intents: BTreeMap<String, Intent>,
    by_order: BTreeMap<String, Vec<String>>,
    /// Ended ones, in the order of their ends.
    ended: VecDeque<String>,
    keys: HashMap<String, Saved>,
    keys_in_order: VecDeque<String>,
    outbox: Outbox,
    made: u64,
    refunds: u64,
    events: u64,
}

/// The account.
pub(super) struct Account {
    book: Book<Line>,
    memory: Memory,
    seed: u64,
}

impl Account {
    /// The account as its book has it.
    pub(super) fn open(book: Option<&Path>, seed: u64) -> Result<Self, BookError> {
        let mut memory = Memory::default();
        let book = Book::open("gateway", book, |line| memory.apply(line))?;
        Ok(Self { book, memory, seed })
    }

    /// What waits to be told.
    pub(super) const fn outbox(&mut self) -> &mut Outbox {
        &mut self.memory.outbox
    }

    /// The hub took an event. Should the book not take that, it is told once more.
    pub(super) fn told(&mut self, event: u64) {
        match self.book.append(&Line::Told(event)) {
            Ok(()) => self.memory.apply(Line::Told(event)),
            Err(error) => {
                tracing::error!(%error, "the book takes no line");
                self.memory.outbox.postpone(event, Timestamp::now());
            }
        }
    }

    /// Carries a call out, or answers it again under its key.
    pub(super) fn call(&mut self, asked: &Request<'_>) -> Reply {
        let now = Timestamp::now().as_second();
        let form = pairs(asked.body);
        let text = String::from_utf8_lossy(asked.body);
        let request = format!("{} {text}", asked.path);
        let changes = !matches!(asked.call, Call::Retrieve(_) | Call::Search);
        let key = asked.key.filter(|key| changes && !key.is_empty());
        if let Some(saved) = key.and_then(|key| self.saved(key, now)) {
            return repeated(&saved, &request);
        }
        let outcome = self.decide(asked, &form, now);
        let saved = Saved {
            key: key.map(str::to_owned),
            request,
            at: now,
            status: outcome.status,
            body: outcome.body.clone(),
        };
        let line = match outcome.change {
            Some(change) => Some(self.applied(change, saved, now)),
            None => key.is_some().then_some(Line::Refused(saved)),
        };
        if let Some(line) = line {
            if let Err(error) = self.book.append(&line) {
                tracing::error!(%error, "the book takes no line; nothing was carried out");
                let message = "An error occurred on our side.";
                return Reply::new(500, wire::error("api_error", "api_error", message));
            }
            self.memory.apply(line);
        }
        Reply::new(outcome.status, outcome.body)
    }

    fn decide(&self, asked: &Request<'_>, form: &Form, now: i64) -> Outcome {
        let query = pairs(asked.query.as_bytes());
        let expands = query
            .iter()
            .any(|(name, value)| name.starts_with("expand[") && value.ends_with("latest_charge"));
        let look = Look::of(asked.version, expands);
        match &asked.call {
            Call::Create => calls::create(form, self.draw(now), look),
            Call::Capture(id) => self.with(id, |intent| calls::capture(intent, form, look)),
            Call::Cancel(id) => self.with(id, |intent| calls::cancel(intent, now, look)),
            Call::Refund => {
                let of_charge = value(form, "charge").map(|id| id.replacen("ch_", "pi_", 1));
                let id = value(form, "payment_intent")
                    .map(str::to_owned)
                    .or(of_charge);
                let refund = self.id("re", self.memory.refunds + 1);
                self.with(&id.unwrap_or_default(), |intent| {
                    calls::refund(intent, form, &refund, now)
                })
            }
            Call::Retrieve(id) => self.with(id, |intent| calls::answered(200, intent.json(look))),
            Call::Search => self.search(value(&query, "query").unwrap_or_default(), look),
        }
    }

    fn draw(&self, now: i64) -> Draw {
        let number = self.memory.made + 1;
        Draw {
            id: self.id("pi", number),
            now,
            declines: Dice::of(self.seed, "declines", number).one_in(DECLINES),
        }
    }

    /// An id that no other account and no other thing of this one has.
    fn id(&self, prefix: &str, number: u64) -> String {
        format!("{prefix}_3{:x}{number:08}", self.book.opened())
    }

    fn with(&self, id: &str, then: impl FnOnce(Intent) -> Outcome) -> Outcome {
        let known = self.memory.intents.get(id).cloned();
        let known = known.or_else(|| self.recall(|intent| intent.id == id));
        known.map_or_else(|| calls::missing(id), then)
    }

    fn recall(&self, wanted: impl Fn(&Intent) -> bool) -> Option<Intent> {
        let line = self.book.recall(|line| match line {
            Line::Applied(applied) => wanted(&applied.intent),
            Line::Refused(_) | Line::Told(_) => false,
        });
        match line {
            Some(Line::Applied(applied)) => Some(applied.intent),
            _ => None,
        }
    }

    fn search(&self, query: &str, look: Look) -> Outcome {
        let Some(order) = calls::searched(query) else {
            let message = "Only metadata['order_id']:'…' can be searched for.";
            return calls::refused("search_query_invalid", message);
        };
        let known = self.memory.by_order.get(&order).into_iter().flatten();
        let known = known.filter_map(|id| self.memory.intents.get(id).cloned());
        let mut found: Vec<Intent> = known.rev().collect();
        if found.is_empty() {
            found.extend(self.recall(|intent| intent.order() == order));
        }
        let found: Vec<Value> = found.iter().map(|intent| intent.json(look)).collect();
        calls::answered(200, wire::search_result(&found))
    }

    fn saved(&self, key: &str, now: i64) -> Option<Saved> {
        let of_key = |saved: &Saved| saved.key.as_deref() == Some(key);
        let known = self.memory.keys.get(key).cloned().or_else(|| {
            // All keys are in memory until there are too many of them.
            let forgotten = self.memory.keys.len() >= REMEMBERED;
            let line = forgotten.then(|| {
                self.book.recall(|line| match line {
                    Line::Applied(applied) => of_key(&applied.saved),
                    Line::Refused(saved) => of_key(saved),
                    Line::Told(_) => false,
                })
            });
            match line.flatten()? {
                Line::Applied(applied) => Some(applied.saved),
                Line::Refused(saved) => Some(saved),
                Line::Told(_) => None,
            }
        });
        known.filter(|saved| now - saved.at < KEY_LIFE)
    }

    fn applied(&self, change: Change, saved: Saved, now: i64) -> Line {
        let events = change.events.iter().zip(self.memory.events + 1..);
        let events = events.map(|((kind, object), number)| {
            let id = self.id("evt", number);
            (number, wire::event(&id, kind, now, object))
        });
        Line::Applied(Box::new(Applied {
            did: change.did,
            order: change.intent.order().to_owned(),
            amount: change.amount,
            at: now,
            events: events.collect(),
            intent: change.intent,
            saved,
        }))
    }
}

/// A repeat under a key is answered as the first time; another request under it is refused.
fn repeated(saved: &Saved, request: &str) -> Reply {
    if saved.request != request {
        let message = "Keys for idempotent requests can only be used with the same parameters \
                       they were first used with.";
        let body = wire::error("idempotency_error", "idempotency_key_in_use", message);
        return Reply::new(400, body);
    }
    let mut reply = Reply::new(saved.status, saved.body.clone());
    let (name, value) = ("idempotent-replayed", "true");
    reply.header = Some((
        http::HeaderName::from_static(name),
        http::HeaderValue::from_static(value),
    ));
    reply
}

impl Memory {
    fn apply(&mut self, line: Line) {
        match line {
            Line::Applied(applied) => self.note(*applied),
            Line::Refused(saved) => self.keep(saved),
            Line::Told(event) => self.outbox.remove(event),
        }
    }

    fn note(&mut self, applied: Applied) {
        let Applied {
            did,
            at,
            intent,
            saved,
            events,
            ..
        } = applied;
        match did {
            Did::Authorized | Did::Declined => {
                self.made += 1;
                let of_order = self.by_order.entry(intent.order().to_owned());
                of_order.or_default().push(intent.id.clone());
            }
            Did::Refunded => self.refunds += 1,
            Did::Captured | Did::Canceled => {}
        }
        let due = Timestamp::from_second(at).unwrap_or_default();
        for (number, event) in events {
            self.events = self.events.max(number);
            let letter = Letter {
                number,
                topic: "",
                body: event.to_string(),
            };
            self.outbox.add(due, letter);
        }
        if intent.status != Status::RequiresCapture {
            self.ended.push_back(intent.id.clone());
        }
        self.intents.insert(intent.id.clone(), intent);
        while self.ended.len() > REMEMBERED
            && let Some(id) = self.ended.pop_front()
        {
            self.forget(&id);
        }
        self.keep(saved);
    }

    fn forget(&mut self, id: &str) {
        if let Some(gone) = self.intents.remove(id)
            && let Some(others) = self.by_order.get_mut(gone.order())
        {
            others.retain(|other| other != id);
            if others.is_empty() {
                self.by_order.remove(gone.order());
            }
        }
    }

    fn keep(&mut self, saved: Saved) {
        let Some(key) = saved.key.clone() else {
            return;
        };
        if self.keys.insert(key.clone(), saved).is_none() {
            self.keys_in_order.push_back(key);
        }
        while self.keys_in_order.len() > REMEMBERED
            && let Some(oldest) = self.keys_in_order.pop_front()
        {
            self.keys.remove(&oldest);
        }
    }
}
