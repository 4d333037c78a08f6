//! Authorisations that end, are used up or fail before all has shipped.

use jiff::SignedDuration;

use super::super::*;
use super::tenders::{asked, report, ship};
use super::world::*;
use crate::canonical::*;
use crate::money::Money;
use crate::policy::OnceCapture;

pub(super) const DAY: i64 = 24 * 3600;

/// Two units of 10.00 from two locations, authorised for seven days.
pub(super) fn two_parcels(mode: CaptureMode, policy: OnceCapture) -> World {
    let order = draft(
        vec![line(1, "SKU-1", 2, "10.00")],
        "0.00",
        to_authorize(mode),
    );
    let mut world = World::place(order, &[("BER1", "SKU-1", 1), ("HAM1", "SKU-1", 1)]);
    world.policy.payment.once_capture = policy;
    while world.outstanding("reserve_stock").is_some() {
        world.answer("reserve_stock");
    }
    authorize(&mut world, 1, "20.00", 7 * DAY);
    world.settle();
    for fulfilment in 1..=2 {
        let step = FulfilmentStep::Accept;
        let command = Command::Fulfil { fulfilment, step };
        world.command(command).expect("legal");
    }
    world
}

fn authorize(world: &mut World, tender: u16, amount: &str, seconds: i64) {
    let evidence = PaymentEvidence::Authorized {
        reference: format!("pi_{tender}"),
        amount: eur(amount),
        expires_at: Some(world.now + SignedDuration::from_secs(seconds)),
    };
    report(world, tender, evidence);
}

fn decline(world: &mut World, tender: u16, code: &str) {
    let evidence = PaymentEvidence::Declined {
        reference: Some(format!("pi_{tender}")),
        code: code.to_owned(),
    };
    report(world, tender, evidence);
}

fn refuse_capture(world: &mut World, code: &str) {
    let code = code.to_owned();
    report(
        world,
        1,
        PaymentEvidence::CaptureFailed {
            capture: None,
            code,
        },
    );
}

fn captured(world: &World) -> Vec<Money> {
    let tenders = world.order.tenders.iter();
    tenders.map(Tender::captured_sum).collect()
}

#[test]
fn what_has_not_shipped_is_authorised_anew_a_day_before_its_authorisation_ends() {
    let mut world = two_parcels(CaptureMode::Many, OnceCapture::AtLastShipment);
    ship(&mut world, 1);
    let due = wake_at(&world.order, &world.policy).expect("it waits");
    assert_eq!(due.duration_since(world.now).as_secs(), 6 * DAY);
    world.wait(6 * DAY - 1);
    assert_eq!(world.order.tenders.len(), 1);
    world.wait(1);
    assert_eq!(asked(&world, "authorize_payment"), [1, 2]);
    assert_eq!(world.order.tenders[1].amount, eur("10.00"));
    assert!(world.order.is_money_secured(), "the old one still holds");
    authorize(&mut world, 2, "10.00", 7 * DAY);
    world.settle();
    assert_eq!(world.order.tenders[0].replaced_by, Some(2));
    assert_eq!(asked(&world, "void_payment"), [1], "given back once");
    ship(&mut world, 2);
    assert_eq!(captured(&world), [eur("10.00"), eur("10.00")]);
    assert!(world.order.holds.is_empty());
    assert_eq!(world.folded(), world.order);
    world.check();
}

