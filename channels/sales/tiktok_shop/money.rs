//! What TikTok Shop states of an order's money. Pure.
//!
//! A unit has its original price and what the buyer pays of it; between the two are the seller's own discount
//! and one that the channel pays for. The total is documented as the goods so reduced, the shipping, the taxes
//! and a fee (`partner.tiktokshop.com/docv2/page/get-order-list-202309`); other fees are documented beside it.
//! Taxes that come on top count as contained when only that makes the parts come to the stated total, and a
//! total that is met neither way stays as it is and is seen.

use orderhub_domain::canonical::{Charge, Discount, FundedBy, OrderDraft, Tax};
use orderhub_domain::money::{Currency, Money};
use rust_decimal::Decimal;

use super::wire::{Payment, Unit};
use crate::sales::taken::{NotTaken, amount, amount_or_zero, decimal, optional, taxes, unreadable};

/// A line's own money.
#[derive(Debug)]
pub(super) struct Price {
    /// Of one unit.
    pub(super) unit: Decimal,
    pub(super) discounts: Vec<Discount>,
    pub(super) taxes: Vec<Tax>,
}

/// The price of a line of units that are alike.
pub(super) fn price(units: &[&Unit], currency: Currency) -> Result<Price, NotTaken> {
    let mut unit_price = None;
    let zero = Money::zero(currency);
    let (mut by_seller, mut by_channel, mut tax) = (zero, zero, zero);
    for unit in units {
        let what = "a line item's sale_price";
        let sale = unit.sale_price.as_ref().ok_or_else(|| unreadable(what))?;
        let paid = amount(sale, currency, what)?;
        let what = "a line item's original_price";
        let original = optional(unit.original_price.as_ref(), currency, what)?;
        // A price above the original one is no discount.
        let listed = original.filter(|price| *price > paid).unwrap_or(paid);
        let exact = match (original, unit.original_price.as_ref()) {
            (Some(price), Some(text)) if price > paid => decimal(text, what)?,
            _ => decimal(sale, "a line item's sale_price")?,
        };
        unit_price.get_or_insert(exact);
        let what = "a line item's platform_discount";
        let given = amount_or_zero(unit.platform_discount.as_ref(), currency, what)?;
        let off = listed.minus(paid);
        let given = given.max(zero).min(off);
        by_channel = by_channel.plus(given);
        by_seller = by_seller.plus(off.minus(given));
        for part in &unit.item_tax {
            let what = "a line item's tax";
            tax = tax.plus(amount_or_zero(part.tax_amount.as_ref(), currency, what)?);
        }
    }
    let off = [
        (by_seller, FundedBy::Seller),
        (by_channel, FundedBy::Channel),
    ];
    let off = off.into_iter().filter(|(amount, _)| !amount.is_zero());
    Ok(Price {
        unit: unit_price.unwrap_or_default().normalize(),
        discounts: off
            .map(|(amount, funded_by)| Discount {
                code: None,
                amount,
                funded_by,
            })
            .collect(),
        taxes: taxes(tax),
    })
}

/// What the buyer pays for shipping.
pub(super) fn shipping(payment: &Payment, currency: Currency) -> Result<Vec<Charge>, NotTaken> {
    let fee = amount_or_zero(payment.shipping_fee.as_ref(), currency, "shipping_fee")?;
    let tax = payment.shipping_fee_tax.as_ref();
    let tax = amount_or_zero(tax, currency, "shipping_fee_tax")?;
    if fee.is_zero() && tax.is_zero() {
        return Ok(Vec::new());
    }
    Ok(vec![Charge {
        title: "Shipping".to_owned(),
        amount: fee,
        taxes: taxes(tax),
    }])
}

/// What the buyer pays beside goods and shipping.
pub(super) fn fees(payment: &Payment, currency: Currency) -> Result<Vec<Charge>, NotTaken> {
    let stated = [
        ("Small order fee", &payment.small_order_fee),
        ("Buyer service fee", &payment.buyer_service_fee),
        ("Retail delivery fee", &payment.retail_delivery_fee),
        ("Handling fee", &payment.handling_fee),
        ("Item insurance", &payment.item_insurance_fee),
        ("Shipping insurance", &payment.shipping_insurance_fee),
    ];
    let mut fees = Vec::new();
    for (title, text) in stated {
        let fee = amount_or_zero(text.as_ref(), currency, "a fee")?;
        if !fee.is_zero() {
            fees.push(Charge {
                title: title.to_owned(),
                amount: fee,
                taxes: Vec::new(),
            });
        }
    }
    Ok(fees)
}

/// Puts what the parts do not state of the order's tax on the first line.
pub(super) fn spread_tax(draft: &mut OrderDraft, tax: Money) {
    let of_lines = draft.lines.iter().flat_map(|line| &line.taxes);
    let of_charges = draft.shipping.iter().flat_map(|charge| &charge.taxes);
    let stated = of_lines.chain(of_charges).map(|tax| tax.amount);
    let rest = tax.minus(Money::sum(draft.currency, stated));
    if rest.is_positive()
        && let Some(line) = draft.lines.first_mut()
    {
        line.taxes.extend(taxes(rest));
    }
}
