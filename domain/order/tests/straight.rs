//! The straight life and its first failures, told one by one.

use super::super::*;
use super::world::*;
use crate::canonical::*;
use crate::quantity::Quantity;

fn standard() -> OrderDraft {
    draft(
        vec![line(1, "SKU-1", 2, "19.99")],
        "4.99",
        to_authorize(CaptureMode::Once),
    )
}

fn stocked(units: i64) -> Vec<(&'static str, &'static str, i64)> {
    vec![("BER1", "SKU-1", units)]
}

#[test]
fn a_direct_order_lives_from_received_to_closed() {
    let mut world = World::place(standard(), &stocked(5));
    assert_eq!(world.order.stage, Stage::Reserving);
    world.settle();
    assert_eq!(world.order.stage, Stage::Fulfilling);
    world.step(FulfilmentStep::Accept).expect("legal");
    world
        .step(FulfilmentStep::Pick { lines: None })
        .expect("legal");
    world.step(FulfilmentStep::Pack).expect("legal");
    assert_eq!(
        world.step(FulfilmentStep::HandOver),
        Err(Rejection::LabelMissing)
    );
    world.settle();
    world.step(FulfilmentStep::HandOver).expect("legal");
    assert!(
        world.captured().is_zero(),
        "nothing is captured before the gateway says so"
    );
    world.settle();
    assert_eq!(world.captured(), eur("44.97"));
    world.fact(seen(1, 10, ParcelStatus::InTransit));
    world.fact(seen(1, 20, ParcelStatus::Delivered));
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(world.order.payment_status(), "captured");
    world.wait(15 * 24 * 3600);
    assert_eq!(world.order.stage, Stage::Closed);
    let captures = world
        .kinds()
        .iter()
        .filter(|k| **k == "payment.capture_requested")
        .count();
    assert_eq!(captures, 1);
    assert_eq!(world.folded(), world.order);
    world.check();
}

#[test]
fn no_stock_ends_rejected_and_nothing_is_charged() {
    let world = World::place(standard(), &stocked(1));
    assert_eq!(world.order.stage, Stage::Rejected);
    assert_eq!(world.order.reason.as_deref(), Some("out_of_stock"));
    let left = world.order.outstanding.values();
    assert!(
        left.into_iter()
            .all(|open| open.effect.word() == "notify_channel")
    );
}

#[test]
fn a_decline_gives_the_stock_back_before_the_order_is_rejected() {
    let mut world = World::place(standard(), &stocked(5));
    world.answer("reserve_stock");
    assert_eq!(world.order.stage, Stage::Authorizing);
    world.pay(PaymentEvidence::Declined {
        reference: None,
        code: "card_declined".into(),
    });
    assert_eq!(
        world.order.stage,
        Stage::Authorizing,
        "the stock is still held"
    );
    world.settle();
    assert_eq!(world.order.stage, Stage::Rejected);
    assert_eq!(world.order.reason.as_deref(), Some("payment_declined"));
    let kinds = world.kinds();
    let at = |kind| kinds.iter().position(|k| *k == kind).expect("it happened");
    assert!(at("inventory.reservation_released") < at("order.rejected"));
    assert_eq!(
        world.shelves.stock[&"BER1".into()]
            .counters(&"SKU-1".into())
            .reserved,
        0
    );
}

#[test]
fn units_that_others_hold_softly_are_waited_for() {
    let mut world = World::place(standard(), &stocked(5));
    let other = crate::stock::StockCommand::Reserve {
        order: crate::ids::OrderId::from_uuid(uuid::Uuid::from_u128(9)),
        attempt: 1,
        channel: crate::ids::ChannelId(uuid::Uuid::nil()),
        lines: vec![StockLine {
            line: 1,
            sku: "SKU-1".into(),
            quantity: Quantity::units(4),
        }],
        expires_at: world.now,
        queued: false,
    };
    let shelf = world
        .shelves
        .stock
        .get_mut(&"BER1".into())
        .expect("a shelf");
    let taken = shelf.decide(&other, None, world.now);
    shelf.apply(&taken.change);
    world.answer("reserve_stock");
    assert_eq!(world.order.stage, Stage::Reserving);
    assert_eq!(waits_for_stock(&world.order), ["SKU-1".into()]);
    assert!(wake_at(&world.order, &world.policy).is_some());
    // The other buyer's payment fails and the units come back.
    let lapse = crate::stock::StockCommand::Expire { limit: 9 };
    let shelf = world
        .shelves
        .stock
        .get_mut(&"BER1".into())
        .expect("a shelf");
    let back = shelf.decide(&lapse, None, world.now);
    shelf.apply(&back.change);
    world.wait(1);
    world.settle();
    assert_eq!(world.order.stage, Stage::Fulfilling);
}

