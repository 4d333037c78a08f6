//! Errors that the simulator found, each as the shortest life that shows it.

use super::super::*;
use super::world::*;
use crate::canonical::*;

/// The stock that two lines of one order come from.
const TWO: [(&str, &str, i64); 4] = [
    ("BER1", "SKU-1", 5),
    ("BER1", "SKU-2", 5),
    ("HAM1", "SKU-1", 5),
    ("HAM1", "SKU-2", 5),
];

#[test]
fn a_line_that_was_lost_is_not_consumed_with_the_lines_beside_it() {
    let lines = vec![line(1, "SKU-1", 2, "10.00"), line(2, "SKU-2", 1, "5.00")];
    let order = draft(lines, "0.00", to_authorize(CaptureMode::Once));
    let mut world = World::place(order, &TWO);
    world.answer("reserve_stock");
    world.answer("authorize_payment");
    let confirms = world.outstanding("confirm_stock");
    world.fact(Fact::Stock(StockFact {
        location: "BER1".into(),
        attempt: 1,
        effect: confirms,
        evidence: StockEvidence::Lost { lines: vec![2] },
    }));
    world.settle();
    assert_eq!(world.order.fulfilments.len(), 2);
    for fulfilment in [1, 2] {
        for step in [FulfilmentStep::Pick { lines: None }, FulfilmentStep::Pack] {
            world
                .command(Command::Fulfil { fulfilment, step })
                .expect("legal");
        }
        world.settle();
        let step = FulfilmentStep::HandOver;
        world
            .command(Command::Fulfil { fulfilment, step })
            .expect("legal");
        world.settle();
        world.check();
    }
}
