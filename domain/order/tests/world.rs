//! A small world for one order: two locations with real stock machines, a gateway, a carrier, a
//! clock. Choices come in as numbers, so that a failing life shrinks.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::super::*;
use crate::canonical::*;
use crate::ids::*;
use crate::money::{Currency, Money};
use crate::policy::Policy;
use crate::quantity::Quantity;
use crate::simulation::{Mark, after_event, before_event, command_of};
use crate::stock::{Counters, LocationStock, Quota, StockCommand};

/// What a channel hears that hears no more than it has to.
pub(super) const PLAIN: [Topic; 2] = [Topic::Shipped, Topic::Cancelled];

pub(super) fn eur(text: &str) -> Money {
    let currency = Currency::from_code("EUR").expect("a currency");
    Money::exact(text.parse().expect("a number"), currency).expect("an amount")
}

pub(super) fn line(number: u16, sku: &str, quantity: u32, price: &str) -> DraftLine {
    DraftLine {
        external_id: number.to_string(),
        sku: Some(sku.into()),
        title: sku.to_owned(),
        quantity: Quantity::units(quantity),
        unit_price: price.parse().expect("a price"),
        discounts: Vec::new(),
        taxes: Vec::new(),
        weight_g: None,
        fulfilled_by: FulfilledBy::Us,
        customs: None,
        part_of: None,
    }
}

pub(super) fn draft(lines: Vec<DraftLine>, shipping: &str, terms: Terms) -> OrderDraft {
    let currency = Currency::from_code("EUR").expect("a currency");
    let charge = Charge {
        title: "Standard".into(),
        amount: eur(shipping),
        taxes: Vec::new(),
    };
    let mut draft = OrderDraft {
        changed_at: None,
        awaits_release: false,
        external_id: "W-1".into(),
        number: None,
        placed_at: Timestamp::UNIX_EPOCH,
        currency,
        tax_mode: TaxMode::Inclusive,
        test: false,
        cancelled_at: None,
        destination: Some("DE".into()),
        point: None,
        pickup_location: None,
        lines,
        shipping: vec![charge],
        fees: Vec::new(),
        discounts: Vec::new(),
        tenders: Vec::new(),
        stated_total: eur("0"),
    };
    draft.stated_total = draft.totals().grand;
    draft.tenders.push(DraftTender {
        amount: draft.stated_total,
        terms,
    });
    draft
}

pub(super) fn to_authorize(capture: CaptureMode) -> Terms {
    Terms::ToAuthorize {
        gateway: "stripe-eu".into(),
        token: "pm_card".into(),
        capture,
    }
}

/// Where orders go.
pub(super) fn home() -> Address {
    Address {
        lines: vec!["Main Street 1".into()],
        city: Some("Berlin".into()),
        postcode: Some("10115".into()),
        country: Some("DE".into()),
        ..Address::default()
    }
}

#[derive(Default)]
pub(super) struct Shelves {
    locations: Vec<Location>,
    pub(super) stock: BTreeMap<LocationCode, LocationStock>,
    /// What parcels took on the way, in seconds, the newest first.
    pub(super) took: Vec<i64>,
}

impl Places for Shelves {
    fn locations(&self) -> &[Location] {
        &self.locations
    }

    fn is_paused(&self, location: &LocationCode) -> bool {
        let stock = self.stock.get(location);
        stock.is_some_and(|stock| stock.room.paused)
    }

    fn work_of(&self, location: &LocationCode, day: i32) -> u32 {
        let stock = self.stock.get(location);
        stock.map_or(0, |stock| stock.room.taken(day))
    }

    fn counters(&self, location: &LocationCode, sku: &Sku) -> Counters {
        self.stock
            .get(location)
            .map(|stock| stock.counters(sku))
            .unwrap_or_default()
    }

    fn quota(&self, location: &LocationCode, sku: &Sku, channel: ChannelId) -> Quota {
        let stock = self.stock.get(location);
        stock.map_or_else(Quota::default, |stock| stock.quota(sku, channel))
    }

    fn knows(&self, sku: &Sku) -> bool {
        let mut shelves = self.stock.values();
        shelves.any(|stock| stock.counters.contains_key(sku))
    }

    fn transit_time(&self, _: &ShippingLane) -> Option<TransitTime> {
        TransitTime::of(&self.took)
    }
}

/// When every world begins.
pub(super) fn beginning() -> Timestamp {
    Timestamp::from_second(1_760_000_000).expect("a time")
}