#[test]
fn nothing_is_captured_of_an_authorisation_that_has_ended() {
    let mut world = two_parcels(CaptureMode::Many, OnceCapture::AtLastShipment);
    let by_accountant = Command::Hold {
        scope: HoldScope::Order,
        blocks: vec![Edge::Capture],
        reason: "the accountant asks".into(),
        until: None,
        on_expiry: OnExpiry::Release,
    };
    world.command(by_accountant).expect("legal");
    ship(&mut world, 1);
    world.wait(6 * DAY);
    decline(&mut world, 2, "expired_card");
    assert!(world.order.is_held_for(REASON_PAYMENT_LOST));
    world.wait(DAY);
    assert!(world.kinds().contains(&"payment.authorization_expired"));
    let reason = "checked".to_owned();
    world
        .command(Command::Release { hold: 1, reason })
        .expect("legal");
    assert!(asked(&world, "capture_payment").is_empty());
    assert!(!world.order.is_money_secured());

    // A person asks for it once more, and it works: both parcels are paid by the new one.
    let mut holds = world.order.holds.iter();
    let lost = holds.find(|one| one.reason == REASON_PAYMENT_LOST);
    let hold = lost.expect("it is held").id;
    let reason = "they have a new card".to_owned();
    world
        .command(Command::Release { hold, reason })
        .expect("legal");
    assert_eq!(asked(&world, "authorize_payment"), [1, 2, 3]);
    authorize(&mut world, 3, "20.00", 7 * DAY);
    world.settle();
    ship(&mut world, 2);
    assert_eq!(captured(&world), [eur("0"), eur("0"), eur("20.00")]);
    assert_eq!(asked(&world, "void_payment"), [] as [u16; 0]);
    world.check();
}

#[test]
fn a_renewal_that_is_declined_for_now_is_tried_again_by_the_schedule_and_then_shown_to_a_person() {
    let mut world = two_parcels(CaptureMode::Many, OnceCapture::AtLastShipment);
    world.wait(6 * DAY);
    for (tender, wait) in [(2, 15 * 60), (3, 2 * 3600), (4, 12 * 3600)] {
        decline(&mut world, tender, "insufficient_funds");
        assert!(world.order.holds.is_empty());
        let due = wake_at(&world.order, &world.policy).expect("it waits");
        assert_eq!(due.duration_since(world.now).as_secs(), wait);
        world.wait(wait);
        assert_eq!(world.order.tenders.len(), usize::from(tender) + 1);
    }
    decline(&mut world, 5, "insufficient_funds");
    assert!(world.order.is_held_for(REASON_PAYMENT_LOST));
    assert_eq!(asked(&world, "authorize_payment"), [1, 2, 3, 4, 5]);
    world.check();
}

#[test]
fn a_renewal_that_wants_the_buyer_is_given_back_and_shown_to_a_person() {
    let mut world = two_parcels(CaptureMode::Many, OnceCapture::AtLastShipment);
    world.wait(6 * DAY);
    let reference = "pi_2".to_owned();
    report(&mut world, 2, PaymentEvidence::ActionRequired { reference });
    assert!(world.order.is_held_for(REASON_PAYMENT_LOST));
    assert_eq!(asked(&world, "void_payment"), [2]);
    world.settle();
    world.check();
}

#[test]
fn what_can_be_captured_once_is_captured_a_day_before_its_end_and_the_rest_authorised_anew() {
    let mut world = two_parcels(CaptureMode::Once, OnceCapture::AtLastShipment);
    ship(&mut world, 1);
    assert_eq!(
        captured(&world),
        [eur("0")],
        "the last parcel is still here"
    );
    world.wait(6 * DAY);
    world.answer("capture_payment");
    assert_eq!(captured(&world), [eur("10.00"), eur("0")]);
    assert!(world.order.is_held_for(REASON_REAUTHORIZING));
    let refused = world.command(Command::Fulfil {
        fulfilment: 2,
        step: FulfilmentStep::Pick { lines: None },
    });
    refused.expect("picking is no leaving");
    let step = FulfilmentStep::Pack;
    let fulfilment = 2;
    world
        .command(Command::Fulfil { fulfilment, step })
        .expect("legal");
    assert!(
        world.outstanding("buy_label").is_none(),
        "nothing leaves unpaid"
    );
    authorize(&mut world, 2, "10.00", 7 * DAY);
    world.settle();
    assert!(world.order.holds.is_empty(), "the hub lifts its own hold");
    let step = FulfilmentStep::HandOver;
    world
        .command(Command::Fulfil { fulfilment, step })
        .expect("legal");
    world.settle();
    assert_eq!(captured(&world), [eur("10.00"), eur("10.00")]);
    assert!(asked(&world, "void_payment").is_empty(), "both were used");
    world.check();
}

