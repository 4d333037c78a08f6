//! What Checkout.com's events mean. Pure.
//!
//! Each event about a payment says what happened, under the action's own id, and, in `balances`, what
//! it came to in all: both are reported, so that an event that was lost or comes late changes nothing.
//! (checkout.com/docs/developer-resources/event-notifications/event-types)

use jiff::Timestamp;
use orderhub_domain::order::{PaymentEvidence, Reported};

use super::wire::{BadAmount, Balances, Dispute, Event, Happened, Metadata, money};
use crate::port::Inbound;
use crate::wire::{Exact, code, unreadable};

/// Events on the way to others, and those of the authentication before a payment: the hub has
/// nothing to do about them.
fn says_nothing(kind: &str) -> bool {
    matches!(kind, "payment_capture_pending" | "payment_refund_pending")
        || kind.starts_with("authentication_")
}

/// A moment as Checkout.com writes it: with its offset, and up to seven digits of a second.
pub(super) fn moment(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}

/// The response code of a refusal, in Checkout.com's digits.
pub(super) fn refusal(response: Option<&str>, otherwise: &str) -> String {
    let stated = response.and_then(code);
    stated.unwrap_or_else(|| otherwise.to_owned())
}

/// What an event says of one payment.
struct Told {
    reference: String,
    order: Option<String>,
    at: Option<Timestamp>,
    evidence: Vec<PaymentEvidence>,
}

/// Why an event counts for nothing.
enum Not {
    Unknown(String),
    Unreadable(String),
}

impl From<serde_json::Error> for Not {
    fn from(error: serde_json::Error) -> Self {
        Self::Unreadable(unreadable(&error))
    }
}

impl From<BadAmount> for Not {
    fn from(_: BadAmount) -> Self {
        Self::Unreadable("the event states no amount that its currency can have".to_owned())
    }
}

/// What a verified webhook says to a processing channel.
pub(super) fn read(body: &[u8], channel: &str, live: bool) -> Vec<Inbound> {
    let event: Event<'_> = match serde_json::from_slice(body) {
        Ok(event) => event,
        Err(error) => {
            let reason = unreadable(&error);
            return vec![Inbound::Unreadable { reason }];
        }
    };
    if says_nothing(&event.kind) {
        return Vec::new();
    }
    let told = if event.kind.starts_with("dispute_") {
        of_dispute(&event, channel)
    } else {
        of_payment(&event, channel)
    };
    match told {
        Ok(told) => {
            let test = event.is_test().unwrap_or(!live);
            let items = told.evidence.into_iter().map(|evidence| Inbound::Payment {
                reference: told.reference.clone(),
                order: told.order.clone(),
                occurred_at: told.at,
                test,
                evidence,
            });
            items.collect()
        }
        Err(Not::Unknown(topic)) => vec![Inbound::Unknown { topic }],
        Err(Not::Unreadable(reason)) => vec![Inbound::Unreadable { reason }],
    }
}

/// Kept under the event's name, and why it counts for nothing before it.
fn unknown(event: &Event<'_>, why: &str) -> Not {
    let name = code(&event.kind).unwrap_or_else(|| "an event without a plain name".to_owned());
    Not::Unknown(format!("{why}{name}"))
}

fn is_anothers(named: Option<&str>, channel: &str) -> bool {
    named.is_some_and(|named| named != channel)
}

fn of_payment(event: &Event<'_>, channel: &str) -> Result<Told, Not> {
    if !event.kind.starts_with("payment_") {
        return Err(unknown(event, ""));
    }
    let happened: Happened = serde_json::from_str(event.data.get())?;
    if is_anothers(happened.processing_channel_id.as_deref(), channel) {
        return Err(unknown(event, "another_account:"));
    }
    if happened.destination.is_some() {
        return Err(unknown(event, "payout:"));
    }
    let evidence = evidence(event, &happened)?;
    let at = moment(happened.processed_on.as_deref());
    Ok(Told {
        order: happened.metadata.order(happened.reference.as_deref()),
        at: at.or_else(|| moment(event.made())),
        reference: happened.id,
        evidence,
    })
}