#[test]
fn a_contended_order_is_refused_when_the_wait_is_over() {
    let mut world = World::place(standard(), &stocked(5));
    let shelf = world
        .shelves
        .stock
        .get_mut(&"BER1".into())
        .expect("a shelf");
    let other = crate::stock::StockCommand::Reserve {
        order: crate::ids::OrderId::from_uuid(uuid::Uuid::from_u128(9)),
        attempt: 1,
        channel: crate::ids::ChannelId(uuid::Uuid::nil()),
        lines: vec![StockLine {
            line: 1,
            sku: "SKU-1".into(),
            quantity: Quantity::units(4),
        }],
        expires_at: world.now,
        queued: false,
    };
    let taken = shelf.decide(&other, None, world.now);
    shelf.apply(&taken.change);
    world.answer("reserve_stock");
    world.wait(19);
    assert_eq!(world.order.stage, Stage::Reserving);
    world.wait(2);
    assert_eq!(world.order.stage, Stage::Rejected);
}

#[test]
fn nobody_answers_and_the_order_expires_then_a_late_success_is_voided() {
    let mut world = World::place(standard(), &stocked(5));
    world.answer("reserve_stock");
    world.wait(15 * 60);
    assert_eq!(world.order.stage, Stage::Authorizing);
    let release = world
        .order
        .outstanding
        .iter()
        .find(|(_, open)| matches!(open.effect, Effect::ReleaseStock { .. }))
        .map(|(id, _)| *id)
        .expect("the stock is given back");
    let released = world.good_answer(release).expect("an answer");
    world.fact(released);
    assert_eq!(world.order.stage, Stage::Expired);
    let amount = world.order.draft.stated_total;
    let reference = "pi_1".to_owned();
    world.pay(PaymentEvidence::Authorized {
        reference,
        amount,
        expires_at: None,
    });
    assert!(world.kinds().contains(&"payment.void_requested"));
    world.settle();
    assert!(world.order.tenders[0].voided);
    assert_eq!(world.order.stage, Stage::Expired);
    world.check();
}

#[test]
fn an_unknown_outcome_extends_the_hold_at_most_twice() {
    let mut world = World::place(standard(), &stocked(5));
    world.answer("reserve_stock");
    let mut extended = 0;
    for _ in 0..50 {
        let authorize = world
            .order
            .outstanding
            .iter()
            .find(|(_, open)| matches!(open.effect, Effect::AuthorizePayment { .. }))
            .map(|(id, _)| *id);
        if let Some(effect) = authorize {
            let reason = "no answer in time".to_owned();
            world.fact(Fact::Unknown(Postponement {
                effect,
                reason,
                not_before: None,
            }));
        }
        world.wait(5 * 60);
        let asked: Vec<_> = world
            .order
            .outstanding
            .iter()
            .filter(|(_, open)| open.effect.stock().is_some())
            .map(|(id, open)| (*id, matches!(open.effect, Effect::ReserveStock { .. })))
            .collect();
        for (id, extension) in asked {
            extended += i32::from(extension);
            let fact = world.good_answer(id).expect("an answer");
            world.fact(fact);
        }
    }
    assert_eq!(extended, 2);
    let said = |kind: &str| {
        let log = world.log.iter();
        log.filter(|recorded| recorded.event.kind() == kind).count()
    };
    assert_eq!(said("inventory.reservation_extended"), 2);
    assert_eq!(said("inventory.reserved"), 1, "the first time");
    assert_eq!(world.order.stage, Stage::Expired);
    assert_eq!(world.order.payment_status(), "unknown");
}

#[test]
fn cancelling_before_the_dock_gives_everything_back() {
    let mut world = World::place(standard(), &stocked(5));
    world.settle();
    world
        .step(FulfilmentStep::Pick { lines: None })
        .expect("legal");
    world.step(FulfilmentStep::Pack).expect("legal");
    world.settle();
    world
        .command(Command::Cancel {
            reason: "changed her mind".into(),
        })
        .expect("legal");
    assert_eq!(world.order.stage, Stage::Cancelling);
    let kinds = world.kinds();
    assert!(
        !kinds.contains(&"payment.void_requested"),
        "not before the location has agreed"
    );
    world.settle();
    assert_eq!(world.order.stage, Stage::Cancelled);
    let kinds = world.kinds();
    for kind in [
        "shipment.label_voided",
        "payment.voided",
        "inventory.reservation_released",
    ] {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }
    assert_eq!(world.order.payment_status(), "voided");
    let counters = world.shelves.stock[&"BER1".into()].counters(&"SKU-1".into());
    assert_eq!(
        (counters.on_hand, counters.reserved, counters.allocated),
        (5, 0, 0)
    );
    world.check();
}

