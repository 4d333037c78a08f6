//! What the order's own sales channel says of it after it was placed, and what it is told: acceptance,
//! wishes to cancel, money given back on either side.

use std::collections::BTreeSet;

use super::super::*;
use super::returns::{inspect, of_line, open, receive};
use super::routing::units;
use super::world::*;
use crate::canonical::*;
use crate::money::Money;
use crate::policy::CancelAsked;

/// Four units of 20.00 and shipping of 4.99, paid at the channel, which hears everything.
pub(super) fn prepaid() -> World {
    let lines = vec![line(1, "SKU-1", 4, "20.00")];
    let order = draft(lines, "4.99", Terms::Prepaid { reference: None });
    let mut world = World::place(order, &[("BER1", "SKU-1", 9)]);
    world.listens = &Topic::ALL;
    world.wait(1);
    world
}

pub(super) fn delivered() -> World {
    let mut world = prepaid();
    super::returns::deliver(&mut world);
    world
}

/// Every notice that was asked for so far.
pub(super) fn asked(world: &World) -> Vec<Notice> {
    let opened = world.log.iter().filter_map(|one| one.event.opens());
    let notices = opened.filter_map(|opened| match &opened.effect {
        Effect::NotifyChannel { notice } => Some(notice.clone()),
        _ => None,
    });
    notices.collect()
}

pub(super) fn refund_in(world: &mut World, reference: &str, amount: &str) -> Decided {
    let decided = world.fact(Fact::Channel(ChannelFact::Refunded {
        reference: reference.to_owned(),
        amount: eur(amount),
        at: Some(world.now),
    }));
    world.check();
    decided
}

fn answer(world: &mut World, evidence: NoticeEvidence) {
    let id = world.outstanding("notify_channel").expect("it is told");
    let Effect::NotifyChannel { notice } = world.order.outstanding[&id].effect.clone() else {
        panic!("a notice");
    };
    world.fact(Fact::Notice(NoticeFact { notice, evidence }));
    world.check();
}

fn repaid(reference: &str, amount: &str) -> NoticeEvidence {
    let reference = reference.to_owned();
    let amount = eur(amount);
    NoticeEvidence::Repaid {
        movements: vec![Repayment { reference, amount }],
    }
}

fn given(world: &World) -> Money {
    world.order.tenders[0].refunded_sum()
}

pub(super) fn balance(world: &World, account: &Account) -> Money {
    let zero = eur("0");
    world.order.ledger.balance(account, zero.currency())
}

/// So many units come back and are on the shelf again.
fn bring_back(world: &mut World, number: u16, count: u32) {
    open(world, count);
    receive(world, number, "A", vec![of_line(count)]);
    inspect(world, number, &[(count, Disposition::Restock)]);
}

#[test]
fn that_it_stands_is_told_before_anything_else() {
    let mut world = prepaid();
    assert_eq!(asked(&world), []);
    world.answer("reserve_stock");
    world.answer("confirm_stock");
    assert_eq!(asked(&world), [Notice::Accepted]);
    let notice = world.outstanding("notify_channel").expect("asked");
    world.answer("request_fulfilment");
    for step in [FulfilmentStep::Accept, FulfilmentStep::Pick { lines: None }] {
        world.step(step).expect("legal");
    }
    world.step(FulfilmentStep::Pack).expect("legal");
    world.answer("buy_label");
    world.step(FulfilmentStep::HandOver).expect("legal");
    assert_eq!(asked(&world), [Notice::Accepted], "first things first");
    let told = world.good_answer(notice).expect("an answer");
    world.fact(told);
    let shipped = Notice::Shipped { fulfilment: 1 };
    assert_eq!(asked(&world), [Notice::Accepted, shipped]);
}

#[test]
fn what_ends_before_it_was_accepted_there_is_told_to_have_ended() {
    let mut world = prepaid();
    world.answer("reserve_stock");
    world.answer("confirm_stock");
    let reason = "nobody has it".to_owned();
    world.command(Command::Cancel { reason }).expect("legal");
    let accepted = world.outstanding("notify_channel").expect("asked");
    for _ in 0..6 {
        let open: Vec<_> = world.order.outstanding.keys().copied().collect();
        for id in open.into_iter().filter(|id| *id != accepted) {
            if let Some(fact) = world.good_answer(id) {
                world.fact(fact);
            }
        }
    }
    assert_eq!(world.order.stage, Stage::Cancelled);
    assert_eq!(asked(&world), [Notice::Accepted, Notice::Cancelled]);
}

#[test]
fn a_channel_that_hears_of_shipments_only_is_told_of_nothing_else() {
    let mut world = prepaid();
    world.listens = &PLAIN;
    super::returns::deliver(&mut world);
    bring_back(&mut world, 1, 1);
    world.settle();
    assert_eq!(asked(&world), [Notice::Shipped { fulfilment: 1 }]);
    assert_eq!(world.order.due_at_channel(), eur("20.00"), "by hand");
}

