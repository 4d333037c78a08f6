//! The end of a run: the faults stop, everybody answers, time passes, and every order must come to
//! rest by itself, woken by nothing but its own timer.

use jiff::{SignedDuration, Timestamp};

use super::deliver::Way;
use super::dice::Dice;
use super::world::World;
use crate::ids::OrderId;
use crate::order::{
    Decided, Edge, Fact, FulfilmentStage, Input, InputBody, Order, PayoutFact, explain, next_wait,
};
use crate::settlement::Verdict;

/// How long the slowest order may take: an authorisation, a location that does not answer, a return
/// that does not come and the automatic close, one after the other.
const PATIENCE: SignedDuration = SignedDuration::from_hours(160 * 24);
/// How often everybody may answer in one moment before it counts as running in circles.
const ROUNDS: usize = 200;
/// In how many of the first moments somebody sends something back, and for how long at the most.
const CHANGES_OF_MIND: usize = 40;
const SECOND_THOUGHTS: SignedDuration = SignedDuration::from_hours(40 * 24);
/// Moments at which time moves on, at most.
const MOMENTS: usize = 3000;

impl World<'_> {
    /// Heals the world and lets it run until nothing waits any more.
    pub(super) fn come_to_rest(&mut self) {
        self.heal();
        let until = self.now.saturating_add(SECOND_THOUGHTS);
        self.unsettled_until = until.unwrap_or(self.now);
        self.run_down();
    }

    fn heal(&mut self) {
        self.tell("from here on everybody answers and nothing is lost");
        self.smooth = true;
        self.fault = None;
        self.crash = None;
        self.elsewhere = false;
        self.board.paused.clear();
        for gateway in &mut self.gateways {
            gateway.rebuffs = None;
        }
    }

    /// Lets the world run until nothing waits any more, and checks what is left.
    pub(super) fn run_down(&mut self) {
        let mut dice = Dice::seeded(0);
        let end = self.now.saturating_add(PATIENCE).unwrap_or(self.now);
        let mut told_again = false;
        for moment in 0..MOMENTS {
            self.settle_moment(&mut dice);
            // Most parcels arrive only now; some of them come back.
            if moment < CHANGES_OF_MIND && self.now < self.unsettled_until {
                self.mind_a_return(&mut dice);
                self.settle_moment(&mut dice);
            }
            let Some(next) = self.next_moment().filter(|next| *next <= end) else {
                // What was lost on its way to an order, its location tells once more.
                if !told_again {
                    told_again = true;
                    self.lapse();
                    continue;
                }
                if self.now < self.unsettled_until {
                    // Nothing happens by itself any more: parcels that nobody scanned are seen.
                    self.unsettled_until = self.now;
                    continue;
                }
                break;
            };
            if self.broken.is_some() {
                return;
            }
            let least = SignedDuration::from_secs(1);
            self.elapse(next.duration_since(self.now).max(least));
            if moment + 1 == MOMENTS {
                let next = self
                    .store
                    .wake
                    .iter()
                    .filter_map(|(id, at)| Some((at.as_ref()?, id)));
                let next = next.min().map(|(_, id)| self.name(*id));
                let found = format!("it never ends; {} is next", next.unwrap_or_default());
                self.fall("comes_to_rest", found);
                return;
            }
        }
        self.pay_out();
        self.tell_all_available();
        self.check_rest();
        self.check_told();
    }

    /// The gateways send their files, made from their own books. Twice: a repeat changes nothing.
    fn pay_out(&mut self) {
        for place in 0..self.gateways.len() {
            let source = self.gateways[place].slug.clone();
            let lines = self.gateways[place].payout_lines();
            for (order, payment, line) in lines.iter().chain(&lines).cloned() {
                let payment = Some(payment);
                let fact = Fact::Payout(PayoutFact {
                    source: source.clone(),
                    payment,
                    line: line.clone(),
                });
                // Who sends a file sends it again until it was taken.
                let mut tries = 0..ROUNDS;
                while tries.next().is_some() && !self.report(self.owner, order, fact.clone()) {}
                let judged = self
                    .audit
                    .order(order)
                    .and_then(|o| o.payout_verdict(&line));
                if judged != Some(Verdict::Matched) {
                    let name = self.name(order);
                    let found = format!("{name}: {} {}: {judged:?}", line.kind.word(), line.gross);
                    self.fall("payouts_match", found);
                }
            }
        }
        self.check_paid_out();
    }

    /// Once every gateway has sent its file, no money is left that no payout has named.
    fn check_paid_out(&mut self) {
        let unnamed = self.audit.orders().find_map(|order| {
            let (tender, gateway, open) = order.unreconciled().next()?;
            Some((order.id, format!("{open} of tender {tender} at {gateway}")))
        });
        if let Some((order, open)) = unnamed {
            let found = format!("{}: no payout names {open}", self.name(order));
            self.fall("payouts_name_all", found);
        }
    }

    /// Everybody does what there is to do now.
    fn settle_moment(&mut self, dice: &mut Dice) {
        for _ in 0..ROUNDS {
            let before = self.store.events;
            self.carry_the_post(dice);
            self.work_on(dice);
            let quiet = self.post.is_empty() && self.store.events == before;
            if quiet || self.broken.is_some() {
                return;
            }
        }
        let left = self.post.first().map(|letter| format!("{letter:?}"));
        let found = format!(
            "{} messages are still on their way, first {}",
            self.post.len(),
            left.unwrap_or_else(|| "one that every round brings again".to_owned())
        );
        self.fall("comes_to_rest", found);
    }

    /// What is on its way arrives, and most of what follows from it.
    pub(super) fn carry_the_post(&mut self, dice: &mut Dice) {
        let mut letters = self.post.len() + ROUNDS;
        while !self.post.is_empty() && letters > 0 && self.broken.is_none() {
            self.deliver(0, Way::Good, dice);
            letters -= 1;
        }
    }

    /// Staff take every step that no hold blocks, carriers move every parcel, buyers confirm.
    fn work_on(&mut self, dice: &mut Dice) {
        let mut steps = Vec::new();
        for order in self.audit.orders() {
            for work in &order.fulfilments {
                let piece = (order.id, work.number);
                if let Some(step) = self.arrival(order, work) {
                    steps.push((piece, step));
                    continue;
                }
                let leaves = matches!(
                    work.stage,
                    FulfilmentStage::Labelled | FulfilmentStage::ReadyForPickup
                );
                let blocked = |edge| order.blocking(edge, Some(work.number)).is_some();
                let open = !work.is_off() && !work.is_shipped();
                let stopped = self.depot.stopped.contains(&piece);
                if !open || stopped || (leaves && blocked(Edge::Ship)) {
                    continue;
                }
                if let Some(step) = super::depot::next_step(order, work, true, dice) {
                    steps.push((piece, step));
                }
            }
        }
        for ((order, fulfilment), step) in steps {
            let command = crate::order::Command::Fulfil { fulfilment, step };
            self.ask(order, "operator:dock", command);
        }
        // Now and then nobody scans anything for a while.
        let silent = self.now < self.unsettled_until && self.store.events.is_multiple_of(5);
        let parcels: Vec<_> = self.depot.parcels.keys().copied().collect();
        for parcel in parcels.into_iter().filter(|_| !silent) {
            // Sightings of one parcel are a second apart: their time is a part of their name.
            if self.see(parcel, dice) {
                self.pass(SignedDuration::from_secs(1));
            }
        }
        self.work_on_returns();
        for _ in 0..self.gateways.len() {
            self.confirm(true, dice);
        }
    }

    /// When something happens by itself next: an order is woken, a hold on stock lapses.
    fn next_moment(&self) -> Option<Timestamp> {
        let wakes = self.store.wake.values().flatten().copied();
        let lapses = self
            .store
            .shelves
            .values()
            .filter_map(|shelf| shelf.stock.next_expiry());
        let lapses = lapses.map(|at| at + SignedDuration::from_secs(4));
        wakes.chain(lapses).min()
    }

    fn check_rest(&mut self) {
        let orders: Vec<OrderId> = self.audit.born.clone();
        for id in orders {
            let Some(order) = self.audit.order(id).cloned() else {
                continue;
            };
            if let Some(found) = self.unrest(&order) {
                let found = format!("{}: {found}", self.name(id));
                self.fall("comes_to_rest", found);
            }
            self.check_settled(&order);
            self.check_transfers(&order);
            if let Some(found) = self.orphan_label(&order) {
                let found = format!("{}: {found}", self.name(id));
                self.fall("labels_given_back", found);
            }
            self.check_edits(&order);
            self.check_shop(&order);
            self.check_addresses(&order);
            self.check_stuck(&order);
        }
        let untold: usize = self
            .store
            .shelves
            .values()
            .map(|shelf| shelf.stock.untold().len())
            .sum();
        if untold > 0 {
            let found = format!("{untold} changes of holds that no order has heard of");
            self.fall("lapses_are_told", found);
        }
        self.check_stored();
    }

    /// An order whose time has come does something about it, unless an answer is on its way: or it
    /// would be woken for ever.
    pub(super) fn check_woken(&mut self, id: OrderId) {
        let Some(order) = self.audit.folded(&self.store, id) else {
            return;
        };
        let now = self.now;
        let Some((wait, _)) = next_wait(&order, &self.policy).filter(|(_, at)| *at <= now) else {
            return;
        };
        let wake = Input {
            actor: "system".into(),
            body: InputBody::Wake,
        };
        let decided = self
            .core
            .decide(&order, &wake, &self.context(order.channel));
        if decided == Ok(Decided::Nothing) && order.outstanding.is_empty() {
            let found = format!("{} is woken for {} in vain", self.name(id), wait.word());
            self.fall("wakes_for_something", found);
        }
    }

    /// Why an order is not at rest, if it is not.
    fn unrest(&self, order: &Order) -> Option<String> {
        let why = explain(order, &self.policy);
        let over = order.stage.is_terminal() && order.outstanding.is_empty();
        let person = why.waiting_for == "person" && order.outstanding.is_empty();
        // The buyer's bank decides in its own time.
        let bank = order.is_disputed() && order.outstanding.is_empty();
        let rests = over || person || bank;
        (!rests).then(|| {
            let (stage, whom) = (order.stage.word(), why.waiting_for);
            format!("{stage}, waits for {whom}: {}", why.because)
        })
    }

    /// What was stored reads back as what it was, and folds to the same order.
    fn check_stored(&mut self) {
        let mut broken = None;
        for (id, log) in &self.store.logs {
            let mut order = None;
            for recorded in log {
                let stored = (recorded.event.kind(), recorded.event.body());
                let read = crate::order::Event::from_stored(stored.0, stored.1);
                if read.ok().as_ref() != Some(&recorded.event) {
                    broken = Some((*id, format!("{} reads back as something else", stored.0)));
                }
                order = crate::order::evolve(order, recorded).ok();
            }
            if order.as_ref() != self.audit.order(*id) {
                broken = Some((*id, "the stored log folds to another order".to_owned()));
            }
        }
        if let Some((id, found)) = broken {
            let found = format!("{}: {found}", self.name(id));
            self.fall("log_folds", found);
        }
    }
}
