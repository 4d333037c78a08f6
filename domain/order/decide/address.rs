//! Where an order goes: the rule by which a person changes it, and what is not changed any more.
//!
//! The address itself is sealed beside the log by whoever commits the decision; events say that it
//! changed, and nothing of it but the country.

use super::super::explain::Action;
use super::super::{
    AddressChange, AddressCheck, AddressEvent, AddressRejection, Edge, Effect, Event, Fulfilment,
    HoldScope, Order, REASON_ADDRESS_MISSING, REASON_LABEL_FAILED, Rejection, Stage, units_of,
};
use super::Draft;
use crate::canonical::Address;
use crate::quantity::Quantity;

/// Countries in which the state or province that goods go to decides the taxes on them.
const TAXED_BY_REGION: [&str; 4] = ["BR", "CA", "IN", "US"];

impl Draft<'_> {
    /// A person changes where an order goes. The new address holds for every parcel whose label was not
    /// asked for, whether a location works on it or not, and for everything that is sourced from now
    /// on; what a location holds stays there. A label that was bought keeps the address that stood when
    /// it was asked for, and while one is being bought nothing changes. Taxes were stated for a country,
    /// and in some for a region of it: into another one it cannot be changed. Where the carrier had
    /// refused to sell a label, it is asked once more; what waited for an address goes on.
    pub(super) fn change_address(&mut self, change: &AddressChange) -> Result<(), Rejection> {
        self.order.can_change_address()?;
        self.order.check_address(&change.to, self.context.ship_to)?;
        let mut keep = self.order.labelled();
        keep.sort_unstable();
        let reason = change.reason.clone();
        self.emit(Event::Address(AddressEvent::Changed {
            change: self.order.address.saturating_add(1),
            destination: change.to.country.clone(),
            point: change.point,
            keep,
            reason: reason.clone(),
        }));
        let lifts = [REASON_LABEL_FAILED, REASON_ADDRESS_MISSING];
        let held = self.order.holds.iter();
        let held = held.filter(|hold| lifts.contains(&hold.reason.as_str()));
        let holds: Vec<u32> = held.map(|hold| hold.id).collect();
        for hold in holds {
            self.emit(Event::HoldReleased {
                hold,
                reason: reason.clone(),
            });
        }
        Ok(())
    }

    /// An order that nobody has said a destination of keeps its stock and its money, and no location is
    /// asked for it. Another address ends that, whoever brings it; who releases it has it sent with what is
    /// known.
    pub(super) fn hold_for_an_address(&mut self) -> bool {
        let blocks = [Edge::Release, Edge::Ship];
        self.hold_once(REASON_ADDRESS_MISSING, HoldScope::Order, &blocks)
    }
}

impl Order {
    /// Whether units of it go to the buyer by parcel: not what is collected, carried home from the till, sent
    /// by others or no goods at all.
    pub(super) fn is_sent(&self) -> bool {
        let mut lines = self.line_numbers();
        self.draft.pickup_location.is_none() && lines.any(|line| !self.stocked(line).is_zero())
    }

    /// Whether its address may be changed now, and if not, why.
    pub fn can_change_address(&self) -> Result<(), Rejection> {
        let over = self.stage.is_terminal()
            || matches!(self.stage, Stage::Cancelling | Stage::Completed)
            || self.ending.is_some();
        if over {
            let (stage, verb) = (self.stage, "sent to another address");
            return Err(Rejection::WrongStage { stage, verb });
        }
        if let Some(location) = &self.draft.pickup_location {
            return Err(Rejection::CollectedThere(location.clone()));
        }
        let open = self.outstanding.values().map(|open| &open.effect);
        let asked = open.filter_map(|effect| match effect {
            Effect::BuyLabel { fulfilment, .. } => Some(*fulfilment),
            _ => None,
        });
        let partly = self
            .fulfilments
            .iter()
            .filter(|work| is_partly_labelled(work));
        let partly = partly.map(|work| work.number);
        if let Some(fulfilment) = asked.chain(partly).min() {
            return Err(AddressRejection::LabelAsked(fulfilment).into());
        }
        if self.has_units_to_label() {
            Ok(())
        } else {
            Err(AddressRejection::NothingToLabel.into())
        }
    }

    /// Whether an order that goes to one address may go to another.
    fn check_address(&self, to: &Address, stands: Option<&Address>) -> Result<(), Rejection> {
        if let AddressCheck::Implausible(faults) = AddressCheck::of(to) {
            return Err(AddressRejection::Implausible(faults).into());
        }
        if let Some(country) = &self.draft.destination
            && to.country.as_ref() != Some(country)
        {
            let stands = country.clone();
            return Err(AddressRejection::OtherCountry { stands }.into());
        }
        let region = stands.and_then(|address| plain(address.region.as_deref()));
        let by_region = to.country.as_deref();
        let by_region = by_region.is_some_and(|country| TAXED_BY_REGION.contains(&country));
        if by_region && region.is_some() && region != plain(to.region.as_deref()) {
            return Err(AddressRejection::OtherRegion.into());
        }
        if stands == Some(to) {
            return Err(AddressRejection::Same.into());
        }
        Ok(())
    }

    /// Fulfilments that go, or went, with a label of the address that stands.
    fn labelled(&self) -> Vec<u16> {
        let labelled = self.fulfilments.iter().filter(|work| is_labelled(work));
        labelled.map(|work| work.number).collect()
    }

    /// Whether units are to be sent whose label was not asked for.
    fn has_units_to_label(&self) -> bool {
        self.line_numbers().any(|line| {
            let done = self.fulfilments.iter().filter(|work| is_labelled(work));
            let done = Quantity::sum(done.map(|work| {
                let again = work.replaced(line);
                units_of(&work.lines, line).minus(again)
            }));
            self.stocked(line) > done
        })
    }

    /// Whether its address may be changed.
    pub(in crate::order) fn address_actions(&self) -> Vec<Action> {
        vec![Action {
            action: "change_address",
            why_not: self.can_change_address().err().map(|why| why.to_string()),
        }]
    }
}

/// Whether its parcels have their labels, or have left; what is sent again counts no more.
fn is_labelled(work: &Fulfilment) -> bool {
    let stands = !work.is_off() && !work.is_replaced();
    let some = work.parcels.iter().any(|parcel| parcel.label.is_some());
    stands && (some || work.is_shipped())
}

/// Whether some of its parcels have their label and others wait for theirs: all go to one address, also
/// where the carrier took some before the others had theirs.
fn is_partly_labelled(work: &Fulfilment) -> bool {
    let some = work.parcels.iter().any(|parcel| parcel.label.is_some());
    let missing = work.parcels.iter().any(|parcel| work.wants_label(parcel));
    is_labelled(work) && some && missing
}

/// A region as it is compared: however it is written.
fn plain(region: Option<&str>) -> Option<String> {
    let region = region?.trim();
    (!region.is_empty()).then(|| region.to_lowercase())
}
