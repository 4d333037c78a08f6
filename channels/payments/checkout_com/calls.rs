//! Changing calls to Checkout.com's payments API: request, capture, void, refund; no others.
//!
//! Every call carries the effect's id as idempotency key, the order's id as reference, and nothing that
//! differs between tries. What was taken on is looked up once in the payment's actions: often it is
//! decided by then. What was refused is evidence; what may have happened is an error that says so.

use orderhub_domain::canonical::CaptureMode;
use orderhub_domain::order::{PaymentEvidence, Reported};
use serde_json::{Value, json};

use super::CheckoutCom;
use super::answers::{garbled, understand, understand_action, underway};
use super::known::{captured, history, of_action, refunded};
use super::money::to_minor;
use super::wire::{Accepted, Balances, Payment};
use crate::outbound::{Answer, Failure};
use crate::payments::{Means, PaymentCall};
use crate::port::{CallError, PaymentAnswer};
use crate::wire::path_id;

fn declined(code: impl Into<String>) -> PaymentEvidence {
    PaymentEvidence::Declined {
        reference: None,
        code: code.into(),
    }
}

/// The source that a token names: a stored one (`src_...`), or a card that was just given (`tok_...`).
fn source(token: &str) -> Option<Value> {
    match token.split_once('_') {
        Some(("src", _)) => Some(json!({"type": "id", "id": token})),
        Some(("tok", _)) => Some(json!({"type": "token", "token": token})),
        _ => None,
    }
}

impl CheckoutCom {
    async fn change(
        &self,
        path: &str,
        call: &PaymentCall,
        mut body: Value,
    ) -> Result<Answer, Failure> {
        let (order, effect) = (call.order.to_string(), call.effect.to_string());
        body["metadata"] = json!({"order_id": order, "effect_id": effect});
        body["reference"] = order.into();
        let request = self
            .signed(self.http.post(path))
            .header("cko-idempotency-key", effect)
            .json(&body);
        self.http.send(request).await
    }

    pub(super) async fn authorize_now(
        &self,
        call: &PaymentCall,
        means: &Means<'_>,
    ) -> PaymentAnswer {
        let Some(minor) = to_minor(call.amount) else {
            return Ok(declined("amount_not_representable"));
        };
        let Some(source) = self.source(means).await? else {
            return Ok(declined("no_payment_method"));
        };
        let mut body = json!({
            "source": source,
            "amount": minor,
            "currency": call.amount.currency().code(),
            "capture": false,
            "processing_channel_id": self.channel,
        });
        if let Some(renewed) = means.renews {
            body["merchant_initiated"] = true.into();
            body["payment_type"] = "Unscheduled".into();
            body["previous_payment_id"] = renewed.into();
        }
        let answer = self.change("/payments", call, body).await?;
        let payment = match understand::<Payment>(&answer)? {
            Ok(payment) => payment,
            Err(refusal) => return Ok(declined(refusal)),
        };
        let named = payment.reference.as_deref();
        if named.is_some_and(|named| named != call.order.to_string()) {
            return Err(CallError::unknown(
                "the gateway answered about another order's payment",
            ));
        }
        if let Some(first) = history(&payment, &[])?.into_iter().next() {
            return Ok(first);
        }
        let id = path_id(&payment.id).ok_or_else(garbled)?;
        let payment = self.look_again(id).await?.ok_or_else(garbled)?;
        let first = history(&payment, &[])?.into_iter().next();
        first.ok_or_else(underway)
    }