/// What an event proves about its payment.
fn evidence(event: &Event<'_>, happened: &Happened) -> Result<Vec<PaymentEvidence>, Not> {
    let reference = || happened.id.clone();
    let balances = happened.balances.as_ref();
    let amount = |minor: Option<&Exact>| money(minor, happened.currency.as_deref());
    let because = |otherwise| refusal(happened.response_code.as_deref(), otherwise);
    // The movement, and the sum after it.
    let moved = |sum: Option<&Exact>| -> Result<Vec<Reported>, Not> {
        let mut reported = Vec::new();
        if let Some(action) = &happened.action_id {
            reported.push(Reported::Part {
                reference: action.clone(),
                amount: amount(happened.amount.as_ref())?,
            });
        }
        if Balances::is_some(sum) {
            let amount = amount(sum)?;
            reported.push(Reported::Total { amount });
        }
        if reported.is_empty() {
            let what = "the event states neither an action nor a balance";
            return Err(Not::Unreadable(what.to_owned()));
        }
        Ok(reported)
    };
    let authorized = balances.and_then(|all| all.total_authorized.as_ref());
    let authorized = authorized.filter(|sum| Balances::is_some(Some(sum)));
    let captured = balances.and_then(|all| all.total_captured.as_ref());
    let voided = || PaymentEvidence::Voided {
        reference: reference(),
    };
    let declined = |code| PaymentEvidence::Declined {
        reference: Some(reference()),
        code,
    };
    Ok(match event.kind.as_str() {
        "payment_approved" | "payment_authorization_incremented" => {
            vec![PaymentEvidence::Authorized {
                reference: reference(),
                amount: amount(authorized.or(happened.amount.as_ref()))?,
                expires_at: None,
            }]
        }
        "payment_declined" => vec![declined(because("declined"))],
        // What was never authorised cannot be let go.
        "payment_expired" if authorized.is_none() => vec![declined("expired".to_owned())],
        "payment_canceled" if authorized.is_none() => vec![declined("canceled".to_owned())],
        "payment_expired" | "payment_canceled" => vec![voided()],
        "payment_voided" => {
            let left = balances.and_then(|all| all.available_to_capture.as_ref());
            if Balances::is_some(left) {
                return Err(unknown(event, "in_part:"));
            }
            vec![voided()]
        }
        "payment_captured" => {
            let taken = |amount| PaymentEvidence::Captured {
                reference: reference(),
                amount,
            };
            moved(captured)?.into_iter().map(taken).collect()
        }
        "payment_capture_declined" => vec![PaymentEvidence::CaptureFailed {
            capture: None,
            code: because("capture_declined"),
        }],
        "payment_refunded" => {
            let refunded = |amount| PaymentEvidence::Refunded {
                reference: reference(),
                amount,
            };
            let sum = balances.and_then(|all| all.total_refunded.as_ref());
            moved(sum)?.into_iter().map(refunded).collect()
        }
        "payment_refund_declined" => vec![PaymentEvidence::RefundFailed {
            refund: happened.action_id.clone(),
            code: because("refund_declined"),
        }],
        "payment_pending" => return Err(unknown(event, "not_yet:")),
        _ => return Err(unknown(event, "")),
    })
}

fn of_dispute(event: &Event<'_>, channel: &str) -> Result<Told, Not> {
    let dispute: Dispute = serde_json::from_str(event.data.get())?;
    if is_anothers(dispute.processing_channel_id.as_deref(), channel) {
        return Err(unknown(event, "another_account:"));
    }
    let amount = || money(dispute.amount.as_ref(), dispute.currency.as_deref());
    let closed = |won| {
        Ok::<_, BadAmount>(PaymentEvidence::DisputeClosed {
            dispute: dispute.id.clone(),
            won,
            amount: amount()?,
        })
    };
    let evidence = match event.kind.as_str() {
        "dispute_received" | "dispute_evidence_required" => PaymentEvidence::DisputeOpened {
            dispute: dispute.id.clone(),
            amount: amount()?,
            due: moment(dispute.evidence_required_by.as_deref()),
        },
        // `resolved` is a dispute about money that had been given back before: it is credited again.
        "dispute_won" | "dispute_arbitration_won" | "dispute_canceled" | "dispute_resolved" => {
            closed(true)?
        }
        "dispute_lost" | "dispute_arbitration_lost" | "dispute_accepted" | "dispute_expired" => {
            closed(false)?
        }
        _ => return Err(unknown(event, "")),
    };
    let at = moment(dispute.date.as_deref());
    Ok(Told {
        order: Metadata::default().order(dispute.payment_reference.as_deref()),
        at: moment(event.made()).or(at),
        reference: dispute.payment_id,
        evidence: vec![evidence],
    })
}
