//! What is asked of Walmart to give money back for units that were shipped. Pure. An amount is shared over the
//! lines by what their units cost, and within a line between its product and the tax on that; Walmart wants
//! both below zero.

use orderhub_domain::money::{Money, spread};
use rust_decimal::Decimal;
use serde::Serialize;

use super::amounts::{self, Charged, Product};
use super::given;
use super::wire::Order;
use crate::sales::{PartNotice, PartOf, by_line};
use crate::wire::Number;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Body<'a> {
    order_refund: OrderRefund<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OrderRefund<'a> {
    purchase_order_id: &'a str,
    order_lines: Lines<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Lines<'a> {
    order_line: Vec<Line<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(rename = "lineNumber")]
    number: &'a str,
    is_full_refund: bool,
    refunds: Refunds<'a>,
}

#[derive(Serialize)]
struct Refunds<'a> {
    refund: [Refund<'a>; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Refund<'a> {
    refund_comments: &'a str,
    refund_charges: Charges,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Charges {
    refund_charge: [RefundCharge; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RefundCharge {
    refund_reason: &'static str,
    charge: Charge,
}

#[derive(Serialize)]
struct Charge {
    #[serde(rename = "chargeType")]
    form: &'static str,
    #[serde(rename = "chargeName")]
    name: &'static str,
    #[serde(rename = "chargeAmount")]
    amount: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    tax: Option<Tax>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Tax {
    tax_name: &'static str,
    tax_amount: Amount,
}

#[derive(Serialize)]
struct Amount {
    currency: &'static str,
    amount: Number,
}

/// Below zero, as Walmart wants it.
impl From<Money> for Amount {
    fn from(back: Money) -> Self {
        Self {
            currency: back.currency().code(),
            amount: Number(back.negated().amount()),
        }
    }
}

/// What is asked for; what cannot be given is the error.
pub(super) fn of<'a>(
    order: &'a Order,
    notice: &'a PartNotice,
    comment: &'a str,
) -> Result<Body<'a>, &'static str> {
    let currency = amounts::currency(order).map_err(|_| "currency_is_unknown")?;
    if notice.amount.currency() != currency {
        return Err("other_currency");
    }
    let mut of = Vec::new();
    for (number, units) in by_line(&notice.lines) {
        let line = order.line(number).ok_or("line_not_found")?;
        let tally = line.tally().map_err(|_| "line_in_an_unknown_state")?;
        let units = Decimal::from(units);
        if tally.shipped < units {
            return Err("line_is_not_shipped");
        }
        let product = Charged::default().line(line, currency);
        let product = product.map_err(|_| "amounts_cannot_be_read")?;
        let given = given::of(line, currency).map_err(|_| "amounts_cannot_be_read")?;
        // Whether it is an earlier try's can be told by nothing else than its comment, unless it was known before
        // the notice.
        let before = notice.given.as_ref();
        let known = |name: &String| before.is_some_and(|before| before.contains(name));
        if given.iter().any(|one| !known(&one.made.reference)) {
            return Err("line_was_refunded_before");
        }
        let all = tally.wanted() + tally.cancelled;
        of.push((number, product.of_units(units, all)));
    }
    let worth = |product: &Product| product.price.plus(product.tax()).amount();
    let weights: Vec<Decimal> = of.iter().map(|(_, product)| worth(product)).collect();
    let shares = spread(notice.amount, &weights);
    let lines: Result<Vec<_>, _> = of
        .iter()
        .zip(shares)
        .filter(|(_, share)| !share.is_zero())
        .map(|(one, share)| line(one.0, &one.1, share, (notice.of, comment)))
        .collect();
    let lines = lines?;
    if lines.is_empty() {
        return Err("no_units_are_named");
    }
    Ok(Body {
        order_refund: OrderRefund {
            purchase_order_id: &order.purchase_order_id.0,
            order_lines: Lines { order_line: lines },
        },
    })
}

/// A line's refund: its share of the amount, and what of it is tax.
fn line<'a>(
    number: &'a str,
    product: &Product,
    share: Money,
    (of, comment): (PartOf, &'a str),
) -> Result<Line<'a>, &'static str> {
    let (price, tax) = (product.price, product.tax());
    if share > price.plus(tax) {
        return Err("units_cost_less");
    }
    let parts = spread(share, &[price.amount(), tax.amount()]);
    let [amount, tax] = parts[..] else {
        return Err("amounts_cannot_be_read");
    };
    let tax = (!tax.is_zero()).then(|| Tax {
        tax_name: "Item Price Tax",
        tax_amount: tax.into(),
    });
    let charge = Charge {
        form: "PRODUCT",
        name: "Item Price",
        amount: amount.into(),
        tax,
    };
    let reason = match of {
        PartOf::Returned => "Customer returned item",
        PartOf::Claimed | PartOf::Unsent => "General adjustment",
    };
    Ok(Line {
        number,
        is_full_refund: false,
        refunds: Refunds {
            refund: [Refund {
                refund_comments: comment,
                refund_charges: Charges {
                    refund_charge: [RefundCharge {
                        refund_reason: reason,
                        charge,
                    }],
                },
            }],
        },
    })
}
