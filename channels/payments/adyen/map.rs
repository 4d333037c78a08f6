//! What Adyen's notifications mean. Pure.
//!
//! `pspReference` names the thing that happened (the capture, the refund, the dispute) and
//! `originalReference` the payment it happened to; of a payment's own events the former is the
//! payment. Every amount is one movement, never a sum. Notifications come in any order and more than
//! once; a later one may take back what an earlier one said (docs.adyen.com/online-payments/refund,
//! /capture and risk-management/disputes-api/dispute-notifications).

use jiff::Timestamp;
use orderhub_domain::ids::OrderId;
use orderhub_domain::order::{PaymentEvidence, Reported};

use super::money::stated;
use super::reasons::word;
use super::wire::{self, Item, Notification};
use crate::port::Inbound;
use crate::wire::{code, unreadable};

/// Events that say nothing about the money of an order: the hub has nothing to do about them.
const SAY_NOTHING: [&str; 4] = [
    "INFORMATION_SUPPLIED",
    "ISSUER_COMMENTS",
    "RECURRING_CONTRACT",
    "REPORT_AVAILABLE",
];

/// What a verified message says to a merchant account: each item for itself, and only what `signed`
/// believes.
pub(super) fn read(body: &[u8], account: &str, signed: impl Fn(&Item) -> bool) -> Vec<Inbound> {
    let notification: Notification<'_> = match serde_json::from_slice(body) {
        Ok(notification) => notification,
        Err(error) => {
            let reason = unreadable(&error);
            return vec![Inbound::Unreadable { reason }];
        }
    };
    let test = !notification.is_live();
    let items = notification.items.iter().enumerate();
    items
        .filter_map(|(index, raw)| match wire::item(raw) {
            Err(error) => Some(Inbound::Unreadable {
                reason: format!("item {}: {}", index + 1, unreadable(&error)),
            }),
            Ok(item) if !signed(&item) => Some(unknown(&item, "unsigned:")),
            Ok(item) if item.merchant_account_code.as_deref() != Some(account) => {
                Some(unknown(&item, "another_account:"))
            }
            Ok(item) if SAY_NOTHING.contains(&item.event_code.as_str()) => None,
            Ok(item) => Some(
                told(&item, test).unwrap_or_else(|what| Inbound::Unreadable {
                    reason: format!("item {}: {what}", index + 1),
                }),
            ),
        })
        .collect()
}

/// Kept under the event's name, and why it counts for nothing before it.
fn unknown(item: &Item, why: &str) -> Inbound {
    let name = code(&item.event_code).unwrap_or_else(|| "an event without a plain name".to_owned());
    Inbound::Unknown {
        topic: format!("{why}{name}"),
    }
}

/// A moment as Adyen writes it, with its offset.
fn moment(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}

fn told(item: &Item, test: bool) -> Result<Inbound, String> {
    let own = item.psp_reference.as_deref().filter(|own| !own.is_empty());
    let own = own.ok_or("the event has no pspReference")?;
    let original = item.original_reference.as_deref();
    let original = original.filter(|original| !original.is_empty());
    let payment = if is_of_payment(&item.event_code) {
        original.unwrap_or(own)
    } else {
        match original {
            Some(original) => original,
            // A dispute's outcome names its payment only when the account's settings say so.
            None => return Ok(unknown(item, "without_payment:")),
        }
    };
    let Some(evidence) = evidence(item, own, payment)? else {
        return Ok(unknown(item, if item.succeeded() { "" } else { "failed:" }));
    };
    let order = item.merchant_reference.as_deref();
    Ok(Inbound::Payment {
        reference: payment.to_owned(),
        order: order
            .filter(|text| text.parse::<OrderId>().is_ok())
            .map(str::to_owned),
        occurred_at: moment(item.event_date.as_deref()),
        test,
        evidence,
    })
}

/// Whether an event is about a payment itself, so that its own reference is the payment's.
fn is_of_payment(event: &str) -> bool {
    matches!(event, "AUTHORISATION" | "EXPIRE" | "OFFER_CLOSED")
}

