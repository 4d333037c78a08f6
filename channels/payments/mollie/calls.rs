//! Changing calls to Mollie's API: create, capture, release, refund; no others.
//!
//! Every call carries the effect's id as idempotency key and nothing that differs between tries. An
//! answer that leaves the outcome open is looked up once more: under the same key Mollie repeats the
//! first answer, however old. What was refused is evidence; what may have happened is an error that
//! says so.

use orderhub_domain::money::Money;
use orderhub_domain::order::{PaymentEvidence, Reported};
use serde_json::{Value, json};

use super::Mollie;
use super::answers::{garbled, refusal, understand, underway};
use super::map::{BadAmount, history, of_refund};
use super::wire::{Amount, Movement, Payment};
use crate::outbound::{Answer, Failure};
use crate::payments::{Means, PaymentCall};
use crate::port::{CallError, PaymentAnswer};
use crate::wire::path_id;

/// A mandate as orders name it: `<customerId>` for the customer's current one, or
/// `<customerId>/<mandateId>`.
fn mandate(token: &str) -> Option<(&str, Option<&str>)> {
    let (customer, mandate) = match token.split_once('/') {
        Some((customer, mandate)) => (customer, Some(mandate)),
        None => (token, None),
    };
    let plain = path_id(customer).is_some() && mandate.is_none_or(|id| path_id(id).is_some());
    plain.then_some((customer, mandate))
}

/// An amount with exactly the currency's decimals, as Mollie wants it.
fn amount(amount: Money) -> Value {
    let mut value = amount.amount();
    value.rescale(amount.currency().exponent());
    json!({"currency": amount.currency().code(), "value": value.to_string()})
}

fn stated(movement: &Movement, asked: Money) -> Result<Money, BadAmount> {
    let amount = movement.amount.as_ref();
    amount.map_or(Ok(asked), |amount| amount.money().ok_or(BadAmount))
}

fn declined(code: impl Into<String>) -> PaymentEvidence {
    PaymentEvidence::Declined {
        reference: None,
        code: code.into(),
    }
}

impl Mollie {
    async fn change(
        &self,
        path: &str,
        call: &PaymentCall,
        body: &Value,
    ) -> Result<Answer, Failure> {
        let request = self
            .signed(self.http.post(path))
            .header("idempotency-key", call.effect.to_string())
            .json(body);
        self.http.send(request).await
    }

    /// What is told with everything that is made, so that it finds its way back.
    fn named(call: &PaymentCall) -> Value {
        json!({"order_id": call.order.to_string(), "effect_id": call.effect.to_string()})
    }

    pub(super) async fn authorize_now(
        &self,
        call: &PaymentCall,
        means: &Means<'_>,
    ) -> PaymentAnswer {
        let Some((customer, mandate)) = self.means(means).await? else {
            return Ok(declined("no_payment_method"));
        };
        let mut body = json!({
            "amount": amount(call.amount),
            "description": call.order.to_string(),
            "customerId": customer,
            "sequenceType": "recurring",
            "captureMode": "manual",
            "webhookUrl": self.webhook_url,
            "metadata": Self::named(call),
        });
        if let Some(mandate) = mandate {
            body["mandateId"] = mandate.into();
        }
        let answer = self.change("/v2/payments", call, &body).await?;
        let payment = match understand::<Payment>(&answer)? {
            Ok(payment) => payment,
            Err(refusal) => return Ok(declined(refusal)),
        };
        if payment
            .order()
            .is_some_and(|named| named != call.order.to_string())
        {
            return Err(CallError::unknown(
                "the gateway answered about another order's payment",
            ));
        }
        if let Some(first) = history(&payment)?.into_iter().next() {
            return Ok(first.evidence);
        }
        let payment = self.look_again(&payment.id).await?.ok_or_else(garbled)?;
        let first = history(&payment)?.into_iter().next();
        first.map(|known| known.evidence).ok_or_else(underway)
    }

