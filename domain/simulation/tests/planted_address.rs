//! Errors about addresses, planted in the rules one at a time: the world finds each.

use super::planted::{must_find, rewritten};
use super::*;
use crate::order::{
    AddressEvent, Command, Context, Decided, Effect, Event, Input, InputBody, Order, Rejection,
};

/// Changes the address while a label is being bought for it.
struct ChangesWhatIsAsked;

impl Core for ChangesWhatIsAsked {
    fn decide(&self, o: &Order, i: &Input, c: &Context<'_>) -> Result<Decided, Rejection> {
        let about_an_address = |input: &Input| match &input.body {
            InputBody::Request(asked) => matches!(asked.command, Command::ChangeAddress(_)),
            _ => false,
        };
        if !about_an_address(i) {
            return crate::order::decide(o, i, c);
        }
        let mut unasked = o.clone();
        unasked
            .outstanding
            .retain(|_, open| !matches!(open.effect, Effect::BuyLabel { .. }));
        match crate::order::decide(&unasked, i, c)? {
            Decided::Commit(mut events, _) => {
                // What follows from it is decided on the order as it is.
                events.retain(|e| {
                    matches!(
                        e.event,
                        Event::Address(AddressEvent::Changed { .. }) | Event::Requested { .. }
                    )
                });
                Ok(rewritten(o, events))
            }
            other => Ok(other),
        }
    }
}

#[test]
fn an_address_that_changes_under_a_label_is_found() {
    must_find(&ChangesWhatIsAsked, "address_stands_once_a_label_is_asked");
}
