//! What an exchange leaves to a sales channel, which took the money: it is told so.

use super::super::*;
use super::exchanges::{bring_back, exchange, other};
use super::source::{asked, balance, delivered, refund_in};
use super::world::*;

#[test]
fn what_an_exchange_leaves_to_the_channel_is_told_to_it_once() {
    let mut world = delivered();
    // Nobody has so many: nothing goes out for what comes back.
    let out = vec![other("SKU-1", 50, "0.80")];
    exchange(&mut world, 2, out).expect("the buyer has them");
    bring_back(&mut world, 1, 2);
    world.settle();
    let ended = world.order.exchanges[0].settled.as_ref().expect("it ended");
    assert_eq!(ended.elsewhere, eur("40.00"));
    let told = |world: &World| {
        let told = asked(world).into_iter().filter(Notice::gives_back);
        told.collect::<Vec<_>>()
    };
    let [
        Notice::Refund {
            of,
            nth: 1,
            lines,
            amount,
            ..
        },
    ] = &told(&world)[..]
    else {
        panic!("one refund: {:?}", told(&world));
    };
    assert_eq!((*of, *amount), (RefundOf::Exchange(1), eur("40.00")));
    assert_eq!(units_of(lines, 1).whole(), Some(2));
    refund_in(&mut world, "re_1", "40.00");
    world.wait(60);
    world.settle();
    assert_eq!(told(&world).len(), 1);
    assert_eq!(world.order.due_at_channel(), eur("0"));
    assert_eq!(balance(&world, &Account::Receivable), eur("0"));
}