impl Shelves {
    /// Locations in one country with these units.
    pub(super) fn stocked(on_hand: &[(&str, &str, i64)]) -> Self {
        let mut shelves = Self::default();
        for (location, sku, units) in on_hand {
            let code = LocationCode::from(*location);
            let known = shelves.stock.entry(code.clone());
            known.or_insert_with(|| LocationStock::empty(code));
            let count = StockCommand::Count {
                sku: (*sku).into(),
                on_hand: *units,
                buffer: None,
                backorder_limit: None,
                unpicked: Vec::new(),
            };
            shelves.tell(location, &count, beginning());
        }
        let codes = shelves.stock.keys();
        shelves.locations = codes
            .map(|code| Location::plain(code.clone(), "DE".into()))
            .collect();
        shelves
    }

    /// Somebody tells a location something.
    pub(super) fn tell(&mut self, code: &str, command: &StockCommand, now: Timestamp) {
        let stock = self.stock.get_mut(&code.into()).expect("it is there");
        let decision = stock.decide(command, None, now);
        stock.apply(&decision.change);
    }

    /// It takes on so many pieces of work a day.
    pub(super) fn limit(&mut self, code: &str, capacity: u32) {
        let stock = self.stock.get_mut(&code.into()).expect("it is there");
        stock.room.capacity = Some(capacity);
        let mut known = self.locations.iter_mut();
        let location = known.find(|location| location.code == code.into());
        location.expect("it is there").capacity_per_day = Some(capacity);
    }

    /// It takes no new work.
    pub(super) fn pause(&mut self, code: &str) {
        let stock = self.stock.get_mut(&code.into()).expect("it is there");
        stock.room.paused = true;
    }
}

pub(super) struct World {
    pub(super) now: Timestamp,
    pub(super) policy: Policy,
    pub(super) shelves: Shelves,
    pub(super) order: Order,
    pub(super) log: Vec<Recorded>,
    /// The channel wants to hear of its order.
    pub(super) listens: &'static [Topic],
    /// Where it goes, as it stands sealed beside the log.
    pub(super) ship_to: Option<Address>,
}

impl World {
    pub(super) fn place(draft: OrderDraft, on_hand: &[(&str, &str, i64)]) -> Self {
        Self::place_under(draft, on_hand, |_| {})
    }

    /// The same under other rules.
    pub(super) fn place_under(
        draft: OrderDraft,
        on_hand: &[(&str, &str, i64)],
        rules: impl FnOnce(&mut Policy),
    ) -> Self {
        Self::place_prepared(draft, on_hand, rules, &[])
    }

    /// The same, where nobody knows the address of a location.
    pub(super) fn place_hidden(
        draft: OrderDraft,
        on_hand: &[(&str, &str, i64)],
        hidden: &str,
        rules: impl FnOnce(&mut Policy),
    ) -> Self {
        let mut shelves = Shelves::stocked(on_hand);
        for location in &mut shelves.locations {
            location.addressed = location.code != hidden.into();
        }
        let mut policy = Policy::default();
        rules(&mut policy);
        let order = (draft, BTreeMap::new());
        Self::born(order, shelves, policy, [7; 8], Some(home()))
    }

    /// The same, where nobody has said where the order goes.
    pub(super) fn place_nowhere(draft: OrderDraft, on_hand: &[(&str, &str, i64)]) -> Self {
        let shelves = Shelves::stocked(on_hand);
        let order = (draft, BTreeMap::new());
        Self::born(order, shelves, Policy::default(), [7; 8], None)
    }

    /// The same, after this was said to BER1.
    pub(super) fn place_prepared(
        draft: OrderDraft,
        on_hand: &[(&str, &str, i64)],
        rules: impl FnOnce(&mut Policy),
        said: &[StockCommand],
    ) -> Self {
        let mut shelves = Shelves::stocked(on_hand);
        for command in said {
            shelves.tell("BER1", command, beginning());
        }
        let mut policy = Policy::default();
        rules(&mut policy);
        let order = (draft, BTreeMap::new());
        Self::born(order, shelves, policy, [7; 8], Some(home()))
    }

    /// One order of many in the same house.
    pub(super) fn nth(draft: OrderDraft, shelves: Shelves, number: u16) -> Self {
        let random = u64::from(number).to_be_bytes();
        let order = (draft, BTreeMap::new());
        Self::born(order, shelves, Policy::default(), random, Some(home()))
    }

    /// An order of which its channel had taken units out before it came.
    pub(super) fn place_cut(
        draft: OrderDraft,
        wanted: BTreeMap<String, Quantity>,
        on_hand: &[(&str, &str, i64)],
    ) -> Self {
        let shelves = Shelves::stocked(on_hand);
        let order = (draft, wanted);
        Self::born(order, shelves, Policy::default(), [7; 8], Some(home()))
    }

