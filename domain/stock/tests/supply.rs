//! Lines in front of a SKU, supply that comes in parts and twice, and promises that are taken back.

use super::*;

fn stock() -> LocationStock {
    LocationStock::empty("BER1".into())
}

fn take(stock: &mut LocationStock, command: &StockCommand, now: i64) -> StockDecision {
    let decision = stock.decide(command, None, at(now));
    stock.apply(&decision.change);
    assert_eq!(stock.violations(), Vec::<Sku>::new(), "{command:?}");
    decision
}

fn wait(number: u8, units: u32) -> StockCommand {
    StockCommand::Wait {
        order: order(number),
        attempt: 1,
        channel: ChannelId(Uuid::nil()),
        lines: lines(units),
        since: at(i64::from(number)),
        declared_only: false,
    }
}

fn receive(reference: &str, quantity: i64) -> StockCommand {
    StockCommand::Receive {
        sku: "SKU".into(),
        reference: reference.into(),
        quantity,
        inbound: Some("PO-1".into()),
    }
}

fn announce(reference: &str, quantity: i64, day: i64) -> StockCommand {
    StockCommand::Announce {
        sku: "SKU".into(),
        reference: reference.into(),
        quantity,
        expected_at: Some(at(day)),
    }
}

fn reserve(number: u8, units: u32) -> StockCommand {
    StockCommand::Reserve {
        order: order(number),
        attempt: 1,
        channel: ChannelId(Uuid::nil()),
        lines: lines(units),
        expires_at: at(900),
        queued: false,
    }
}

fn confirm(number: u8, units: u32) -> StockCommand {
    StockCommand::Confirm {
        order: order(number),
        attempt: 1,
        lines: lines(units),
    }
}

fn count(on_hand: i64) -> StockCommand {
    StockCommand::Count {
        sku: "SKU".into(),
        on_hand,
        buffer: None,
        backorder_limit: None,
        unpicked: Vec::new(),
    }
}

fn key(number: u8) -> HoldKey {
    HoldKey {
        order: order(number),
        line: 1,
        attempt: 1,
    }
}

/// Whom the decision serves, in its order.
fn served(decision: &StockDecision) -> Vec<OrderId> {
    let supplied = |told: &&Told| matches!(told.news, News::Supplied(_));
    let told = decision.told.iter().filter(supplied);
    told.map(|told| told.key.order).collect()
}

#[test]
fn of_fifty_five_who_wait_the_forty_oldest_live_ones_get_forty_units_in_order() {
    let mut stock = stock();
    take(&mut stock, &announce("PO-1", 40, 5_000), 0);
    // They come to the location in another order than they were placed in.
    for number in (0..55_u16).map(|n| u8::try_from(n * 34 % 55).expect("small")) {
        let decision = take(&mut stock, &wait(number, 1), 100);
        assert_eq!(decision.evidence, Some(StockEvidence::Waiting));
    }
    let promised = |stock: &LocationStock, number| stock.holds[&key(number)].promise;
    assert_eq!(promised(&stock, 39), Some(at(5_000)));
    assert_eq!(promised(&stock, 40), None);
    // Two lose patience; those behind them move up.
    for number in [3, 17] {
        let release = StockCommand::Release {
            order: order(number),
            attempt: 1,
            lines: lines(1),
        };
        take(&mut stock, &release, 200);
    }
    assert_eq!(promised(&stock, 41), Some(at(5_000)));
    // The day of the supply moves, and with it everybody's promise.
    let moved = take(&mut stock, &announce("PO-1", 40, 6_000), 300);
    assert_eq!(moved.told.len(), 40);
    assert_eq!(promised(&stock, 0), Some(at(6_000)));

    let first = take(&mut stock, &receive("R-1", 25), 400);
    let twice = take(&mut stock, &receive("R-1", 25), 401);
    let second = take(&mut stock, &receive("R-2", 15), 402);
    assert_eq!(twice.taken, Taken::Repeated);
    assert!(twice.change.is_empty());
    let other = take(&mut stock, &receive("R-2", 16), 403);
    assert_eq!(other.taken, Taken::Conflicting);
    let live = (0..55).filter(|n| ![3, 17].contains(n)).map(order);
    let oldest: Vec<OrderId> = live.take(40).collect();
    let got: Vec<OrderId> = served(&first).into_iter().chain(served(&second)).collect();
    assert_eq!(got, oldest);
    let counters = stock.counters(&"SKU".into());
    assert_eq!(
        (counters.on_hand, counters.reserved, counters.waiting),
        (40, 40, 13)
    );
    assert_eq!(counters.inbound, 0);

    // The next supply gives the others a day.
    take(&mut stock, &announce("PO-2", 20, 9_000), 500);
    assert_eq!(promised(&stock, 54), Some(at(9_000)));
}

