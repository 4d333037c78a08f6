//! Orders and appends for the cases.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::{SignedDuration, Timestamp};
use orderhub_actors::ports::{Append, Appended, Claims, Identity, Loaded, OrderRef, RefKind};
use orderhub_domain::canonical::{DraftLine, DraftTender, FulfilledBy, OrderDraft, TaxMode, Terms};
use orderhub_domain::ids::{ChannelId, CommandId, OrderId};
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::{Event, Received, Recorded, Request, Screened, Stage, Verdict};
use orderhub_domain::quantity::Quantity;
use uuid::Uuid;

use super::Node;

static NUMBER: AtomicU64 = AtomicU64::new(1);

/// A number that no other case has.
pub(crate) fn number() -> u64 {
    NUMBER.fetch_add(1, Ordering::Relaxed)
}

/// A moment, in seconds after one that is long gone. Whole microseconds: that is what stores keep.
pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_760_000_000 + second).expect("a time")
}

/// Two moments of the same second, one microsecond apart in `later` steps.
pub(crate) fn micros(second: i64, later: i64) -> Timestamp {
    at(second) + SignedDuration::from_micros(later)
}

/// An amount in euros.
pub(crate) fn eur(cents: i64) -> Money {
    let euro = Currency::from_code("EUR").expect("a currency");
    Money::from_minor(cents, euro).expect("an amount")
}

/// An order of one unit for 19.99, prepaid.
pub(crate) fn draft(external_id: &str) -> OrderDraft {
    OrderDraft {
        changed_at: None,
        awaits_release: false,
        point: None,
        external_id: external_id.to_owned(),
        number: Some(format!("#{external_id}")),
        placed_at: at(0),
        currency: eur(0).currency(),
        tax_mode: TaxMode::Inclusive,
        test: false,
        cancelled_at: None,
        destination: Some("DE".to_owned()),
        pickup_location: None,
        lines: vec![DraftLine {
            customs: None,
            part_of: None,
            external_id: "1".to_owned(),
            sku: Some("SKU-1".into()),
            title: "A thing".to_owned(),
            quantity: Quantity::units(1),
            unit_price: eur(1999).amount(),
            discounts: Vec::new(),
            taxes: Vec::new(),
            weight_g: None,
            fulfilled_by: FulfilledBy::Us,
        }],
        shipping: Vec::new(),
        fees: Vec::new(),
        discounts: Vec::new(),
        tenders: vec![DraftTender {
            amount: eur(1999),
            terms: Terms::Prepaid { reference: None },
        }],
        stated_total: eur(1999),
    }
}

/// An order that is not stored yet.
#[derive(Clone)]
pub(crate) struct NewOrder {
    pub(crate) id: OrderId,
    pub(crate) channel: ChannelId,
    pub(crate) draft: OrderDraft,
    pub(crate) request: Option<Request>,
}

impl NewOrder {
    /// With an external id of its own.
    pub(crate) fn of(channel: ChannelId) -> Self {
        Self::named(channel, &format!("W-{}", number()))
    }

    /// With this external id.
    pub(crate) fn named(channel: ChannelId, external_id: &str) -> Self {
        let random = number().to_be_bytes();
        Self {
            id: OrderId::new(1_760_000_000_000, random, channel.hash16(external_id)),
            channel,
            draft: draft(external_id),
            request: None,
        }
    }

    /// The append that creates it: received and screened.
    pub(crate) fn create(&self, claims: &Claims) -> Append {
        let received = Event::Received(Box::new(Received {
            id: self.id,
            channel: self.channel,
            channel_slug: "web".into(),
            live_connection: true,
            body_hash: "ab".repeat(32),
            request: self.request.clone(),
            draft: self.draft.clone(),
            history: None,
        }));
        let command = self.request.as_ref().map(|request| request.command_id);
        let mut append = append(
            self.id,
            claims,
            0,
            vec![received, screened()],
            Stage::Reserving,
        );
        for event in &mut append.events {
            event.command_id = command;
        }
        append.identity = Some(Identity {
            channel: self.channel,
            external_id: self.draft.external_id.clone(),
            body_hash: "ab".repeat(32),
        });
        append.wake_at = Some(at(60));
        append
    }
}

/// An event like any other.
pub(crate) fn screened() -> Event {
    Event::Screened(Box::new(Screened::bare(Verdict::Pass, 1)))
}

/// An event that says which one it is.
pub(crate) fn noted(verb: &str) -> Event {
    Event::CancelRefused {
        reason: verb.to_owned(),
    }
}

/// Events after `expected`.
pub(crate) fn append(
    order: OrderId,
    claims: &Claims,
    expected: u64,
    events: Vec<Event>,
    stage: Stage,
) -> Append {
    let events = (expected + 1..)
        .zip(events)
        .map(|(version, event)| Recorded {
            version,
            recorded_at: micros(i64::try_from(version).expect("small"), 1),
            occurred_at: (version % 2 == 0).then(|| at(-5)),
            actor: "system".to_owned(),
            command_id: None,
            event,
        })
        .collect();
    Append {
        order,
        epoch: claims.shards[&order.shard()],
        expected,
        identity: None,
        events,
        stage,
        wake_at: Some(at(60)),
        settle_wake: false,
        refs: Vec::new(),
        private: None,
        marks: Vec::new(),
        transits: Vec::new(),
    }
}

/// A request with a client's key.
pub(crate) fn request() -> Request {
    Request {
        command_id: CommandId(Uuid::from_u128(u128::from(number()) << 64)),
        body_hash: "cd".repeat(32),
        reply_schema: 1,
    }
}

/// A reference of a payment.
pub(crate) fn payment_ref(value: &str) -> OrderRef {
    OrderRef {
        kind: RefKind::Payment,
        scope: "stripe-eu".to_owned(),
        value: value.to_owned(),
    }
}

impl Node {
    /// Commits one append.
    pub(crate) async fn commit(&mut self, append: Append) -> Appended {
        let mut answers = self.lane.commit(&[append]).await;
        assert_eq!(answers.len(), 1);
        answers.remove(0)
    }

    /// Creates an order.
    pub(crate) async fn create(&mut self, order: &NewOrder, claims: &Claims) {
        let answer = self.commit(order.create(claims)).await;
        assert_eq!(answer, Appended::Committed);
    }

    /// An order that is there.
    pub(crate) async fn load(&self, order: OrderId) -> Loaded {
        let mut found = self.journal.load(&[order]).await.expect("loaded");
        assert_eq!(found.len(), 1, "the order is there");
        found.remove(0)
    }

    /// The kinds of its events.
    pub(crate) async fn kinds(&self, order: OrderId) -> Vec<&'static str> {
        let events = self.load(order).await.events.expect("readable");
        events
            .iter()
            .map(|recorded| recorded.event.kind())
            .collect()
    }
}
