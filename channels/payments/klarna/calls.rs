//! Changing calls to Klarna's order management API: capture, release, cancel, refund; no others.
//!
//! Every call carries the effect's id as idempotency key and nothing that differs between tries. An answer
//! of success has no body: Klarna takes the whole amount that was asked for or refuses, and wants its
//! answers believed rather than asked after (docs.klarna.com, order management in a nutshell). What was
//! refused is evidence; what may have happened is an error that says so.

use orderhub_domain::order::{PaymentEvidence, Reported};
use serde_json::{Value, json};

use super::Klarna;
use super::answers::{garbled, made, understand};
use super::state::{captured, is_released, refunded};
use super::wire::Order;
use crate::outbound::{Answer, Failure};
use crate::payments::PaymentCall;
use crate::port::{CallError, PaymentAnswer};
use crate::wire::path_id;

/// The rest of an authorisation is let go.
const RELEASE: &str = "release-remaining-authorization";

/// The effect's id; a release that follows another call for the same effect has a key of its own, for
/// Klarna looks at nothing but the key.
fn key(call: &PaymentCall, verb: &str) -> String {
    match verb {
        RELEASE => format!("{}-release", call.effect),
        _ => call.effect.to_string(),
    }
}

/// One movement of an order, of the amount that was asked for.
fn part(answer: &Answer, header: &str, call: &PaymentCall) -> Result<Reported, CallError> {
    Ok(Reported::Part {
        reference: made(answer, header).ok_or_else(garbled)?,
        amount: call.amount,
    })
}

impl Klarna {
    async fn change(
        &self,
        id: &str,
        verb: &str,
        call: &PaymentCall,
        body: Option<Value>,
    ) -> Result<Answer, Failure> {
        let path = format!("/ordermanagement/v1/orders/{id}/{verb}");
        let mut request = self
            .signed(self.http.post(&path))
            .header("klarna-idempotency-key", key(call, verb));
        if let Some(body) = body {
            request = request.json(&body);
        }
        self.http.send(request).await
    }

    pub(super) async fn capture_now(
        &self,
        call: &PaymentCall,
        reference: &str,
        last: bool,
    ) -> PaymentAnswer {
        let refused = |code: String| {
            Ok(PaymentEvidence::CaptureFailed {
                capture: None,
                code,
            })
        };
        let Some(id) = path_id(reference) else {
            return refused("malformed_reference".to_owned());
        };
        let body = json!({
            "captured_amount": call.amount.minor(),
            "reference": call.order.to_string(),
        });
        let answer = self.change(id, "captures", call, Some(body)).await?;
        if let Err(refusal) = understand(&answer)? {
            let Some(order) = self.look_again(id).await? else {
                return refused(refusal);
            };
            // Nothing is left to capture because it was captured: that is the fact to go on with.
            let left = order.sum(order.left.as_ref())?;
            return match captured(&order)? {
                Some(evidence) if left.is_none() => Ok(evidence),
                _ => refused(refusal),
            };
        }
        let amount = part(&answer, "capture-id", call)?;
        if last {
            // What comes of it changes nothing: the rest lapses at its time anyway.
            drop(self.change(id, RELEASE, call, None).await);
        }
        Ok(PaymentEvidence::Captured {
            reference: reference.to_owned(),
            amount,
        })
    }

    /// Cancels an order of which nothing was captured; of another one, releases the rest.
    pub(super) async fn void_now(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer {
        let Some(id) = path_id(reference) else {
            return Err(CallError::not_now(
                "the payment's reference is not one of the gateway's",
            ));
        };
        let voided = || PaymentEvidence::Voided {
            reference: reference.to_owned(),
        };
        let answer = self.change(id, "cancel", call, None).await?;
        let Err(refusal) = understand(&answer)? else {
            return Ok(voided());
        };
        let Some(order) = self.look_again(id).await? else {
            let reason = format!("the gateway does not know the order ({refusal})");
            return Err(CallError::not_now(reason));
        };
        if is_released(&order)? {
            return Ok(voided());
        }
        let left = order.sum(order.left.as_ref())?;
        match captured(&order)? {
            Some(_) if left.is_some() => {
                let answer = self.change(id, RELEASE, call, None).await?;
                match understand(&answer)? {
                    Ok(()) => Ok(voided()),
                    Err(refusal) => Err(not_released(&answer, &refusal)),
                }
            }
            // Too late: the money was taken, and that is the fact to go on with.
            Some(evidence) => Ok(evidence),
            None => Err(not_released(&answer, &refusal)),
        }
    }

    pub(super) async fn refund_now(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer {
        let failed = |code: String| Ok(PaymentEvidence::RefundFailed { refund: None, code });
        let Some(id) = path_id(reference) else {
            return failed("malformed_reference".to_owned());
        };
        let body = json!({
            "refunded_amount": call.amount.minor(),
            "reference": call.order.to_string(),
        });
        let answer = self.change(id, "refunds", call, Some(body)).await?;
        let Err(refusal) = understand(&answer)? else {
            return Ok(PaymentEvidence::Refunded {
                reference: reference.to_owned(),
                amount: part(&answer, "refund-id", call)?,
            });
        };
        let Some(order) = self.look_again(id).await? else {
            return failed(refusal);
        };
        // Everything was given back already, by somebody: the total says so.
        let taken = order.sum(order.captured.as_ref())?;
        let given = order.sum(order.refunded.as_ref())?;
        match refunded(&order)? {
            Some(evidence) if given >= taken => Ok(evidence),
            _ => failed(refusal),
        }
    }

    /// The order as it is now, after an answer that left it open. Without one it stays open.
    async fn look_again(&self, id: &str) -> Result<Option<Order>, CallError> {
        self.retrieve(id).await.map_err(|error| match error {
            CallError::NotDone { reason, .. } | CallError::Unknown { reason, .. } => {
                CallError::unknown(reason)
            }
        })
    }
}

fn not_released(answer: &Answer, refusal: &str) -> CallError {
    answer.not_done(format!(
        "the gateway would not release the order ({refusal})"
    ))
}
