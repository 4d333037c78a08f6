//! What Mollie's payments mean. Pure: look-ups and the answers of calls go through the same rules.
//!
//! A payment is `paid` for ever, whatever is given back or charged back afterwards; captures, refunds
//! and chargebacks hang on it with ids of their own. A refund counts from the moment that Mollie took
//! it, and a failed or cancelled one says so under its id.

use jiff::Timestamp;
use orderhub_domain::money::Money;
use orderhub_domain::order::{PaymentEvidence, Reported};

use super::hooks;
use super::wire::{Amount, Chargeback, Movement, OfPayment, Payment};
use crate::port::Inbound;
use crate::wire::{code, path_id, unreadable};

/// An amount or a currency that no order can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BadAmount;

/// Something that is known of a payment, and since when.
pub(super) struct Known {
    pub(super) at: Option<Timestamp>,
    pub(super) evidence: PaymentEvidence,
}

/// A moment as Mollie writes it, with its offset.
pub(super) fn moment(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}

fn money(amount: &Amount) -> Result<Money, BadAmount> {
    amount.money().ok_or(BadAmount)
}

/// One capture or refund, of a whole payment when it states no amount.
fn part(movement: &Movement, payment: &Payment) -> Result<Reported, BadAmount> {
    Ok(Reported::Part {
        reference: movement.id.clone(),
        amount: money(movement.amount.as_ref().unwrap_or(&payment.amount))?,
    })
}

/// What a refund says.
pub(super) fn of_refund(refund: &Movement, payment: &str, amount: Money) -> PaymentEvidence {
    match refund.status.as_str() {
        "failed" | "canceled" => PaymentEvidence::RefundFailed {
            refund: Some(refund.id.clone()),
            code: refund.status.clone(),
        },
        _ => PaymentEvidence::Refunded {
            reference: payment.to_owned(),
            amount: Reported::Part {
                reference: refund.id.clone(),
                amount,
            },
        },
    }
}

/// Everything that is known of a payment, oldest first as far as it has an order. Nothing while its
/// outcome is open.
pub(super) fn history(payment: &Payment) -> Result<Vec<Known>, BadAmount> {
    let reference = || payment.id.clone();
    let at = |text: &Option<String>| moment(text.as_deref());
    let mut known = Vec::new();
    if payment.authorized_at.is_some() || payment.status == "authorized" {
        known.push(Known {
            at: at(&payment.authorized_at),
            evidence: PaymentEvidence::Authorized {
                reference: reference(),
                amount: money(&payment.amount)?,
                expires_at: at(&payment.capture_before),
            },
        });
    }
    captures(payment, &mut known)?;
    let ended = |when: &Option<String>| Known {
        at: at(when),
        evidence: if payment.authorized_at.is_some() {
            PaymentEvidence::Voided {
                reference: reference(),
            }
        } else {
            let code = match payment.status.as_str() {
                "failed" => payment.failure(),
                status => status.to_owned(),
            };
            PaymentEvidence::Declined {
                reference: Some(reference()),
                code,
            }
        },
    };
    match payment.status.as_str() {
        "canceled" => known.push(ended(&payment.canceled_at)),
        "expired" => known.push(ended(&payment.expired_at)),
        "failed" => known.push(ended(&payment.failed_at)),
        _ => {}
    }
    let embedded = payment.embedded.as_ref();
    for refund in embedded.iter().flat_map(|all| &all.refunds) {
        let amount = money(refund.amount.as_ref().unwrap_or(&payment.amount))?;
        known.push(Known {
            at: at(&refund.created_at),
            evidence: of_refund(refund, &payment.id, amount),
        });
    }
    for chargeback in embedded.iter().flat_map(|all| &all.chargebacks) {
        disputes(chargeback, &mut known)?;
    }
    Ok(known)
}