#[test]
fn nobody_passes_one_who_needs_more_than_there_is() {
    let mut stock = stock();
    take(&mut stock, &wait(1, 3), 0);
    take(&mut stock, &wait(2, 1), 0);
    let some = take(&mut stock, &receive("R-1", 2), 1);
    assert_eq!(served(&some), []);
    assert_eq!(stock.counters(&"SKU".into()).available(), 0);
    let newcomer = take(&mut stock, &reserve(3, 1), 2);
    assert!(matches!(
        newcomer.evidence,
        Some(StockEvidence::Refused { .. })
    ));
    let rest = take(&mut stock, &receive("R-2", 2), 3);
    assert_eq!(served(&rest), [order(1), order(2)]);
}

#[test]
fn units_that_an_unpaid_order_gives_back_go_to_the_next_in_line() {
    let mut stock = stock();
    take(&mut stock, &count(1), 0);
    take(&mut stock, &reserve(1, 1), 0);
    take(&mut stock, &wait(2, 1), 0);
    let lapse = take(&mut stock, &StockCommand::Expire { limit: 9 }, 901);
    assert_eq!(served(&lapse), [order(2)]);
}

#[test]
fn one_waits_for_declared_supply_only_as_far_as_it_goes() {
    let mut stock = stock();
    let declared = |number, units| StockCommand::Wait {
        order: order(number),
        attempt: 1,
        channel: ChannelId(Uuid::nil()),
        lines: lines(units),
        since: at(0),
        declared_only: true,
    };
    let refused =
        |decision: &StockDecision| matches!(decision.evidence, Some(StockEvidence::Refused { .. }));
    assert!(refused(&take(&mut stock, &declared(1, 1), 0)));
    take(&mut stock, &announce("PO-1", 2, 100), 0);
    let limit = StockCommand::Count {
        sku: "SKU".into(),
        on_hand: 0,
        buffer: None,
        backorder_limit: Some(1),
        unpicked: Vec::new(),
    };
    take(&mut stock, &limit, 0);
    assert!(!refused(&take(&mut stock, &declared(2, 2), 0)));
    assert!(refused(&take(&mut stock, &declared(3, 2), 0)));
    assert!(!refused(&take(&mut stock, &declared(4, 1), 0)));
}

#[test]
fn a_count_below_the_promises_cuts_the_newest_soft_ones_first_and_nothing_picked() {
    let mut stock = stock();
    take(&mut stock, &count(10), 0);
    for number in 1..=5 {
        take(&mut stock, &reserve(number, 2), 0);
    }
    for number in [1, 2, 4] {
        take(&mut stock, &confirm(number, 2), 1);
    }
    let soft = take(&mut stock, &count(2), 2);
    let lost: Vec<OrderId> = soft.told.iter().map(|told| told.key.order).collect();
    assert_eq!(lost, [order(5), order(3)]);
    assert_eq!(stock.counters(&"SKU".into()).shortfall, 4);
    let firm = stock.to_cut(&"SKU".into()).expect("there is a shortfall");
    assert_eq!(firm, [key(4), key(2), key(1)]);
    // Order 4 is the newest, and its units are on somebody's trolley.
    let unpicked = vec![key(2), key(1)];
    let cut = StockCommand::Cut {
        sku: "SKU".into(),
        unpicked,
    };
    let decision = take(&mut stock, &cut, 3);
    let lost: Vec<OrderId> = decision.told.iter().map(|told| told.key.order).collect();
    assert_eq!(lost, [order(2), order(1)]);
    assert!(decision.told.iter().all(|told| told.news == News::Cut));
    let counters = stock.counters(&"SKU".into());
    assert_eq!(
        (counters.allocated, counters.shortfall, counters.available()),
        (2, 0, 0)
    );
    assert!(take(&mut stock, &cut, 4).change.is_empty());
}

#[test]
fn a_parcel_that_left_although_its_promise_was_cut_leaves_the_count() {
    let mut stock = stock();
    for command in [count(3), reserve(1, 2), confirm(1, 2), count(1)] {
        take(&mut stock, &command, 0);
    }
    let cut = StockCommand::Cut {
        sku: "SKU".into(),
        unpicked: vec![key(1)],
    };
    take(&mut stock, &cut, 1);
    let gone = StockCommand::Consume {
        order: order(1),
        attempt: 1,
        lines: lines(2),
    };
    take(&mut stock, &gone, 2);
    let counters = stock.counters(&"SKU".into());
    assert_eq!((counters.on_hand, counters.allocated), (0, 0));
}

#[test]
fn promises_are_taken_back_before_the_count_that_has_no_units_for_them() {
    let mut stock = stock();
    for command in [
        count(6),
        reserve(1, 2),
        confirm(1, 2),
        reserve(2, 2),
        confirm(2, 2),
        reserve(3, 2),
    ] {
        take(&mut stock, &command, 0);
    }
    let low = StockCommand::Count {
        sku: "SKU".into(),
        on_hand: 2,
        buffer: None,
        backorder_limit: None,
        unpicked: stock
            .firm_to_cut(&"SKU".into(), 2)
            .expect("firm ones have to go"),
    };
    let decision = take(&mut stock, &low, 1);
    let causes: Vec<&str> = decision.change.ledger.iter().map(|row| row.cause).collect();
    assert_eq!(causes, ["cut", "cut", "count"]);
    let counters = stock.counters(&"SKU".into());
    assert_eq!((counters.allocated, counters.shortfall), (2, 0));
}