#[test]
fn a_location_that_refuses_is_not_asked_again_for_those_units() {
    let stock = [("BER1", "SKU-1", 5), ("HAM1", "SKU-1", 5)];
    let mut world = World::place(standard(), &stock);
    world.settle();
    assert_eq!(world.order.fulfilments[0].location, "BER1".into());
    world
        .step(FulfilmentStep::Reject {
            reason: "damaged".into(),
        })
        .expect("legal");
    world.settle();
    assert_eq!(world.order.fulfilments.len(), 2);
    assert_eq!(world.order.fulfilments[1].location, "HAM1".into());
    world
        .command(Command::Fulfil {
            fulfilment: 2,
            step: FulfilmentStep::Reject {
                reason: "closed".into(),
            },
        })
        .expect("legal");
    world.settle();
    assert_eq!(world.order.fulfilments.len(), 2);
    assert_eq!(world.order.holds[0].reason, REASON_NO_LOCATION);
    world.check();
}

#[test]
fn a_gateway_with_several_captures_takes_the_money_per_parcel() {
    let lines = vec![line(1, "SKU-1", 3, "33.33")];
    let order = draft(lines, "4.99", to_authorize(CaptureMode::Many));
    let total = order.stated_total;
    let mut world = World::place(order, &[("BER1", "SKU-1", 2), ("HAM1", "SKU-1", 1)]);
    world.settle();
    assert_eq!(world.order.fulfilments.len(), 2);
    let mut captured = Vec::new();
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
        captured.push(world.captured());
    }
    assert!(captured[0].is_positive() && captured[0] < total);
    assert_eq!(captured[1], total);
    world.check();
}

#[test]
fn an_ordinary_account_is_captured_once_when_the_last_parcel_has_left() {
    let lines = vec![line(1, "SKU-1", 3, "33.33")];
    let order = draft(lines, "4.99", to_authorize(CaptureMode::Once));
    let total = order.stated_total;
    let mut world = World::place(order, &[("BER1", "SKU-1", 2), ("HAM1", "SKU-1", 1)]);
    world.settle();
    for (fulfilment, taken) in [(1, eur("0.00")), (2, total)] {
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
        assert_eq!(world.captured(), taken);
    }
}

#[test]
fn orders_marked_as_test_on_a_live_connection_are_recorded_and_nothing_else() {
    let mut order = standard();
    order.test = true;
    let world = World::place(order, &stocked(5));
    assert_eq!(world.order.stage, Stage::Closed);
    assert_eq!(world.kinds(), ["order.received", "order.closed"]);
}

#[test]
fn an_order_that_arrives_cancelled_touches_nothing() {
    let mut order = standard();
    order.cancelled_at = Some(jiff::Timestamp::UNIX_EPOCH);
    let world = World::place(order, &stocked(5));
    assert_eq!(world.order.stage, Stage::Cancelled);
    assert_eq!(world.kinds(), ["order.received", "order.cancelled"]);
}

#[test]
fn a_total_that_does_not_add_up_waits_for_a_person() {
    let mut order = standard();
    order.stated_total = eur("44.00");
    let mut world = World::place(order, &stocked(5));
    assert_eq!(world.order.holds[0].reason, REASON_TOTAL_MISMATCH);
    assert!(world.order.outstanding.is_empty());
    let reason = "the shop rounds per line".to_owned();
    world
        .command(Command::Release { hold: 1, reason })
        .expect("legal");
    world.settle();
    assert_eq!(world.order.stage, Stage::Fulfilling);
}

#[test]
fn a_repeated_request_gets_the_same_answer_and_another_body_is_refused() {
    let mut world = World::place(standard(), &stocked(5));
    let request = |hash: &str| Request {
        command_id: crate::ids::CommandId(uuid::Uuid::from_u128(5)),
        body_hash: hash.to_owned(),
        reply_schema: REPLY_SCHEMA,
    };
    let ask = |hash: &str, expected| {
        let command = Command::Cancel {
            reason: "twice".into(),
        };
        InputBody::Request(Asked {
            command,
            request: Some(request(hash)),
            expected,
        })
    };
    let seen = world.order.version;
    let stale = world.input(ask("aa", Some(seen + 1)));
    assert_eq!(
        stale,
        Err(Rejection::Stale {
            expected: seen + 1,
            current: seen
        })
    );
    world.input(ask("aa", Some(seen))).expect("legal");
    let version = world.order.version;
    world.settle();
    let again = world
        .input(ask("aa", Some(seen)))
        .expect("known, whatever the version is by now");
    assert!(matches!(again, Decided::Repeat(known) if known.version == version));
    let other = world.input(ask("bb", None));
    assert_eq!(other, Err(Rejection::KeyReused));
}