    fn born(
        (draft, wanted): (OrderDraft, BTreeMap<String, Quantity>),
        shelves: Shelves,
        policy: Policy,
        random: [u8; 8],
        ship_to: Option<Address>,
    ) -> Self {
        let now = beginning();
        let channel = ChannelId(Uuid::from_u128(1));
        let nobody = Submission {
            draft,
            private: PrivateDetails {
                ship_to,
                ..PrivateDetails::default()
            },
        };
        let features = Features::of(&nobody, &Sightings::NotNeeded);
        let draft = nobody.draft;
        let placement = Placement {
            features,
            id: OrderId::new(
                1_760_000_000_000,
                random,
                channel.hash16(&draft.external_id),
            ),
            channel,
            channel_slug: "web".into(),
            draft,
            wanted,
            live_connection: true,
            body_hash: "00".into(),
        };
        let context = Context {
            ship_to: None,
            now,
            policy: &policy,
            places: &shelves,
            channel_listens: &PLAIN,
        };
        let (log, order) = super::super::place(placement, "channel:web", None, &context);
        let born = evolve(None, &log[0]).expect("a first event");
        replay(born, &log[1..], &order);
        Self {
            now,
            policy,
            shelves,
            order,
            log,
            listens: &PLAIN,
            ship_to: None,
        }
    }

    pub(super) fn input(&mut self, body: InputBody) -> Result<Decided, Rejection> {
        let context = Context {
            ship_to: self.ship_to.as_ref(),
            now: self.now,
            policy: &self.policy,
            places: &self.shelves,
            channel_listens: self.listens,
        };
        let actor = match &body {
            InputBody::Fact(_) => "partner",
            _ => "operator:anna",
        };
        let actor = actor.to_owned();
        let input = Input { actor, body };
        let decided = decide(&self.order, &input, &context)?;
        if let Decided::Commit(events, next) = &decided {
            replay(self.order.clone(), events, next);
            self.log.extend(events.iter().cloned());
            self.order = (**next).clone();
        }
        Ok(decided)
    }

    pub(super) fn fact(&mut self, fact: Fact) -> Decided {
        self.input(InputBody::Fact(fact))
            .expect("facts are never refused")
    }

    pub(super) fn command(&mut self, command: Command) -> Result<Decided, Rejection> {
        self.input(InputBody::Request(command.into()))
    }

    pub(super) fn pay(&mut self, evidence: PaymentEvidence) -> Decided {
        self.fact(payment(evidence))
    }

    pub(super) fn wait(&mut self, seconds: i64) {
        self.now += SignedDuration::from_secs(seconds);
        self.input(InputBody::Wake)
            .expect("waking is never refused");
    }

    /// What the world answers to an effect when all goes well.
    pub(super) fn good_answer(&mut self, id: EffectId) -> Option<Fact> {
        let effect = self.order.outstanding.get(&id)?.effect.clone();
        let reference = || format!("pi_{}", effect.tender().unwrap_or(1));
        let paid = |evidence| {
            let tender = effect.tender().map(TenderSelector::Number)?;
            Some(Fact::Payment(PaymentFact {
                tender,
                account: None,
                occurred_at: None,
                evidence,
            }))
        };
        let work = |fulfilment, evidence| {
            Some(Fact::Fulfilment(FulfilmentFact {
                fulfilment,
                occurred_at: None,
                evidence,
            }))
        };
        match &effect {
            Effect::AuthorizePayment { amount, .. } => paid(PaymentEvidence::Authorized {
                reference: reference(),
                amount: *amount,
                expires_at: None,
            }),
            Effect::CapturePayment { total, .. } => paid(PaymentEvidence::Captured {
                reference: reference(),
                amount: Reported::Total { amount: *total },
            }),
            Effect::VoidPayment { .. } => paid(PaymentEvidence::Voided {
                reference: reference(),
            }),
            Effect::RefundPayment { total, .. } => paid(PaymentEvidence::Refunded {
                reference: reference(),
                amount: Reported::Total { amount: *total },
            }),
            Effect::RequestFulfilment { fulfilment } => {
                work(*fulfilment, FulfilmentEvidence::Delivered)
            }
            Effect::CancelFulfilment { fulfilment } => {
                work(*fulfilment, FulfilmentEvidence::Cancelled)
            }
            Effect::BuyLabel { fulfilment, parcel } => Some(label_of(*fulfilment, *parcel)),
            Effect::VoidLabel { fulfilment, parcel } => Some(Fact::Label(LabelFact {
                fulfilment: *fulfilment,
                parcel: *parcel,
                evidence: LabelEvidence::Voided,
            })),
            Effect::NotifyChannel { notice } => Some(Fact::Notice(NoticeFact {
                notice: notice.clone(),
                evidence: NoticeEvidence::Told,
            })),
            _ => self.stock_answer(id, &effect),
        }
    }

