//! A gateway that lies: it carries out what it is asked and does not answer three calls in ten,
//! answers one in ten twice, and tells everything three times, late and in any order. 1,000 orders
//! go through their lives; some are cancelled, some give money back.

use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use super::super::super::depot::next_step;
use super::super::super::gateway::State;
use super::super::matrix::card;
use super::*;
use crate::canonical::CaptureMode;
use crate::money::Money;
use crate::order::{Command, Fact, FulfilmentStage, Order, Stage, Tender};

const ORDERS: usize = 1_000;
/// Orders that come in a second.
const PER_SECOND: usize = 10;
const SILENT_PERCENT: usize = 30;
const TWICE_PERCENT: usize = 10;
const COPIES: usize = 3;
/// How late a webhook is, at most.
const LATE_SECONDS: i64 = 120;
/// How long the hub waits for an answer before it does not know.
const TIMEOUT: SignedDuration = SignedDuration::from_secs(30);
/// How long the hub may not know what became of a call.
const UNKNOWN_SECONDS: i64 = 180;

/// The world, the chance in it, and what the gateway has not said yet.
struct Lies {
    world: World<'static>,
    dice: Dice,
    late: BTreeMap<(Timestamp, usize), Letter>,
    count: usize,
    silent: usize,
    twice: usize,
}

impl Lies {
    fn keep_back(&mut self, letter: Letter, time: SignedDuration) {
        self.count += 1;
        self.late
            .insert((self.world.now + time, self.count), letter);
    }

    /// Everything that is on its way arrives, and the gateway lies about it.
    fn settle(&mut self) {
        while !self.world.post.is_empty() {
            let next = self.dice.below(self.world.post.len());
            let letter = &self.world.post[next];
            let about_money = match letter {
                Letter::Call(call) => call.effect.tender().is_some(),
                _ => false,
            };
            let silent = about_money && self.dice.percent(SILENT_PERCENT);
            let twice = about_money && !silent && self.dice.percent(TWICE_PERCENT);
            let way = if silent {
                deliver::Way::AnswerLost
            } else {
                deliver::Way::Good
            };
            self.world.deliver(next, way, &mut self.dice);
            if silent && let Some(unknown) = self.world.post.pop() {
                assert!(
                    matches!(&unknown, Letter::Answer { fact, .. } if matches!(fact, Fact::Unknown(_)))
                );
                self.silent += 1;
                self.keep_back(unknown, TIMEOUT);
            }
            if twice && let Some(answer) = self.world.post.last().cloned() {
                self.twice += 1;
                self.world.post.push(answer);
            }
            self.hush();
        }
    }

    /// Keeps the gateway's webhooks back: three copies of each, each late in its own way.
    fn hush(&mut self) {
        let told = |letter: &Letter| match letter {
            Letter::Webhook { fact, .. } => matches!(fact, Fact::Payment(_)),
            _ => false,
        };
        while let Some(place) = self.world.post.iter().position(told) {
            let letter = self.world.post.remove(place);
            for _ in 0..COPIES {
                let late = SignedDuration::from_secs(self.dice.between(0, LATE_SECONDS));
                self.keep_back(letter.clone(), late);
            }
        }
    }

    /// A second passes: who was kept back speaks, staff work, carriers move parcels.
    fn second(&mut self) {
        self.world.elapse(SignedDuration::from_secs(1));
        self.hush();
        let now = (self.world.now, usize::MAX);
        let later = self.late.split_off(&now);
        for letter in std::mem::replace(&mut self.late, later).into_values() {
            let Letter::Webhook { order, fact } = letter else {
                self.world.post.push(letter);
                continue;
            };
            self.world.report(self.world.owner, order, fact);
        }
        self.settle();
        let mut steps = Vec::new();
        for order in self.world.audit.orders() {
            for work in order.fulfilments.iter().filter(|work| !work.is_off()) {
                let waits = work.stage == FulfilmentStage::Requested && self.dice.percent(80);
                if waits || work.is_shipped() {
                    continue;
                }
                if let Some(step) = next_step(order, work, true, &mut self.dice) {
                    let fulfilment = work.number;
                    steps.push((order.id, Command::Fulfil { fulfilment, step }));
                }
            }
        }
        for (order, step) in steps {
            self.world.ask(order, "operator:dock", step);
        }
        let pieces: Vec<_> = self.world.depot.parcels.keys().copied().collect();
        for piece in pieces {
            self.world.see(piece, &mut self.dice);
        }
        self.settle();
        self.know_in_time();
    }

