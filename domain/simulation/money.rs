//! The laws of money: what may be asked of a gateway, and what may be promised to a buyer.

use jiff::Timestamp;

use super::laws::{Verdict, must, unblocked};
use crate::canonical::CaptureMode;
use crate::money::Money;
use crate::order::{Edge, Effect, Granted, Order, Tender};

/// Whether an order may ask a gateway for this now.
pub(super) fn may_move(order: &Order, effect: &Effect) -> Verdict {
    let zero = Money::zero(order.draft.currency);
    match effect {
        Effect::AuthorizePayment { tender, amount } => {
            let tender = order.tender(*tender);
            let right = tender.is_some_and(|t| t.amount == *amount && t.authorized.is_none());
            must(right, "money_asked_right", || {
                format!("authorises {amount}")
            })
        }
        Effect::CapturePayment {
            tender,
            amount,
            total,
            ..
        } => {
            unblocked(order, Edge::Capture, None, "a capture")?;
            // Where it can be taken once, policy may take all of it when the first parcel leaves.
            let most = match order.tender(*tender).map(Tender::capture_mode) {
                Some(CaptureMode::Once) => order.expected(),
                _ => order.earned(),
            };
            let earned = order.earned();
            let tender = order.tender(*tender);
            let right = tender.is_some_and(|t| {
                amount.is_positive()
                    && t.captured_sum().plus(*amount) == *total
                    && *total <= t.amount
                    && *total <= t.authorized_sum()
                    && !t.pending
                    && !t.voided
                    && !t.lapsed
                    // Where it can be taken once, it is taken once.
                    && (t.capture_mode() == CaptureMode::Many || t.captured_sum().is_zero())
            });
            let right = right && earned.is_positive() && *total <= most;
            must(right, "money_asked_right", || {
                format!("captures {amount} to a total of {total}; earned so far {earned}")
            })
        }
        Effect::VoidPayment { tender } => {
            let tender = order.tender(*tender);
            let taken = tender.map_or(zero, Tender::captured_sum);
            let renewed = tender.is_some_and(|t| t.replaced_by.is_some());
            must(taken.is_zero() || renewed, "money_asked_right", || {
                format!("voids with {taken} captured")
            })
        }
        Effect::RefundPayment {
            tender,
            amount,
            total,
        } => {
            unblocked(order, Edge::Refund, None, "a refund")?;
            let right = order.tender(*tender).is_some_and(|t| {
                amount.is_positive()
                    && t.refunded_sum().plus(*amount) == *total
                    && *total <= t.captured_sum().less(t.frozen())
            });
            must(right, "money_asked_right", || {
                format!("refunds {amount}, {total} in total")
            })
        }
        _ => Ok(()),
    }
}

/// Nothing is captured of an authorisation that has ended.
pub(super) fn in_time(order: &Order, now: Timestamp, effect: &Effect) -> Verdict {
    let Effect::CapturePayment { tender, .. } = effect else {
        return Ok(());
    };
    let ends = order.tender(*tender).and_then(|tender| tender.expires_at);
    must(ends.is_none_or(|at| now < at), "captured_in_time", || {
        format!("tender {tender} is captured at {now}, its authorisation ended before")
    })
}

/// What was given back and granted before, is disputed and is granted now was captured.
pub(super) fn may_grant(order: &Order, granted: &Granted) -> Verdict {
    let Some(tender) = order.tender(granted.tender) else {
        return Err((
            "grants_what_is_there",
            "a tender that is not there".to_owned(),
        ));
    };
    let currency = order.draft.currency;
    let open = tender
        .disputes
        .values()
        .filter(|dispute| dispute.won != Some(true));
    let disputed = Money::sum(currency, open.map(|dispute| dispute.amount));
    let some = |amount: Option<Money>| amount.unwrap_or(Money::zero(currency));
    let before = some(tender.granted)
        .less(some(tender.netted))
        .less(some(tender.moved));
    let promised = before
        .max(tender.refunded_sum())
        .plus(granted.amount)
        .plus(disputed);
    let there = promised <= tender.captured_sum() && granted.amount.is_positive();
    must(there, "grants_what_is_there", || {
        let captured = tender.captured_sum();
        format!("{} of {captured}, {promised} in all", granted.amount)
    })
}

/// What is granted because the channel gave it before was given, once, and nobody's gateway gives it.
pub(super) fn may_allow(order: &Order, refunds: &[Granted]) -> Verdict {
    for granted in refunds {
        let tender = order.tender(granted.tender);
        let given = tender.is_some_and(|tender| {
            let before = tender.granted.unwrap_or(Money::zero(order.draft.currency));
            let all = before.plus(granted.amount);
            !tender.is_ours() && granted.amount.is_positive() && all <= tender.refunded_sum()
        });
        must(given, "allows_what_was_given", || {
            format!("{} of tender {}", granted.amount, granted.tender)
        })?;
    }
    Ok(())
}
