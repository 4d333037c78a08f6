//! What Stripe's answers mean before anybody looks at their objects: done, refused, or open.

use orderhub_domain::order::PaymentEvidence;
use serde::de::DeserializeOwned;

use super::map::{BadAmount, history};
use super::wire::{Intent, Problem, Refused};
use crate::outbound::Answer;
use crate::port::{CallError, Found};
use crate::wire::code;

/// A refusal: nothing was done, and asking again the same way changes nothing.
pub(super) struct Refusal {
    pub(super) code: String,
    pub(super) payment: Option<String>,
}

/// An answer to a changing call that is none.
pub(super) fn garbled() -> CallError {
    CallError::unknown("the gateway's answer cannot be read; it may have been carried out")
}

impl From<BadAmount> for CallError {
    fn from(_: BadAmount) -> Self {
        Self::unknown("the gateway answered with an amount that its currency cannot have")
    }
}

/// What an answer to a changing call means before its object is looked at.
pub(super) fn understand<T: DeserializeOwned>(
    answer: &Answer,
) -> Result<Result<T, Refusal>, CallError> {
    if answer.status.is_success() {
        return serde_json::from_slice(&answer.body)
            .map(Ok)
            .map_err(|_| garbled());
    }
    if let Some(failure) = answer.failure() {
        return Err(failure);
    }
    let problem = serde_json::from_slice::<Refused>(&answer.body).map(|refused| refused.error);
    let status = answer.status.as_u16();
    let word = problem.as_ref().ok().and_then(Problem::word);
    let is = |text: &str| {
        problem
            .as_ref()
            .is_ok_and(|p| p.code.as_deref() == Some(text))
    };
    match status {
        409 if is("lock_timeout") => Err(answer.not_done("the gateway has the payment locked")),
        409 | 424 => Err(CallError::unknown(
            "the gateway is still carrying out an earlier try",
        )),
        400 if problem
            .as_ref()
            .is_ok_and(|p| p.kind.as_deref() == Some("idempotency_error")) =>
        {
            Err(CallError::unknown(
                "the gateway knows this idempotency key from a request that says something else",
            ))
        }
        _ => match (problem, status) {
            (Ok(problem), _) => Ok(Err(Refusal {
                code: word.unwrap_or_else(|| format!("http_{status}")),
                payment: problem.payment_intent.map(|reference| reference.0),
            })),
            (Err(_), 402) => Ok(Err(Refusal {
                code: "card_declined".to_owned(),
                payment: None,
            })),
            // Not Stripe's way of saying no: a proxy's error page, perhaps.
            (Err(_), _) => Err(garbled()),
        },
    }
}

/// Whether the answer is the saved one of an earlier try under the same key.
pub(super) fn is_replay(answer: &Answer) -> bool {
    answer
        .headers
        .get("idempotent-replayed")
        .is_some_and(|value| value.as_bytes() == b"true")
}

/// An answer to a look-up that is none.
pub(super) fn unread() -> CallError {
    CallError::not_done("the gateway's answer cannot be read")
}

/// A look-up that was refused: nothing is known.
pub(super) fn look_up_refused(answer: &Answer) -> CallError {
    let status = answer.status.as_u16();
    let problem = serde_json::from_slice::<Refused>(&answer.body).ok();
    let word = problem
        .and_then(|refused| refused.error.code)
        .as_deref()
        .and_then(code);
    let word = word.map(|word| format!(" ({word})")).unwrap_or_default();
    answer.not_done(format!("the gateway answered {status}{word} to a look-up"))
}

/// Everything known of these payments. While any of them is undecided, there is no answer yet.
pub(super) fn known_of(intents: &[Intent]) -> Result<Found<Vec<PaymentEvidence>>, CallError> {
    if intents.is_empty() {
        return Ok(Found::Absent);
    }
    let mut known = Vec::new();
    for intent in intents {
        let of_this = history(intent).map_err(|BadAmount| unread())?;
        if of_this.is_empty() {
            return Err(CallError::not_now(
                "the gateway has not decided about the payment yet",
            ));
        }
        known.extend(of_this);
    }
    Ok(Found::There(known))
}
