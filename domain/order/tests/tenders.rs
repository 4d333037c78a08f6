//! Several tenders: all are secured or none is kept, and what they pay adds up to the minor unit,
//! however an order is cut.

use super::super::*;
use super::world::*;
use crate::canonical::*;
use crate::money::{Currency, Money};

pub(super) fn money(text: &str, code: &str) -> Money {
    let currency = Currency::from_code(code).expect("a currency");
    Money::exact(text.parse().expect("a number"), currency).expect("an amount")
}

/// The draft paid by these tenders instead of one.
pub(super) fn paid_by(mut order: OrderDraft, parts: &[(Money, Terms)]) -> OrderDraft {
    let tender = |(amount, terms): &(Money, Terms)| DraftTender {
        amount: *amount,
        terms: terms.clone(),
    };
    order.tenders = parts.iter().map(tender).collect();
    let sum = order.tenders.iter().map(|tender| tender.amount);
    assert_eq!(Money::sum(order.currency, sum), order.stated_total);
    order
}

fn card_of(gateway: &str, capture: CaptureMode) -> Terms {
    Terms::ToAuthorize {
        gateway: gateway.into(),
        token: "pm_card".into(),
        capture,
    }
}

/// A gift card and two cards over 44.97.
fn gift_card_and_two_cards() -> World {
    let order = draft(vec![line(1, "SKU-1", 2, "19.99")], "4.99", Terms::Invoice);
    let order = paid_by(
        order,
        &[
            (eur("10.00"), card_of("gift-cards", CaptureMode::Once)),
            (eur("20.00"), to_authorize(CaptureMode::Once)),
            (eur("14.97"), to_authorize(CaptureMode::Many)),
        ],
    );
    let mut world = World::place(order, &[("BER1", "SKU-1", 5)]);
    world.answer("reserve_stock");
    world
}

/// A gateway reports about a tender of its own.
pub(super) fn report(world: &mut World, tender: u16, evidence: PaymentEvidence) -> Decided {
    world.fact(Fact::Payment(PaymentFact {
        tender: TenderSelector::Number(tender),
        account: None,
        occurred_at: None,
        evidence,
    }))
}

pub(super) fn authorized(tender: u16, amount: Money) -> PaymentEvidence {
    PaymentEvidence::Authorized {
        reference: format!("pi_{tender}"),
        amount,
        expires_at: None,
    }
}

/// How often an effect of this kind was asked for about each of the tenders.
pub(super) fn asked(world: &World, effect: &str) -> Vec<u16> {
    let opened = world.log.iter().filter_map(|one| one.event.opens());
    let like = opened.filter(|open| open.effect.word() == effect);
    like.filter_map(|open| open.effect.tender()).collect()
}

#[test]
fn all_tenders_are_authorised_at_once() {
    let mut world = gift_card_and_two_cards();
    assert_eq!(asked(&world, "authorize_payment"), [1, 2, 3]);
    world.settle();
    assert_eq!(world.order.stage, Stage::Fulfilling);
    assert_eq!(world.order.payment_status(), "authorized");
}

#[test]
fn one_that_is_declined_releases_the_others_once_and_the_stock() {
    for declined in 1..=3 {
        let mut world = gift_card_and_two_cards();
        for tender in (1..=3).filter(|tender| *tender != declined) {
            let amount = world.order.tender(tender).expect("a tender").amount;
            report(&mut world, tender, authorized(tender, amount));
        }
        let code = "card_declined".to_owned();
        let evidence = PaymentEvidence::Declined {
            reference: Some(format!("pi_{declined}")),
            code,
        };
        report(&mut world, declined, evidence.clone());
        assert_eq!(report(&mut world, declined, evidence), Decided::Nothing);
        world.settle();
        assert_eq!(world.order.stage, Stage::Rejected);
        let others: Vec<u16> = (1..=3).filter(|tender| *tender != declined).collect();
        assert_eq!(asked(&world, "void_payment"), others);
        let released = world.kinds().into_iter();
        let released = released.filter(|k| *k == "inventory.reservation_released");
        assert_eq!(released.count(), 1);
        let told = world.kinds().into_iter();
        let told = told.filter(|k| *k == "order.channel_notice_requested");
        assert_eq!(told.count(), 1, "the channel is told once");
        world.check();
    }
}

#[test]
fn one_whose_buyer_never_confirms_releases_the_others_and_is_voided_itself() {
    let mut world = gift_card_and_two_cards();
    for tender in 1..=2 {
        let amount = world.order.tender(tender).expect("a tender").amount;
        report(&mut world, tender, authorized(tender, amount));
    }
    let reference = "pi_3".to_owned();
    report(&mut world, 3, PaymentEvidence::ActionRequired { reference });
    world.wait(15 * 60);
    world.settle();
    assert_eq!(world.order.stage, Stage::Expired);
    assert_eq!(asked(&world, "void_payment"), [1, 2, 3]);
    assert!(world.order.tenders.iter().all(|tender| tender.voided));
    world.check();
}