    /// What to pay with: the token's source, or that of the payment that is renewed.
    async fn source(&self, means: &Means<'_>) -> Result<Option<Value>, CallError> {
        let renewed = means.renews.filter(|_| means.token.is_empty());
        let Some(id) = renewed else {
            return Ok(source(means.token));
        };
        let known = match path_id(id) {
            Some(id) => self.retrieve(id).await?,
            None => None,
        };
        let id = known.and_then(|payment| payment.source?.id);
        Ok(id.as_deref().and_then(source))
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
        let Some(minor) = to_minor(call.amount) else {
            return refused("amount_not_representable".to_owned());
        };
        let is_last = last || self.capture == CaptureMode::Once;
        let kind = if is_last { "Final" } else { "NonFinal" };
        let body = json!({"amount": minor, "capture_type": kind});
        let path = format!("/payments/{id}/captures");
        let answer = self.change(&path, call, body).await?;
        match understand_action::<Accepted>(&answer)? {
            Ok(accepted) => self.became(id, &accepted).await,
            Err(refusal) => {
                let Some(payment) = self.look_again(id).await? else {
                    return refused(refusal);
                };
                // Nothing is left to capture because it was captured: that is the fact to go on with.
                let left = Balances::is_some(payment.balances.available_to_capture.as_ref());
                match captured(&payment)? {
                    Some(evidence) if !left => Ok(evidence),
                    _ => refused(refusal),
                }
            }
        }
    }

    pub(super) async fn void_now(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer {
        let Some(id) = path_id(reference) else {
            return Err(CallError::not_now(
                "the payment's reference is not one of the gateway's",
            ));
        };
        let path = format!("/payments/{id}/voids");
        let answer = self.change(&path, call, json!({})).await?;
        let taken = understand_action::<Accepted>(&answer)?;
        let Some(payment) = self.look_again(id).await? else {
            return Err(CallError::not_now("the gateway does not know the payment"));
        };
        let voided = matches!(payment.status.as_str(), "Voided" | "Expired" | "Canceled");
        match (taken, captured(&payment)?) {
            _ if voided => Ok(PaymentEvidence::Voided {
                reference: reference.to_owned(),
            }),
            (Ok(_), _) => Err(underway()),
            // Too late: the money was taken, and that is the fact to go on with.
            (Err(_), Some(evidence)) => Ok(evidence),
            (Err(refusal), None) => {
                let reason = format!("the gateway would not release the payment ({refusal})");
                Err(answer.not_done(reason))
            }
        }
    }

    pub(super) async fn refund_now(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer {
        let failed = |code: String| Ok(PaymentEvidence::RefundFailed { refund: None, code });
        let Some(id) = path_id(reference) else {
            return failed("malformed_reference".to_owned());
        };
        let Some(minor) = to_minor(call.amount) else {
            return failed("amount_not_representable".to_owned());
        };
        let path = format!("/payments/{id}/refunds");
        let answer = self.change(&path, call, json!({"amount": minor})).await?;
        match understand_action::<Accepted>(&answer)? {
            // The gateway took the order to refund; should it be declined after all, a webhook says so
            // of the same action.
            Ok(accepted) => Ok(PaymentEvidence::Refunded {
                reference: reference.to_owned(),
                amount: Reported::Part {
                    reference: accepted.action_id,
                    amount: call.amount,
                },
            }),
            Err(refusal) => {
                let Some(payment) = self.look_again(id).await? else {
                    return failed(refusal);
                };
                // Everything was given back already, by somebody: the total says so.
                match refunded(&payment)? {
                    Some(evidence) if payment.status == "Refunded" => Ok(evidence),
                    _ => failed(refusal),
                }
            }
        }
    }

    /// What a capture that was taken on came to, if it is decided by now.
    async fn became(&self, id: &str, accepted: &Accepted) -> PaymentAnswer {
        let (Ok(Some(payment)), Ok(actions)) = (self.retrieve(id).await, self.actions(id).await)
        else {
            return Err(underway());
        };
        let mut actions = actions.iter();
        let ours = actions.find(|action| action.id == accepted.action_id);
        let came = ours.map(|action| of_action(action, &payment)).transpose()?;
        came.flatten().ok_or_else(underway)
    }

    /// The payment as it is now, after an answer that left it open. Without one it stays open.
    async fn look_again(&self, id: &str) -> Result<Option<Payment>, CallError> {
        self.retrieve(id).await.map_err(|error| match error {
            CallError::NotDone { reason, .. } | CallError::Unknown { reason, .. } => {
                CallError::unknown(reason)
            }
        })
    }
}
