//! What giving all of an unshipped order back looks like (OR28): each line that is still to be sent, with its
//! price, its shipping and the taxes that the marketplace does not reckon itself, in the amounts' own
//! spelling. A line that something was given back of already is left out, so that no try gives twice.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::back::Order;
use crate::wire::Exact;

/// A line, as the marketplace has it.
#[derive(Deserialize)]
pub(super) struct Line {
    #[serde(rename = "order_line_id")]
    pub(super) id: String,
    #[serde(rename = "order_line_state")]
    pub(super) state: String,
    pub(super) quantity: Exact,
    price: Box<RawValue>,
    #[serde(default)]
    shipping_price: Option<Box<RawValue>>,
    #[serde(default)]
    taxes: Option<Vec<Tax>>,
    #[serde(default)]
    shipping_taxes: Option<Vec<Tax>>,
    #[serde(default)]
    refunds: Option<Vec<Part>>,
}

/// A refund; that there is one is all that counts.
#[derive(Deserialize)]
struct Part {}

#[derive(Deserialize)]
struct Tax {
    code: String,
    amount: Box<RawValue>,
    /// `proportional_to_amount`: the marketplace gives it back by itself. `none`: it does not.
    #[serde(default, rename = "tax_calculation_rule")]
    rule: Option<String>,
}

/// A request for refunds.
#[derive(Serialize)]
pub(super) struct Refunds<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    order_tax_mode: Option<&'a str>,
    refunds: Vec<Refund<'a>>,
}

#[derive(Serialize)]
struct Refund<'a> {
    order_line_id: &'a str,
    quantity: Box<RawValue>,
    amount: &'a RawValue,
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping_amount: Option<&'a RawValue>,
    taxes: Vec<TaxBack<'a>>,
    shipping_taxes: Vec<TaxBack<'a>>,
    reason_code: &'a str,
    currency_iso_code: &'a str,
    /// These units are not sent any more.
    excluded_from_shipment: bool,
}

#[derive(Serialize)]
struct TaxBack<'a> {
    code: &'a str,
    amount: &'a RawValue,
}

/// What is to be given back of an order; `None` when nothing is left.
pub(super) fn of<'a>(order: &'a Order, reason_code: &'a str) -> Option<Refunds<'a>> {
    let open = order.lines.iter().filter(|line| {
        let some = line.refunds.as_ref().is_some_and(|all| !all.is_empty());
        line.state == "SHIPPING" && !some
    });
    let refunds: Option<Vec<_>> = open
        .map(|line| {
            let quantity = RawValue::from_string(line.quantity.0.clone()).ok()?;
            Some(Refund {
                order_line_id: &line.id,
                quantity,
                amount: &line.price,
                shipping_amount: line.shipping_price.as_deref(),
                taxes: taxes(line.taxes.as_deref()),
                shipping_taxes: taxes(line.shipping_taxes.as_deref()),
                reason_code,
                currency_iso_code: &order.currency_iso_code,
                excluded_from_shipment: true,
            })
        })
        .collect();
    let refunds = refunds.filter(|all| !all.is_empty())?;
    Some(Refunds {
        order_tax_mode: order.tax_mode.as_deref(),
        refunds,
    })
}

fn taxes(taxes: Option<&[Tax]>) -> Vec<TaxBack<'_>> {
    let taxes = taxes.unwrap_or_default().iter();
    let ours = taxes.filter(|tax| tax.rule.as_deref() != Some("proportional_to_amount"));
    ours.map(|tax| TaxBack {
        code: &tax.code,
        amount: &tax.amount,
    })
    .collect()
}
