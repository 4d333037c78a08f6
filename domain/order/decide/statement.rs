//! The sales channel states an order anew: fewer units, more, others, another address. The hub follows
//! where that is possible without a person, and asks one where it is not. What is older than what was
//! heard before is not news, so statements can come in any order and any number of times.

use std::collections::BTreeMap;

use super::super::{
    AddressChange, AddressRejection, Edge, EditedLine, Event, HoldScope, LineUnits, Order,
    REASON_CANCELLED_AT_SOURCE, REASON_CHANGED_AT_SOURCE, Rejection, Restatement, SourceEvent,
    units_of,
};
use super::Draft;
use super::edit_lines::check_line;
use crate::quantity::Quantity;

/// How a channel's statement differs from what it stated before.
struct News {
    /// Units per line as stated now, where they differ from the order as it came.
    quantities: BTreeMap<String, Quantity>,
    /// Units that the order still has and the channel does not want any more.
    unwanted: Vec<LineUnits>,
    /// Units that the channel wants beside.
    added: Vec<EditedLine>,
    /// Something was added that no order may have.
    odd: bool,
}

impl Draft<'_> {
    /// Takes a statement in. The total alone is not followed: what the channel was paid is its own
    /// business, and what the hub's gateways take follows the units.
    pub(super) fn restated(&mut self, said: &Restatement) {
        let order = &self.order;
        let Some(changed_at) = said.draft.changed_at else {
            return;
        };
        let heard = order.at_source.changed_at.or(order.draft.changed_at);
        let over = order.stage.is_terminal() || order.ending.is_some();
        if over || heard.is_some_and(|heard| changed_at <= heard) {
            return;
        }
        let standing = order.is_standing();
        let news = order.news_of(said);
        self.emit(Event::Source(SourceEvent::Restated {
            changed_at,
            quantities: news.quantities,
            unwanted: if standing {
                Vec::new()
            } else {
                news.unwanted.clone()
            },
        }));
        if !said.draft.awaits_release {
            self.released_by_channel();
        }
        self.restated_address(said, &changed_at.to_string());
        let follows = news.added.is_empty() || (standing && self.add_at_source(said, news.added));
        if !follows || news.odd {
            self.hold_changed();
        }
        if standing {
            self.cut_at_source(&news.unwanted);
        }
    }

    /// An order stands from now on: what its channel took back before is cancelled first.
    pub(super) fn follow_source(&mut self) -> bool {
        let unwanted = self.order.at_source.unwanted.clone();
        let busy = self.order.parting.is_some() || self.order.ending.is_some();
        if unwanted.is_empty() || busy || !self.order.is_standing() {
            return false;
        }
        self.cut_at_source(&unwanted)
    }

    /// Cancels what the channel does not want any more, as far as it has not left.
    fn cut_at_source(&mut self, unwanted: &[LineUnits]) -> bool {
        let order = &self.order;
        let out = unwanted.iter().flat_map(|units| {
            let (out, _) = order.units_out(units.line, units.quantity);
            out
        });
        let lines = order.with_components(&out.collect::<Vec<_>>());
        if lines.is_empty() || self.order.ending.is_some() {
            return false;
        }
        let reason = if self.order.is_everything(&lines) {
            REASON_CANCELLED_AT_SOURCE
        } else {
            REASON_CHANGED_AT_SOURCE
        };
        self.cancel_units(lines, reason.to_owned());
        true
    }

    /// Units that the channel wants beside become part of the order like those of any edit. What they cost
    /// is paid as the order is; what the channel takes money for counts once it says that it has it.
    fn add_at_source(&mut self, said: &Restatement, added: Vec<EditedLine>) -> bool {
        let free = self.order.can_edit().is_ok() && self.order.parting.is_none();
        let blocked = self.is_blocked(Edge::Reserve, None);
        free && !blocked && self.propose_at_source(added, said.paid)
    }

    /// Sends the order where the channel says. What carries a label already goes where that says.
    fn restated_address(&mut self, said: &Restatement, key: &str) {
        let Some(to) = &said.ship_to else {
            return;
        };
        let change = AddressChange {
            to: to.clone(),
            point: said.draft.point,
            reason: REASON_CHANGED_AT_SOURCE.to_owned(),
        };
        match self.change_address(&change) {
            Ok(()) | Err(Rejection::Address(AddressRejection::Same)) => {}
            Err(
                Rejection::Address(AddressRejection::NothingToLabel)
                | Rejection::WrongStage { .. }
                | Rejection::CollectedThere(_),
            ) => {
                let reason = "another address, and nothing is left to be sent there";
                self.ignore("order.restated", reason, key);
            }
            Err(_) => self.hold_changed(),
        }
    }

    /// A person has to make of it what the channel wants.
    pub(super) fn hold_changed(&mut self) {
        let blocks = [Edge::Release, Edge::Ship];
        self.hold_once(REASON_CHANGED_AT_SOURCE, HoldScope::Order, &blocks);
    }
}

