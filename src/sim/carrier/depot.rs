//! The carrier's shipments: what was asked for, what was bought, and where each parcel is. A line is
//! decided, written into the book, and only then applied.
//!
//! Delivered parcels leave the memory after a while; they are answered from the book's recent pages
//! then, if there is a book.

use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::journey;
use super::wire::{self, Label, Shipment};
use crate::sim::book::{Book, BookError};
use crate::sim::courier::Letter;
use crate::sim::outbox::Outbox;
use crate::sim::server::{Reply, value};

/// Most shipments in memory that nothing happens to any more.
const REMEMBERED: usize = 20_000;
/// Most shipments on a page, and how many are on one when nothing else is asked.
const LARGEST_PAGE: usize = 100;
const USUAL_PAGE: usize = 20;
/// Ounces that the carrier takes.
const HEAVY_ENOUGH: RangeInclusive<f64> = 0.1..=1_000_000.0;

/// A line of the book.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// A shipment was made.
    Created(Box<Shipment>),
    /// Its label was bought.
    Bought(Box<Shipment>),
    /// Its label was given back.
    GivenBack(Box<Shipment>),
    /// The hub took so many steps of this parcel's way.
    Seen { number: u64, steps: usize },
}

impl Line {
    const fn shipment(&self) -> Option<&Shipment> {
        match self {
            Self::Created(shipment) | Self::Bought(shipment) | Self::GivenBack(shipment) => {
                Some(shipment)
            }
            Self::Seen { .. } => None,
        }
    }
}

/// What decides when parcels move.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clockwork {
    pub(super) seed: u64,
    pub(super) speed: u32,
}

struct Memory {
    clockwork: Clockwork,
    /// By number: the latest come last.
    shipments: BTreeMap<u64, Shipment>,
    by_reference: BTreeMap<String, u64>,
    /// Steps that the hub took.
    seen: BTreeMap<u64, usize>,
    /// In the order of their ends.
    ended: VecDeque<u64>,
    outbox: Outbox,
    made: u64,
}

/// All shipments of an account.
pub(super) struct Depot {
    book: Book<Line>,
    memory: Memory,
}

impl Depot {
    /// The depot as its book has it.
    pub(super) fn open(book: Option<&Path>, clockwork: Clockwork) -> Result<Self, BookError> {
        let mut memory = Memory {
            clockwork,
            shipments: BTreeMap::new(),
            by_reference: BTreeMap::new(),
            seen: BTreeMap::new(),
            ended: VecDeque::new(),
            outbox: Outbox::default(),
            made: 0,
        };
        let book = Book::open("carrier", book, |line| memory.apply(line))?;
        Ok(Self { book, memory })
    }

    /// What waits to be told.
    pub(super) const fn outbox(&mut self) -> &mut Outbox {
        &mut self.memory.outbox
    }

    /// The hub took a parcel's latest step: the next one may come.
    pub(super) fn seen(&mut self, number: u64) {
        let steps = self.memory.seen.get(&number).copied().unwrap_or_default() + 1;
        let line = Line::Seen { number, steps };
        match self.book.append(&line) {
            Ok(()) => self.memory.apply(line),
            Err(error) => {
                tracing::error!(%error, "the book takes no line");
                self.memory.outbox.postpone(number, Timestamp::now());
            }
        }
    }

    /// Makes a shipment. A repeated reference makes another one: recognising it is the caller's.
    pub(super) fn create(&mut self, body: &[u8]) -> Reply {
        let sent: Value = serde_json::from_slice(body).unwrap_or_default();
        let asked = &sent["shipment"];
        let weight = asked["parcel"]["weight"].as_number();
        let weight = weight.filter(|weight| {
            let ounces = weight.as_f64();
            ounces.is_some_and(|ounces| HEAVY_ENOUGH.contains(&ounces))
        });
        let whole = asked["to_address"].is_object() && asked["from_address"].is_object();
        let (true, Some(weight)) = (whole, weight) else {
            let message = "Unable to create shipment, one or more parameters were invalid.";
            return refused(422, "SHIPMENT.INVALID_PARAMS", message);
        };
        let number = self.memory.made + 1;
        let shipment = Shipment {
            number,
            id: format!("shp_{:x}{number:08}", self.book.opened()),
            reference: asked["reference"].as_str().unwrap_or_default().to_owned(),
            created_at: Timestamp::now(),
            to: asked["to_address"].clone(),
            from: asked["from_address"].clone(),
            weight: weight.clone(),
            label: None,
        };
        let body = shipment.json();
        self.note(Line::Created(Box::new(shipment)), 201, body)
    }

    /// Buys the label, once.
    pub(super) fn buy(&mut self, id: &str, body: &[u8]) -> Reply {
        let Some(mut shipment) = self.find(id) else {
            return missing();
        };
        if shipment.label.is_some() {
            let message = "Postage already exists for this shipment.";
            return refused(422, "SHIPMENT.POSTAGE.EXISTS", message);
        }
        let sent: Value = serde_json::from_slice(body).unwrap_or_default();
        let rate = sent["rate"]["id"].as_str().unwrap_or_default();
        let Some(service) = shipment.service(rate) else {
            return refused(422, "SHIPMENT.RATE.NOT_FOUND", "No rate with this id.");
        };
        shipment.label = Some(Label {
            bought_at: Timestamp::now(),
            tracking_code: format!("94{:010}{:08}", self.book.opened(), shipment.number),
            service,
            given_back: false,
        });
        let body = shipment.json();
        self.note(Line::Bought(Box::new(shipment)), 200, body)
    }

