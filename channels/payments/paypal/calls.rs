//! Changing calls to PayPal's Orders and Payments APIs: create, authorise, capture, void, refund; no
//! others.
//!
//! Every call but a void carries the effect's id as `PayPal-Request-Id` and nothing that differs between
//! tries; a void changes nothing the second time. What was refused is evidence; what may have happened is
//! an error that says so.

use orderhub_domain::canonical::CaptureMode;
use orderhub_domain::money::Money;
use orderhub_domain::order::{PaymentEvidence, Reported};
use serde_json::{Value, json};

use super::PayPal;
use super::answers::{garbled, refusal, understand, underway};
use super::state::{captured_by, history, of_capture, of_refund, reference_of, sums};
use super::wire::{BadAmount, Movement, Order, named};
use crate::outbound::{Answer, Failure};
use crate::payments::{Means, PaymentCall};
use crate::port::{CallError, PaymentAnswer};
use crate::wire::path_id;

/// Currencies that PayPal takes without decimals only (developer.paypal.com/reference/currency-codes).
const WHOLE: [&str; 3] = ["HUF", "JPY", "TWD"];

fn declined(code: impl Into<String>) -> PaymentEvidence {
    PaymentEvidence::Declined {
        reference: None,
        code: code.into(),
    }
}

/// An amount with exactly the decimals that PayPal takes; `None` when it cannot be said with them.
fn amount(amount: Money) -> Option<Value> {
    let code = amount.currency().code();
    let decimals = if WHOLE.contains(&code) {
        0
    } else {
        amount.currency().exponent()
    };
    let mut value = amount.amount();
    value.rescale(decimals);
    let exact = value == amount.amount();
    exact.then(|| json!({"currency_code": code, "value": value.to_string()}))
}

/// What a token names: a vaulted PayPal account (`<id>`) or a vaulted card (`card/<id>`).
fn source(means: &Means<'_>) -> Option<Value> {
    if let Some(id) = means.token.strip_prefix("card/") {
        let mut card = json!({"vault_id": path_id(id)?});
        if means.renews.is_some() {
            card["stored_credential"] = json!({"payment_initiator": "MERCHANT",
                "payment_type": "UNSCHEDULED", "usage": "SUBSEQUENT"});
        }
        return Some(json!({"card": card}));
    }
    Some(json!({"paypal": {"vault_id": path_id(means.token)?}}))
}

impl PayPal {
    async fn change(&self, path: &str, key: Option<&str>, body: &Value) -> Result<Answer, Failure> {
        let request = self
            .http
            .post(path)
            .header("prefer", "return=representation");
        let request = match key {
            Some(key) => request.header("paypal-request-id", key),
            None => request,
        };
        self.tokens.send(&self.http, request.json(body)).await
    }

    pub(super) async fn authorize_now(
        &self,
        call: &PaymentCall,
        means: &Means<'_>,
    ) -> PaymentAnswer {
        let Some(amount) = amount(call.amount) else {
            return Ok(declined("amount_not_representable"));
        };
        // PayPal does not tell with what an earlier payment was made: without a token there is no means.
        let Some(source) = source(means) else {
            return Ok(declined("no_payment_method"));
        };
        let (order, effect) = (call.order.to_string(), call.effect.to_string());
        let body = json!({
            "intent": "AUTHORIZE",
            "purchase_units": [{"reference_id": effect, "custom_id": order, "amount": amount}],
            "payment_source": source,
        });
        let answer = self
            .change("/v2/checkout/orders", Some(&effect), &body)
            .await?;
        let mut made = match understand::<Order>(&answer)? {
            Ok(made) => made,
            Err(refusal) => return Ok(declined(refusal)),
        };
        let is_empty = |made: &Order| {
            let mut units = made.purchase_units.iter();
            units.all(|unit| unit.payments.authorizations.is_empty())
        };
        if is_empty(&made) && matches!(made.status.as_str(), "CREATED" | "APPROVED") {
            let id = path_id(&made.id).ok_or_else(garbled)?;
            let path = format!("/v2/checkout/orders/{id}/authorize");
            let key = format!("{effect}-authorize");
            let answer = self.change(&path, Some(&key), &json!({})).await?;
            made = match understand::<Order>(&answer)? {
                Ok(made) => made,
                Err(refusal) => return Ok(declined(refusal)),
            };
        }
        let custom = made
            .purchase_units
            .iter()
            .map(|unit| unit.custom_id.as_ref());
        if named(custom).is_some_and(|named| named != order) {
            return Err(CallError::unknown(
                "the gateway answered about another order's payment",
            ));
        }
        match history(&made)?.into_iter().next() {
            Some(first) => Ok(first.evidence),
            // Without a reference nobody can go on with it: the answer that nobody was shown is all
            // there is of it.
            None if made.status == "PAYER_ACTION_REQUIRED" => Ok(declined("payer_action_required")),
            None if is_empty(&made) => Err(garbled()),
            None => Err(underway()),
        }
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
        let Some(amount) = amount(call.amount) else {
            return refused("amount_not_representable".to_owned());
        };
        let is_last = last || self.capture == CaptureMode::Once;
        let body = json!({"amount": amount, "final_capture": is_last});
        let path = format!("/v2/payments/authorizations/{id}/capture");
        let key = call.effect.to_string();
        let answer = self.change(&path, Some(&key), &body).await?;
        match understand::<Movement>(&answer)? {
            Ok(capture) => of_capture(&capture, reference)?.ok_or_else(underway),
            // Nothing is left to capture because it was captured: that is the fact to go on with.
            Err(refusal) if refusal.contains("CAPTURED") => {
                let order = self.look_again(reference).await?;
                let known = order.as_ref().map(history).transpose()?;
                match sums(&known.unwrap_or_default(), reference).taken {
                    Some(amount) => Ok(PaymentEvidence::Captured {
                        reference: reference.to_owned(),
                        amount: Reported::Total { amount },
                    }),
                    None => refused(refusal),
                }
            }
            Err(refusal) => refused(refusal),
        }
    }

