//! What Stripe's objects mean. Pure: webhooks and the answers of calls go through the same rules.
//!
//! Three traps are decided here. A capture of less than was authorised releases the rest, and
//! Stripe reports the release as a refund: it is taken out of every refunded total. Cancelling an
//! uncaptured payment is reported as a refund too: it is a void. `amount_refunded` is cumulative.

use jiff::Timestamp;
use orderhub_domain::money::Money;
use orderhub_domain::order::{PaymentEvidence, Reported};

use super::money::from_minor;
use super::wire::{Booking, Charge, Dispute, Event, Intent, Metadata, Problem, Refund};
use crate::port::Inbound;
use crate::wire::{Reference, code, unreadable};

/// An amount or a currency that no order can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadAmount;

const BAD_AMOUNT: &str = "the body states an amount that its currency cannot have";

fn money(minor: i64, currency: &str) -> Result<Money, BadAmount> {
    from_minor(minor, currency).ok_or(BadAmount)
}

fn second(seconds: Option<i64>) -> Option<Timestamp> {
    Timestamp::from_second(seconds?).ok()
}

/// What was refused, in one word.
pub(super) fn decline_word(problem: Option<&Problem>) -> String {
    problem
        .and_then(Problem::word)
        .unwrap_or_else(|| "declined".to_owned())
}

/// What is set aside.
fn authorized(intent: &Intent) -> Result<PaymentEvidence, BadAmount> {
    let received = intent.amount_received.unwrap_or(0);
    let minor = match intent.amount_capturable {
        // With several captures the remainder is capturable; what was taken belongs to it too.
        Some(capturable) if intent.status == "requires_capture" => capturable + received,
        _ => intent.amount,
    };
    Ok(PaymentEvidence::Authorized {
        reference: intent.id.clone(),
        amount: money(minor, &intent.currency)?,
        expires_at: second(intent.charge().and_then(Charge::capture_before)),
    })
}

/// Everything taken so far; `None` when nothing was. `asked` is what our capture asked for and
/// counts only when the answer itself does not say how much.
pub(super) fn captured(
    intent: &Intent,
    asked: Option<Money>,
) -> Result<Option<PaymentEvidence>, BadAmount> {
    let stated = intent.amount_received.filter(|received| *received > 0);
    let of_charge = intent
        .charge()
        .filter(|charge| charge.captured)
        .map(|charge| {
            // Without a captured amount, what was not given back is the least that was taken.
            let kept = charge.amount - charge.amount_refunded.unwrap_or(0);
            charge.amount_captured.unwrap_or(kept)
        });
    let amount = match stated.or(of_charge) {
        Some(minor) => money(minor, &intent.currency)?,
        None if intent.status == "succeeded" => {
            let whole = money(intent.amount, &intent.currency)?;
            asked
                .filter(|asked| asked.currency() == whole.currency())
                .map_or(whole, |asked| asked.min(whole))
        }
        None => return Ok(None),
    };
    Ok(Some(PaymentEvidence::Captured {
        reference: intent.id.clone(),
        amount: Reported::Total { amount },
    }))
}

/// Everything given back of what was taken, without what a partial capture released.
fn given_back(charge: &Charge) -> Option<i64> {
    let refunded = charge.amount_refunded?;
    let taken = charge.amount_captured?;
    let released = (charge.amount - taken).max(0);
    Some((refunded - released).max(0))
}

/// Everything that is known of a payment, oldest first. Nothing while its outcome is open.
pub(super) fn history(intent: &Intent) -> Result<Vec<PaymentEvidence>, BadAmount> {
    let reference = || intent.id.clone();
    let mut known = Vec::new();
    match intent.status.as_str() {
        "requires_action" | "requires_source_action" => {
            known.push(PaymentEvidence::ActionRequired {
                reference: reference(),
            });
        }
        "requires_payment_method" | "requires_source" => {
            known.push(PaymentEvidence::Declined {
                reference: Some(reference()),
                code: decline_word(intent.last_payment_error.as_ref()),
            });
        }
        "requires_capture" => {
            known.push(authorized(intent)?);
            known.extend(captured(intent, None)?);
        }
        "succeeded" => {
            if intent.capture_method.as_deref() == Some("manual") {
                known.push(authorized(intent)?);
            }
            known.extend(captured(intent, None)?);
            let refunded = intent
                .charge()
                .and_then(given_back)
                .filter(|minor| *minor > 0);
            if let Some(minor) = refunded {
                known.push(PaymentEvidence::Refunded {
                    reference: reference(),
                    amount: Reported::Total {
                        amount: money(minor, &intent.currency)?,
                    },
                });
            }
        }
        "canceled" => {
            // What was captured before a cancellation stays captured.
            if intent.amount_received.is_some_and(|received| received > 0) {
                known.extend(captured(intent, None)?);
            }
            known.push(PaymentEvidence::Voided {
                reference: reference(),
            });
        }
        _ => {}
    }
    Ok(known)
}

