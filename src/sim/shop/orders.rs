//! The shop's orders: what was sold, what it was told of shipments and cancellations, and what the
//! hub has not heard yet. A line is decided, written into the book, and only then applied.
//!
//! Each line has the whole order as it then is, so that one that left the memory is answered from
//! the book's recent pages.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::basket::{Basket, Payment};
use super::refunds::Refund;
use super::wire;
use crate::sim::book::{Book, BookError};
use crate::sim::courier::Letter;
use crate::sim::outbox::Outbox;

/// Most orders in memory.
const REMEMBERED: usize = 20_000;
/// Ids of an order, its lines and its shipments are so many numbers apart at most.
const IDS_OF_AN_ORDER: u64 = 100;
/// Where the ids of an order's shipments begin, and how many it can have.
const FIRST_SHIPMENT: u64 = 40;
const MOST_SHIPMENTS: usize = 20;
/// Letters of one order: its news are numbered from the first of these.
const LETTERS_OF_AN_ORDER: u64 = 8;

/// A line of the book.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    /// A buyer left an order.
    Sold(Box<Order>),
    /// The shop noted a shipment.
    Shipped(Box<Order>),
    /// The hub cancelled the order here.
    Cancelled(Box<Order>),
    /// The shop gave money back, or took units out, as the hub had said.
    Refunded(Box<Order>),
    /// The hub took the letter with this number.
    Told(u64),
}

/// An order of the shop.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Order {
    pub(super) id: u64,
    pub(super) number: u64,
    pub(super) placed_at: Timestamp,
    pub(super) basket: Basket,
    pub(super) shipments: Vec<Shipment>,
    pub(super) cancelled: Option<Cancelled>,
    #[serde(default)]
    pub(super) refunds: Vec<Refund>,
}

/// A shipment that the shop was told of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Shipment {
    pub(super) company: Option<String>,
    pub(super) tracking: Option<String>,
    /// The numbers of its other parcels.
    #[serde(default)]
    pub(super) more: Vec<String>,
    /// Units by the lines' ids.
    pub(super) units: Vec<(u64, u64)>,
}

/// A cancellation that the shop was told of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Cancelled {
    pub(super) at: Timestamp,
    pub(super) reason: String,
}

impl Order {
    /// The ids of its lines, in their order.
    pub(super) fn line_ids(&self) -> impl Iterator<Item = u64> + use<> {
        self.id + 1..
    }

    /// The ids of its shipments, in their order.
    pub(super) fn shipment_ids(&self) -> impl Iterator<Item = u64> + use<> {
        self.id + FIRST_SHIPMENT..
    }

    /// Units that are left to ship, by the lines' ids.
    pub(super) fn open(&self) -> Vec<(u64, u64)> {
        let lines = self.line_ids().zip(&self.basket.lines);
        let open = lines.map(|(id, line)| {
            let shipped = self.shipments.iter().flat_map(|shipment| &shipment.units);
            let shipped = shipped.filter(|(line, _)| *line == id);
            let shipped: u64 = shipped.map(|(_, units)| units).sum();
            let unsent = self.refunded(id, true);
            (id, line.quantity.saturating_sub(shipped + unsent))
        });
        open.collect()
    }

    /// Since when it is cancelled, at this moment: by its buyer, or because the hub said so. What
    /// has begun to leave, a buyer does not cancel any more.
    pub(super) fn cancelled_at(&self, now: Timestamp) -> Option<Timestamp> {
        if let Some(cancelled) = &self.cancelled {
            return Some(cancelled.at);
        }
        let at = self.after(self.basket.cancelled_after?);
        (self.shipments.is_empty() && at <= now).then_some(at)
    }

    fn after(&self, seconds: u64) -> Timestamp {
        let wait = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or_default());
        self.placed_at
            .saturating_add(wait)
            .unwrap_or(self.placed_at)
    }

    fn letter(&self, place: u64, topic: &'static str, body: &serde_json::Value) -> Letter {
        Letter {
            number: self.number * LETTERS_OF_AN_ORDER + place,
            topic,
            body: body.to_string(),
        }
    }

    /// Everything that the shop tells of it by itself, and when.
    fn news(&self) -> Vec<(Timestamp, Letter)> {
        let basket = &self.basket;
        let created = wire::order(self, false, None);
        let news =
            |place, topic, seconds, body| (self.after(seconds), self.letter(place, topic, body));
        let mut all = vec![news(0, "orders/create", basket.late, &created)];
        if let Some(seconds) = basket.repeated_after {
            all.push(news(1, "orders/create", seconds, &created));
        }
        let cancelled = basket.cancelled_after;
        let later = matches!(basket.payment, Payment::HeldByShop | Payment::Transfer);
        if later && cancelled.is_none_or(|cancelled| cancelled > basket.paid_after) {
            let paid = wire::order(self, true, None);
            all.push(news(2, "orders/paid", basket.paid_after, &paid));
        }
        if let Some(seconds) = cancelled {
            let paid = later && seconds > basket.paid_after;
            let body = wire::order(self, paid, Some(self.after(seconds)));
            all.push((
                self.after(seconds),
                self.letter(CANCELLATION, "orders/cancelled", &body),
            ));
        }
        all
    }
}

