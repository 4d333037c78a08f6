//! What PayPal's orders, payments and disputes mean. Pure: look-ups and the answers of calls go through
//! the same rules.
//!
//! Every authorisation, capture and refund of a checkout order is listed in it with an id of its own. A
//! refund counts from the moment that PayPal took it; a failed or cancelled one says so under its id.

use jiff::Timestamp;
use orderhub_domain::money::Money;
use orderhub_domain::order::{PaymentEvidence, Reported};

use super::wire::{BadAmount, Dispute, Movement, Order, Payee, Payments, Unit, named};
use crate::port::Inbound;
use crate::wire::{code, unreadable};

/// Something that is known of a payment, and since when.
pub(super) struct Known {
    pub(super) reference: String,
    order: Option<String>,
    at: Option<Timestamp>,
    pub(super) evidence: PaymentEvidence,
}

/// A moment as PayPal writes it, with its offset.
fn moment(text: Option<&str>) -> Option<Timestamp> {
    text?.parse().ok()
}

/// How the payment of a capture is referred to: by its authorisation, else by itself.
pub(super) fn reference_of<'a>(capture: &'a Movement, payments: &'a Payments) -> &'a str {
    let only = match payments.authorizations.as_slice() {
        [only] => Some(only.id.as_str()),
        _ => None,
    };
    let stated = capture.authorization().or(only);
    stated.unwrap_or(&capture.id)
}

/// The capture that a refund gave back.
pub(super) fn captured_by<'a>(refund: &Movement, payments: &'a Payments) -> Option<&'a Movement> {
    match (refund.capture(), payments.captures.as_slice()) {
        (Some(id), captures) => captures.iter().find(|capture| capture.id == id),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

/// What an authorisation says. Nothing while PayPal has not decided about it.
pub(super) fn of_authorization(one: &Movement) -> Result<Vec<PaymentEvidence>, BadAmount> {
    let reference = || one.id.clone();
    let authorized = || {
        Ok::<_, BadAmount>(PaymentEvidence::Authorized {
            reference: reference(),
            amount: one.amount.money()?,
            expires_at: moment(one.expiration_time.as_deref()),
        })
    };
    Ok(match one.status.as_str() {
        "CREATED" | "CAPTURED" | "PARTIALLY_CAPTURED" => vec![authorized()?],
        "VOIDED" | "EXPIRED" => {
            let reference = reference();
            vec![authorized()?, PaymentEvidence::Voided { reference }]
        }
        "DENIED" => vec![PaymentEvidence::Declined {
            reference: Some(reference()),
            code: "denied".to_owned(),
        }],
        _ => Vec::new(),
    })
}

/// What a capture says. Nothing while PayPal has not decided about it.
pub(super) fn of_capture(
    one: &Movement,
    reference: &str,
) -> Result<Option<PaymentEvidence>, BadAmount> {
    Ok(match one.status.as_str() {
        "COMPLETED" | "PARTIALLY_REFUNDED" | "REFUNDED" => Some(PaymentEvidence::Captured {
            reference: reference.to_owned(),
            amount: Reported::Part {
                reference: one.id.clone(),
                amount: one.amount.money()?,
            },
        }),
        "DECLINED" | "FAILED" => Some(PaymentEvidence::CaptureFailed {
            capture: None,
            code: one.status.to_ascii_lowercase(),
        }),
        _ => None,
    })
}

/// What a refund says. Nothing when its state is new to us.
pub(super) fn of_refund(
    one: &Movement,
    reference: &str,
) -> Result<Option<PaymentEvidence>, BadAmount> {
    Ok(match one.status.as_str() {
        "COMPLETED" | "PENDING" => Some(PaymentEvidence::Refunded {
            reference: reference.to_owned(),
            amount: Reported::Part {
                reference: one.id.clone(),
                amount: one.amount.money()?,
            },
        }),
        "FAILED" | "CANCELLED" => Some(PaymentEvidence::RefundFailed {
            refund: Some(one.id.clone()),
            code: one.status.to_ascii_lowercase(),
        }),
        _ => None,
    })
}

/// Everything that is known of a part of a purchase, oldest first.
fn of_unit(unit: &Unit) -> Result<Vec<Known>, BadAmount> {
    let payments = &unit.payments;
    let mut known = Vec::new();
    let mut add = |reference: &str, of: &Movement, evidence| {
        known.push(Known {
            reference: reference.to_owned(),
            order: named([unit.custom_id.as_ref(), of.custom_id.as_ref()]),
            at: moment(of.create_time.as_deref()),
            evidence,
        });
    };
    for one in &payments.authorizations {
        for evidence in of_authorization(one)? {
            add(&one.id, one, evidence);
        }
    }
    // A refused capture counts while nothing was tried after it.
    let latest = payments.captures.iter();
    let latest = latest.max_by_key(|one| moment(one.create_time.as_deref()));
    for one in &payments.captures {
        let reference = reference_of(one, payments);
        let evidence = of_capture(one, reference)?;
        let refused = matches!(evidence, Some(PaymentEvidence::CaptureFailed { .. }));
        if let Some(evidence) = evidence
            && (!refused || latest.is_some_and(|latest| latest.id == one.id))
        {
            add(reference, one, evidence);
        }
    }
    for one in &payments.refunds {
        let Some(capture) = captured_by(one, payments) else {
            continue;
        };
        let reference = reference_of(capture, payments);
        if let Some(evidence) = of_refund(one, reference)? {
            add(reference, one, evidence);
        }
    }
    Ok(known)
}

/// Everything that is known of an order's payments.
pub(super) fn history(order: &Order) -> Result<Vec<Known>, BadAmount> {
    let units = order.purchase_units.iter().map(of_unit);
    let known: Result<Vec<_>, _> = units.collect();
    Ok(known?.into_iter().flatten().collect())
}

/// What became of a payment's money in all; `None` where nothing did.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub(super) taken: Option<Money>,
    pub(super) given: Option<Money>,
}