/// What was taken: capture by capture, or at once when nothing was held.
fn captures(payment: &Payment, known: &mut Vec<Known>) -> Result<(), BadAmount> {
    let embedded = payment.embedded.as_ref();
    let mut captures: Vec<_> = embedded.iter().flat_map(|all| &all.captures).collect();
    captures.sort_by_key(|capture| moment(capture.created_at.as_deref()));
    let done = captures.iter().filter(|one| one.status == "succeeded");
    for capture in done {
        known.push(Known {
            at: moment(capture.created_at.as_deref()),
            evidence: PaymentEvidence::Captured {
                reference: payment.id.clone(),
                amount: part(capture, payment)?,
            },
        });
    }
    // A failed capture counts while nothing was tried after it.
    if let Some(last) = captures.last()
        && last.status == "failed"
    {
        known.push(Known {
            at: moment(last.created_at.as_deref()),
            evidence: PaymentEvidence::CaptureFailed {
                capture: None,
                code: "failed".to_owned(),
            },
        });
    }
    let stated = payment.amount_captured.as_ref();
    let stated = stated.map(money).transpose()?.filter(|m| m.is_positive());
    let total = match stated {
        Some(total) => Some(total),
        None if payment.status == "paid" && captures.is_empty() => Some(money(&payment.amount)?),
        None => None,
    };
    if let Some(amount) = total {
        known.push(Known {
            at: moment(payment.paid_at.as_deref()),
            evidence: PaymentEvidence::Captured {
                reference: payment.id.clone(),
                amount: Reported::Total { amount },
            },
        });
    }
    Ok(())
}

/// A chargeback takes the money and stays open until it is reversed: Mollie states no other end.
fn disputes(chargeback: &Chargeback, known: &mut Vec<Known>) -> Result<(), BadAmount> {
    let amount = money(&chargeback.amount)?;
    known.push(Known {
        at: moment(chargeback.created_at.as_deref()),
        evidence: PaymentEvidence::DisputeOpened {
            dispute: chargeback.id.clone(),
            amount,
            due: None,
        },
    });
    if chargeback.reversed_at.is_some() {
        known.push(Known {
            at: moment(chargeback.reversed_at.as_deref()),
            evidence: PaymentEvidence::DisputeClosed {
                dispute: chargeback.id.clone(),
                won: true,
                amount,
            },
        });
    }
    Ok(())
}

/// What a payment says that we asked for.
pub(super) fn read(body: &[u8], profile: Option<&str>) -> Vec<Inbound> {
    let payment: Payment = match serde_json::from_slice(body) {
        Ok(payment) => payment,
        Err(error) => {
            // A refund or a chargeback on its own says less than its payment does.
            let of_it = serde_json::from_slice::<OfPayment>(body);
            if let Ok(OfPayment { payment_id }) = of_it
                && path_id(&payment_id).is_some()
            {
                return vec![hooks::payment(&payment_id)];
            }
            let reason = unreadable(&error);
            return vec![Inbound::Unreadable { reason }];
        }
    };
    let unknown = |why: &str| {
        let status = code(&payment.status).unwrap_or_else(|| "no plain status".to_owned());
        let topic = format!("{why}{status}");
        vec![Inbound::Unknown { topic }]
    };
    let named = payment.profile_id.as_deref();
    if profile.is_some_and(|profile| named.is_some_and(|named| named != profile)) {
        return unknown("another_account:");
    }
    let Ok(known) = history(&payment) else {
        return vec![Inbound::Unreadable {
            reason: "the body states an amount that its currency cannot have".to_owned(),
        }];
    };
    if known.is_empty() {
        let open = matches!(payment.status.as_str(), "open" | "pending");
        return unknown(if open { "not_yet:" } else { "status:" });
    }
    let items = known.into_iter().map(|known| Inbound::Payment {
        reference: payment.id.clone(),
        order: payment.order(),
        occurred_at: known.at,
        test: payment.mode.as_deref() != Some("live"),
        evidence: known.evidence,
    });
    items.collect()
}