    /// Nothing is unknown for longer than it may be.
    fn know_in_time(&self) {
        unbroken(&self.world);
        for order in self.world.audit.orders() {
            for open in order.outstanding.values().filter(|open| open.unknown) {
                let since = self.world.now.duration_since(open.opened_at).as_secs();
                let word = open.effect.word();
                assert!(since <= UNKNOWN_SECONDS, "{word} is unknown for {since} s");
            }
        }
    }

    fn ask(&mut self, number: usize, command: Command) {
        let id = self.world.audit.born[number];
        self.world.ask(id, "operator:anna", command);
    }
}

#[test]
fn scenario_4_a_gateway_that_lies_charges_each_order_once_and_is_known_within_180_seconds() {
    static HUB: Hub = Hub;
    let mut world = calm(&HUB, [400, 400, 400]);
    for gateway in &mut world.gateways {
        gateway.verdict = Some(State::Authorized);
    }
    let mut lies = Lies {
        world,
        dice: Dice::seeded(4),
        late: BTreeMap::new(),
        count: 0,
        silent: 0,
        twice: 0,
    };
    for number in 0..ORDERS {
        let mut draft = one_unit(number);
        if number % 2 == 0 {
            draft.tenders[0].terms = card("stripe-eu", CaptureMode::Once);
        }
        let letter = create(&lies.world, number, draft);
        lies.world.post.push(letter);
        if (number + 1) % PER_SECOND == 0 {
            lies.second();
        }
        // One in ten changes their mind while nobody knows yet how the payment stands.
        if number % 10 == 9 {
            let reason = "not wanted any more".to_owned();
            lies.ask(number - 5, Command::Cancel { reason });
        }
    }
    let mut scratched: Vec<usize> = (0..ORDERS).step_by(10).collect();
    let mut quiet = 0;
    while quiet < UNKNOWN_SECONDS {
        let before = lies.world.store.events;
        // One in ten of what arrives is scratched, and half of it is paid back.
        scratched.retain(|number| {
            let id = lies.world.audit.born[*number];
            let order = lies.world.audit.order(id).expect("it is there");
            let arrived = order.stage == Stage::Completed;
            if arrived {
                let refund = Command::Refund {
                    amount: Some(Decimal::new(500, 2)),
                    as_credit: false,
                    reason: "scratched".to_owned(),
                };
                lies.world.ask(id, "operator:anna", refund);
            }
            !arrived
        });
        lies.second();
        let still = lies.world.store.events == before && lies.late.is_empty();
        quiet = if still { quiet + 1 } else { 0 };
    }
    assert!(scratched.is_empty(), "everything that shipped has arrived");
    let open = |order: &&Order| !order.outstanding.is_empty();
    assert_eq!(lies.world.audit.orders().filter(open).count(), 0);
    assert!(lies.silent > ORDERS / 2 && lies.twice > ORDERS / 10);

    lies.world.run_down();
    unbroken(&lies.world);
    let stages = stages(&lies.world);
    let closed = stages.get("closed").copied().unwrap_or_default();
    let cancelled = stages.get("cancelled").copied().unwrap_or_default();
    assert_eq!(closed + cancelled, ORDERS, "{stages:?}");
    assert!(cancelled > 0, "{stages:?}");
    let zero = Money::zero(super::super::matrix::eur(0).currency());
    let payments: Vec<_> = lies
        .world
        .gateways
        .iter()
        .flat_map(|g| &g.payments)
        .collect();
    let charged = payments.iter().filter(|p| p.captured.is_positive());
    assert_eq!(charged.count(), closed, "charges are orders");
    assert!(payments.iter().all(|p| p.captures() <= 1 && !p.is_open()));
    let of = |sum: Vec<Money>| Money::sum(zero.currency(), sum);
    let taken = of(payments.iter().map(|p| p.captured).collect());
    let back = of(payments.iter().map(|p| p.refunded()).collect());
    let tenders = |part: fn(&Tender) -> Money| {
        let orders = lies.world.audit.orders();
        of(orders.flat_map(|order| &order.tenders).map(part).collect())
    };
    assert_eq!(
        (taken, back),
        (tenders(Tender::captured_sum), tenders(Tender::refunded_sum))
    );
}