#[test]
fn a_buyer_who_does_not_confirm_within_the_time_that_policy_gives_is_gone() {
    let order = draft(
        vec![line(1, "SKU-1", 1, "19.99")],
        "0.00",
        to_authorize(CaptureMode::Once),
    );
    let mut world = World::place(order, &[("BER1", "SKU-1", 5)]);
    world.policy.payment.action_time = Some(jiff::SignedDuration::from_mins(5));
    world.answer("reserve_stock");
    let reference = "pi_1".to_owned();
    world.pay(PaymentEvidence::ActionRequired { reference });
    let until = wake_at(&world.order, &world.policy).expect("it waits");
    assert_eq!(until.duration_since(world.now).as_secs(), 300);
    world.wait(299);
    assert!(world.order.ending.is_none());
    world.wait(1);
    world.settle();
    let end = (world.order.stage, world.order.reason.as_deref());
    assert_eq!(end, (Stage::Expired, Some("payment_abandoned")));
    assert_eq!(asked(&world, "void_payment"), [1]);
    let refunded = world.kinds().contains(&"payment.refund_requested");
    assert!(!refunded && world.order.tenders[0].voided);
}

#[test]
fn one_whose_time_is_over_before_the_order_stands_releases_the_others() {
    let mut world = gift_card_and_two_cards();
    let ends = world.now + jiff::SignedDuration::from_mins(10);
    let amount = eur("10.00");
    let evidence = PaymentEvidence::Authorized {
        reference: "pi_1".into(),
        amount,
        expires_at: Some(ends),
    };
    report(&mut world, 1, evidence);
    report(&mut world, 2, authorized(2, eur("20.00")));
    world.wait(10 * 60);
    report(&mut world, 3, authorized(3, eur("14.97")));
    world.settle();
    let end = (world.order.stage, world.order.reason.as_deref());
    assert_eq!(end, (Stage::Rejected, Some("authorization_expired")));
    assert_eq!(asked(&world, "void_payment"), [2, 3]);
    assert!(asked(&world, "capture_payment").is_empty());
}

/// Ships a fulfilment, from the shelf to the carrier.
pub(super) fn ship(world: &mut World, fulfilment: u16) {
    for step in [FulfilmentStep::Pick { lines: None }, FulfilmentStep::Pack] {
        let command = Command::Fulfil { fulfilment, step };
        world.command(command).expect("legal");
    }
    world.settle();
    let step = FulfilmentStep::HandOver;
    let command = Command::Fulfil { fulfilment, step };
    world.command(command).expect("legal");
    world.settle();
}

#[test]
fn a_tender_that_gave_in_place_of_another_gives_its_own_money_too_when_all_is_cancelled() {
    let mut gift = line(1, "GIFT", 1, "30.00");
    gift.fulfilled_by = FulfilledBy::Nobody;
    let goods = [line(2, "SKU-1", 1, "20.00"), line(3, "SKU-2", 1, "10.00")];
    let lines = std::iter::once(gift).chain(goods).collect();
    let order = draft(lines, "0.00", Terms::Invoice);
    let half = (eur("30.00"), to_authorize(CaptureMode::Once));
    let order = paid_by(order, &[half.clone(), half]);
    let shelf = [("BER1", "SKU-1", 1), ("BER1", "SKU-2", 1)];
    let mut world = World::place_under(order, &shelf, |policy| {
        policy.payment.once_capture = crate::policy::OnceCapture::AtFirstShipment;
    });
    world.settle();
    let captured = |world: &World| {
        let tenders = world.order.tenders.iter();
        tenders.map(Tender::captured_sum).collect::<Vec<_>>()
    };
    assert_eq!(captured(&world), [eur("30.00"), eur("30.00")]);
    // A part cannot be sent, the second card takes nothing back: the first gives it.
    world
        .command(Command::Route(RouteCommand::CancelLines {
            lines: vec![("2".into(), crate::quantity::Quantity::units(1))],
            reason: "not there".into(),
        }))
        .expect("legal");
    while world.outstanding("refund_payment").is_none() {
        let id = *world.order.outstanding.keys().next().expect("it goes on");
        let fact = world.good_answer(id).expect("an answer");
        world.fact(fact);
    }
    assert_eq!(asked(&world, "refund_payment"), [2]);
    let (refund, code) = (None, "expired_card".to_owned());
    report(
        &mut world,
        2,
        PaymentEvidence::RefundFailed { refund, code },
    );
    world.settle();
    let refunded = |world: &World| {
        let tenders = world.order.tenders.iter();
        tenders.map(Tender::refunded_sum).collect::<Vec<_>>()
    };
    assert_eq!(refunded(&world), [eur("20.00"), eur("0.00")]);
    let reason = "the buyer has called".to_owned();
    world.command(Command::Cancel { reason }).expect("legal");
    world.settle();
    assert_eq!(world.order.stage, Stage::Cancelled);
    assert_eq!(refunded(&world), [eur("30.00"), eur("30.00")], "all of it");
    world.check();
}
