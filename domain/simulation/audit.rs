//! The auditor: folds what reaches the log, event by event, and holds it against what may be. It
//! sees the log alone, never the memory of a node.

use std::collections::{BTreeMap, BTreeSet};

use super::forward::Mark;
use super::laws::{Verdict, after_event, before_event, must};
use super::store::Store;
use super::world::World;
use crate::ids::{CommandId, EffectId, OrderId};
use crate::money::Money;
use crate::order::{Effect, Event, Order, Recorded, evolve};

/// What the auditor remembers of an order.
struct File {
    number: usize,
    order: Order,
    opened: BTreeMap<EffectId, Effect>,
    requests: BTreeSet<CommandId>,
}

/// The auditor's files, one an order.
#[derive(Default)]
pub(super) struct Audit {
    files: BTreeMap<OrderId, File>,
    /// Orders in the sequence of their births.
    pub(super) born: Vec<OrderId>,
}

impl Audit {
    /// The order as its log says.
    pub(super) fn order(&self, id: OrderId) -> Option<&Order> {
        self.files.get(&id).map(|file| &file.order)
    }

    pub(super) fn orders(&self) -> impl Iterator<Item = &Order> {
        self.born.iter().filter_map(|id| self.order(*id))
    }

    /// The effect that the log opened under this id.
    pub(super) fn opened(&self, order: OrderId, id: EffectId) -> Option<&Effect> {
        self.files.get(&order)?.opened.get(&id)
    }

    /// The largest total that the log ever asked a gateway to capture of a tender.
    pub(super) fn largest_capture(&self, id: OrderId, number: u16, like: Money) -> Money {
        let asked = self.files.get(&id).map(|file| file.opened.values());
        let totals = asked
            .into_iter()
            .flatten()
            .filter_map(|effect| match effect {
                Effect::CapturePayment { tender, total, .. } if *tender == number => Some(*total),
                _ => None,
            });
        totals.fold(Money::zero(like.currency()), Money::max)
    }

    pub(super) fn name(&self, id: OrderId) -> String {
        match self.files.get(&id) {
            Some(file) => format!("order {}", file.number),
            None => "a new order".to_owned(),
        }
    }

    /// The order folded from its log.
    pub(super) fn folded(&self, store: &Store, id: OrderId) -> Option<Order> {
        let log = store.logs.get(&id)?;
        match self.order(id) {
            // Folding is checked event by event as the log grows.
            Some(order) if u64::try_from(log.len()) == Ok(order.version) => Some(order.clone()),
            _ => {
                let mut order = None;
                for recorded in log {
                    order = Some(evolve(order, recorded).ok()?);
                }
                order
            }
        }
    }

    /// Takes events that reached the log; `next` is what their writer believes the order to be.
    fn take(&mut self, id: OrderId, events: &[Recorded], next: &Order) -> Verdict {
        let (number, mut order, mut opened, mut requests) =
            if let Some(file) = self.files.remove(&id) {
                (file.number, Some(file.order), file.opened, file.requests)
            } else {
                self.born.push(id);
                (self.born.len(), None, BTreeMap::new(), BTreeSet::new())
            };
        let mut verdict = Ok(());
        for recorded in events {
            if let Some(before) = &order
                && verdict.is_ok()
            {
                verdict = before_event(before, recorded, &opened);
            }
            if let Some(request) = request_of(&recorded.event)
                && !requests.insert(request)
                && verdict.is_ok()
            {
                let found = format!("version {} records it again", recorded.version);
                verdict = Err(("request_once", found));
            }
            if let Some(effect) = recorded.event.opens() {
                opened.insert(effect.id, effect.effect.clone());
            }
            let stage = order.as_ref().map(|order| order.stage);
            let mark = order.as_ref().map(Mark::of);
            let Ok(after) = evolve(order.take(), recorded) else {
                let found = format!("version {} does not follow", recorded.version);
                return Err(("versions_gapless", found));
            };
            if let Some(stage) = stage.filter(|stage| *stage != after.stage)
                && verdict.is_ok()
            {
                let legal = stage.may_become(after.stage);
                verdict = must(legal, "stage_legal", || {
                    format!("{} became {}", stage.word(), after.stage.word())
                });
            }
            if let Some(mark) = mark.filter(|_| verdict.is_ok()) {
                verdict = mark.must_not_fall(&after);
            }
            if verdict.is_ok() {
                verdict = after_event(&after, &recorded.event);
            }
            order = Some(after);
        }
        let Some(order) = order else {
            return Err(("versions_gapless", "a log without events".to_owned()));
        };
        if verdict.is_ok() {
            verdict = must(order == *next, "fold_is_state", || {
                format!(
                    "the writer of version {} believes something else",
                    order.version
                )
            });
        }
        let file = File {
            number,
            order,
            opened,
            requests,
        };
        self.files.insert(id, file);
        verdict
    }
}

fn request_of(event: &Event) -> Option<CommandId> {
    match event {
        Event::Requested { request, .. } => Some(request.command_id),
        Event::Received(received) => received.request.as_ref().map(|r| r.command_id),
        _ => None,
    }
}

impl World<'_> {
    /// Events reached the log.
    pub(super) fn observe(&mut self, id: OrderId, events: &[Recorded], next: &Order) {
        let verdict = self.audit.take(id, events, next);
        for recorded in events {
            let kind = recorded.event.kind();
            let name = self.name(id);
            self.tell(&format!("  {name} v{} {kind}", recorded.version));
            if let Event::FulfilmentReported {
                fulfilment, work, ..
            } = &recorded.event
            {
                self.depot.heed((id, *fulfilment), work);
            }
            if let Event::Routing(routing) = &recorded.event {
                self.depot.heed_routing(id, routing);
            }
        }
        if let Err((invariant, found)) = verdict {
            let found = format!("{}: {found}", self.name(id));
            self.fall(invariant, found);
        }
        self.learn_transits(events, next);
        self.check_timer(id, next);
        self.check_money(id);
    }

    /// Whatever is open has a timer that brings it back.
    fn check_timer(&mut self, id: OrderId, order: &Order) {
        let wake = self.store.wake.get(&id).copied().flatten();
        let next = order
            .outstanding
            .values()
            .map(|open| open.next_try_at)
            .min();
        if let Some(next) = next
            && wake.is_none_or(|wake| wake > next)
        {
            let found = format!(
                "{} has something open to be tried at {next}, and is woken at {wake:?}",
                self.name(id)
            );
            self.fall("every_wait_has_a_timer", found);
        }
    }
}