impl Order {
    /// How a statement differs from the one before it.
    fn news_of(&self, said: &Restatement) -> News {
        let mut news = News {
            quantities: BTreeMap::new(),
            unwanted: Vec::new(),
            added: Vec::new(),
            odd: false,
        };
        for number in self.line_numbers() {
            let known = self.is_known_at_channel(number) && !self.is_component_of_kit(number);
            let Some(line) = self.line(number).filter(|_| known) else {
                continue;
            };
            let id = &line.external_id;
            let now = said.wants(id);
            let before = self.at_source.quantities.get(id).copied();
            let before = before.unwrap_or(line.quantity);
            let brought = self.lines.get(usize::from(number) - 1);
            if now != line.quantity || brought.is_some_and(|state| state.edit != 0) {
                news.quantities.insert(id.clone(), now);
            }
            let changed = now != before;
            let left = self.left_for(number);
            let standing = self.is_standing();
            if now < left && (changed || !standing) {
                let quantity = left.minus(now);
                news.unwanted.push(LineUnits {
                    line: number,
                    quantity,
                });
            } else if now > left && now > before {
                let units = now.minus(left).min(now.minus(before));
                let more = self.more_at_source(number, units);
                news.odd |= more.is_none();
                news.added.extend(more.into_iter().flatten());
            }
            // What the channel wanted before is still being secured: which of it counts, a person says.
            let securing = self.editing.as_ref().is_some_and(|one| one.is_at_source());
            news.odd |= changed && securing;
        }
        self.news_lines(said, &mut news);
        news
    }

    /// Units of a line that are not cancelled and not about to be.
    fn left_for(&self, number: u16) -> Quantity {
        let parting = self.parting.as_ref().map_or(&[][..], |part| &part.lines);
        let mut lines = self.added_to(number);
        lines.push(number);
        let going = Quantity::sum(lines.iter().map(|line| units_of(parting, *line)));
        self.open_with_added(number).minus(going)
    }

    /// Lines that the order does not have.
    fn news_lines(&self, said: &Restatement, news: &mut News) {
        for (place, line) in said.draft.lines.iter().enumerate() {
            let id = &line.external_id;
            let mut numbers = self.line_numbers();
            let here = numbers.any(|number| {
                let same = self
                    .line(number)
                    .is_some_and(|known| known.external_id == *id);
                same && self.is_known_at_channel(number)
            });
            if here {
                continue;
            }
            let now = said.wants(id);
            news.quantities.insert(id.clone(), now);
            let before = self.at_source.quantities.get(id).copied();
            if before == Some(now) || (before.is_none() && now.is_zero()) {
                continue;
            }
            let fits = before.is_none() && now == line.quantity && line.part_of.is_none();
            if fits && check_line(line, place, self).is_ok() {
                news.added.push(EditedLine {
                    adds_to: None,
                    line: line.clone(),
                });
            } else {
                news.odd = true;
            }
        }
    }
}
