//! The rows of the compensation matrix, each played in the simulated world: once undisturbed, and
//! once more for every commit of that life with a crash before it is on disk, and with one after.
//! Whatever the crash, the world must come to the same end. docs/compensations.md names the rule
//! behind each row.

mod before;
mod edits;
mod money;
mod transfers;
mod work;

use jiff::SignedDuration;
use rust_decimal::Decimal;

use super::super::deliver::Way;
use super::super::dice::Dice;
use super::super::gateway::{Payment, State};
use super::super::world::{Crash, Letter, World};
use crate::canonical::{
    CaptureMode, DraftLine, DraftTender, FulfilledBy, OrderDraft, TaxMode, Terms,
};
use crate::ids::{OrderId, Slug};
use crate::money::{Currency, Money};
use crate::order::{Arrival, Command, Effect, FulfilmentStep, Order, Stage};
use crate::quantity::Quantity;
use crate::simulation::core::Hub;
use crate::stock::{Counters, StockCommand};

/// Messages that may be delivered in one moment before a scene counts as running in circles.
const LETTERS: usize = 2000;
/// The channel that wants to hear of its orders.
const LISTENS: usize = 1;
/// One that does not.
const QUIET: usize = 0;

/// A world with one order, and the hands that steer it.
struct Scene {
    world: World<'static>,
    dice: Dice,
    id: OrderId,
    channel: usize,
    life: u32,
    /// Messages that are kept back.
    late: Vec<Letter>,
}

/// Plays a scene undisturbed and then with every crash, and judges each end.
fn under_every_crash(scene: impl Fn(&mut Scene), verdict: impl Fn(&Scene)) {
    let mut calm = Scene::new(None);
    scene(&mut calm);
    calm.rest();
    verdict(&calm);
    let commits = calm.world.commits;
    assert!(commits > 2, "a scene without commits shows nothing");
    for commit in 1..=commits {
        for written in [false, true] {
            let mut again = Scene::new(Some(Crash { commit, written }));
            scene(&mut again);
            again.rest();
            again.must(again.world.crash.is_none(), "the crash came");
            verdict(&again);
        }
    }
}

impl Scene {
    fn new(crash: Option<Crash>) -> Self {
        static HUB: Hub = Hub;
        let mut worlds = (0..).map(|setting| World::new(setting, &HUB, true));
        let mut world = worlds
            .find(|world| world.places().len() >= 3)
            .expect("a setting with three locations");
        world.smooth = true;
        for gateway in &mut world.gateways {
            gateway.verdict = Some(State::Authorized);
        }
        for code in world.places() {
            for number in 1..=3 {
                world.count(&code, &format!("SKU-{number}").as_str().into(), 0);
            }
        }
        world.commits = 0;
        world.crash = crash;
        Self {
            world,
            dice: Dice::seeded(1),
            id: OrderId::new(1_760_000_000_000, [7; 8], [0, 0]),
            channel: LISTENS,
            life: 0,
            late: Vec::new(),
        }
    }

    /// Puts units on a shelf; the first location is 0.
    fn stock(&mut self, place: usize, sku: &str, units: i64) {
        // The crash is for the order's life, not for what was there before.
        let crash = self.world.crash.take();
        let code = self.world.places()[place].clone();
        self.world.count(&code, &sku.into(), units);
        self.world.commits = 0;
        self.world.crash = crash;
    }

    /// Announces supply for a shelf.
    fn announce(&mut self, place: usize, sku: &str, quantity: i64) {
        let crash = self.world.crash.take();
        let code = self.world.places()[place].clone();
        let command = StockCommand::Announce {
            sku: sku.into(),
            reference: "PO-1".into(),
            quantity,
            expected_at: None,
        };
        self.world.ask_shelf(&code, &command, None);
        self.world.commits = 0;
        self.world.crash = crash;
    }