    /// What the location's own machine answers.
    fn stock_answer(&mut self, id: EffectId, effect: &Effect) -> Option<Fact> {
        let (location, attempt, _) = effect.stock()?;
        let location = location.clone();
        let command = command_of(self.order.id, self.order.channel, effect)?;
        self.answer_of(&location, attempt, &command, id)
    }

    fn answer_of(
        &mut self,
        location: &LocationCode,
        attempt: u16,
        command: &StockCommand,
        id: EffectId,
    ) -> Option<Fact> {
        let stock = self.shelves.stock.get_mut(location)?;
        let decision = stock.decide(command, Some(id), self.now);
        stock.apply(&decision.change);
        // The store would answer a later repeat from the key; the test keeps the final rows too.
        for (key, _, hold) in decision.change.holds {
            stock.holds.insert(key, hold);
        }
        let evidence = decision.evidence?;
        let (location, effect) = (location.clone(), Some(id));
        Some(Fact::Stock(StockFact {
            location,
            attempt,
            effect,
            evidence,
        }))
    }

    /// Lets every open effect be answered well until none is left. What a location has not heard
    /// enough of to answer comes again after the others.
    pub(super) fn settle(&mut self) {
        while !self.order.outstanding.is_empty() {
            let open: Vec<EffectId> = self.order.outstanding.keys().copied().collect();
            let mut open = open.into_iter();
            let answered = open.find_map(|id| Some((id, self.good_answer(id)?)));
            let (id, fact) = answered.expect("an answer");
            self.fact(fact);
            assert!(
                !self.order.outstanding.contains_key(&id),
                "{id} is answered"
            );
        }
    }

    /// Lets the open effect of this kind be answered well.
    pub(super) fn answer(&mut self, word: &str) {
        let id = self.outstanding(word).expect("it is open");
        let fact = self.good_answer(id).expect("an answer");
        self.fact(fact);
    }

    /// The open effect of this kind.
    pub(super) fn outstanding(&self, word: &str) -> Option<EffectId> {
        let open = self.order.outstanding.iter();
        open.filter(|(_, open)| open.effect.word() == word)
            .map(|(id, _)| *id)
            .next()
    }

    pub(super) fn step(&mut self, step: FulfilmentStep) -> Result<Decided, Rejection> {
        self.command(Command::Fulfil {
            fulfilment: 1,
            step,
        })
    }

    pub(super) fn kinds(&self) -> Vec<&'static str> {
        self.log
            .iter()
            .map(|recorded| recorded.event.kind())
            .collect()
    }

    pub(super) fn captured(&self) -> Money {
        self.order.tenders[0].captured_sum()
    }

    /// The order folded from the log as it is stored.
    pub(super) fn folded(&self) -> Order {
        let mut order = None;
        for recorded in &self.log {
            let stored = (recorded.event.kind(), recorded.event.body());
            let event = Event::from_stored(stored.0, stored.1).expect("a readable event");
            assert_eq!(event, recorded.event);
            let recorded = Recorded {
                event,
                ..recorded.clone()
            };
            order = Some(evolve(order, &recorded).expect("the next event"));
        }
        order.expect("a first event")
    }

    pub(super) fn check(&self) {
        let order = &self.order;
        assert_eq!(order.violations(), Vec::new());
        let lines = Money::sum(order.draft.currency, order.line_values());
        assert_eq!(lines.plus(order.charges_value()), order.draft.stated_total);
        for open in order.outstanding.values() {
            match &open.effect {
                Effect::CapturePayment {
                    tender,
                    amount,
                    total,
                    ..
                } => {
                    let tender = order.tender(*tender).expect("a tender");
                    assert!(amount.is_positive() && *total <= tender.amount);
                    assert!(*total <= tender.authorized_sum());
                }
                Effect::RefundPayment { tender, total, .. } => {
                    let tender = order.tender(*tender).expect("a tender");
                    // Its capture may have come to nothing after it was asked for.
                    assert!(*total <= tender.captured.ever(tender.zero()));
                }
                _ => {}
            }
        }
        let wake = wake_at(order, &self.policy);
        assert!(
            order.outstanding.is_empty() || wake.is_some(),
            "every wait has a timer"
        );
        if order.stage.is_terminal() && order.outstanding.is_empty() {
            let held = order.reservations.values().any(|hold| hold.state.is_live());
            assert!(!held, "{:?}", order.reservations);
        }
        let mut held = Vec::new();
        for shelf in self.shelves.stock.values() {
            assert!(shelf.counters.values().all(Counters::holds));
            let own = shelf.holds.iter().filter(|(key, _)| key.order == order.id);
            held.extend(own.map(|(key, hold)| HoldRow {
                line: key.line.into(),
                location: shelf.location.clone(),
                attempt: key.attempt.into(),
                sku: hold.sku.to_string(),
                quantity: hold.quantity,
                state: hold.state.word().to_owned(),
                rev: hold.rev,
                told_rev: hold.told_rev,
            }));
        }
        assert_eq!(super::super::stored::astray(order, &held), None);
        assert!(Decimal::from(order.version) == Decimal::from(self.log.len()));
    }
}

