//! Errors about what is said of stuck orders, planted in the rules: the world finds each.

use super::planted::{must_find, rewritten};
use super::*;
use crate::order::{Context, Decided, Event, Input, Order, Rejection, StuckEvent};

/// Says it again with everything that happens.
struct ForgetsWhatItSaid;

impl Core for ForgetsWhatItSaid {
    fn decide(&self, o: &Order, i: &Input, c: &Context<'_>) -> Result<Decided, Rejection> {
        let mut forgetful = o.clone();
        forgetful.stuck = None;
        match crate::order::decide(&forgetful, i, c)? {
            Decided::Commit(events, _) => Ok(rewritten(o, events)),
            other => Ok(other),
        }
    }
}

#[test]
fn an_order_that_is_said_to_be_stuck_twice_is_found() {
    must_find(&ForgetsWhatItSaid, "stuck_said_once");
}

/// Leaves an order stuck that goes on.
struct NeverTakesItBack;

impl Core for NeverTakesItBack {
    fn decide(&self, o: &Order, i: &Input, c: &Context<'_>) -> Result<Decided, Rejection> {
        match crate::order::decide(o, i, c)? {
            Decided::Commit(mut events, _) => {
                let takes_back =
                    |event: &Event| matches!(event, Event::Stuck(StuckEvent::Unstuck { .. }));
                events.retain(|recorded| !takes_back(&recorded.event));
                if events.is_empty() {
                    return Ok(Decided::Nothing);
                }
                Ok(rewritten(o, events))
            }
            other => Ok(other),
        }
    }
}

#[test]
fn an_order_that_goes_on_and_still_counts_as_stuck_is_found() {
    must_find(&NeverTakesItBack, "stuck_is_said");
}
