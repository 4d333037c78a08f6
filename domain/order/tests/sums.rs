//! What tenders pay of an order adds up to the minor unit, however it is cut.

use proptest::prelude::*;
use rust_decimal::Decimal;

use super::super::*;
use super::tenders::{asked, money, paid_by, ship};
use super::world::*;
use crate::canonical::*;
use crate::money::{Currency, Money, share_between, spread};
use crate::quantity::Quantity;

fn sum(world: &World, of: fn(&Tender) -> Money) -> Money {
    Money::sum(
        world.order.draft.currency,
        world.order.tenders.iter().map(of),
    )
}

/// Three equal units for 100, ten percent off, tax included, shipping 4.99, on two cards.
fn split_with_rounding(code: &str, [price, items, off, tax, shipping, first, second]: [&str; 7]) {
    let of = |text: &str| money(text, code);
    let mut order = draft(vec![line(1, "SKU-1", 3, price)], "0.00", Terms::Invoice);
    let line = &mut order.lines[0];
    line.discounts.push(Discount {
        code: Some("TEN".into()),
        amount: of(off),
        funded_by: FundedBy::Seller,
    });
    line.taxes.push(Tax {
        name: "VAT".into(),
        rate: Some("0.19".parse().expect("a rate")),
        amount: of(tax),
        included: true,
    });
    order.currency = of(items).currency();
    order.shipping[0].amount = of(shipping);
    order.stated_total = of(items).minus(of(off)).plus(of(shipping));
    assert_eq!(order.totals().grand, order.stated_total);
    let cards = [
        (of(first), to_authorize(CaptureMode::Many)),
        (of(second), to_authorize(CaptureMode::Many)),
    ];
    let order = paid_by(order, &cards);
    let total = order.stated_total;
    let shelves = [
        ("BER1", "SKU-1", 1),
        ("HAM1", "SKU-1", 1),
        ("MUC1", "SKU-1", 1),
    ];
    let mut world = World::place(order, &shelves);
    world.settle();
    assert_eq!(world.order.fulfilments.len(), 3, "one unit from each");
    for fulfilment in 1..=3 {
        ship(&mut world, fulfilment);
        world.check();
        assert_eq!(sum(&world, Tender::captured_sum), world.order.earned());
    }
    assert_eq!(sum(&world, Tender::captured_sum), total);
    let captures = asked(&world, "capture_payment");
    assert!(captures.len() >= 3, "{captures:?}");
    assert!(
        world
            .order
            .tenders
            .iter()
            .all(|t| t.captured_sum() == t.amount)
    );

    // What came back is worth what its place in the line is worth; all places make up the line.
    let value = world.order.line_values()[0];
    let place = |n: u32| share_between(value, n.into(), (n + 1).into(), 3.into());
    let places = Money::sum(value.currency(), (0..3).map(place));
    assert_eq!(places.plus(of(shipping)), total);
    let unit = place(2);
    let amount = Some(unit.amount());
    let reason = "returned".to_owned();
    let as_credit = false;
    let refund = Command::Refund {
        amount,
        as_credit,
        reason,
    };
    world.command(refund).expect("there is enough");
    world.settle();
    assert_eq!(sum(&world, Tender::refunded_sum), unit);
    assert!(world.order.ledger.sum(value.currency()).is_zero());
    world.check();
}

#[test]
fn an_order_split_over_parcels_and_cards_adds_up_in_every_currency() {
    split_with_rounding(
        "EUR",
        [
            "33.333333",
            "100.00",
            "10.00",
            "14.37",
            "4.99",
            "60.00",
            "34.99",
        ],
    );
    split_with_rounding(
        "JPY",
        [
            "3333.333333",
            "10000",
            "1000",
            "1437",
            "499",
            "6000",
            "3499",
        ],
    );
    split_with_rounding(
        "KWD",
        [
            "33.333333",
            "100.000",
            "10.000",
            "14.370",
            "4.990",
            "60.000",
            "34.990",
        ],
    );
}

/// What is done to an order next, and a number for what has to be chosen.
fn cuts() -> impl Strategy<Value = Vec<(u8, u32)>> {
    prop::collection::vec((0_u8..5, any::<u32>()), 1..12)
}