/// Folds a commit one by one: every event keeps the laws that simulated worlds are held to, and the
/// fold is what the decision said.
fn replay(mut order: Order, events: &[Recorded], next: &Order) {
    let opened = BTreeMap::new();
    for recorded in events {
        let lawful = before_event(&order, recorded, &opened);
        assert_eq!(lawful, Ok(()), "{:?}", recorded.event);
        let (stage, mark) = (order.stage, Mark::of(&order));
        order = evolve(Some(order), recorded).expect("the next event");
        assert!(stage == order.stage || stage.may_become(order.stage));
        assert_eq!(mark.must_not_fall(&order), Ok(()), "{:?}", recorded.event);
        let lawful = after_event(&order, &recorded.event);
        assert_eq!(lawful, Ok(()), "{:?}", recorded.event);
    }
    assert_eq!(order, *next);
}

pub(super) fn payment(evidence: PaymentEvidence) -> Fact {
    payment_at(None, evidence)
}

/// The same, so many seconds after the beginning by the gateway's clock.
pub(super) fn payment_at(second: Option<i64>, evidence: PaymentEvidence) -> Fact {
    Fact::Payment(PaymentFact {
        tender: TenderSelector::Reference("pi_1".into()),
        account: Some("stripe-eu".into()),
        occurred_at: second.map(|second| beginning() + SignedDuration::from_secs(second)),
        evidence,
    })
}

/// A capture of the payment, by its name.
pub(super) fn made(capture: &str, amount: &str) -> PaymentEvidence {
    PaymentEvidence::Captured {
        reference: "pi_1".into(),
        amount: Reported::Part {
            reference: capture.into(),
            amount: eur(amount),
        },
    }
}

/// This capture came to nothing.
pub(super) fn lost(capture: &str) -> PaymentEvidence {
    PaymentEvidence::CaptureFailed {
        capture: Some(capture.into()),
        code: "capture_rejected".into(),
    }
}

pub(super) fn label(fulfilment: u16) -> Fact {
    label_of(fulfilment, 1)
}

/// The tracking number that a parcel gets: TRK1 for the first of a fulfilment, TRK1-2 for the second.
pub(super) fn tracking(fulfilment: u16, parcel: u16) -> String {
    match parcel {
        1 => format!("TRK{fulfilment}"),
        _ => format!("TRK{fulfilment}-{parcel}"),
    }
}

pub(super) fn label_of(fulfilment: u16, parcel: u16) -> Fact {
    let tracking_number = tracking(fulfilment, parcel);
    Fact::Label(LabelFact {
        fulfilment,
        parcel,
        evidence: LabelEvidence::Bought {
            service: None,
            account: "easypost".into(),
            carrier: "UPS".into(),
            reference: tracking_number.replace("TRK", "shp_"),
            tracking_number,
            label_url: None,
            cost: Some(eur("4.10")),
        },
    })
}

pub(super) fn seen(fulfilment: u16, second: i64, status: ParcelStatus) -> Fact {
    seen_of(fulfilment, 1, second, status)
}

pub(super) fn seen_of(fulfilment: u16, parcel: u16, second: i64, status: ParcelStatus) -> Fact {
    Fact::Scan(ScanFact {
        tracking_number: tracking(fulfilment, parcel),
        carrier: None,
        scan: Scan {
            at: Timestamp::from_second(1_760_000_000 + second).expect("a time"),
            status,
            code: status.word().to_owned(),
        },
    })
}