#[test]
fn with_the_first_shipment_everything_is_taken_and_what_never_ships_goes_back() {
    let mut world = two_parcels(CaptureMode::Once, OnceCapture::AtFirstShipment);
    ship(&mut world, 1);
    assert_eq!(captured(&world), [eur("20.00")]);
    let reason = "changed mind".to_owned();
    world.command(Command::Cancel { reason }).expect("legal");
    world.settle();
    assert_eq!(world.order.tenders[0].refunded_sum(), eur("10.00"));
    assert_eq!(asked(&world, "capture_payment"), [1]);
    world.fact(seen(1, 20, ParcelStatus::Delivered));
    world.settle();
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(world.order.payment_status(), "part_refunded");
    world.check();
}

#[test]
fn each_shipment_is_captured_and_the_rest_authorised_before_the_next_is_released() {
    let mut world = two_parcels(CaptureMode::Once, OnceCapture::ReauthorizeRest);
    ship(&mut world, 1);
    assert_eq!(captured(&world), [eur("10.00"), eur("0")]);
    assert_eq!(world.order.tenders[1].because, Some(RenewalReason::UsedUp));
    ship(&mut world, 2);
    assert_eq!(captured(&world), [eur("10.00"), eur("10.00")]);
    assert_eq!(asked(&world, "authorize_payment"), [1, 2]);
    world.check();
}

#[test]
fn a_capture_that_is_refused_for_now_is_tried_again_by_the_schedule() {
    let mut world = two_parcels(CaptureMode::Many, OnceCapture::AtLastShipment);
    world
        .command(Command::Fulfil {
            fulfilment: 1,
            step: FulfilmentStep::Pick { lines: None },
        })
        .expect("legal");
    let (fulfilment, step) = (1, FulfilmentStep::Pack);
    world
        .command(Command::Fulfil { fulfilment, step })
        .expect("legal");
    world.settle();
    let step = FulfilmentStep::HandOver;
    world
        .command(Command::Fulfil { fulfilment, step })
        .expect("legal");
    for wait in [15 * 60, 2 * 3600, 12 * 3600] {
        refuse_capture(&mut world, "processing_error");
        assert!(world.outstanding("capture_payment").is_none());
        assert!(world.order.holds.is_empty());
        world.wait(wait - 1);
        assert!(world.outstanding("capture_payment").is_none());
        world.wait(1);
        assert!(world.outstanding("capture_payment").is_some());
    }
    // The last one counts as final: what is owed and what has still to ship is authorised anew.
    refuse_capture(&mut world, "processing_error");
    assert!(world.order.is_held_for(REASON_REAUTHORIZING));
    authorize(&mut world, 2, "20.00", 7 * DAY);
    world.settle();
    assert_eq!(captured(&world), [eur("0"), eur("10.00")]);
    assert_eq!(asked(&world, "void_payment"), [1]);
    world.check();
}

#[test]
fn a_capture_that_is_refused_for_good_blocks_the_next_parcel_but_no_sighting_of_this_one() {
    let mut world = two_parcels(CaptureMode::Many, OnceCapture::AtLastShipment);
    for step in [FulfilmentStep::Pick { lines: None }, FulfilmentStep::Pack] {
        world.step(step).expect("legal");
    }
    world.settle();
    world.step(FulfilmentStep::HandOver).expect("legal");
    refuse_capture(&mut world, "do_not_honor");
    assert!(world.order.is_held_for(REASON_REAUTHORIZING));
    decline(&mut world, 2, "stolen_card");
    assert!(world.order.is_held_for(REASON_CAPTURE_FAILED));
    assert!(!world.order.is_held_for(REASON_REAUTHORIZING));
    for step in [FulfilmentStep::Pick { lines: None }, FulfilmentStep::Pack] {
        let fulfilment = 2;
        world
            .command(Command::Fulfil { fulfilment, step })
            .expect("legal");
    }
    world.settle();
    assert!(
        world.order.fulfilments[1].parcels[0].label.is_none(),
        "no label is bought"
    );
    world.fact(seen(1, 20, ParcelStatus::Delivered));
    assert!(world.order.fulfilments[0].is_delivered());
    let why = explain(&world.order, &world.policy);
    assert_eq!(why.waiting_for, "person");

    // Releasing tries the capture again.
    let hold = world.order.holds[0].id;
    let reason = "the bank says it works".to_owned();
    world
        .command(Command::Release { hold, reason })
        .expect("legal");
    world.settle();
    assert_eq!(captured(&world)[0], eur("10.00"));
    world.check();
}

