//! What Klarna's orders mean. Pure: look-ups and the answers of calls go through the same rules.
//!
//! `captured_amount` and `refunded_amount` are sums; each capture and refund has an id of its own. Once
//! something is captured, the amount of the order no longer says what was set aside, and what was
//! captured implies it.

use jiff::Timestamp;
use orderhub_domain::order::{PaymentEvidence, Reported};

use super::wire::{BadAmount, Order};
use crate::port::Inbound;
use crate::wire::{code, unreadable};

/// Something that is known of an order, and since when.
pub(super) struct Known {
    at: Option<Timestamp>,
    pub(super) evidence: PaymentEvidence,
}

/// A moment as Klarna writes it, with its offset.
fn moment(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}

/// Everything taken so far; `None` when nothing was.
pub(super) fn captured(order: &Order) -> Result<Option<PaymentEvidence>, BadAmount> {
    let sum = order.sum(order.captured.as_ref())?;
    Ok(sum.map(|amount| PaymentEvidence::Captured {
        reference: order.id.clone(),
        amount: Reported::Total { amount },
    }))
}

/// Everything given back so far; `None` when nothing was.
pub(super) fn refunded(order: &Order) -> Result<Option<PaymentEvidence>, BadAmount> {
    let sum = order.sum(order.refunded.as_ref())?;
    Ok(sum.map(|amount| PaymentEvidence::Refunded {
        reference: order.id.clone(),
        amount: Reported::Total { amount },
    }))
}

/// Whether the buyer is free of what was not captured: the order ended, or its rest was released.
pub(super) fn is_released(order: &Order) -> Result<bool, BadAmount> {
    if matches!(order.status.as_str(), "CANCELLED" | "EXPIRED") {
        return Ok(true);
    }
    let nothing_left = order.left.as_ref();
    let nothing_left = nothing_left.is_some_and(|left| left.0 == "0");
    let bought = order.bought.as_ref();
    let bought = order.sum(bought.or(order.amount.as_ref()))?;
    let taken = order.sum(order.captured.as_ref())?;
    // `None` is less than anything: nothing was captured of a purchase.
    Ok(nothing_left && taken < bought)
}

/// Everything that is known of an order, oldest first as far as it has an order. Nothing while Klarna
/// has not decided about it.
pub(super) fn history(order: &Order) -> Result<Vec<Known>, BadAmount> {
    let reference = || order.id.clone();
    let mut known = Vec::new();
    let mut add = |at, evidence| known.push(Known { at, evidence });
    let made = moment(order.created_at.as_deref());
    match (order.status.as_str(), order.fraud_status.as_deref()) {
        (_, Some("REJECTED")) => add(
            made,
            PaymentEvidence::Declined {
                reference: Some(reference()),
                code: "fraud_rejected".to_owned(),
            },
        ),
        ("AUTHORIZED", Some("ACCEPTED") | None) => {
            let amount = order.amount.as_ref().ok_or(BadAmount)?;
            add(
                made,
                PaymentEvidence::Authorized {
                    reference: reference(),
                    amount: order.money(amount)?,
                    expires_at: moment(order.expires_at.as_deref()),
                },
            );
        }
        _ => {}
    }
    for capture in order.captures() {
        add(
            moment(capture.captured_at.as_deref()),
            PaymentEvidence::Captured {
                reference: reference(),
                amount: Reported::Part {
                    reference: capture.id.clone(),
                    amount: order.money(&capture.amount)?,
                },
            },
        );
    }
    if let Some(sum) = captured(order)? {
        add(None, sum);
    }
    if is_released(order)? {
        let reference = reference();
        add(None, PaymentEvidence::Voided { reference });
    }
    for refund in order.refunds() {
        let Some(id) = refund.id.clone() else {
            continue;
        };
        add(
            moment(refund.refunded_at.as_deref()),
            PaymentEvidence::Refunded {
                reference: reference(),
                amount: Reported::Part {
                    reference: id,
                    amount: order.money(&refund.amount)?,
                },
            },
        );
    }
    if let Some(sum) = refunded(order)? {
        add(None, sum);
    }
    Ok(known)
}

/// What an order says that we asked for. It was asked for where the connection's keys count, so it is
/// test data exactly when the connection is.
pub(super) fn read(body: &[u8], test: bool) -> Vec<Inbound> {
    let order: Order = match serde_json::from_slice(body) {
        Ok(order) => order,
        Err(error) => {
            let reason = unreadable(&error);
            return vec![Inbound::Unreadable { reason }];
        }
    };
    let Ok(known) = history(&order) else {
        return vec![Inbound::Unreadable {
            reason: "the body states an amount that its currency cannot have".to_owned(),
        }];
    };
    if known.is_empty() {
        let topic = if order.fraud_status.as_deref() == Some("PENDING") {
            "not_yet:PENDING".to_owned()
        } else {
            let status = code(&order.status);
            let status = status.unwrap_or_else(|| "no plain status".to_owned());
            format!("status:{status}")
        };
        return vec![Inbound::Unknown { topic }];
    }
    let items = known.into_iter().map(|known| Inbound::Payment {
        reference: order.id.clone(),
        order: order.order(),
        occurred_at: known.at,
        test,
        evidence: known.evidence,
    });
    items.collect()
}