#[test]
fn another_amount_than_asked_is_never_taken_for_paid() {
    let mut world = World::place(standard(), &stocked(5));
    world.answer("reserve_stock");
    for amount in ["1.00", "44.98", "9999.99"] {
        let reference = "pi_1".to_owned();
        let evidence = PaymentEvidence::Authorized {
            reference,
            amount: eur(amount),
            expires_at: None,
        };
        world.pay(evidence.clone());
        assert!(!world.order.is_money_secured());
        assert_eq!(world.order.tenders[0].authorized, None);
        assert_eq!(world.order.holds[0].reason, REASON_PAYMENT_MISMATCH);
        assert_eq!(world.pay(evidence), Decided::Nothing);
    }
}

#[test]
fn what_is_not_wanted_any_more_and_was_not_done_is_given_up() {
    let mut world = World::place(standard(), &stocked(5));
    world.settle();
    world
        .step(FulfilmentStep::Pick { lines: None })
        .expect("legal");
    world.step(FulfilmentStep::Pack).expect("legal");
    let label = world.outstanding("buy_label").expect("a label is wanted");
    let reason = "the carrier cannot be reached".to_owned();
    world.fact(Fact::Postponed(Postponement {
        effect: label,
        reason,
        not_before: None,
    }));
    world
        .command(Command::Cancel {
            reason: "changed her mind".into(),
        })
        .expect("legal");
    assert_eq!(world.outstanding("buy_label"), None);
    world.settle();
    assert_eq!(world.order.stage, Stage::Cancelled);
    assert!(world.kinds().contains(&"order.effect_given_up"));
}

#[test]
fn what_may_have_been_done_is_found_out_before_the_order_ends() {
    let mut world = World::place(standard(), &stocked(5));
    world.answer("reserve_stock");
    let effect = world
        .outstanding("authorize_payment")
        .expect("an authorisation");
    let reason = "no answer in time".to_owned();
    world.fact(Fact::Unknown(Postponement {
        effect,
        reason,
        not_before: None,
    }));
    world
        .command(Command::Cancel {
            reason: "changed her mind".into(),
        })
        .expect("legal");
    assert_eq!(world.outstanding("authorize_payment"), Some(effect));
    world.settle();
    assert_eq!(world.order.stage, Stage::Cancelled);
    assert!(world.order.tenders[0].voided);
}

#[test]
fn a_refund_that_fails_after_all_was_never_given() {
    let mut world = World::place(standard(), &stocked(5));
    world.settle();
    for step in [FulfilmentStep::Pick { lines: None }, FulfilmentStep::Pack] {
        world.step(step).expect("legal");
    }
    world.settle();
    world.step(FulfilmentStep::HandOver).expect("legal");
    world.settle();
    let reference = "pi_1".to_owned();
    let amount = Reported::Part {
        reference: "re_1".into(),
        amount: eur("10.00"),
    };
    world.pay(PaymentEvidence::Refunded { reference, amount });
    assert_eq!(world.order.payment_status(), "part_refunded");
    let failed = PaymentEvidence::RefundFailed {
        refund: Some("re_1".into()),
        code: "closed".into(),
    };
    world.pay(failed);
    assert_eq!(world.order.payment_status(), "captured");
    world.check();
}

#[test]
fn digital_goods_are_paid_and_complete_without_a_parcel() {
    let mut gift = line(1, "GIFT", 1, "25.00");
    gift.fulfilled_by = FulfilledBy::Nobody;
    let order = draft(vec![gift], "0.00", to_authorize(CaptureMode::Once));
    let mut world = World::place(order, &[]);
    world.settle();
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(world.captured(), eur("25.00"));
}

#[test]
fn goods_collected_in_the_store_need_no_label() {
    let mut order = standard();
    order.pickup_location = Some("HAM1".into());
    let stock = [("BER1", "SKU-1", 5), ("HAM1", "SKU-1", 5)];
    let mut world = World::place(order, &stock);
    world.settle();
    assert_eq!(world.order.fulfilments[0].location, "HAM1".into());
    for step in [
        FulfilmentStep::Pick { lines: None },
        FulfilmentStep::Pack,
        FulfilmentStep::Ready,
        FulfilmentStep::Collect,
    ] {
        world.step(step).expect("legal");
    }
    world.settle();
    assert_eq!(world.order.stage, Stage::Completed);
    assert!(!world.kinds().contains(&"shipment.label_requested"));
}