/// The place of the news that the order is cancelled.
const CANCELLATION: u64 = 3;

#[derive(Default)]
struct Memory {
    orders: BTreeMap<u64, Order>,
    outbox: Outbox,
    sold: u64,
}

/// All orders of a shop.
pub(super) struct Orders {
    book: Book<Line>,
    memory: Memory,
}

impl Orders {
    /// The orders as the book has them.
    pub(super) fn open(book: Option<&Path>) -> Result<Self, BookError> {
        let mut memory = Memory::default();
        let book = Book::open("shop", book, |line| memory.apply(line))?;
        Ok(Self { book, memory })
    }

    /// What waits to be told.
    pub(super) const fn outbox(&mut self) -> &mut Outbox {
        &mut self.memory.outbox
    }

    /// How many orders were sold.
    pub(super) const fn sold(&self) -> u64 {
        self.memory.sold
    }

    /// A buyer leaves this basket.
    pub(super) fn sell(&mut self, basket: Basket) -> io::Result<()> {
        let number = self.memory.sold + 1;
        // Worlds that began in different seconds have different ids, so that a hub that knows an
        // earlier one does not take their orders for the same.
        let world = u64::try_from(self.book.opened()).unwrap_or_default() * 1_000_000;
        let order = Order {
            id: world + number * IDS_OF_AN_ORDER,
            number,
            placed_at: Timestamp::now(),
            basket,
            shipments: Vec::new(),
            cancelled: None,
            refunds: Vec::new(),
        };
        self.note(Line::Sold(Box::new(order)))
    }

    /// The hub took a letter. Should the book not take that, it is told once more.
    pub(super) fn told(&mut self, letter: u64) {
        if let Err(error) = self.note(Line::Told(letter)) {
            tracing::error!(%error, "the book takes no line");
            self.memory.outbox.postpone(letter, Timestamp::now());
        }
    }

    /// The order that this id, or that of one of its parts, belongs to.
    pub(super) fn find(&self, id: u64) -> Option<Order> {
        let id = id - id % IDS_OF_AN_ORDER;
        let known = self.memory.orders.get(&id).cloned();
        known.or_else(|| {
            let line = self
                .book
                .recall(|line| line.order().is_some_and(|order| order.id == id))?;
            line.order().cloned()
        })
    }

    /// Notes a shipment; `false` when the order cannot have any more.
    pub(super) fn ship(&mut self, mut order: Order, shipment: Shipment) -> io::Result<bool> {
        if order.shipments.len() >= MOST_SHIPMENTS {
            return Ok(false);
        }
        order.shipments.push(shipment);
        self.note(Line::Shipped(Box::new(order)))?;
        Ok(true)
    }

    /// Notes that the hub cancelled an order.
    pub(super) fn cancel(&mut self, mut order: Order, reason: &str) -> io::Result<()> {
        order.cancelled = Some(Cancelled {
            at: Timestamp::now(),
            reason: reason.to_owned(),
        });
        self.note(Line::Cancelled(Box::new(order)))
    }

    /// Notes what was given back of an order.
    pub(super) fn refund(&mut self, order: Order) -> io::Result<()> {
        self.note(Line::Refunded(Box::new(order)))
    }

    fn note(&mut self, line: Line) -> io::Result<()> {
        self.book.append(&line)?;
        self.memory.apply(line);
        Ok(())
    }
}

impl Line {
    const fn order(&self) -> Option<&Order> {
        match self {
            Self::Sold(order)
            | Self::Shipped(order)
            | Self::Cancelled(order)
            | Self::Refunded(order) => Some(order),
            Self::Told(_) => None,
        }
    }
}

impl Memory {
    fn apply(&mut self, line: Line) {
        match line {
            Line::Sold(order) => {
                self.sold = self.sold.max(order.number);
                for (due, letter) in order.news() {
                    self.outbox.add(due, letter);
                }
                self.put(*order);
            }
            Line::Shipped(order) | Line::Refunded(order) => {
                self.take_back_the_cancellation(&order);
                self.put(*order);
            }
            Line::Cancelled(order) => {
                self.take_back_the_cancellation(&order);
                // The shop tells everybody who listens, also the one who asked for it.
                if let Some(cancelled) = &order.cancelled {
                    let body = wire::order(&order, false, Some(cancelled.at));
                    let letter = order.letter(CANCELLATION, "orders/cancelled", &body);
                    self.outbox.add(cancelled.at, letter);
                }
                self.put(*order);
            }
            Line::Told(letter) => self.outbox.remove(letter),
        }
    }

    fn take_back_the_cancellation(&mut self, order: &Order) {
        self.outbox
            .remove(order.number * LETTERS_OF_AN_ORDER + CANCELLATION);
    }

    fn put(&mut self, order: Order) {
        self.orders.insert(order.id, order);
        while self.orders.len() > REMEMBERED {
            self.orders.pop_first();
        }
    }
}
