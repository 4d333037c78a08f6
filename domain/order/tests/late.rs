//! Money that comes after the order has ended.

use super::super::*;
use super::tenders::asked;
use super::world::*;
use crate::canonical::*;

/// An order over one unit whose authorisation nobody answers until it has expired.
fn expired(listens: bool, stock: i64) -> World {
    let lines = vec![line(1, "SKU-1", 1, "19.99")];
    let order = draft(lines, "0.00", to_authorize(CaptureMode::Once));
    let mut world = World::place(order, &[("BER1", "SKU-1", stock)]);
    world.listens = if listens { &PLAIN } else { &[] };
    world.answer("reserve_stock");
    world.wait(15 * 60);
    world.answer("release_stock");
    assert_eq!(world.order.stage, Stage::Expired);
    world
}

fn authorized() -> PaymentEvidence {
    PaymentEvidence::Authorized {
        reference: "pi_1".into(),
        amount: eur("19.99"),
        expires_at: None,
    }
}

#[test]
fn an_expired_order_goes_on_when_its_money_comes_and_there_still_is_stock() {
    let mut world = expired(false, 3);
    world.pay(authorized());
    let kinds = world.kinds();
    assert_eq!(kinds.iter().filter(|k| **k == "order.reopened").count(), 1);
    world.settle();
    assert_eq!(world.order.stage, Stage::Fulfilling);
    assert_eq!(asked(&world, "void_payment"), [] as [u16; 0]);
    assert_eq!(world.order.reason, None);
    assert_eq!(world.pay(authorized()), Decided::Nothing);
    assert_eq!(world.folded(), world.order);
    world.check();
}

#[test]
fn without_stock_the_money_goes_back_at_once() {
    let mut world = expired(false, 1);
    let shelf = world
        .shelves
        .stock
        .get_mut(&"BER1".into())
        .expect("a shelf");
    let sold = crate::stock::StockCommand::Count {
        sku: "SKU-1".into(),
        on_hand: 0,
        buffer: None,
        backorder_limit: None,
        unpicked: Vec::new(),
    };
    let decision = shelf.decide(&sold, None, world.now);
    shelf.apply(&decision.change);
    world.pay(authorized());
    world.settle();
    assert_eq!(world.order.stage, Stage::Expired);
    assert_eq!(asked(&world, "void_payment"), [1]);
    assert!(!world.kinds().contains(&"order.reopened"));
    world.check();
}

#[test]
fn money_that_was_taken_already_is_refunded_where_there_is_no_stock() {
    let mut world = expired(true, 3);
    world.pay(PaymentEvidence::Captured {
        reference: "pi_1".into(),
        amount: Reported::Total {
            amount: eur("19.99"),
        },
    });
    world.settle();
    assert_eq!(world.order.stage, Stage::Expired);
    assert_eq!(world.order.payment_status(), "refunded");
    assert_eq!(asked(&world, "refund_payment"), [1]);
}

#[test]
fn a_shop_that_was_told_the_end_is_not_contradicted() {
    let mut world = expired(true, 3);
    world.pay(authorized());
    world.settle();
    assert_eq!(world.order.stage, Stage::Expired);
    assert_eq!(asked(&world, "void_payment"), [1]);
}

#[test]
fn an_order_that_was_cancelled_is_not_revived() {
    let lines = vec![line(1, "SKU-1", 1, "19.99")];
    let order = draft(lines, "0.00", to_authorize(CaptureMode::Once));
    let mut world = World::place(order, &[("BER1", "SKU-1", 3)]);
    world.listens = &[];
    world.answer("reserve_stock");
    let reason = "changed mind".to_owned();
    world.command(Command::Cancel { reason }).expect("legal");
    world.pay(authorized());
    world.settle();
    assert_eq!(world.order.stage, Stage::Cancelled);
    assert_eq!(asked(&world, "void_payment"), [1]);
}

#[test]
fn a_revived_order_that_gets_no_stock_in_time_ends_again_and_is_not_revived_twice() {
    let mut world = expired(false, 3);
    world.pay(authorized());
    let until = wake_at(&world.order, &world.policy).expect("it waits");
    assert!(until.duration_since(world.now).as_secs() <= 30);
    // The location does not answer.
    world.wait(30);
    let reserve = world.outstanding("reserve_stock").expect("it is open");
    let answer = world.good_answer(reserve).expect("an answer");
    world.fact(answer);
    world.settle();
    let end = (world.order.stage, world.order.reason.as_deref());
    assert_eq!(end, (Stage::Expired, Some("late_payment")));
    assert_eq!(asked(&world, "void_payment"), [1]);
    let reopened = world.kinds().into_iter();
    assert_eq!(reopened.filter(|k| *k == "order.reopened").count(), 1);
    world.check();
}