    /// Gives the label back; the parcel does not move any more.
    pub(super) fn refund(&mut self, id: &str) -> Reply {
        let Some(mut shipment) = self.find(id) else {
            return missing();
        };
        match &mut shipment.label {
            None => {
                let message = "There is no postage to refund.";
                refused(422, "SHIPMENT.REFUND.UNAVAILABLE", message)
            }
            Some(label) if label.given_back => Reply::new(200, shipment.json()),
            Some(label) => {
                label.given_back = true;
                let body = shipment.json();
                self.note(Line::GivenBack(Box::new(shipment)), 200, body)
            }
        }
    }

    /// One shipment by its id or reference.
    pub(super) fn show(&self, id: &str) -> Reply {
        let found = self.find(id);
        found.map_or_else(missing, |shipment| Reply::new(200, shipment.json()))
    }

    /// A page of those that have a label, or of all, the newest first.
    pub(super) fn list(&self, query: &[(String, String)]) -> Reply {
        let size = value(query, "page_size").and_then(|size| size.parse().ok());
        let size = size.unwrap_or(USUAL_PAGE).clamp(1, LARGEST_PAGE);
        let end = match value(query, "before_id") {
            None => u64::MAX,
            Some(id) => match self.memory.number_of(id) {
                Some(number) => number,
                None => return missing(),
            },
        };
        let older = self.memory.shipments.range(..end).rev();
        let all = value(query, "purchased") == Some("false");
        let mut older = older
            .map(|(_, shipment)| shipment)
            .filter(|shipment| all || shipment.label.is_some());
        let page: Vec<Value> = older.by_ref().take(size).map(Shipment::json).collect();
        let has_more = older.next().is_some();
        Reply::new(200, json!({ "shipments": page, "has_more": has_more }))
    }

    /// By id, or the latest with this reference.
    fn find(&self, id: &str) -> Option<Shipment> {
        let known = self.memory.number_of(id);
        let known = known.and_then(|number| self.memory.shipments.get(&number).cloned());
        known.or_else(|| {
            let named = |shipment: &Shipment| shipment.id == id || shipment.reference == id;
            let line = self
                .book
                .recall(|line| line.shipment().is_some_and(named))?;
            line.shipment().cloned()
        })
    }

    fn note(&mut self, line: Line, status: u16, body: Value) -> Reply {
        if let Err(error) = self.book.append(&line) {
            tracing::error!(%error, "the book takes no line; nothing was carried out");
            let message = "We're sorry, something went wrong.";
            return refused(500, "INTERNAL_SERVER_ERROR", message);
        }
        self.memory.apply(line);
        Reply::new(status, body)
    }
}

impl Memory {
    fn number_of(&self, id: &str) -> Option<u64> {
        if let Some(number) = self.by_reference.get(id) {
            return Some(*number);
        }
        let number = id.get(id.len().saturating_sub(8)..)?.parse().ok()?;
        let named = self.shipments.get(&number)?;
        (named.id == id).then_some(number)
    }

    fn apply(&mut self, line: Line) {
        match line {
            Line::Created(shipment) => {
                self.made = self.made.max(shipment.number);
                self.put(*shipment);
            }
            Line::Bought(shipment) => {
                let number = shipment.number;
                self.put(*shipment);
                self.plan(number);
            }
            Line::GivenBack(shipment) => {
                let number = shipment.number;
                self.put(*shipment);
                self.outbox.remove(number);
                self.end(number);
            }
            Line::Seen { number, steps } => {
                self.outbox.remove(number);
                self.seen.insert(number, steps);
                self.plan(number);
            }
        }
    }

    fn put(&mut self, shipment: Shipment) {
        let reference = shipment.reference.clone();
        if !reference.is_empty() {
            self.by_reference.insert(reference, shipment.number);
        }
        self.shipments.insert(shipment.number, shipment);
    }

    /// Writes down what is to be told of a parcel next.
    fn plan(&mut self, number: u64) {
        let Some(shipment) = self.shipments.get(&number) else {
            return;
        };
        let label = shipment.label.as_ref().filter(|label| !label.given_back);
        let Some(label) = label else {
            return;
        };
        let Clockwork { seed, speed } = self.clockwork;
        let way = journey::way(seed, number, label.bought_at, speed);
        let seen = self.seen.get(&number).copied().unwrap_or_default();
        let Some((due, _)) = way.get(seen) else {
            self.end(number);
            return;
        };
        let id = format!("{}_{seen}", shipment.id.replacen("shp_", "evt_", 1));
        let event = wire::tracker_updated(&id, shipment, &way[..=seen]);
        let letter = Letter {
            number,
            topic: "",
            body: event.to_string(),
        };
        self.outbox.add(*due, letter);
    }

    fn end(&mut self, number: u64) {
        self.ended.push_back(number);
        while self.ended.len() > REMEMBERED
            && let Some(oldest) = self.ended.pop_front()
        {
            self.seen.remove(&oldest);
            if let Some(gone) = self.shipments.remove(&oldest)
                && self.by_reference.get(&gone.reference) == Some(&oldest)
            {
                self.by_reference.remove(&gone.reference);
            }
        }
    }
}

fn refused(status: u16, code: &str, message: &str) -> Reply {
    Reply::new(status, wire::error(code, message))
}

fn missing() -> Reply {
    refused(
        404,
        "NOT_FOUND",
        "The requested resource could not be found.",
    )
}
