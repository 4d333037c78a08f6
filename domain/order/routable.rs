//! What people may change about who does the work of an order now, and why not: the judgement that
//! pages and callers show before anybody asks.

use super::explain::Action;
use super::{Fulfilment, FulfilmentStage, Order, Stage};

impl Order {
    /// Work that may be split, merged or put off: its location has not agreed to it.
    fn open_work(&self) -> impl Iterator<Item = &Fulfilment> {
        let open = |work: &&Fulfilment| work.is_open() && !work.moving;
        self.fulfilments.iter().filter(open)
    }

    /// Why the routing of no work can be changed, if it cannot.
    fn not_standing(&self) -> Option<String> {
        let standing = matches!(self.stage, Stage::Confirmed | Stage::Fulfilling);
        (!standing || self.ending.is_some()).then(|| {
            format!(
                "an order that is {} has no work to change",
                self.stage.word()
            )
        })
    }

    /// Rerouting, splitting, merging and scheduling, and why they may not be.
    pub(super) fn routing_actions(&self) -> Vec<Action> {
        let begun = || "its locations have agreed to all of its work".to_owned();
        let judged = |possible: bool, otherwise: String| {
            self.not_standing()
                .or_else(|| (!possible).then_some(otherwise))
        };
        let movable = self.fulfilments.iter().any(|work| {
            let early = work.is_open() || work.stage == FulfilmentStage::Accepted;
            early && !work.moving && !work.pickup
        });
        let mut works = self.fulfilments.iter();
        let sends = works.any(|work| work.transfer.is_some());
        let reroute = if self.draft.pickup_location.is_some() && !sends {
            Some("the buyer collects it".to_owned())
        } else {
            judged(movable, "all of its work is picked or over".to_owned())
        };
        let several = |work: &Fulfilment| {
            let units = work.lines.iter().filter_map(|units| units.quantity.whole());
            units.sum::<i64>() > 1
        };
        let split = judged(self.open_work().any(several), begun());
        let pair = self.open_work().any(|one| {
            self.open_work()
                .any(|other| one.number != other.number && one.location == other.location)
        });
        let none = "no two open pieces of work are at one location".to_owned();
        let merge = judged(pair, none);
        let schedule = judged(self.open_work().next().is_some(), begun());
        [
            ("reroute", reroute),
            ("split", split),
            ("merge", merge),
            ("schedule", schedule),
        ]
        .map(|(action, why_not)| Action { action, why_not })
        .into()
    }
}
