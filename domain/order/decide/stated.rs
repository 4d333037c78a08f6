//! How a channel's statement of an order differs from what it stated before, as far as that was followed.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::super::{LineUnits, Order, Restatement, SourceEvent, units_of};
use super::edit_lines::check_line;
use crate::canonical::DraftLine;
use crate::money::Money;
use crate::quantity::Quantity;

/// What is new in a statement.
#[derive(Default)]
pub(super) struct News {
    /// Units per line as stated now, where they differ from the order as it came.
    pub(super) quantities: BTreeMap<String, Quantity>,
    /// Units that the order still has and the channel does not want any more.
    unwanted: Vec<LineUnits>,
    /// More units of the order's lines.
    added: Vec<LineUnits>,
    /// Lines that the order does not have.
    new_lines: Vec<DraftLine>,
    /// More is wanted than was paid for.
    unpaid: bool,
    /// Something is stated that a person has to make something of.
    pub(super) odd: bool,
}

impl News {
    /// What the log has of it.
    pub(super) fn told(self, changed_at: Timestamp) -> SourceEvent {
        SourceEvent::Restated {
            changed_at,
            quantities: self.quantities,
            unwanted: self.unwanted,
            added: self.added,
            new_lines: self.new_lines,
            unpaid: self.unpaid,
        }
    }
}

impl Order {
    /// How a statement differs from the one before it. What that one wanted and the order does not have yet is
    /// weighed anew.
    pub(super) fn news_of(&self, said: &Restatement) -> News {
        let mut news = News::default();
        for number in self.line_numbers() {
            let known = self.is_known_at_channel(number) && !self.is_component_of_kit(number);
            let Some(line) = self.line(number).filter(|_| known) else {
                continue;
            };
            let id = &line.external_id;
            let now = said.wants(id);
            let before = self.at_source.quantities.get(id).copied();
            let before = before.unwrap_or(line.quantity);
            let followed = before
                .plus(units_of(&self.at_source.unwanted, number))
                .minus(units_of(&self.at_source.added, number));
            let brought = self.lines.get(usize::from(number) - 1);
            if now != line.quantity || brought.is_some_and(|state| state.edit != 0) {
                news.quantities.insert(id.clone(), now);
            }
            let left = self.left_for(number).plus(self.secured_at_source(number));
            let units = |quantity| LineUnits {
                line: number,
                quantity,
            };
            if now < left && now != followed {
                news.unwanted.push(units(left.minus(now)));
            } else if now > left && now > followed {
                news.added
                    .push(units(now.minus(left).min(now.minus(followed))));
            }
        }
        self.news_lines(said, &mut news);
        self.weigh_added(said, &mut news);
        news
    }

    /// More units of a line that the channel wanted before and that are being secured.
    fn secured_at_source(&self, number: u16) -> Quantity {
        let editing = self.editing.as_ref();
        let editing = editing.filter(|one| one.is_at_source() && one.refused.is_none());
        let lines = editing.map_or(&[][..], |one| &one.lines).iter();
        let more = lines.filter(|edited| edited.adds_to == Some(number));
        Quantity::sum(more.map(|edited| edited.line.quantity))
    }

    /// Lines that the order does not have.
    fn news_lines(&self, said: &Restatement, news: &mut News) {
        for (place, line) in said.draft.lines.iter().enumerate() {
            let id = &line.external_id;
            if self.number_at_channel(id).is_some() {
                continue;
            }
            let now = said.wants(id);
            news.quantities.insert(id.clone(), now);
            let mut waiting = self.at_source.new_lines.iter();
            let waits = waiting.any(|line| line.external_id == *id);
            let before = self.at_source.quantities.get(id).copied();
            let before = before.filter(|_| !waits);
            if before == Some(now) || (before.is_none() && now.is_zero()) {
                continue;
            }
            let fits = before.is_none() && now == line.quantity && line.part_of.is_none();
            if fits && check_line(line, place, self).is_ok() {
                news.new_lines.push(line.clone());
            } else {
                news.odd = true;
            }
        }
    }

    /// Whether what is wanted beside can be had and is paid for. Nobody is charged by the hub for what a
    /// channel adds, or for a price that it changes.
    fn weigh_added(&self, said: &Restatement, news: &mut News) {
        let lines = self.lines_at_source(&news.added, &news.new_lines);
        let lines = lines.filter(|lines| self.can_be_added_at_source(lines));
        let costs = lines.as_ref().map(|lines| self.worth_of_lines(lines));
        if lines.is_none() {
            news.added.clear();
            news.new_lines.clear();
            news.odd = true;
        }
        let dearer = self.repriced(said);
        let ours = self.tenders.iter().any(super::super::Tender::is_ours);
        news.odd |= ours && dearer.is_some_and(|by| !by.is_zero());
        let more = costs.is_some_and(Money::is_positive) || dearer.is_some_and(Money::is_positive);
        news.unpaid = more && !said.paid && self.is_paid_first_at_source();
    }

    /// By how much the channel states another total for the same units; nothing where its units are others,
    /// which account for it.
    fn repriced(&self, said: &Restatement) -> Option<Money> {
        let stated = &said.draft;
        let mut expected = self.charges_value();
        for (number, worth) in self.line_numbers().zip(self.line_values()) {
            let first = self.first_of(number);
            if self.is_known_at_channel(number) {
                let added = self.added_to(number).into_iter().chain([number]);
                let ordered = added.filter_map(|line| Some(self.line(line)?.quantity));
                let id = &self.line(number)?.external_id;
                let line = stated.lines.iter().find(|line| line.external_id == *id)?;
                if line.quantity != Quantity::sum(ordered) {
                    return None;
                }
            } else if first == number {
                continue;
            }
            expected = expected.plus(worth);
        }
        let mut lines = stated.lines.iter();
        let same = lines.all(|line| self.number_at_channel(&line.external_id).is_some());
        let same = same && stated.currency == self.draft.currency;
        same.then(|| stated.stated_total.minus(expected))
    }

    /// The number of the line that the channel names so.
    fn number_at_channel(&self, id: &str) -> Option<u16> {
        self.line_numbers().find(|number| {
            let same = self
                .line(*number)
                .is_some_and(|line| line.external_id == id);
            same && self.is_known_at_channel(*number)
        })
    }
}