/// What a refund says. `None` while it is open, or when it only released what was never taken.
pub(super) fn refunded(
    refund: &Refund,
    payment: &str,
) -> Result<Option<PaymentEvidence>, BadAmount> {
    Ok(match refund.status.as_deref() {
        Some("failed" | "canceled") => Some(PaymentEvidence::RefundFailed {
            refund: Some(refund.id.clone()),
            code: refund
                .failure_reason
                .as_deref()
                .and_then(code)
                .or_else(|| refund.status.clone())
                .unwrap_or_default(),
        }),
        Some("pending" | "requires_action") => None,
        _ => Some(PaymentEvidence::Refunded {
            reference: payment.to_owned(),
            amount: Reported::Part {
                reference: refund.id.clone(),
                amount: money(refund.amount, &refund.currency)?,
            },
        }),
    })
}

/// Events on the way to others that say what there is to know: the hub has nothing to do about them.
const SAY_NOTHING: [&str; 6] = [
    "charge.pending",
    "charge.failed",
    "charge.succeeded",
    "charge.updated",
    "payment_intent.created",
    "payment_intent.processing",
];

/// What a verified webhook says.
pub(super) fn read(body: &[u8]) -> Vec<Inbound> {
    let event: Event<'_> = match serde_json::from_slice(body) {
        Ok(event) => event,
        Err(error) => {
            return vec![Inbound::Unreadable {
                reason: unreadable(&error),
            }];
        }
    };
    if SAY_NOTHING.contains(&event.kind.as_str()) {
        return Vec::new();
    }
    let told = match event.kind.as_str() {
        "payment_intent.amount_capturable_updated"
        | "payment_intent.succeeded"
        | "payment_intent.canceled"
        | "payment_intent.payment_failed"
        | "payment_intent.requires_action" => of_intent(&event),
        "charge.captured" | "charge.refunded" | "charge.expired" => of_charge(&event),
        "charge.refund.updated" | "refund.created" | "refund.updated" | "refund.failed" => {
            of_refund(&event)
        }
        "charge.dispute.created" | "charge.dispute.updated" | "charge.dispute.closed" => {
            of_dispute(&event)
        }
        _ => Ok(Told::nothing()),
    };
    let told = match told {
        Ok(told) => told,
        Err(reason) => return vec![Inbound::Unreadable { reason }],
    };
    if told.evidence.is_empty() {
        let topic = code(&event.kind).unwrap_or_else(|| "an event without a plain name".to_owned());
        return vec![Inbound::Unknown { topic }];
    }
    told.evidence
        .into_iter()
        .map(|evidence| Inbound::Payment {
            reference: told.reference.clone(),
            order: told.order.clone(),
            occurred_at: second(event.created),
            test: event.livemode == Some(false),
            evidence,
        })
        .collect()
}

/// What an event's object tells about a payment.
struct Told {
    reference: String,
    order: Option<String>,
    evidence: Vec<PaymentEvidence>,
}

impl Told {
    const fn nothing() -> Self {
        Self {
            reference: String::new(),
            order: None,
            evidence: Vec::new(),
        }
    }
}

fn order_of(metadata: Option<&Metadata>) -> Option<String> {
    metadata.and_then(Metadata::order)
}

fn object<'a, T: serde::Deserialize<'a>>(event: &Event<'a>) -> Result<T, String> {
    serde_json::from_str(event.data.object.get()).map_err(|error| unreadable(&error))
}

