//! What a payment and its actions say when they are asked for. Pure; the answers of calls go through
//! the same rules.

use orderhub_domain::order::{PaymentEvidence, Reported};

use super::map::{moment, refusal};
use super::wire::{Action, BadAmount, Balances, Payment, money};

/// What is set aside.
fn authorized(payment: &Payment) -> Result<PaymentEvidence, BadAmount> {
    let sum = payment.balances.total_authorized.as_ref();
    let sum = sum.filter(|sum| Balances::is_some(Some(sum)));
    Ok(PaymentEvidence::Authorized {
        reference: payment.id.clone(),
        amount: money(sum.or(payment.amount.as_ref()), payment.currency.as_deref())?,
        expires_at: moment(payment.expires_on.as_deref()),
    })
}

/// Everything taken so far; `None` when nothing was.
pub(super) fn captured(payment: &Payment) -> Result<Option<PaymentEvidence>, BadAmount> {
    let sum = payment.balances.total_captured.as_ref();
    Ok(match sum {
        Some(sum) if Balances::is_some(Some(sum)) => Some(PaymentEvidence::Captured {
            reference: payment.id.clone(),
            amount: Reported::Total {
                amount: money(Some(sum), payment.currency.as_deref())?,
            },
        }),
        _ => None,
    })
}

/// Everything given back so far; `None` when nothing was.
pub(super) fn refunded(payment: &Payment) -> Result<Option<PaymentEvidence>, BadAmount> {
    let sum = payment.balances.total_refunded.as_ref();
    Ok(match sum {
        Some(sum) if Balances::is_some(Some(sum)) => Some(PaymentEvidence::Refunded {
            reference: payment.id.clone(),
            amount: Reported::Total {
                amount: money(Some(sum), payment.currency.as_deref())?,
            },
        }),
        _ => None,
    })
}

/// What one action came to; `None` when it is none of money, or is not decided.
pub(super) fn of_action(
    action: &Action,
    payment: &Payment,
) -> Result<Option<PaymentEvidence>, BadAmount> {
    let part = || {
        Ok::<_, BadAmount>(Reported::Part {
            reference: action.id.clone(),
            amount: money(action.amount.as_ref(), payment.currency.as_deref())?,
        })
    };
    let because = |otherwise| refusal(action.response_code.as_deref(), otherwise);
    let reference = || payment.id.clone();
    Ok(Some(match (action.kind.as_str(), action.approved) {
        ("Capture", Some(true)) => PaymentEvidence::Captured {
            reference: reference(),
            amount: part()?,
        },
        ("Capture", Some(false)) => PaymentEvidence::CaptureFailed {
            capture: None,
            code: because("capture_declined"),
        },
        ("Refund", Some(true)) => PaymentEvidence::Refunded {
            reference: reference(),
            amount: part()?,
        },
        ("Refund", Some(false)) => PaymentEvidence::RefundFailed {
            refund: Some(action.id.clone()),
            code: because("refund_declined"),
        },
        _ => return Ok(None),
    }))
}

/// Everything that is known of a payment, oldest first. Nothing while its outcome is open. The actions
/// stand latest first, as Checkout.com lists them.
pub(super) fn history(
    payment: &Payment,
    actions: &[Action],
) -> Result<Vec<PaymentEvidence>, BadAmount> {
    let approved = actions
        .iter()
        .any(|action| action.kind == "Authorization" && action.approved == Some(true));
    let held = approved || Balances::is_some(payment.balances.total_authorized.as_ref());
    let mut known = Vec::new();
    match payment.status.as_str() {
        "Pending" if payment.waits_for_buyer() => known.push(PaymentEvidence::ActionRequired {
            reference: payment.id.clone(),
        }),
        "Pending" | "Retry Scheduled" => {}
        "Authorized"
        | "Partially Authorized"
        | "Captured"
        | "Partially Captured"
        | "Partially Refunded"
        | "Refunded" => known.push(authorized(payment)?),
        "Voided" | "Expired" | "Canceled" if held => known.push(authorized(payment)?),
        "Declined" | "Expired" | "Canceled" => known.push(PaymentEvidence::Declined {
            reference: Some(payment.id.clone()),
            code: match payment.status.as_str() {
                "Declined" => declined(payment, actions),
                status => status.to_ascii_lowercase(),
            },
        }),
        _ if held => known.push(authorized(payment)?),
        _ => {}
    }
    // A refused capture counts while nothing was tried after it.
    let latest = actions.iter().find(|action| action.kind == "Capture");
    for action in actions.iter().rev() {
        let refused = action.kind == "Capture" && action.approved == Some(false);
        if refused && latest.is_some_and(|latest| latest.id != action.id) {
            continue;
        }
        known.extend(of_action(action, payment)?);
    }
    known.extend(captured(payment)?);
    if held && matches!(payment.status.as_str(), "Voided" | "Expired" | "Canceled") {
        known.push(PaymentEvidence::Voided {
            reference: payment.id.clone(),
        });
    }
    known.extend(refunded(payment)?);
    Ok(known)
}

/// Why a payment was declined.
fn declined(payment: &Payment, actions: &[Action]) -> String {
    let of_action = actions.iter().find(|action| action.approved == Some(false));
    let of_action = of_action.and_then(|action| action.response_code.as_deref());
    refusal(payment.response_code.as_deref().or(of_action), "declined")
}
