//! The sales channel states an order anew: fewer units, more, others, another address. The hub follows
//! where that is possible without a person, and asks one where it is not. What is older than what was
//! heard before is not news, so statements can come in any order and any number of times; and what was
//! changed before the hub first heard of the order counts like what is changed afterwards.

use std::collections::BTreeMap;

use super::super::{
    AddressChange, AddressRejection, Edge, EditedLine, Event, Fulfilment, HoldScope, LineUnits,
    Order, REASON_CANCELLED_AT_SOURCE, REASON_CHANGED_AT_SOURCE, REASON_UNPAID_AT_SOURCE,
    Rejection, Restatement, units_of,
};
use super::Draft;
use crate::canonical::DraftLine;
use crate::quantity::Quantity;

impl Draft<'_> {
    /// Takes a statement in. What follows from it, `follow_source` does as soon as it can be done.
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
        let news = order.news_of(said);
        let odd = news.odd;
        self.emit(Event::Source(news.told(changed_at)));
        if !said.draft.awaits_release {
            self.released_by_channel();
        }
        self.restated_address(said, &changed_at.to_string());
        if odd {
            self.hold_changed();
        }
    }

    /// The channel had taken units out before the hub first heard of the order. It is placed as it was sold, and
    /// from there on it is as if that had been stated afterwards.
    pub(super) fn changed_before(&mut self, wanted: BTreeMap<String, Quantity>) {
        let draft = self.order.draft.clone();
        if wanted.is_empty() || draft.cancelled_at.is_some() {
            return;
        }
        let changed_at = draft.changed_at.unwrap_or(draft.placed_at);
        let news = self.order.news_of(&Restatement {
            draft,
            wanted,
            ship_to: None,
            paid: true,
        });
        if !news.quantities.is_empty() {
            self.emit(Event::Source(news.told(changed_at)));
        }
    }

    /// Of an order that does not stand yet, and before anybody is asked for anything: what nobody was asked for
    /// is cancelled at once, what stands in line leaves it. What is held waits until the order stands. One of
    /// which nothing is wanted ends.
    pub(super) fn leave_out_unwanted(&mut self) -> bool {
        let order = &self.order;
        let unwanted = order.at_source.unwanted.clone();
        let over = order.confirmed_at.is_some() || order.ending.is_some();
        if unwanted.is_empty() || over || order.stage.is_terminal() {
            return false;
        }
        if self.end_unwanted(&unwanted) {
            return true;
        }
        let order = &self.order;
        let free = unwanted.iter().map(|units| LineUnits {
            line: units.line,
            quantity: units.quantity.min(order.free_as_stated(units.line)),
        });
        let free: Vec<_> = free.filter(|units| !units.quantity.is_zero()).collect();
        if !free.is_empty() {
            let lines = order.with_components(&free);
            self.cancel_for_good(lines);
            return true;
        }
        let waiting = order.in_line_for(&order.with_components(&unwanted));
        waiting.is_some_and(|(location, attempt)| self.release(&location, attempt))
    }

    /// The next step of an order that stands, whose work is planned and not asked for, towards what the channel
    /// stated last.
    pub(super) fn follow_source(&mut self) -> bool {
        if self.order.ending.is_some() || self.order.stage.is_terminal() {
            return false;
        }
        self.mind_the_unpaid_at_source() || self.cut_unwanted() || self.add_wanted()
    }

    /// Nothing leaves while the channel wants more than it was paid for.
    fn mind_the_unpaid_at_source(&mut self) -> bool {
        if self.order.at_source.unpaid {
            let blocks = [Edge::Release, Edge::Ship];
            return self.hold_once(REASON_UNPAID_AT_SOURCE, HoldScope::Order, &blocks);
        }
        let why = "the sales channel has the money for all that it wants";
        self.lift(REASON_UNPAID_AT_SOURCE, why)
    }

    /// Cancels what the channel does not want any more. A part that somebody else is cancelling is waited for:
    /// the channel has to hear of that one.
    fn cut_unwanted(&mut self) -> bool {
        let unwanted = self.order.at_source.unwanted.clone();
        let parting = self.order.parting.as_ref();
        let busy = parting.is_some_and(|part| part.reason != REASON_CHANGED_AT_SOURCE);
        if unwanted.is_empty() || busy || !self.order.is_standing() {
            return false;
        }
        self.end_unwanted(&unwanted) || self.cut_at_source(&unwanted)
    }

    /// Ends the order if nothing of it is wanted.
    fn end_unwanted(&mut self, unwanted: &[LineUnits]) -> bool {
        let ends = self.order.is_unwanted(unwanted) && self.order.can_cancel().is_ok();
        if ends {
            let reason = REASON_CANCELLED_AT_SOURCE.to_owned();
            self.emit(Event::CancelRequested { reason });
        }
        ends
    }

    /// Cancels a part of an order that stands, as far as it has not left.
    fn cut_at_source(&mut self, unwanted: &[LineUnits]) -> bool {
        let order = &self.order;
        let out = unwanted.iter().flat_map(|units| {
            let (out, _) = order.units_out(units.line, units.quantity);
            out
        });
        let lines = order.with_components(&out.collect::<Vec<_>>());
        if lines.is_empty() {
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

    /// Units that the channel wants beside become part of the order like those of any edit, once it stands and
    /// nothing else about it is under way. What they cost is paid as the order is.
    fn add_wanted(&mut self) -> bool {
        let order = &self.order;
        let at_source = &order.at_source;
        let nothing = at_source.added.is_empty() && at_source.new_lines.is_empty();
        if nothing || at_source.unpaid || order.confirmed_at.is_none() {
            return false;
        }
        if order.is_standing() {
            let busy = order.parting.is_some() || order.editing.is_some();
            if busy || self.is_blocked(Edge::Reserve, None) {
                return false;
            }
            let lines = order.lines_at_source(&at_source.added, &at_source.new_lines);
            if lines.is_some_and(|lines| self.propose_at_source(lines)) {
                return true;
            }
        }
        self.hold_changed()
    }

    /// Sends the order where the channel says. What carries a label already goes where that says.
    fn restated_address(&mut self, said: &Restatement, key: &str) {
        let Some(to) = &said.ship_to else {
            return;
        };
        // Most statements repeat the address, whatever stage the order is in and however odd it looks.
        if self.context.ship_to == Some(to) {
            return;
        }
        let change = AddressChange {
            to: to.clone(),
            point: said.draft.point,
            reason: REASON_CHANGED_AT_SOURCE.to_owned(),
        };
        match self.change_address(&change) {
            Ok(()) => {}
            Err(
                Rejection::Address(AddressRejection::NothingToLabel)
                | Rejection::WrongStage { .. }
                | Rejection::CollectedThere(_),
            ) => {
                let reason = "another address, and nothing is left to be sent there";
                self.ignore("order.restated", reason, key);
            }
            Err(_) => {
                self.hold_changed();
            }
        }
    }

    /// A person has to make of it what the channel wants.
    pub(super) fn hold_changed(&mut self) -> bool {
        let blocks = [Edge::Release, Edge::Ship];
        self.hold_once(REASON_CHANGED_AT_SOURCE, HoldScope::Order, &blocks)
    }
}

impl Order {
    /// Whether the channel wants nothing of it any more, and nothing of it has left.
    fn is_unwanted(&self, unwanted: &[LineUnits]) -> bool {
        let left = self.fulfilments.iter().any(Fulfilment::is_shipped);
        !left
            && self.line_numbers().all(|number| {
                let stated = self.first_of(number);
                self.is_component_of_kit(number)
                    || units_of(unwanted, stated) >= self.left_for(stated)
            })
    }

    /// Units of a line that are not cancelled and not about to be.
    pub(super) fn left_for(&self, number: u16) -> Quantity {
        let parting = self.parting.as_ref().map_or(&[][..], |part| &part.lines);
        let mut lines = self.added_to(number);
        lines.push(number);
        let going = Quantity::sum(lines.iter().map(|line| units_of(parting, *line)));
        self.open_with_added(number).minus(going)
    }

    /// What the channel wants beside as lines of an edit; nothing when the order cannot have it.
    pub(super) fn lines_at_source(
        &self,
        added: &[LineUnits],
        new: &[DraftLine],
    ) -> Option<Vec<EditedLine>> {
        let mut lines = Vec::new();
        for units in added {
            self.more_at_source(units.line, units.quantity, &mut lines)?;
        }
        lines.extend(new.iter().map(|line| EditedLine {
            adds_to: None,
            line: line.clone(),
        }));
        Some(lines)
    }
}
