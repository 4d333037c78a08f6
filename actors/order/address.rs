//! What stands sealed beside an order's log, where an input is about it: read before the decision, and
//! written in the same commit as the event that says that it changed.
//!
//! Only the order's actor writes it, so what was read stands until the commit.

use orderhub_domain::canonical::{Address, PrivateDetails};
use orderhub_domain::order::{
    AddressEvent, Asked, ChannelFact, Command, Event, Fact, Input, InputBody, Recorded,
};

use super::{OrderState, unavailable};
use crate::api::HubError;

/// What an input about an address has to know of what is sealed, and what becomes of it.
pub(super) struct Sealed {
    /// Where the order goes, as whoever wants to change it knows it.
    stands: Option<Address>,
    after: PrivateDetails,
}

impl Sealed {
    /// Where the order goes before the input. A channel knows nothing of a person's changes here: for its
    /// statements it is what it stated last, so that stating it again undoes nobody's change.
    pub(super) const fn ship_to(&self) -> Option<&Address> {
        self.stands.as_ref()
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
        let (to, by_channel) = match &input.body {
            InputBody::Request(Asked {
                command: Command::ChangeAddress(change),
                ..
            }) => (&change.to, false),
            InputBody::Fact(Fact::Channel(ChannelFact::Restated(said))) => match &said.ship_to {
                Some(to) => (to, true),
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        let private = self.shared.journal.private(self.id).await;
        let before = private.map_err(unavailable)?.unwrap_or_default();
        let stated = before.stated_ship_to.clone();
        let stated = stated.or_else(|| before.ship_to.clone());
        let after = PrivateDetails {
            ship_to: Some(to.clone()),
            stated_ship_to: if by_channel {
                Some(to.clone())
            } else {
                stated.clone()
            },
            ..before.clone()
        };
        let stands = if by_channel { stated } else { before.ship_to };
        Ok(Some(Sealed { stands, after }))
    }
}