fn of_intent(event: &Event<'_>) -> Result<Told, String> {
    let intent: Intent = object(event)?;
    let mut evidence = history(&intent).map_err(|BadAmount| BAD_AMOUNT.to_owned())?;
    if event.kind == "payment_intent.payment_failed" {
        // Whatever the snapshot's status, the event says that this try failed.
        evidence = vec![PaymentEvidence::Declined {
            reference: Some(intent.id.clone()),
            code: decline_word(intent.last_payment_error.as_ref()),
        }];
    }
    Ok(Told {
        reference: intent.id.clone(),
        order: order_of(intent.metadata.as_ref()),
        evidence,
    })
}

fn payment_of(intent: Option<&Reference>, charge: Option<&Reference>) -> Result<String, String> {
    intent
        .or(charge)
        .map(|reference| reference.0.clone())
        .ok_or_else(|| "the body names neither a payment_intent nor a charge".to_owned())
}

fn of_charge(event: &Event<'_>) -> Result<Told, String> {
    let charge: Charge = object(event)?;
    let own = Reference(charge.id.clone());
    let reference = payment_of(charge.payment_intent.as_ref(), Some(&own))?;
    let total = |minor| {
        let amount = money(minor, &charge.currency).map_err(|BadAmount| BAD_AMOUNT.to_owned())?;
        Ok::<_, String>(Reported::Total { amount })
    };
    let taken = charge.amount_captured.unwrap_or(charge.amount);
    let evidence = if !charge.captured {
        PaymentEvidence::Voided {
            reference: reference.clone(),
        }
    } else if event.kind == "charge.refunded" {
        match given_back(&charge).or(charge.amount_refunded) {
            Some(minor) if minor > 0 => PaymentEvidence::Refunded {
                reference: reference.clone(),
                amount: total(minor)?,
            },
            _ => PaymentEvidence::Captured {
                reference: reference.clone(),
                amount: total(taken)?,
            },
        }
    } else {
        PaymentEvidence::Captured {
            reference: reference.clone(),
            amount: total(taken)?,
        }
    };
    Ok(Told {
        reference,
        order: order_of(charge.metadata.as_ref()),
        evidence: vec![evidence],
    })
}

fn of_refund(event: &Event<'_>) -> Result<Told, String> {
    let refund: Refund = object(event)?;
    let reference = payment_of(refund.payment_intent.as_ref(), refund.charge.as_ref())?;
    let order = order_of(refund.metadata.as_ref());
    // Our own refunds name their order; one that names none and moved no money is the release of
    // what a partial capture or a cancellation left.
    let release = order.is_none()
        && refund.status.as_deref() == Some("succeeded")
        && refund.balance_transaction == Booking::Nothing;
    let evidence = if release {
        None
    } else {
        refunded(&refund, &reference).map_err(|BadAmount| BAD_AMOUNT.to_owned())?
    };
    Ok(Told {
        reference,
        order,
        evidence: evidence.into_iter().collect(),
    })
}

fn of_dispute(event: &Event<'_>) -> Result<Told, String> {
    let dispute: Dispute = object(event)?;
    let reference = payment_of(dispute.payment_intent.as_ref(), dispute.charge.as_ref())?;
    let amount = money(dispute.amount, &dispute.currency);
    let amount = amount.map_err(|BadAmount| BAD_AMOUNT.to_owned())?;
    let id = dispute.id.clone();
    let closed = |won| PaymentEvidence::DisputeClosed {
        dispute: id.clone(),
        won,
        amount,
    };
    let opened = || PaymentEvidence::DisputeOpened {
        dispute: id.clone(),
        amount,
        due: second(dispute.due_by()),
    };
    // An inquiry that was closed may become a chargeback all the same; other changes of an open one say nothing.
    let was_over = matches!(
        event.data.status_before(),
        Some("won" | "warning_closed" | "lost")
    );
    let evidence = match (event.kind.as_str(), dispute.status.as_str()) {
        ("charge.dispute.created", _) => Some(opened()),
        ("charge.dispute.updated", "needs_response" | "under_review") if was_over => Some(opened()),
        // An inquiry that ended without a chargeback leaves the money with the retailer.
        (_, "won" | "warning_closed") => Some(closed(true)),
        (_, "lost") => Some(closed(false)),
        _ => None,
    };
    Ok(Told {
        reference,
        order: order_of(dispute.metadata.as_ref()),
        evidence: evidence.into_iter().collect(),
    })
}
