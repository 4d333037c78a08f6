//! The fold of changes of the address. The address itself is not part of the state: what is known of it
//! here is its country, about where it is, and how often it was changed.

use super::super::{AddressEvent, Order};

impl Order {
    pub(super) fn readdressed(&mut self, event: &AddressEvent) {
        let AddressEvent::Changed {
            change,
            destination,
            point,
            ..
        } = event;
        self.address = *change;
        self.draft.destination.clone_from(destination);
        self.draft.point = *point;
    }
}
