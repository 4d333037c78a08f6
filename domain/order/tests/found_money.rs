//! Errors that long walks found in what becomes of money, each as the short life that it comes down to.

use super::super::*;
use super::renewals::{DAY, two_parcels};
use super::tenders::{asked, ship};
use crate::canonical::CaptureMode;
use crate::policy::OnceCapture;

#[test]
fn nothing_is_captured_after_the_end_while_the_rest_is_being_cancelled() {
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
    let reason = "the buyer has called".to_owned();
    world.command(Command::Cancel { reason }).expect("legal");
    // The other location does not say whether it stops.
    world.wait(7 * DAY);
    let reason = "checked".to_owned();
    world
        .command(Command::Release { hold: 1, reason })
        .expect("legal");
    assert_eq!(world.order.stage, Stage::Cancelling);
    assert!(world.kinds().contains(&"payment.authorization_expired"));
    assert!(asked(&world, "capture_payment").is_empty());
    assert!(
        world.order.is_held_for(REASON_PAYMENT_LOST),
        "a person has to look"
    );
    world.check();
}