    /// The customer and the mandate to pay with: the token's, or those of the payment that is renewed.
    async fn means(
        &self,
        means: &Means<'_>,
    ) -> Result<Option<(String, Option<String>)>, CallError> {
        if let Some((customer, mandate)) = mandate(means.token) {
            return Ok(Some((customer.to_owned(), mandate.map(str::to_owned))));
        }
        let Some(id) = means.renews.filter(|_| means.token.is_empty()) else {
            return Ok(None);
        };
        let known = match path_id(id) {
            Some(id) => self.retrieve(id).await?,
            None => None,
        };
        Ok(known.and_then(|payment| Some((payment.customer_id?, payment.mandate_id))))
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
        let body = json!({"amount": amount(call.amount), "metadata": Self::named(call)});
        let path = format!("/v2/payments/{id}/captures");
        let answer = self.change(&path, call, &body).await?;
        let mut capture = match understand::<Movement>(&answer)? {
            Ok(capture) => capture,
            Err(refusal) => return refused(refusal),
        };
        if capture.status == "pending" {
            let payment = self.look_again(id).await?;
            let embedded = payment.and_then(|payment| payment.embedded);
            let mut now = embedded.into_iter().flat_map(|all| all.captures);
            capture = now.find(|now| now.id == capture.id).ok_or_else(underway)?;
        }
        match capture.status.as_str() {
            "succeeded" => Ok(PaymentEvidence::Captured {
                reference: reference.to_owned(),
                amount: Reported::Part {
                    amount: stated(&capture, call.amount)?,
                    reference: capture.id,
                },
            }),
            "failed" => refused("failed".to_owned()),
            _ => Err(underway()),
        }
    }

    pub(super) async fn void_now(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer {
        let Some(id) = path_id(reference) else {
            return Err(CallError::not_now(
                "the payment's reference is not one of the gateway's",
            ));
        };
        let voided = || PaymentEvidence::Voided {
            reference: reference.to_owned(),
        };
        let path = format!("/v2/payments/{id}/release-authorization");
        let answer = self.change(&path, call, &json!({})).await?;
        let refused = refusal(&answer)?;
        let payment = self.look_again(id).await?;
        let payment = payment.ok_or_else(|| CallError::not_now("the gateway does not know it"))?;
        let whole = payment.amount.money().ok_or(BadAmount)?;
        let taken = payment.amount_captured.as_ref().and_then(Amount::money);
        let released = refused.is_none() && taken.is_some_and(|taken| taken < whole);
        match (payment.status.as_str(), refused) {
            ("canceled" | "expired", _) => Ok(voided()),
            // What was captured before stays captured.
            ("paid", _) if released => Ok(voided()),
            // Too late: the money was taken, and that is the fact to go on with.
            ("paid", _) => Ok(PaymentEvidence::Captured {
                reference: reference.to_owned(),
                amount: Reported::Total {
                    amount: taken.unwrap_or(whole),
                },
            }),
            (_, None) => Err(underway()),
            (_, Some(code)) => {
                let reason = format!("the gateway would not release the payment ({code})");
                Err(answer.not_done(reason))
            }
        }
    }

    pub(super) async fn refund_now(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer {
        let failed = |code: String| Ok(PaymentEvidence::RefundFailed { refund: None, code });
        let Some(id) = path_id(reference) else {
            return failed("malformed_reference".to_owned());
        };
        let body = json!({
            "amount": amount(call.amount),
            "description": call.order.to_string(),
            "metadata": Self::named(call),
        });
        let path = format!("/v2/payments/{id}/refunds");
        let answer = self.change(&path, call, &body).await?;
        match understand::<Movement>(&answer)? {
            // Mollie took the order to refund; should it fail or be called off later, the look-up
            // after its webhook says so of the same id.
            Ok(refund) => {
                let amount = stated(&refund, call.amount)?;
                Ok(of_refund(&refund, reference, amount))
            }
            Err(refusal) => failed(refusal),
        }
    }

    /// The payment as it is now, after an answer that left it open. Without one it stays open.
    async fn look_again(&self, id: &str) -> Result<Option<Payment>, CallError> {
        let id = path_id(id).ok_or_else(garbled)?;
        self.retrieve(id).await.map_err(|error| match error {
            CallError::NotDone { reason, .. } | CallError::Unknown { reason, .. } => {
                CallError::unknown(reason)
            }
        })
    }
}