/// The sums of what is known of a payment.
pub(super) fn sums(known: &[Known], reference: &str) -> Sums {
    let mut sums = Sums::default();
    for one in known.iter().filter(|one| one.reference == reference) {
        let sum = match one.evidence {
            PaymentEvidence::Captured { .. } => &mut sums.taken,
            PaymentEvidence::Refunded { .. } => &mut sums.given,
            _ => continue,
        };
        *sum = match (*sum, one.evidence.amount()) {
            (Some(sum), Some(more)) => Some(sum.plus(more)),
            (none, more) => more.or(none),
        };
    }
    sums
}

/// Reads what was asked for.
pub(super) struct Reader<'a> {
    pub(super) merchant: Option<&'a str>,
    pub(super) test: bool,
}

impl Reader<'_> {
    /// What a thing of this kind says.
    pub(super) fn read(&self, kind: &str, payment: Option<&str>, body: &[u8]) -> Vec<Inbound> {
        let movement = || serde_json::from_slice::<Movement>(body);
        let read = match kind {
            "order" => serde_json::from_slice(body).map(|order| self.order(&order)),
            "authorization" | "capture" => movement().map(|one| self.order(&alone(kind, one))),
            "dispute" => {
                serde_json::from_slice(body).map(|dispute| self.dispute(&dispute, payment))
            }
            _ => return unknown("resource:", kind),
        };
        read.unwrap_or_else(|error| {
            let reason = unreadable(&error);
            vec![Inbound::Unreadable { reason }]
        })
    }

    fn order(&self, order: &Order) -> Vec<Inbound> {
        let payee = |unit: &Unit| {
            unit.payee
                .as_ref()
                .and_then(|payee| payee.merchant_id.clone())
        };
        let mut payees = order.purchase_units.iter().filter_map(payee);
        if let Some(ours) = self.merchant
            && payees.any(|payee| payee != ours)
        {
            return unknown("another_account:", &order.status);
        }
        let Ok(known) = history(order) else {
            return bad_amount();
        };
        if known.is_empty() {
            return unknown("not_yet:", &order.status);
        }
        let items = known.into_iter().map(|known| Inbound::Payment {
            reference: known.reference,
            order: known.order,
            occurred_at: known.at,
            test: self.test,
            evidence: known.evidence,
        });
        items.collect()
    }

    fn dispute(&self, dispute: &Dispute, payment: Option<&str>) -> Vec<Inbound> {
        let Some(payment) = payment else {
            return unknown("without_payment:", &dispute.status);
        };
        let outcome = dispute.outcome.as_ref();
        let Ok(amount) = dispute.amount.money() else {
            return bad_amount();
        };
        // A dispute may be resolved and go on in the next stage: how it stands is so since its last change.
        let made = moment(dispute.create_time.as_deref());
        let now = moment(dispute.update_time.as_deref()).or(made);
        let resolved = dispute.status == "RESOLVED";
        let opened = PaymentEvidence::DisputeOpened {
            dispute: dispute.id.clone(),
            amount,
            due: moment(dispute.seller_response_due_date.as_deref()),
        };
        let mut known = vec![(if resolved { made } else { now }, opened)];
        if resolved {
            let word = outcome.and_then(|outcome| outcome.outcome_code.as_deref());
            let won = match word {
                // What PayPal pays out of its own pocket, the retailer keeps.
                Some(
                    "RESOLVED_SELLER_FAVOUR"
                    | "RESOLVED_WITH_PAYOUT"
                    | "CANCELED_BY_BUYER"
                    | "DENIED",
                ) => true,
                Some("RESOLVED_BUYER_FAVOUR" | "ACCEPTED") => false,
                word => return unknown("outcome:", word.unwrap_or_default()),
            };
            let back = outcome.and_then(|outcome| outcome.amount_refunded.as_ref());
            let amount = match back.filter(|_| !won).map(super::wire::Amount::money) {
                None => amount,
                Some(Ok(back)) => back,
                Some(Err(BadAmount)) => return bad_amount(),
            };
            let closed = PaymentEvidence::DisputeClosed {
                dispute: dispute.id.clone(),
                won,
                amount,
            };
            known.push((now, closed));
        }
        let items = known.into_iter().map(|(at, evidence)| Inbound::Payment {
            reference: payment.to_owned(),
            order: None,
            occurred_at: at,
            test: self.test,
            evidence,
        });
        items.collect()
    }
}

/// A payment that belongs to no checkout order, as if it were the only one of one.
pub(super) fn alone(kind: &str, mut one: Movement) -> Order {
    let (id, status) = (one.id.clone(), one.status.clone());
    let payee: Option<Payee> = one.payee.take();
    let mut payments = Payments::default();
    match kind {
        "authorization" => payments.authorizations.push(one),
        _ => payments.captures.push(one),
    }
    let unit = Unit {
        payee,
        payments,
        ..Unit::default()
    };
    Order {
        id,
        status,
        purchase_units: vec![unit],
    }
}

fn unknown(why: &str, word: &str) -> Vec<Inbound> {
    let word = code(word).unwrap_or_else(|| "no plain word".to_owned());
    let topic = format!("{why}{word}");
    vec![Inbound::Unknown { topic }]
}

fn bad_amount() -> Vec<Inbound> {
    vec![Inbound::Unreadable {
        reason: "the body states an amount that its currency cannot have".to_owned(),
    }]
}