#[test]
fn a_renewal_that_stands_too_late_is_given_back() {
    let mut world = two_parcels(CaptureMode::Many, OnceCapture::AtLastShipment);
    world.wait(6 * DAY);
    decline(&mut world, 2, "insufficient_funds");
    world.wait(15 * 60);
    authorize(&mut world, 3, "20.00", 7 * DAY);
    assert_eq!(world.order.tenders[0].replaced_by, Some(3));
    // The gateway says now that the first renewal is good after all.
    authorize(&mut world, 2, "20.00", 7 * DAY);
    world.settle();
    assert_eq!(asked(&world, "void_payment"), [1, 2]);
    assert_eq!(world.order.payers(), [3]);
    world.check();
}

#[test]
fn a_cancel_gives_the_renewal_back_too() {
    let mut world = two_parcels(CaptureMode::Many, OnceCapture::AtLastShipment);
    world.wait(6 * DAY);
    let reason = "changed mind".to_owned();
    world.command(Command::Cancel { reason }).expect("legal");
    authorize(&mut world, 2, "20.00", 7 * DAY);
    world.settle();
    assert_eq!(world.order.stage, Stage::Cancelled);
    assert!(world.order.tenders.iter().all(|tender| tender.voided));
    assert_eq!(world.order.payment_status(), "voided");
    world.check();
}

#[test]
fn short_authorisations_are_renewed_at_half_their_life() {
    let mut world = two_parcels(CaptureMode::Many, OnceCapture::AtLastShipment);
    world.wait(6 * DAY);
    authorize(&mut world, 2, "20.00", 3600);
    world.settle();
    assert_eq!(world.order.tenders.len(), 2);
    world.wait(1799);
    assert_eq!(world.order.tenders.len(), 2);
    world.wait(1);
    assert_eq!(world.order.tenders.len(), 3);
}

#[test]
fn a_renewal_that_the_gateway_let_go_before_it_said_that_it_had_it_is_not_asked_for_again() {
    let mut world = two_parcels(CaptureMode::Many, OnceCapture::AtLastShipment);
    world.wait(6 * DAY);
    assert_eq!(asked(&world, "authorize_payment"), [1, 2]);
    let reference = "pi_2".to_owned();
    report(&mut world, 2, PaymentEvidence::Voided { reference });
    authorize(&mut world, 2, "20.00", 7 * DAY);
    assert_eq!(
        asked(&world, "authorize_payment"),
        [1, 2],
        "only a person may"
    );
    assert_eq!(world.order.tenders[0].replaced_by, None);
    world.check();
}

#[test]
fn nobody_is_woken_to_take_what_is_not_there_any_more() {
    let mut world = two_parcels(CaptureMode::Many, OnceCapture::AtLastShipment);
    ship(&mut world, 1);
    let again = |world: &World| {
        let waits = Wait::PaymentRetry.until(&world.order, &world.policy);
        waits.is_some()
    };
    world.wait(1);
    assert!(!again(&world), "it was taken");
    let mut world = two_parcels(CaptureMode::Many, OnceCapture::AtLastShipment);
    for step in [FulfilmentStep::Pick { lines: None }, FulfilmentStep::Pack] {
        world.step(step).expect("legal");
    }
    world.settle();
    world.step(FulfilmentStep::HandOver).expect("legal");
    refuse_capture(&mut world, "processing_error");
    assert!(again(&world), "the refusal may pass");
    let reference = "pi_1".to_owned();
    report(&mut world, 1, PaymentEvidence::Voided { reference });
    assert!(!again(&world), "there is nothing to take");
}