/// An order of two lines in four locations, on four tenders.
fn on_four_tenders(code: &str, cents: [u32; 2], weights: &[u32], many: [bool; 4]) -> World {
    let currency = Currency::from_code(code).expect("a currency");
    let exponent = currency.exponent();
    let lines = cents.iter().zip(1_u16..).map(|(cents, number)| {
        let mut line = line(number, &format!("SKU-{number}"), 3, "1");
        line.unit_price = Decimal::new(i64::from(*cents), exponent);
        line
    });
    let mut order = draft(lines.collect(), "0.00", Terms::Invoice);
    order.currency = currency;
    order.shipping[0].amount = Money::from_minor(499, currency).expect("an amount");
    order.stated_total = order.totals().grand;
    let weights: Vec<Decimal> = weights.iter().map(|w| Decimal::from(*w)).collect();
    let shares = spread(order.stated_total, &weights);
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
    let places = ["BER1", "HAM1", "MUC1", "PAR1"];
    let shelves = places.iter().zip([(2, 0), (1, 1), (0, 1), (0, 1)]);
    let shelves: Vec<(&str, &str, i64)> = shelves
        .flat_map(|(place, (one, two))| [(*place, "SKU-1", one), (*place, "SKU-2", two)])
        .collect();
    let mut world = World::place(order, &shelves);
    world.settle();
    world
}

/// No tender moves more than it may, and together they never move more than there is.
fn within_bounds(world: &World) {
    let order = &world.order;
    for tender in &order.tenders {
        assert!(tender.captured_sum() <= tender.amount);
        assert!(tender.refunded_sum() <= tender.captured_sum());
    }
    let credits = order.store_credits.iter().map(|credit| credit.amount);
    let credits = Money::sum(order.draft.currency, credits);
    let taken = sum(world, Tender::captured_sum);
    assert!(taken <= order.draft.stated_total);
    assert!(sum(world, Tender::refunded_sum).plus(credits) <= taken);
    world.check();
}

fn cut(world: &mut World, (what, number): (u8, u32)) {
    let open: Vec<u16> = world
        .order
        .fulfilments
        .iter()
        .filter(|work| !work.is_off() && !work.is_shipped())
        .map(|work| work.number)
        .collect();
    match what {
        0..=2 if !open.is_empty() => {
            let held = !world.order.holds.is_empty();
            if !held {
                ship(world, open[number as usize % open.len()]);
            }
        }
        3 if number.is_multiple_of(3) => {
            let reason = "changed mind".to_owned();
            drop(world.command(Command::Cancel { reason }));
        }
        _ => {
            let exponent = world.order.draft.currency.exponent();
            let amount = Decimal::new(i64::from(number % 4000) + 1, exponent);
            drop(world.command(Command::Refund {
                amount: Some(amount),
                as_credit: number.is_multiple_of(4),
                reason: "scratched".into(),
            }));
        }
    }
    world.settle();
    within_bounds(world);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn any_captures_cancels_and_refunds_over_four_tenders_add_up(
        code in prop::sample::select(vec!["EUR", "JPY", "KWD"]),
        cents in [1_u32..50_000, 1_u32..50_000],
        weights in prop::collection::vec(1_u32..1000, 4),
        many in any::<[bool; 4]>(),
        policy in 0_usize..3,
        cuts in cuts(),
    ) {
        let mut world = on_four_tenders(code, cents, &weights, many);
        world.policy.payment.once_capture = [
            crate::policy::OnceCapture::AtLastShipment,
            crate::policy::OnceCapture::AtFirstShipment,
            crate::policy::OnceCapture::ReauthorizeRest,
        ][policy];
        for next in cuts {
            cut(&mut world, next);
        }
        // What is left ships; then everything that was earned is taken, and nothing else.
        for _ in 0..8 {
            let left = world.order.fulfilments.iter();
            let left = left.filter(|f| !f.is_off() && !f.is_shipped()).map(|f| f.number).next();
            if let Some(left) = left {
                ship(&mut world, left);
                within_bounds(&world);
            }
        }
        let order = &world.order;
        let granted = Money::sum(
            order.draft.currency,
            order.tenders.iter().map(|t| t.granted.unwrap_or(t.amount.minus(t.amount))),
        );
        let credits = order.store_credits.iter().map(|credit| credit.amount);
        let given = Money::sum(order.draft.currency, credits)
            .plus(sum(&world, Tender::refunded_sum));
        let taken = sum(&world, Tender::captured_sum);
        if order.stage == Stage::Cancelled {
            prop_assert_eq!(given, taken);
        } else {
            let earned = order.earned();
            let cancelled = order.cancelled_value();
            prop_assert_eq!(earned, order.draft.stated_total.minus(cancelled));
            prop_assert_eq!(taken.minus(given), earned.minus(granted.min(earned)));
        }
        let open: Vec<Quantity> = order.line_numbers().map(|n| order.open(n)).collect();
        prop_assert!(open.iter().all(|units| *units <= Quantity::units(3)));
    }
}
