//! Calls to the Checkout API: authorise, capture, cancel, refund; no others.
//!
//! Every call carries the effect's id as idempotency key and nothing that differs between tries. The
//! order's id is the reference of the payment and of everything that happens to it, so that every
//! notification finds its way back. What was refused is evidence; what may have happened is an error
//! that says so.

use orderhub_domain::money::Money;
use orderhub_domain::order::{PaymentEvidence, Reported};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::Adyen;
use super::answers::{garbled, understand, underway};
use super::money::{stated, to_minor};
use super::reasons::word;
use super::wire::{Amount, Modification, Payment};
use crate::outbound::{Answer, Failure};
use crate::payments::{Means, PaymentCall};
use crate::port::{CallError, PaymentAnswer};
use crate::wire::path_id;

/// A stored means of payment as orders name it: `<shopperReference>/<storedPaymentMethodId>`, for
/// Adyen finds the one only with the other.
fn stored(token: &str) -> Option<(&str, &str)> {
    let (shopper, method) = token.rsplit_once('/')?;
    (!shopper.is_empty() && !method.is_empty()).then_some((shopper, method))
}

fn amount(amount: Money) -> Option<Value> {
    let value = to_minor(amount)?;
    Some(json!({"currency": amount.currency().code(), "value": value}))
}

/// What an answer states, or what was asked for when it states nothing.
fn stated_or(amount: Option<&Amount>, asked: Money) -> Result<Money, CallError> {
    match amount {
        Some(amount) => stated(amount).ok_or_else(|| {
            CallError::unknown("the gateway answered with an amount that its currency cannot have")
        }),
        None => Ok(asked),
    }
}

fn declined(reference: Option<String>, code: impl Into<String>) -> PaymentEvidence {
    PaymentEvidence::Declined {
        reference,
        code: code.into(),
    }
}

impl Adyen {
    async fn change(
        &self,
        path: &str,
        call: &PaymentCall,
        mut body: Value,
    ) -> Result<Answer, Failure> {
        body["merchantAccount"] = self.account.as_str().into();
        body["reference"] = call.order.to_string().into();
        let request = self
            .http
            .post(&format!("{}{path}", self.root))
            .header("x-api-key", self.api_key.expose_secret())
            .header("idempotency-key", call.effect.to_string())
            .json(&body);
        self.http.send(request).await
    }

    pub(super) async fn authorize_now(
        &self,
        call: &PaymentCall,
        means: &Means<'_>,
    ) -> PaymentAnswer {
        let Some(amount) = amount(call.amount) else {
            return Ok(declined(None, "amount_not_representable"));
        };
        // Adyen does not tell with what an earlier payment was made: without a token there is no means.
        let Some((shopper, method)) = stored(means.token) else {
            return Ok(declined(None, "no_payment_method"));
        };
        let model = match means.renews {
            Some(_) => "UnscheduledCardOnFile",
            None => "CardOnFile",
        };
        let body = json!({
            "amount": amount,
            "paymentMethod": {"type": "scheme", "storedPaymentMethodId": method},
            "shopperReference": shopper,
            "shopperInteraction": "ContAuth",
            "recurringProcessingModel": model,
            "returnUrl": self.return_url,
            "additionalData": {"manualCapture": "true"},
        });
        let answer = self.change("/payments", call, body).await?;
        match understand::<Payment>(&answer)? {
            Ok(payment) => judge(call, payment),
            Err(refusal) => Ok(declined(None, refusal)),
        }
    }

    pub(super) async fn capture_now(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer {
        let refused = |code: String| {
            Ok(PaymentEvidence::CaptureFailed {
                capture: None,
                code,
            })
        };
        let Some(id) = path_id(reference) else {
            return refused("malformed_reference".to_owned());
        };
        let Some(amount) = amount(call.amount) else {
            return refused("amount_not_representable".to_owned());
        };
        let path = format!("/payments/{id}/captures");
        let answer = self.change(&path, call, json!({"amount": amount})).await?;
        match understand(&answer)? {
            Ok(modification) => Err(taken(&modification, id).err().unwrap_or_else(underway)),
            Err(refusal) => refused(refusal),
        }
    }

    pub(super) async fn void_now(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer {
        let Some(id) = path_id(reference) else {
            return Err(CallError::not_now(
                "the payment's reference is not one of the gateway's",
            ));
        };
        let path = format!("/payments/{id}/cancels");
        let answer = self.change(&path, call, json!({})).await?;
        match understand(&answer)? {
            Ok(modification) => Err(taken(&modification, id).err().unwrap_or_else(underway)),
            Err(refusal) => {
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
        let Some(amount) = amount(call.amount) else {
            return failed("amount_not_representable".to_owned());
        };
        let path = format!("/payments/{id}/refunds");
        let answer = self.change(&path, call, json!({"amount": amount})).await?;
        let modification = match understand(&answer)? {
            Ok(modification) => modification,
            Err(refusal) => return failed(refusal),
        };
        taken(&modification, id)?;
        // The gateway took the order to refund; should it fail after all, a notification reports
        // that about the same reference.
        Ok(PaymentEvidence::Refunded {
            reference: reference.to_owned(),
            amount: Reported::Part {
                amount: stated_or(modification.amount.as_ref(), call.amount)?,
                reference: modification.psp_reference,
            },
        })
    }
}

/// Whether an answer says that our request about this payment was taken.
fn taken(modification: &Modification, payment: &str) -> Result<(), CallError> {
    let named = modification.payment_psp_reference.as_deref();
    let ours = named.is_none_or(|named| named == payment);
    let received = modification.status == "received" && !modification.psp_reference.is_empty();
    if ours && received {
        Ok(())
    } else {
        Err(garbled())
    }
}

/// What the answer to an authorisation proves.
fn judge(call: &PaymentCall, payment: Payment) -> PaymentAnswer {
    let named = payment.merchant_reference.as_deref();
    if named.is_some_and(|named| named != call.order.to_string()) {
        return Err(CallError::unknown(
            "the gateway answered about another order's payment",
        ));
    }
    let reference = payment.psp_reference.filter(|text| !text.is_empty());
    let because = |otherwise| word(payment.refusal_reason.as_deref(), otherwise);
    match (payment.result_code.as_str(), reference) {
        ("Authorised", Some(reference)) => Ok(PaymentEvidence::Authorized {
            reference,
            amount: stated_or(payment.amount.as_ref(), call.amount)?,
            expires_at: None,
        }),
        // Less than was asked for, so the amount has to be stated.
        ("PartiallyAuthorised", Some(reference)) => Ok(PaymentEvidence::Authorized {
            reference,
            amount: payment
                .amount
                .as_ref()
                .and_then(stated)
                .ok_or_else(garbled)?,
            expires_at: None,
        }),
        ("Refused", reference) => Ok(declined(reference, because("refused"))),
        ("Cancelled", reference) => Ok(declined(reference, "cancelled")),
        ("Error", reference) => Ok(declined(reference, because("error"))),
        (
            "RedirectShopper" | "IdentifyShopper" | "ChallengeShopper" | "PresentToShopper",
            Some(reference),
        ) => Ok(PaymentEvidence::ActionRequired { reference }),
        // Without a reference nobody can go on with it: the answer that nobody was shown is all
        // there is of it.
        ("RedirectShopper" | "IdentifyShopper" | "ChallengeShopper" | "PresentToShopper", None) => {
            Ok(declined(None, "authentication_required"))
        }
        ("Pending" | "Received", _) => Err(CallError::unknown(
            "the gateway has the payment and has not decided about it yet",
        )),
        _ => Err(garbled()),
    }
}
