//! The rules that a world is run under: those of the hub, each behind a method of its own, so that
//! a test can plant an error in one of them and see whether the world notices.

use jiff::Timestamp;

use crate::append::{Protocol, Signal, Step};
use crate::ids::EffectId;
use crate::order::{self, Context, Decided, Input, Order, Placement, Recorded, Rejection, Request};
use crate::policy::Policy;
use crate::stock::{LocationStock, StockCommand, StockDecision};

/// What a world asks the hub's rules. Every default is the rule itself.
pub trait Core {
    /// The first decisions about a new order.
    fn place(
        &self,
        placement: Placement,
        actor: &str,
        request: Option<Request>,
        context: &Context<'_>,
    ) -> (Vec<Recorded>, Order) {
        order::place(placement, actor, request, context)
    }

    /// What an input does to an order.
    ///
    /// # Errors
    /// Only requests are refused.
    fn decide(
        &self,
        order: &Order,
        input: &Input,
        context: &Context<'_>,
    ) -> Result<Decided, Rejection> {
        order::decide(order, input, context)
    }

    /// When an order wants attention.
    fn wake_at(&self, order: &Order, policy: &Policy) -> Option<Timestamp> {
        order::wake_at(order, policy)
    }

    /// What a location does with a command.
    fn stock(
        &self,
        stock: &LocationStock,
        command: &StockCommand,
        effect: Option<EffectId>,
        now: Timestamp,
    ) -> StockDecision {
        stock.decide(command, effect, now)
    }

    /// What an owner may do with an answer of its lane.
    fn protocol(&self, at: Protocol, signal: Signal) -> (Protocol, Step) {
        at.on(signal)
    }

    /// Whether the store takes a write under `epoch` when `in_force` is the owner's.
    fn admits(&self, epoch: u64, in_force: u64) -> bool {
        epoch == in_force
    }
}

/// The hub's own rules, as they are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hub;

impl Core for Hub {}
