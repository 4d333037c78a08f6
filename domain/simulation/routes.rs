//! What people do about who does the work in a simulated world: they reroute, split, merge and
//! schedule it, cancel parts of orders, and close locations for a while.

use jiff::SignedDuration;

use super::dice::Dice;
use super::world::{Letter, World};
use crate::ids::{LocationCode, OrderId};
use crate::order::{Command, Fact, Fulfilment, Order, RouteCommand};
use crate::quantity::Quantity;

impl World<'_> {
    /// Somebody changes who does the work of an order, or cancels a part of it.
    pub(super) fn route(&mut self, dice: &mut Dice) {
        // Two pieces of work at one place are rare, and seldom left so.
        if let Some((id, command)) = self.pieces_at_one_place(dice) {
            self.ask(id, "operator:anna", Command::Route(command));
            return;
        }
        let working = self.audit.orders().filter(|order| {
            let early = |work: &Fulfilment| work.is_open() && !work.moving;
            !order.stage.is_terminal() && order.fulfilments.iter().any(early)
        });
        let working: Vec<&Order> = working.collect();
        let Some(order) = dice.pick(&working).copied() else {
            return;
        };
        let any = dice.percent(20);
        let chosen = |work: &&Fulfilment| !work.is_off() && (any || work.is_open());
        let open = order.fulfilments.iter().filter(chosen);
        let open: Vec<&Fulfilment> = open.collect();
        let Some(work) = dice.pick(&open).copied() else {
            return;
        };
        let (id, fulfilment) = (order.id, work.number);
        let reason = "it suits better".to_owned();
        let command = match dice.below(8) {
            0 => RouteCommand::Reroute {
                fulfilment,
                to: dice
                    .pick(&self.places())
                    .filter(|_| dice.percent(50))
                    .cloned(),
                reason,
            },
            1 | 2 => RouteCommand::Split {
                fulfilment,
                lines: one_unit(order, &work.lines, dice),
                reason,
            },
            3 | 4 => RouteCommand::Merge {
                fulfilment,
                from: merged_with(&open, work, dice),
                reason,
            },
            5 => RouteCommand::Schedule {
                fulfilment,
                not_before: self.now + SignedDuration::from_secs(dice.between(1, 90_000)),
                reason,
            },
            _ => {
                let lines = order.line_numbers().map(|line| crate::order::LineUnits {
                    line,
                    quantity: order.open(line),
                });
                let lines: Vec<_> = lines.collect();
                RouteCommand::CancelLines {
                    lines: some_units(order, &lines, dice),
                    reason,
                }
            }
        };
        // Who splits work finds it too small now and then, and puts it together again at once.
        let child = order.fulfilments.last().map_or(0, |work| work.number) + 1;
        let regrets = matches!(command, RouteCommand::Split { .. }) && dice.percent(80);
        self.ask(id, "operator:anna", Command::Route(command));
        if regrets {
            let command = RouteCommand::Merge {
                fulfilment,
                from: child,
                reason: "one parcel will do".to_owned(),
            };
            self.ask(id, "operator:anna", Command::Route(command));
        }
    }

    /// Puts two pieces of work together that one location has not begun.
    fn pieces_at_one_place(&self, dice: &mut Dice) -> Option<(OrderId, RouteCommand)> {
        let mut pairs = Vec::new();
        for order in self.audit.orders() {
            let early = |work: &&Fulfilment| work.is_open() && !work.moving;
            let works: Vec<&Fulfilment> = order.fulfilments.iter().filter(early).collect();
            for (place, work) in works.iter().enumerate() {
                let beside = works.iter().skip(place + 1);
                let beside = beside.filter(|other| other.location == work.location);
                pairs.extend(beside.map(|other| (order.id, work.number, other.number)));
            }
        }
        let (id, fulfilment, from) = dice.pick(&pairs).copied()?;
        let merge = RouteCommand::Merge {
            fulfilment,
            from,
            reason: "one parcel will do".to_owned(),
        };
        dice.percent(60).then_some((id, merge))
    }

    /// A location takes no work any more, or works again.
    pub(super) fn pause_or_resume(&mut self, dice: &mut Dice) {
        let places = self.places();
        let Some(location) = dice.pick(&places).cloned() else {
            return;
        };
        if self.board.paused.remove(&location) {
            self.tell(&format!("{location} works again"));
        } else if dice.percent(50) {
            self.pause(&location);
        }
    }

    /// Who has work there is told until it has heard.
    fn pause(&mut self, location: &LocationCode) {
        self.tell(&format!("{location} takes no work any more"));
        self.board.paused.insert(location.clone());
        let touched = self.audit.orders().filter(|order| {
            let works = &order.fulfilments;
            works.iter().any(|work| work.location == *location)
        });
        let touched: Vec<_> = touched.map(|order| order.id).collect();
        for order in touched {
            let fact = Fact::Paused(location.clone());
            self.post.push(Letter::Webhook { order, fact });
        }
    }
}

/// Other work at the same location, if there is any.
fn merged_with(open: &[&Fulfilment], work: &Fulfilment, dice: &mut Dice) -> u16 {
    let same =
        |other: &&&Fulfilment| other.number != work.number && other.location == work.location;
    let others: Vec<&Fulfilment> = open.iter().filter(same).copied().collect();
    let any = dice
        .pick(&others)
        .copied()
        .or_else(|| dice.pick(open).copied());
    any.map_or(0, |other| other.number)
}

/// One unit of a line: of most work something is left then.
fn one_unit(
    order: &Order,
    lines: &[crate::order::LineUnits],
    dice: &mut Dice,
) -> Vec<(String, Quantity)> {
    let line = dice.pick(lines).and_then(|units| order.line(units.line));
    line.map(|line| vec![(line.external_id.clone(), Quantity::units(1))])
        .unwrap_or_default()
}

/// A few units of one or two lines, more than there are now and then.
fn some_units(
    order: &Order,
    lines: &[crate::order::LineUnits],
    dice: &mut Dice,
) -> Vec<(String, Quantity)> {
    let mut units = Vec::new();
    for _ in 0..=dice.below(2) {
        if let Some(chosen) = dice.pick(lines)
            && let Some(line) = order.line(chosen.line)
        {
            let many = u32::try_from(dice.between(1, 3)).unwrap_or(1);
            units.push((line.external_id.clone(), Quantity::units(many)));
        }
    }
    units
}
