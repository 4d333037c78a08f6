//! What buyers order in a simulated world: small baskets of few articles, paid in every way.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::dice::Dice;
use crate::canonical::{
    CaptureMode, Charge, DraftLine, DraftTender, FulfilledBy, KitPart, OrderDraft, TaxMode, Terms,
};
use crate::ids::{LocationCode, Slug};
use crate::money::{Currency, Money, spread};
use crate::order::{AddressCheck, Features};
use crate::quantity::Quantity;

/// An order as a channel sends it; so many of a hundred buyers collect it. `None` when the currency is not one.
pub(super) fn draft(
    external_id: &str,
    skus: usize,
    (locations, collectors): (&[LocationCode], usize),
    gateways: &[(Slug, CaptureMode)],
    dice: &mut Dice,
    now: Timestamp,
) -> Option<OrderDraft> {
    // Two decimals, none and three.
    let codes = ["EUR", "EUR", "JPY", "KWD"];
    let currency = Currency::from_code(codes[dice.below(codes.len())])?;
    let lines = 1 + dice.below(3);
    let mut lines: Vec<DraftLine> = (1..=lines).map(|n| line(n, skus, currency, dice)).collect();
    if dice.percent(10) {
        lines = as_kit(lines, skus, currency, dice);
    }
    let collects = dice.percent(collectors);
    let shipping = Charge {
        title: "Standard".into(),
        amount: Money::from_minor(dice.between(0, 1) * 499, currency)?,
        taxes: Vec::new(),
    };
    // One of thirty is of a channel that says later where it goes, or never.
    let says = external_id.bytes().map(u32::from).sum::<u32>() % 30 != 0;
    let mut draft = OrderDraft {
        changed_at: (!says).then_some(now),
        awaits_release: dice.percent(4),
        external_id: external_id.to_owned(),
        number: None,
        placed_at: now,
        currency,
        tax_mode: TaxMode::Inclusive,
        test: false,
        cancelled_at: None,
        destination: says.then(|| "DE".to_owned()),
        point: None,
        pickup_location: dice.pick(locations).filter(|_| collects).cloned(),
        lines,
        shipping: vec![shipping],
        fees: Vec::new(),
        discounts: Vec::new(),
        tenders: Vec::new(),
        stated_total: Money::zero(currency),
    };
    draft.stated_total = draft.totals().grand;
    draft.tenders = tenders(draft.stated_total, gateways, dice);
    Some(draft)
}

/// What is known of an order beside it: whether it says where it goes.
pub(super) fn features(draft: &OrderDraft) -> Features {
    let mut features = Features::unknown(draft.stated_total);
    if draft.destination.is_none() {
        features.address = AddressCheck::Absent;
    }
    features
}

fn line(number: usize, skus: usize, currency: Currency, dice: &mut Dice) -> DraftLine {
    let sku = format!("SKU-{}", 1 + dice.below(skus));
    DraftLine {
        external_id: number.to_string(),
        sku: Some(sku.as_str().into()),
        title: sku,
        quantity: Quantity::units(u32::try_from(dice.between(1, 3)).unwrap_or(1)),
        unit_price: Decimal::new(dice.between(1, 4999), currency.exponent()),
        discounts: Vec::new(),
        taxes: Vec::new(),
        weight_g: None,
        fulfilled_by: match dice.below(12) {
            0 => FulfilledBy::Nobody,
            _ => FulfilledBy::Us,
        },
        customs: None,
        part_of: None,
    }
}

/// The first line becomes a kit of one or two components, which are lines of their own.
fn as_kit(
    mut lines: Vec<DraftLine>,
    skus: usize,
    currency: Currency,
    dice: &mut Dice,
) -> Vec<DraftLine> {
    let Some(kit) = lines.first_mut() else {
        return lines;
    };
    kit.sku = None;
    kit.fulfilled_by = FulfilledBy::Components;
    let quantity = kit.quantity;
    for number in 1..=1 + dice.below(2) {
        let each = 1 + u32::try_from(dice.below(2)).unwrap_or(0);
        let mut part = line(number, skus, currency, dice);
        part.external_id = format!("1/{number}");
        part.quantity = quantity.times(each);
        part.unit_price = Decimal::ZERO;
        part.fulfilled_by = FulfilledBy::Us;
        part.part_of = Some(KitPart { line: 1, each });
        lines.push(part);
    }
    lines
}

/// One tender mostly, two or three now and then.
fn tenders(total: Money, gateways: &[(Slug, CaptureMode)], dice: &mut Dice) -> Vec<DraftTender> {
    let mut terms = || match (dice.below(12), dice.pick(gateways)) {
        (0 | 3, _) => Terms::Prepaid { reference: None },
        (1, _) | (_, None) => Terms::Invoice,
        (2, Some((gateway, capture))) => Terms::Authorized {
            gateway: Some(gateway.clone()),
            reference: None,
            expires_at: None,
            capture: *capture,
        },
        (_, Some((gateway, capture))) => Terms::ToAuthorize {
            gateway: gateway.clone(),
            token: "pm_card".into(),
            capture: *capture,
        },
    };
    let all = [terms(), terms(), terms()];
    let parts = [1, 1, 1, 1, 2, 3][dice.below(6)];
    let weights = [Decimal::from(3), Decimal::from(2), Decimal::from(2)];
    let shares = spread(total, &weights[..parts]);
    let positive = shares.iter().all(|share| share.is_positive());
    let shares = if positive { shares } else { vec![total] };
    let paid = shares.into_iter().zip(all);
    paid.map(|(amount, terms)| DraftTender { amount, terms })
        .collect()
}
