//! What stands sealed beside an order's log, where an input is about it: read before the decision, and
//! written in the same commit as the event that says that it changed.
//!
//! Only the order's actor writes it, so what was read stands until the commit.

use orderhub_domain::canonical::PrivateDetails;
use orderhub_domain::order::{AddressEvent, Asked, Command, Event, Input, InputBody, Recorded};

use super::{OrderState, unavailable};
use crate::api::HubError;

/// What a request about an address has to know of what is sealed, and what becomes of it.
pub(super) struct Sealed {
    before: PrivateDetails,
    after: PrivateDetails,
}

impl Sealed {
    /// Where the order goes before the request.
    pub(super) const fn ship_to(&self) -> Option<&orderhub_domain::canonical::Address> {
        self.before.ship_to.as_ref()
    }

    /// What is to be sealed with these events, if they change it.
    pub(super) fn changed_by(&self, events: &[Recorded]) -> Option<PrivateDetails> {
        let changes = |recorded: &Recorded| {
            let event = &recorded.event;
            matches!(event, Event::Address(AddressEvent::Changed { .. }))
        };
        events.iter().any(changes).then(|| self.after.clone())
    }
}

impl OrderState {
    /// Reads what is sealed, if the input is about it.
    pub(super) async fn sealed(&self, input: &Input) -> Result<Option<Sealed>, HubError> {
        let InputBody::Request(Asked {
            command: Command::ChangeAddress(change),
            ..
        }) = &input.body
        else {
            return Ok(None);
        };
        let private = self.shared.journal.private(self.id).await;
        let before = private.map_err(unavailable)?.unwrap_or_default();
        let after = PrivateDetails {
            ship_to: Some(change.to.clone()),
            ..before.clone()
        };
        Ok(Some(Sealed { before, after }))
    }
}
