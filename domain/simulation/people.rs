//! What people do in a simulated world: they take steps at docks, cancel, hold, release and give
//! money back.

use jiff::SignedDuration;
use rust_decimal::Decimal;

use super::depot::next_step;
use super::dice::Dice;
use super::world::{Letter, World};
use crate::ids::{CommandId, OrderId};
use crate::order::{
    Asked, ChannelFact, Command, DisputeAnswer, Edge, Fact, FulfilmentStage, HoldScope, OnExpiry,
    Order, REPLY_SCHEMA, Request,
};

impl World<'_> {
    /// A person asks, under a key of their own.
    pub(super) fn ask(&mut self, order: OrderId, actor: &str, command: Command) {
        let number = self.next_number();
        let request = Request {
            command_id: CommandId(uuid::Uuid::from_u128(u128::from(number))),
            body_hash: number.to_string(),
            reply_schema: REPLY_SCHEMA,
        };
        self.post.push(Letter::Request {
            order,
            actor: actor.to_owned(),
            asked: Asked {
                command,
                request: Some(request),
                expected: None,
            },
        });
    }

    /// An order that is not over, mostly.
    pub(super) fn some_order(&self, dice: &mut Dice) -> Option<&Order> {
        let live: Vec<&Order> = self
            .audit
            .orders()
            .filter(|o| !o.stage.is_terminal())
            .collect();
        if dice.percent(90) && !live.is_empty() {
            return dice.pick(&live).copied();
        }
        let all: Vec<&Order> = self.audit.orders().collect();
        dice.pick(&all).copied()
    }

    pub(super) fn work(&mut self, dice: &mut Dice) {
        let smooth = self.smooth;
        let chosen = {
            let live = self.audit.orders().filter(|o| !o.stage.is_terminal());
            let pieces = live.flat_map(|order| order.fulfilments.iter().map(move |f| (order, f)));
            let open = pieces.filter(|(order, f)| {
                let at_work = !f.is_off()
                    && !f.has_left()
                    && f.stage != FulfilmentStage::Planned
                    && !self.depot.stopped.contains(&(order.id, f.number));
                at_work || self.arrival(order, f).is_some()
            });
            let open: Vec<(&Order, _)> = open.collect();
            dice.pick(&open).and_then(|(order, work)| {
                let arrived = self.arrival(order, work);
                let step = arrived.or_else(|| next_step(order, work, smooth, dice))?;
                Some((order.id, work.number, step))
            })
        };
        if let Some((order, fulfilment, step)) = chosen {
            self.ask(order, "operator:dock", Command::Fulfil { fulfilment, step });
        }
    }

    pub(super) fn cancel(&mut self, dice: &mut Dice) {
        let Some(order) = self.some_order(dice).map(|order| order.id) else {
            return;
        };
        if dice.percent(25) {
            self.ask_at_shop(order);
        } else if dice.percent(50) {
            let reason = "the buyer has changed their mind".to_owned();
            self.ask(order, "operator:anna", Command::Cancel { reason });
        } else {
            let fact = Fact::Channel(ChannelFact::Cancelled { at: self.now });
            self.post.push(Letter::Webhook { order, fact });
        }
    }

    pub(super) fn hold(&mut self, dice: &mut Dice) {
        let Some(order) = self.some_order(dice) else {
            return;
        };
        let id = order.id;
        let number = order.fulfilments.last().map(|work| work.number);
        let line = dice
            .pick(&order.draft.lines)
            .map(|line| line.external_id.clone());
        let scope = match (number, line) {
            (Some(number), _) if dice.percent(40) => HoldScope::Fulfilment { number },
            (_, Some(line)) if dice.percent(30) => HoldScope::Line { line },
            _ => HoldScope::Order,
        };
        let mut blocks = vec![Edge::ALL[dice.below(Edge::ALL.len())]];
        if dice.percent(30) {
            blocks.push(Edge::Ship);
        }
        let seconds = SignedDuration::from_secs(dice.between(5, 90_000));
        let until = Some(self.now + seconds).filter(|_| dice.percent(60));
        let cancels = until.is_some() && dice.percent(20);
        let command = Command::Hold {
            scope,
            blocks,
            reason: "check it".to_owned(),
            until,
            on_expiry: if cancels {
                OnExpiry::Cancel
            } else {
                OnExpiry::Release
            },
        };
        self.ask(id, "operator:anna", command);
    }

    /// Now and then more is asked for than there is.
    pub(super) fn refund(&mut self, dice: &mut Dice) {
        let paid = self.audit.orders().filter(|order| {
            let captured = order.tenders.iter().any(|t| t.captured_sum().is_positive());
            captured && !order.stage.is_dead()
        });
        let paid: Vec<&Order> = paid.collect();
        let Some(order) = dice.pick(&paid).copied() else {
            return;
        };
        let cents = dice.between(1, order.draft.stated_total.minor().max(1));
        let amount = Decimal::new(cents, order.draft.currency.exponent());
        let command = Command::Refund {
            amount: Some(amount).filter(|_| dice.percent(80)),
            as_credit: dice.percent(20),
            reason: "it was scratched".to_owned(),
        };
        let id = order.id;
        self.ask(id, "operator:anna", command);
    }

    pub(super) fn answer_dispute(&mut self, dice: &mut Dice) {
        let disputed = self.audit.orders().filter(|order| {
            let mut disputes = order.undecided_disputes();
            disputes.any(|(_, _, dispute)| dispute.is_open())
        });
        let disputed: Vec<OrderId> = disputed.map(|order| order.id).collect();
        let Some(order) = dice.pick(&disputed).copied() else {
            return;
        };
        let answers = [DisputeAnswer::Accepted, DisputeAnswer::Challenged];
        let command = Command::AnswerDispute {
            dispute: None,
            answer: answers[dice.below(2)],
            reason: "the parcel has arrived".to_owned(),
        };
        self.ask(order, "operator:anna", command);
    }

    pub(super) fn release(&mut self, dice: &mut Dice) {
        if dice.percent(20) {
            return self.retry(dice);
        }
        let held: Vec<(OrderId, u32)> = self
            .audit
            .orders()
            .flat_map(|order| order.holds.iter().map(|hold| (order.id, hold.id)))
            .collect();
        if let Some((order, hold)) = dice.pick(&held).copied() {
            let reason = "checked".to_owned();
            self.ask(order, "operator:anna", Command::Release { hold, reason });
        }
    }

    /// An operator does not want to wait for the next try of a call.
    fn retry(&mut self, dice: &mut Dice) {
        let stuck = self.audit.orders().filter(|order| {
            let mut open = order.outstanding.values();
            open.any(|open| open.attempts > 0)
        });
        let stuck: Vec<OrderId> = stuck.map(|order| order.id).collect();
        if let Some(order) = dice.pick(&stuck).copied() {
            let reason = "they say that it works again".to_owned();
            self.ask(order, "operator:anna", Command::Retry { reason });
        }
    }
}