#[test]
fn the_buyers_wish_to_cancel_is_granted_once_and_told() {
    let mut world = prepaid();
    world.settle();
    let reference = "wish-1".to_owned();
    let wish = Fact::Channel(ChannelFact::CancelAsked { reference });
    world.fact(wish.clone());
    world.settle();
    assert_eq!(world.order.stage, Stage::Cancelled);
    assert_eq!(world.order.reason.as_deref(), Some(REASON_CANCEL_ASKED));
    assert_eq!(asked(&world).last(), Some(&Notice::Cancelled));
    assert_eq!(world.fact(wish), Decided::Nothing);
    world.check();
}

#[test]
fn where_a_person_decides_the_wish_holds_the_order_and_is_heard_once() {
    let mut world = prepaid();
    world.policy.cancel_asked = CancelAsked::Hold;
    world.settle();
    let wish = |reference: &str| {
        let reference = reference.to_owned();
        Fact::Channel(ChannelFact::CancelAsked { reference })
    };
    world.fact(wish("wish-1"));
    assert_eq!(world.order.holds[0].reason, REASON_CANCEL_ASKED);
    let why = explain(&world.order, &world.policy);
    assert_eq!(why.recommended, Some("cancel"));
    let (hold, reason) = (world.order.holds[0].id, "she keeps it".to_owned());
    world
        .command(Command::Release { hold, reason })
        .expect("legal");
    assert_eq!(world.fact(wish("wish-1")), Decided::Nothing);
    assert_eq!(world.order.holds, []);
    world.fact(wish("wish-2"));
    assert_eq!(world.order.holds.len(), 1, "another wish");
    assert_eq!(world.folded(), world.order);
}

#[test]
fn a_wish_that_comes_too_late_stands_in_the_log() {
    let mut world = delivered();
    let reference = "wish-1".to_owned();
    world.fact(Fact::Channel(ChannelFact::CancelAsked { reference }));
    assert_eq!(world.kinds().last(), Some(&"order.fact_ignored"));
    assert_eq!(world.order.holds, []);
}

#[test]
fn money_that_the_channel_gave_back_is_booked_once() {
    let mut world = prepaid();
    world.settle();
    refund_in(&mut world, "r1", "10.00");
    assert_eq!(refund_in(&mut world, "r1", "10.00"), Decided::Nothing);
    refund_in(&mut world, "r2", "10.00");
    assert_eq!(given(&world), eur("20.00"));
    assert_eq!(world.order.payment_status(), "part_refunded");
    assert_eq!(world.folded(), world.order);
}

#[test]
fn a_sum_of_what_was_given_back_adds_what_is_not_known_yet() {
    let so_far = |amount: &str| {
        let amount = eur(amount);
        Fact::Channel(ChannelFact::RefundedSoFar { amount, at: None })
    };
    for order in [["10.00", "25.00"], ["25.00", "10.00"]] {
        let mut world = prepaid();
        world.settle();
        refund_in(&mut world, "r1", "5.00");
        for sum in order {
            world.fact(so_far(sum));
            assert_eq!(world.fact(so_far(sum)), Decided::Nothing);
        }
        assert_eq!(given(&world), eur("25.00"));
        world.check();
    }
}

#[test]
fn what_it_gave_back_for_nothing_is_an_allowance_once_everything_has_left() {
    let mut world = prepaid();
    world.settle();
    refund_in(&mut world, "r1", "10.00");
    assert_eq!(balance(&world, &Account::Allowance), eur("0"));
    super::returns::deliver(&mut world);
    assert_eq!(balance(&world, &Account::Allowance), eur("10.00"));
    assert_eq!(balance(&world, &Account::Receivable), eur("0"));
    assert_eq!(world.order.due_at_channel(), eur("0"));
    world.check();
}

#[test]
fn more_than_it_took_is_a_mismatch_for_a_person() {
    let mut world = prepaid();
    world.settle();
    refund_in(&mut world, "r1", "100.00");
    assert_eq!(given(&world), eur("0"));
    assert_eq!(world.order.holds[0].reason, REASON_PAYMENT_MISMATCH);
}

#[test]
fn a_refund_goes_over_the_tenders_that_the_channel_took() {
    let lines = vec![line(1, "SKU-1", 4, "20.00")];
    let terms = || Terms::Prepaid { reference: None };
    let mut order = draft(lines, "0", terms());
    order.tenders = vec![
        DraftTender {
            amount: eur("15.00"),
            terms: terms(),
        },
        DraftTender {
            amount: eur("65.00"),
            terms: terms(),
        },
    ];
    let mut world = World::place(order, &[("BER1", "SKU-1", 9)]);
    world.settle();
    refund_in(&mut world, "r1", "20.00");
    let sums = world.order.tenders.iter().map(Tender::refunded_sum);
    assert_eq!(sums.collect::<Vec<_>>(), [eur("15.00"), eur("5.00")]);
    assert_eq!(refund_in(&mut world, "r1", "20.00"), Decided::Nothing);
}

