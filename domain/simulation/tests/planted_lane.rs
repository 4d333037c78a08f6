//! An error about lanes, planted in the rules: the world finds it.

use super::planted::{changed, must_find};
use super::*;
use crate::order::{Context, Decided, Event, Input, Order, ParcelEvent, Rejection};

/// A parcel that is overdue does not say by whose time.
struct ForgetsTheLane;

impl Core for ForgetsTheLane {
    fn decide(&self, o: &Order, i: &Input, c: &Context<'_>) -> Result<Decided, Rejection> {
        changed(o, i, c, |events| {
            for recorded in events {
                if let Event::Parcel(ParcelEvent::Overdue { lane, .. }) = &mut recorded.event {
                    *lane = None;
                }
            }
        })
    }
}

#[test]
fn an_overdue_parcel_that_forgets_its_lane_is_found() {
    must_find(&ForgetsTheLane, "overdue_as_watched");
}