/// What an event proves about a payment. Nothing when it is unknown, or about a request that was
/// refused and changed nothing.
fn evidence(item: &Item, own: &str, payment: &str) -> Result<Option<PaymentEvidence>, String> {
    let amount = || {
        let amount = item.amount.as_ref().and_then(stated);
        amount.ok_or("the event states no amount that its currency can have")
    };
    let part = || {
        Ok::<_, &str>(Reported::Part {
            reference: own.to_owned(),
            amount: amount()?,
        })
    };
    let because = |otherwise| word(item.reason.as_deref(), otherwise);
    let payment = || payment.to_owned();
    let voided = || PaymentEvidence::Voided {
        reference: payment(),
    };
    let refunded = || {
        Ok::<_, &str>(PaymentEvidence::Refunded {
            reference: payment(),
            amount: part()?,
        })
    };
    let dispute_closed = |won| {
        Ok::<_, &str>(PaymentEvidence::DisputeClosed {
            dispute: own.to_owned(),
            won,
            amount: amount()?,
        })
    };
    Ok(Some(match (item.event_code.as_str(), item.succeeded()) {
        ("AUTHORISATION", true) => PaymentEvidence::Authorized {
            reference: payment(),
            amount: amount()?,
            expires_at: None,
        },
        ("AUTHORISATION", false) => PaymentEvidence::Declined {
            reference: Some(payment()),
            code: because("refused"),
        },
        // The buyer never came back from a bank's page.
        ("OFFER_CLOSED", _) => PaymentEvidence::Declined {
            reference: Some(payment()),
            code: "offer_closed".to_owned(),
        },
        ("CAPTURE", true) => PaymentEvidence::Captured {
            reference: payment(),
            amount: part()?,
        },
        ("CAPTURE", false) => PaymentEvidence::CaptureFailed {
            capture: None,
            code: because("capture_refused"),
        },
        // Sent after the same capture was reported done: the card scheme rejected it (online-payments/capture/
        // failure-reasons). Adyen may make it all the same, and then sends `CAPTURE` again.
        ("CAPTURE_FAILED", _) => PaymentEvidence::CaptureFailed {
            capture: Some(own.to_owned()),
            code: because("capture_failed"),
        },
        ("CANCELLATION" | "TECHNICAL_CANCEL" | "EXPIRE", true) => voided(),
        ("REFUND" | "REFUND_WITH_DATA", true) => refunded()?,
        ("CANCEL_OR_REFUND", true) => {
            let done = item.additional_data.as_ref();
            match done.and_then(|data| data.action.as_deref()) {
                Some("cancel") => voided(),
                Some("refund") => refunded()?,
                _ => return Ok(None),
            }
        }
        ("REFUND" | "REFUND_WITH_DATA", false) => PaymentEvidence::RefundFailed {
            refund: Some(own.to_owned()),
            code: because("refund_refused"),
        },
        ("REFUND_FAILED" | "REFUNDED_REVERSED", _) => PaymentEvidence::RefundFailed {
            refund: Some(own.to_owned()),
            code: because("refund_failed"),
        },
        // All events of a dispute have one reference. A request for information and a notice of fraud
        // are no disputes yet: no money moves.
        ("NOTIFICATION_OF_CHARGEBACK" | "CHARGEBACK", _) => {
            let data = item.additional_data.as_ref();
            let due = data.and_then(|data| data.defense_period_ends_at.as_deref());
            PaymentEvidence::DisputeOpened {
                dispute: own.to_owned(),
                amount: amount()?,
                due: moment(due),
            }
        }
        // None of these but an arbitration's is final: which came last says `eventDate`.
        (
            "CHARGEBACK_REVERSED"
            | "ISSUER_RESPONSE_TIMEFRAME_EXPIRED"
            | "PREARBITRATION_WON"
            | "SCHEME_ARBITRATION_WON",
            _,
        ) => dispute_closed(true)?,
        (
            "SECOND_CHARGEBACK"
            | "DISPUTE_DEFENSE_PERIOD_ENDED"
            | "PREARBITRATION_LOST"
            | "SCHEME_ARBITRATION_LOST",
            _,
        ) => dispute_closed(false)?,
        _ => return Ok(None),
    }))
}
