//! Calls to Stripe's API: create, retrieve, search, capture, cancel, refund; no others.
//!
//! Every changing call carries the effect's id as idempotency key and nothing that differs between
//! tries. What was refused is evidence; what may have happened is an error that says so.

use orderhub_domain::canonical::CaptureMode;
use orderhub_domain::ids::{EffectId, OrderId};
use orderhub_domain::order::{PaymentEvidence, Reported};
use reqwest::RequestBuilder;
use secrecy::ExposeSecret;

use super::Stripe;
use super::answers::{garbled, is_replay, known_of, look_up_refused, understand, unread};
use super::map::{captured, history, refunded};
use super::money::to_minor;
use super::wire::{Intent, List, Metadata, Refund, Refused};
use crate::outbound::{Answer, Failure};
use crate::payments::{Means, PaymentCall, Sought};
use crate::port::{CallError, Found, PaymentAnswer};
use crate::wire::path_id;

/// The API version that the shapes in `wire` are written for: payment intents list their charges
/// and confirm cards without a return URL. Webhooks are read in any version.
const VERSION: &str = "2022-08-01";

impl Stripe {
    fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        request
            .bearer_auth(self.api_key.expose_secret())
            .header("stripe-version", VERSION)
    }

    async fn change(
        &self,
        path: &str,
        call: &PaymentCall,
        form: &[(&str, String)],
    ) -> Result<Answer, Failure> {
        let request = self
            .signed(self.http.post(path))
            .header("idempotency-key", call.effect.to_string())
            .form(form);
        self.http.send(request).await
    }

    pub(super) async fn authorize_now(
        &self,
        call: &PaymentCall,
        means: &Means<'_>,
    ) -> PaymentAnswer {
        let Some(minor) = to_minor(call.amount) else {
            return Ok(PaymentEvidence::Declined {
                reference: None,
                code: "amount_not_representable".to_owned(),
            });
        };
        let Some(method) = self.method(means).await? else {
            return Ok(PaymentEvidence::Declined {
                reference: None,
                code: "no_payment_method".to_owned(),
            });
        };
        let currency = call.amount.currency().code().to_ascii_lowercase();
        let mut form = vec![("amount", minor.to_string()), ("currency", currency)];
        form.extend(method);
        form.extend([
            ("capture_method", "manual".to_owned()),
            ("confirm", "true".to_owned()),
            ("metadata[order_id]", call.order.to_string()),
            ("metadata[effect_id]", call.effect.to_string()),
        ]);
        if self.capture == CaptureMode::Many {
            let name = "payment_method_options[card][request_multicapture]";
            form.push((name, "if_available".to_owned()));
        }
        let answer = self.change("/v1/payment_intents", call, &form).await?;
        match understand::<Intent>(&answer) {
            Ok(Ok(intent)) => self.judge_authorization(&answer, intent).await,
            Ok(Err(refusal)) => Ok(PaymentEvidence::Declined {
                reference: refusal.payment,
                code: refusal.code,
            }),
            // Stripe saves even its own failures under a key: only a look tells what became of it.
            Err(unknown @ CallError::Unknown { .. }) if is_replay(&answer) => {
                match self.search(call.order, Some(call.effect)).await {
                    Ok(Found::There(known)) => known.into_iter().next().ok_or(unknown),
                    Ok(Found::Absent) | Err(_) => Err(unknown),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// The fields that say with what to pay. A payment is renewed without the buyer, with the means of
    /// the payment before; `None` when the gateway knows none.
    async fn method(
        &self,
        means: &Means<'_>,
    ) -> Result<Option<Vec<(&'static str, String)>>, CallError> {
        let Some(renewed) = means.renews else {
            return Ok(Some(vec![("payment_method", means.token.to_owned())]));
        };
        let mut fields = vec![("off_session", "true".to_owned())];
        if !means.token.is_empty() {
            fields.push(("payment_method", means.token.to_owned()));
            return Ok(Some(fields));
        }
        let intent = match path_id(renewed) {
            Some(id) => self.retrieve(id).await?,
            None => None,
        };
        let Some(method) = intent
            .as_ref()
            .and_then(|known| known.payment_method.as_ref())
        else {
            return Ok(None);
        };
        fields.push(("payment_method", method.0.clone()));
        let customer = intent.as_ref().and_then(|known| known.customer.as_ref());
        fields.extend(customer.map(|customer| ("customer", customer.0.clone())));
        Ok(Some(fields))
    }

    /// The first thing that an authorisation's answer proves. An open outcome, or a saved answer
    /// that asked the buyer to act, is looked up once more: it may be settled by now.
    async fn judge_authorization(&self, answer: &Answer, intent: Intent) -> PaymentAnswer {
        let waits = matches!(intent.status.as_str(), "requires_action" | "processing");
        let intent = if waits && (is_replay(answer) || intent.status == "processing") {
            self.retrieve(&intent.id).await?.unwrap_or(intent)
        } else {
            intent
        };
        let known = history(&intent)?;
        known.into_iter().next().ok_or_else(|| {
            CallError::unknown("the gateway has the payment and has not decided about it yet")
        })
    }

    pub(super) async fn capture_now(
        &self,
        call: &PaymentCall,
        reference: &str,
        last: bool,
    ) -> PaymentAnswer {
        let refused = |code: &str| {
            Ok(PaymentEvidence::CaptureFailed {
                capture: None,
                code: code.to_owned(),
            })
        };
        let Some(id) = path_id(reference) else {
            return refused("malformed_reference");
        };
        let Some(minor) = to_minor(call.amount) else {
            return refused("amount_not_representable");
        };
        let mut form = vec![("amount_to_capture", minor.to_string())];
        if self.capture == CaptureMode::Many {
            form.push(("final_capture", last.to_string()));
        }
        let path = format!("/v1/payment_intents/{id}/capture");
        let answer = self.change(&path, call, &form).await?;
        let refusal = match understand::<Intent>(&answer) {
            Ok(Ok(intent)) => return captured(&intent, Some(call.amount))?.ok_or_else(garbled),
            Ok(Err(refusal)) => refusal.code,
            Err(CallError::Unknown { reason, .. }) if is_replay(&answer) => reason,
            Err(error) => return Err(error),
        };
        let Some(intent) = self.look_again(id).await? else {
            return refused(&refusal);
        };
        match intent.status.as_str() {
            "succeeded" => captured(&intent, None)?.ok_or_else(garbled),
            "canceled" => refused("canceled"),
            _ if answer.status.is_server_error() => Err(CallError::unknown(refusal)),
            _ => refused(&refusal),
        }
    }

    pub(super) async fn void_now(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer {
        let Some(id) = path_id(reference) else {
            return Err(CallError::not_now(
                "the payment's reference is not one of the gateway's",
            ));
        };
        let path = format!("/v1/payment_intents/{id}/cancel");
        let answer = self.change(&path, call, &[]).await?;
        let intent = match understand::<Intent>(&answer) {
            Ok(Ok(intent)) => intent,
            Ok(Err(refusal)) => self.look_again(id).await?.ok_or_else(|| {
                let code = refusal.code;
                CallError::not_now(format!("the gateway does not know the payment ({code})"))
            })?,
            Err(unknown @ CallError::Unknown { .. }) if is_replay(&answer) => {
                self.look_again(id).await?.ok_or(unknown)?
            }
            Err(error) => return Err(error),
        };
        match intent.status.as_str() {
            "canceled" => Ok(PaymentEvidence::Voided {
                reference: intent.id,
            }),
            // Too late: the money was taken, and that is the fact to go on with.
            "succeeded" => captured(&intent, None)?.ok_or_else(garbled),
            _ => Err(answer.not_done("the gateway would not release the payment")),
        }
    }

    pub(super) async fn refund_now(&self, call: &PaymentCall, reference: &str) -> PaymentAnswer {
        let Some(minor) = to_minor(call.amount) else {
            return Ok(PaymentEvidence::RefundFailed {
                refund: None,
                code: "amount_not_representable".to_owned(),
            });
        };
        let by = if reference.starts_with("ch_") {
            "charge"
        } else {
            "payment_intent"
        };
        let form = [
            (by, reference.to_owned()),
            ("amount", minor.to_string()),
            ("metadata[order_id]", call.order.to_string()),
        ];
        let answer = self.change("/v1/refunds", call, &form).await?;
        match understand::<Refund>(&answer)? {
            Ok(mut refund) => {
                // The gateway took the order to refund; should the bank refuse it later, a webhook
                // reports that about the same reference.
                if matches!(
                    refund.status.as_deref(),
                    Some("pending" | "requires_action")
                ) {
                    refund.status = None;
                }
                refunded(&refund, reference)?.ok_or_else(garbled)
            }
            Err(refusal) if refusal.code == "charge_already_refunded" => {
                self.whole_refund(reference, refusal.code).await
            }
            Err(refusal) => Ok(PaymentEvidence::RefundFailed {
                refund: None,
                code: refusal.code,
            }),
        }
    }

    /// Everything was given back already, by somebody: the total says so.
    async fn whole_refund(&self, reference: &str, code: String) -> PaymentAnswer {
        let intent = match path_id(reference) {
            Some(id) => self.look_again(id).await?,
            None => None,
        };
        let known = intent
            .as_ref()
            .map(history)
            .transpose()?
            .unwrap_or_default();
        let total = known.into_iter().find(|evidence| {
            let total = PaymentEvidence::Refunded {
                reference: reference.to_owned(),
                amount: match evidence.amount() {
                    Some(amount) => Reported::Total { amount },
                    None => return false,
                },
            };
            *evidence == total
        });
        Ok(total.unwrap_or(PaymentEvidence::RefundFailed { refund: None, code }))
    }

    /// The payment as it is now, after an answer that left it open. Without one it stays open.
    async fn look_again(&self, id: &str) -> Result<Option<Intent>, CallError> {
        self.retrieve(id).await.map_err(|error| match error {
            CallError::NotDone { reason, .. } | CallError::Unknown { reason, .. } => {
                CallError::unknown(reason)
            }
        })
    }

    /// The payment, or `None` when the gateway firmly says that there is none.
    async fn retrieve(&self, id: &str) -> Result<Option<Intent>, CallError> {
        let path = format!("/v1/payment_intents/{id}");
        let request = self.signed(self.http.get(&path));
        let answer = self.http.send(request).await.map_err(Failure::of_look_up)?;
        if answer.status.is_success() {
            return serde_json::from_slice(&answer.body)
                .map(Some)
                .map_err(|_| unread());
        }
        let refusal = serde_json::from_slice::<Refused>(&answer.body);
        match refusal {
            Ok(_) if answer.status.as_u16() == 404 => Ok(None),
            _ => Err(look_up_refused(&answer)),
        }
    }

    /// The payments of an order; of those that name the effect they were made for, only its own.
    pub(super) async fn search(
        &self,
        order: OrderId,
        effect: Option<EffectId>,
    ) -> Result<Found<Vec<PaymentEvidence>>, CallError> {
        let query = format!("metadata['order_id']:'{order}'");
        let request = self
            .signed(self.http.get("/v1/payment_intents/search"))
            .query(&[("query", query.as_str()), ("limit", "100")]);
        let answer = self.http.send(request).await.map_err(Failure::of_look_up)?;
        // No status but 200 says "not there": a 404 means that there is no search at all.
        if !answer.status.is_success() {
            return Err(look_up_refused(&answer));
        }
        let page: List<Intent> = serde_json::from_slice(&answer.body).map_err(|_| unread())?;
        let mut intents = page.data;
        intents.retain(|intent| {
            let named = intent.metadata.as_ref().and_then(Metadata::order);
            let made_for = intent.metadata.as_ref().and_then(Metadata::effect);
            named.is_none_or(|named| named == order.to_string())
                && effect.is_none_or(|effect| {
                    made_for.is_none_or(|made_for| made_for == effect.to_string())
                })
        });
        intents.sort_by_key(|intent| intent.created);
        known_of(&intents)
    }

    pub(super) async fn query_now(
        &self,
        order: OrderId,
        sought: Sought<'_>,
    ) -> Result<Found<Vec<PaymentEvidence>>, CallError> {
        let reference = match sought {
            Sought::All => return self.search(order, None).await,
            Sought::Effect(effect) => return self.search(order, Some(effect)).await,
            Sought::Reference(reference) => reference,
        };
        let Some(id) = path_id(reference) else {
            return Ok(Found::Absent);
        };
        match self.retrieve(id).await? {
            Some(intent) => known_of(&[intent]),
            None => Ok(Found::Absent),
        }
    }
}