    /// Lets the hub believe in units that are not there any more.
    fn rumour(&mut self, place: usize, sku: &str, on_hand: i64) {
        let code = self.world.places()[place].clone();
        let heard = Counters {
            on_hand,
            ..Counters::default()
        };
        self.world.board.heard.insert((code, sku.into()), heard);
    }

    /// Sends an order.
    fn place(&mut self, draft: OrderDraft) {
        self.send(draft);
        self.settle();
    }

    /// Puts an order on its way.
    fn send(&mut self, draft: OrderDraft) {
        let hash = self.world.channels[self.channel]
            .0
            .hash16(&draft.external_id);
        self.id = OrderId::new(1_760_000_000_000, [7; 8], hash);
        self.world.post.push(Letter::Create {
            id: self.id,
            channel: self.channel,
            draft: Box::new(draft),
        });
    }

    /// Everything that is on its way arrives. A hub that crashed is started again.
    fn settle(&mut self) {
        self.settle_with(|_| Some(Way::Good));
    }

    /// Everything arrives in the way that is said, or is kept back until the end.
    fn settle_with(&mut self, way: impl Fn(&Letter) -> Option<Way>) {
        for _ in 0..LETTERS {
            let owner = self.world.owner;
            if self.life != self.world.nodes[owner].life {
                self.life = self.world.nodes[owner].life;
                for id in self.world.audit.born.clone() {
                    self.world.wake(owner, id);
                }
                // Locations tell what no order has taken in yet.
                self.world.lapse();
                continue;
            }
            let Some(letter) = self.world.post.first() else {
                return self.judge();
            };
            match way(letter) {
                Some(way) => self.world.deliver(0, way, &mut self.dice),
                None => self.late.push(self.world.post.remove(0)),
            }
        }
        panic!(
            "{} messages are still on their way:\n{}",
            self.world.post.len(),
            self.told()
        );
    }

    /// An operator asks.
    fn ask(&mut self, command: Command) {
        self.world.ask(self.id, "operator:anna", command);
        self.settle();
    }

    fn cancel(&mut self) {
        let reason = "the buyer has changed their mind".into();
        self.ask(Command::Cancel { reason });
    }

    /// Staff take a step on a piece of work.
    fn dock(&mut self, fulfilment: u16, step: FulfilmentStep) {
        self.ask(Command::Fulfil { fulfilment, step });
    }

    /// Staff take a piece of work as far as the label is on it.
    fn label(&mut self, fulfilment: u16) {
        self.dock(fulfilment, FulfilmentStep::Accept);
        self.dock(fulfilment, FulfilmentStep::Pick { lines: None });
        self.dock(fulfilment, FulfilmentStep::Pack);
    }

    /// A parcel of the buyer's at the first location, with all that is still missing.
    fn arrival(&self) -> Arrival {
        Arrival {
            location: self.world.places()[0].clone(),
            parcel: Some("A".into()),
            lines: None,
        }
    }

    /// Time passes.
    fn pass(&mut self, minutes: i64) {
        self.world.elapse(SignedDuration::from_mins(minutes));
        self.settle();
    }

    /// What was kept back arrives, and everybody does their part until nothing waits any more.
    fn rest(&mut self) {
        self.world.post.append(&mut self.late);
        self.settle();
        self.world.run_down();
        self.judge();
    }

    fn judge(&self) {
        if let Some(broken) = &self.world.broken {
            panic!("{}: {}\n{}", broken.invariant, broken.found, self.told());
        }
    }

    fn told(&self) -> String {
        self.world.history.join("\n")
    }

    fn order(&self) -> &Order {
        self.world.audit.order(self.id).expect("the order")
    }

