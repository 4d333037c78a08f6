//! However an order is edited, cut and shipped: what is captured in the end is what shipped is worth,
//! and no share of what was there before moves by a minor unit.

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::super::*;
use super::edits::{edit, new, set, ship_all};
use super::routing::ship;
use super::tenders::{paid_by, report};
use super::world::*;
use crate::canonical::*;
use crate::money::{Currency, Money, spread};

/// Two lines of three with an order discount and shipping, on two tenders, at one location.
fn placed(code: &str, cents: [u32; 2], off: u32, many: [bool; 2]) -> World {
    let currency = Currency::from_code(code).expect("a currency");
    let exponent = currency.exponent();
    let minor = |minor: i64| Money::from_minor(minor, currency).expect("an amount");
    let lines = cents.iter().zip(1_u16..).map(|(cents, number)| {
        let mut line = line(number, &format!("SKU-{number}"), 3, "1");
        line.unit_price = Decimal::new(i64::from(*cents), exponent);
        line
    });
    let mut order = draft(lines.collect(), "0.00", Terms::Invoice);
    order.currency = currency;
    order.shipping[0].amount = minor(499);
    order.discounts.push(Discount {
        code: Some("LESS".into()),
        amount: minor(i64::from(off % (cents[0] + cents[1]))),
        funded_by: FundedBy::Seller,
    });
    order.stated_total = order.totals().grand;
    let shares = spread(order.stated_total, &[Decimal::from(2), Decimal::from(3)]);
    let parts = shares.into_iter().zip(many).map(|(amount, many)| {
        let mode = if many {
            CaptureMode::Many
        } else {
            CaptureMode::Once
        };
        (amount, to_authorize(mode))
    });
    let parts: Vec<(Money, Terms)> = parts.filter(|(part, _)| part.is_positive()).collect();
    let order = paid_by(order, &parts);
    let mut world = World::place(order, &[("BER1", "SKU-1", 12), ("BER1", "SKU-2", 12)]);
    world.settle();
    world
}

/// The order's books fit, and nobody moved more than was asked.
fn within_bounds(world: &World) {
    let order = &world.order;
    let taken = order.tenders.iter().map(Tender::captured_sum);
    let taken = Money::sum(order.draft.currency, taken);
    assert!(taken <= order.draft.stated_total);
    for tender in &order.tenders {
        assert!(tender.captured_sum() <= tender.amount);
        assert!(!tender.pending || tender.captured_sum().is_zero());
    }
    assert_eq!(order.totals, order.draft.totals());
    world.check();
}

fn act(world: &mut World, (what, number): (u8, u32)) {
    let values = world.order.line_values();
    let line = if number.is_multiple_of(2) { "1" } else { "2" };
    let price = Decimal::new(
        i64::from(number % 977),
        world.order.draft.currency.exponent(),
    );
    let command = match what {
        0 | 1 => edit(vec![set(line, number % 7)]),
        2 => edit(vec![new("SKU-2", 1 + number % 3, &price.to_string())]),
        3 => edit(vec![
            set(line, number % 4),
            new("SKU-1", 1, &price.to_string()),
        ]),
        _ => {
            let works = world.order.fulfilments.iter();
            let open = works.filter(|work| !work.is_off() && !work.is_shipped());
            let open: Vec<u16> = open.map(|work| work.number).collect();
            if !open.is_empty() && world.order.holds.is_empty() {
                ship(world, open[number as usize % open.len()]);
                world.settle();
            }
            within_bounds(world);
            return;
        }
    };
    let asked = world.command(command).is_ok();
    if asked && number.is_multiple_of(5) && world.outstanding("authorize_payment").is_some() {
        let tender = u16::try_from(world.order.tenders.len()).expect("few");
        let code = "card_declined".to_owned();
        let reference = Some(format!("pi_{tender}"));
        report(world, tender, PaymentEvidence::Declined { reference, code });
    }
    world.settle();
    assert_eq!(world.order.editing, None, "it is decided");
    // What was there before is worth to the minor unit what it was worth.
    assert_eq!(world.order.line_values()[..values.len()], values);
    within_bounds(world);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1_000, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn what_is_captured_in_the_end_is_what_shipped_is_worth(
        code in prop::sample::select(vec!["EUR", "JPY", "KWD"]),
        cents in [1_u32..50_000, 1_u32..50_000],
        off in any::<u32>(),
        many in any::<[bool; 2]>(),
        policy in 0_usize..3,
        acts in prop::collection::vec((0_u8..5, any::<u32>()), 1..10),
    ) {
        let mut world = placed(code, cents, off, many);
        world.policy.payment.once_capture = [
            crate::policy::OnceCapture::AtLastShipment,
            crate::policy::OnceCapture::AtFirstShipment,
            crate::policy::OnceCapture::ReauthorizeRest,
        ][policy];
        for next in acts {
            act(&mut world, next);
        }
        if world.order.is_standing() {
            ship_all(&mut world);
        }
        let order = &world.order;
        let sum = |of: fn(&Tender) -> Money| {
            Money::sum(order.draft.currency, order.tenders.iter().map(of))
        };
        let kept = sum(Tender::captured_sum).minus(sum(Tender::refunded_sum));
        let worth = order.draft.stated_total.minus(order.cancelled_value());
        prop_assert_eq!(order.earned(), worth);
        prop_assert_eq!(kept, worth);
        let owed = order.ledger.balance(&Account::Receivable, order.draft.currency);
        prop_assert!(owed.is_zero(), "{:?}", order.ledger);
        // What pays for nothing is set aside no more.
        for tender in order.tenders.iter().filter(|tender| tender.pending) {
            prop_assert!(tender.voided || tender.authorized.is_none());
        }
    }
}
