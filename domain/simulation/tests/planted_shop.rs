//! An error about what channels say of their orders, planted in the rules: the world finds it.

use super::planted::must_find;
use super::*;
use crate::order::{Context, Order, Placement, Recorded, Request};

/// Places orders as they were sold, whatever their channel had taken out by then.
struct SendsWhatWasTakenOut;

impl Core for SendsWhatWasTakenOut {
    fn place(
        &self,
        mut placement: Placement,
        actor: &str,
        request: Option<Request>,
        context: &Context<'_>,
    ) -> (Vec<Recorded>, Order) {
        placement.wanted.clear();
        crate::order::place(placement, actor, request, context)
    }
}

#[test]
fn units_that_were_taken_out_before_the_order_came_and_are_sent_are_found() {
    must_find(&SendsWhatWasTakenOut, "channel_gets_what_it_wants");
}