    /// The kinds of the order's events.
    fn kinds(&self) -> Vec<&'static str> {
        let log = self.world.store.logs[&self.id].iter();
        log.map(|recorded| recorded.event.kind()).collect()
    }

    fn times(&self, kind: &str) -> usize {
        self.kinds()
            .into_iter()
            .filter(|known| *known == kind)
            .count()
    }

    /// How often an effect like this was asked for.
    fn asked(&self, like: impl Fn(&Effect) -> bool) -> usize {
        let log = self.world.store.logs[&self.id].iter();
        let opened = log.filter_map(|recorded| recorded.event.opens());
        opened.filter(|opened| like(&opened.effect)).count()
    }

    /// What the gateways have of the order, refused payments aside.
    fn payments(&self) -> Vec<&Payment> {
        let all = self.world.gateways.iter().flat_map(|g| &g.payments);
        all.filter(|p| p.order == self.id && p.state != State::Declined)
            .collect()
    }

    /// On hand, reserved and allocated of an article, over all locations.
    fn shelf(&self, sku: &str) -> (i64, i64, i64) {
        let shelves = self.world.store.shelves.values();
        let of = |shelf: &super::super::store::Shelf| shelf.stock.counters(&sku.into());
        shelves.map(of).fold((0, 0, 0), |sum, c| {
            (sum.0 + c.on_hand, sum.1 + c.reserved, sum.2 + c.allocated)
        })
    }

    #[track_caller]
    fn ends(&self, stage: Stage, reason: &str) {
        let order = self.order();
        assert_eq!(
            (order.stage, order.reason.as_deref()),
            (stage, Some(reason)),
            "{}",
            self.told()
        );
    }

    #[track_caller]
    fn must(&self, holds: bool, what: &str) {
        assert!(holds, "not so: {what}\n{}", self.told());
    }

    /// The buyer keeps their money: nothing is set aside, and what was taken went back.
    #[track_caller]
    fn costs_nothing(&self) {
        let free = |p: &&Payment| !p.is_open() && p.captured == p.refunded();
        self.must(
            self.payments().iter().all(free),
            "the buyer has their money",
        );
    }
}

pub(super) fn eur(cents: i64) -> Money {
    let currency = Currency::from_code("EUR").expect("a currency");
    Money::from_minor(cents, currency).expect("an amount")
}

fn line(number: usize, sku: &str, quantity: u32, cents: i64) -> DraftLine {
    DraftLine {
        customs: None,
        part_of: None,
        external_id: number.to_string(),
        sku: Some(sku.into()),
        title: sku.to_owned(),
        quantity: Quantity::units(quantity),
        unit_price: Decimal::new(cents, 2),
        discounts: Vec::new(),
        taxes: Vec::new(),
        weight_g: None,
        fulfilled_by: FulfilledBy::Us,
    }
}

/// A card that the hub has to authorise.
pub(super) fn card(gateway: &str, capture: CaptureMode) -> Terms {
    let gateway: Slug = gateway.into();
    Terms::ToAuthorize {
        gateway,
        token: "pm_card".into(),
        capture,
    }
}

/// An order of these articles, one unit of 10.00 each, on one card that can be captured often.
pub(super) fn basket(skus: &[&str]) -> OrderDraft {
    let lines = skus.iter().enumerate();
    let lines = lines.map(|(at, sku)| line(at + 1, sku, 1, 1000)).collect();
    let mut draft = OrderDraft {
        changed_at: None,
        awaits_release: false,
        point: None,
        external_id: "W-1".into(),
        number: None,
        placed_at: jiff::Timestamp::UNIX_EPOCH,
        currency: eur(0).currency(),
        tax_mode: TaxMode::Inclusive,
        test: false,
        cancelled_at: None,
        destination: Some("DE".into()),
        pickup_location: None,
        lines,
        shipping: Vec::new(),
        fees: Vec::new(),
        discounts: Vec::new(),
        tenders: Vec::new(),
        stated_total: eur(0),
    };
    draft.stated_total = draft.totals().grand;
    draft.tenders.push(DraftTender {
        amount: draft.stated_total,
        terms: card("adyen", CaptureMode::Many),
    });
    draft
}