#[test]
fn what_the_hubs_own_gateway_took_the_channel_cannot_have_given_back() {
    let mut world = super::returns::delivered(CaptureMode::Once);
    refund_in(&mut world, "r1", "10.00");
    assert_eq!(given(&world), eur("0"));
    assert_eq!(world.kinds().last(), Some(&"order.fact_ignored"));
}

#[test]
fn the_channel_gives_back_what_it_took_for_units_that_came_back() {
    let mut world = delivered();
    bring_back(&mut world, 1, 1);
    let lines = vec![PickedLine {
        line: 1,
        quantity: crate::quantity::Quantity::units(1),
    }];
    let told = Notice::Refund {
        of: RefundOf::Return(1),
        nth: 1,
        lines,
        amount: eur("20.00"),
        given: Some(BTreeSet::new()),
    };
    assert_eq!(asked(&world).last(), Some(&told));
    world.answer("restock_units");
    answer(&mut world, repaid("re_1", "20.00"));
    assert_eq!(given(&world), eur("20.00"));
    assert_eq!(balance(&world, &Account::Receivable), eur("0"));
    // Its webhook says the same once more.
    assert_eq!(refund_in(&mut world, "re_1", "20.00"), Decided::Nothing);
    world.settle();
    assert_eq!(asked(&world).iter().filter(|n| n.gives_back()).count(), 1);
    assert_eq!(world.order.due_at_channel(), eur("0"));
    bring_back(&mut world, 2, 2);
    let known = BTreeSet::from(["re_1".to_owned()]);
    assert!(asked(&world).last().is_some_and(|last| matches!(
        last,
        Notice::Refund { of: RefundOf::Return(2), nth: 1, amount, given: Some(given), .. }
            if *amount == eur("40.00") && *given == known
    )));
}

#[test]
fn what_somebody_gave_back_there_by_hand_is_not_given_again_for_the_return() {
    let mut early = delivered();
    refund_in(&mut early, "by-hand", "20.00");
    bring_back(&mut early, 1, 1);
    early.settle();
    let mut late = delivered();
    late.listens = &PLAIN;
    bring_back(&mut late, 1, 1);
    late.settle();
    refund_in(&mut late, "by-hand", "20.00");
    late.listens = &Topic::ALL;
    late.wait(1);
    late.settle();
    for world in [&early, &late] {
        assert!(!asked(world).iter().any(Notice::gives_back));
        assert_eq!(world.order.due_at_channel(), eur("0"));
        assert_eq!(given(world), eur("20.00"));
        assert_eq!(balance(world, &Account::Receivable), eur("0"));
        assert_eq!(balance(world, &Account::Allowance), eur("20.00"));
    }
}

#[test]
fn a_refund_that_the_channel_refuses_waits_for_a_person() {
    let mut world = delivered();
    bring_back(&mut world, 1, 1);
    world.answer("restock_units");
    let code = "order_locked".to_owned();
    answer(&mut world, NoticeEvidence::Refused { code });
    assert_eq!(world.order.holds[0].reason, REASON_CHANNEL_REFUND_REFUSED);
    world.wait(60);
    assert_eq!(asked(&world).iter().filter(|n| n.gives_back()).count(), 1);
    assert_eq!(world.order.due_at_channel(), eur("20.00"));
}

#[test]
fn a_part_that_is_cancelled_here_is_told_with_what_the_channel_gives_back() {
    let mut world = prepaid();
    world.settle();
    let stop = RouteCommand::CancelLines {
        lines: units(&[("1", 1)]),
        reason: "one is broken".into(),
    };
    world.command(Command::Route(stop)).expect("legal");
    let before = asked(&world).len();
    while world.outstanding("notify_channel").is_none() {
        let open: Vec<_> = world.order.outstanding.keys().copied().collect();
        let fact = open.into_iter().find_map(|id| world.good_answer(id));
        world.fact(fact.expect("an answer"));
    }
    assert_eq!(asked(&world).len(), before + 1);
    assert!(matches!(
        asked(&world).last(),
        Some(Notice::PartCancelled { part: 1, amount, .. }) if *amount == eur("20.00")
    ));
    answer(&mut world, repaid("re_1", "20.00"));
    assert_eq!(world.order.due_at_channel(), eur("0"));
    assert_eq!(world.folded(), world.order);
}
