//! Orders that their sales channel keeps from being shipped: not released yet, or put on hold there.

use super::super::*;
use super::source::{asked, prepaid};
use super::world::*;
use crate::canonical::*;

#[test]
fn what_the_channel_keeps_back_waits_with_its_stock_until_it_is_paid_there() {
    let lines = vec![line(1, "SKU-1", 1, "20.00")];
    let terms = Terms::Authorized {
        gateway: None,
        reference: None,
        expires_at: None,
        capture: CaptureMode::Once,
    };
    let mut order = draft(lines, "0", terms);
    order.awaits_release = true;
    let mut world = World::place(order, &[("BER1", "SKU-1", 1)]);
    world.listens = &Topic::ALL;
    world.settle();
    assert_eq!(world.order.stage, Stage::Confirmed);
    assert_eq!(asked(&world), [Notice::Accepted]);
    assert!(world.outstanding("request_fulfilment").is_none());
    assert_eq!(world.order.holds[0].reason, REASON_AWAITS_CHANNEL);
    assert_eq!(world.order.stuck, None, "nobody has to do anything");
    let reference = None;
    world.fact(Fact::Channel(ChannelFact::Paid { reference }));
    world.settle();
    assert_eq!(world.order.holds, []);
    assert_eq!(world.order.stage, Stage::Fulfilling);
}

#[test]
fn what_somebody_put_on_hold_at_the_channel_waits_until_it_is_released_there_or_here() {
    let keep = |kept| Fact::Channel(ChannelFact::KeptBack { kept });
    let mut world = prepaid();
    world.fact(keep(true));
    assert_eq!(world.fact(keep(true)), Decided::Nothing);
    world.settle();
    assert_eq!(world.order.holds[0].reason, REASON_KEPT_BACK);
    assert_eq!(world.order.stage, Stage::Confirmed, "with its stock");
    assert_eq!(world.order.stuck, None, "nobody has to do anything");
    // That it is paid there does not release it.
    world.fact(Fact::Channel(ChannelFact::Paid { reference: None }));
    assert_eq!(world.order.holds.len(), 1);
    world.fact(keep(false));
    world.settle();
    assert_eq!(world.order.stage, Stage::Fulfilling);
    world.fact(keep(true));
    let (hold, reason) = (world.order.holds[0].id, "it may go".to_owned());
    world
        .command(Command::Release { hold, reason })
        .expect("legal");
    assert_eq!(world.fact(keep(true)), Decided::Nothing);
    assert_eq!(world.order.holds, []);
    assert_eq!(world.folded(), world.order);
}