    pub(super) async fn void_now(&self, reference: &str) -> PaymentAnswer {
        let Some(id) = path_id(reference) else {
            return Err(CallError::not_now(
                "the payment's reference is not one of the gateway's",
            ));
        };
        let voided = PaymentEvidence::Voided {
            reference: reference.to_owned(),
        };
        let path = format!("/v2/payments/authorizations/{id}/void");
        let answer = self.change(&path, None, &json!({})).await?;
        let Some(refusal) = refusal(&answer)? else {
            return Ok(voided);
        };
        let known = match self.look_again(id).await? {
            Some(order) => history(&order)?,
            None => Vec::new(),
        };
        if known.iter().any(|one| one.evidence == voided) {
            return Ok(voided);
        }
        match sums(&known, reference).taken {
            // Too late: the money was taken, and that is the fact to go on with.
            Some(amount) if refusal.contains("CAPTURED") => Ok(PaymentEvidence::Captured {
                reference: reference.to_owned(),
                amount: Reported::Total { amount },
            }),
            _ => {
                let reason = format!("the gateway would not release the payment ({refusal})");
                Err(answer.not_done(reason))
            }
        }
    }

    /// Gives money back of one capture: the first that has as much left, whoever made it. A refund that
    /// was made for this effect before is found first, so that a repeat never picks another capture.
    pub(super) async fn refund_now(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer {
        let failed = |code: &str| {
            let code = code.to_owned();
            Ok(PaymentEvidence::RefundFailed { refund: None, code })
        };
        if path_id(reference).is_none() {
            return failed("malformed_reference");
        }
        let Some(amount) = amount(call.amount) else {
            return failed("amount_not_representable");
        };
        // Nothing was changed yet: what fails here was certainly not done.
        let Some(order) = self.retrieve(reference).await? else {
            return failed("payment_not_found");
        };
        let effect = call.effect.to_string();
        let capture = match refundable(&order, reference, &effect, call.amount)? {
            Refundable::Done(evidence) => return Ok(evidence),
            Refundable::Of(capture) => capture,
            Refundable::Nothing => {
                // Everything was given back already, by somebody: the total says so.
                let sums = sums(&history(&order)?, reference);
                return match sums.given {
                    Some(amount) if sums.given >= sums.taken => Ok(PaymentEvidence::Refunded {
                        reference: reference.to_owned(),
                        amount: Reported::Total { amount },
                    }),
                    _ => failed("no_capture_with_as_much_left"),
                };
            }
        };
        let id = path_id(&capture).ok_or_else(garbled)?;
        let path = format!("/v2/payments/captures/{id}/refund");
        let body = json!({"amount": amount, "custom_id": effect});
        let answer = self.change(&path, Some(&effect), &body).await?;
        match understand::<Movement>(&answer)? {
            Ok(refund) => of_refund(&refund, reference)?.ok_or_else(garbled),
            Err(refusal) => failed(&refusal),
        }
    }

    /// The payment as it is now, after an answer that left it open. Without one it stays open.
    async fn look_again(&self, reference: &str) -> Result<Option<Order>, CallError> {
        self.retrieve(reference).await.map_err(|error| match error {
            CallError::NotDone { reason, .. } | CallError::Unknown { reason, .. } => {
                CallError::unknown(reason)
            }
        })
    }
}

/// What a refund can be taken from.
enum Refundable {
    /// It was made before.
    Done(PaymentEvidence),
    /// This capture has enough left.
    Of(String),
    /// No single capture has.
    Nothing,
}

fn refundable(
    order: &Order,
    reference: &str,
    effect: &str,
    amount: Money,
) -> Result<Refundable, BadAmount> {
    for payments in order.purchase_units.iter().map(|unit| &unit.payments) {
        let ours = |capture: &&Movement| reference_of(capture, payments) == reference;
        let is_effects = |refund: &&Movement| refund.custom_id.as_deref() == Some(effect);
        if let Some(done) = payments.refunds.iter().find(is_effects)
            && let Some(evidence) = of_refund(done, reference)?
        {
            return Ok(Refundable::Done(evidence));
        }
        for capture in payments.captures.iter().filter(ours) {
            if of_capture(capture, reference)?
                .and_then(|one| one.amount())
                .is_none()
            {
                continue;
            }
            let mut left = capture.amount.money()?;
            for refund in &payments.refunds {
                let of_it = captured_by(refund, payments).is_some_and(|of| of.id == capture.id);
                if let Some(given) = of_refund(refund, reference)?.and_then(|one| one.amount())
                    && of_it
                {
                    left = left.less(given);
                }
            }
            if left.currency() == amount.currency() && left >= amount {
                return Ok(Refundable::Of(capture.id.clone()));
            }
        }
    }
    Ok(Refundable::Nothing)
}
