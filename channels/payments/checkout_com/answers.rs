//! What Checkout.com's answers mean before anybody looks at their objects: taken, refused, or open.

use http::StatusCode;
use serde::de::DeserializeOwned;

use super::wire::{BadAmount, Refused};
use crate::outbound::Answer;
use crate::port::CallError;
use crate::wire::code;

/// An answer to a changing call that is none.
pub(super) fn garbled() -> CallError {
    CallError::unknown("the gateway's answer cannot be read; it may have been carried out")
}

/// A request that was taken: the payment's actions, and a webhook, say what became of it.
pub(super) fn underway() -> CallError {
    CallError::under_way("the gateway has taken the request; its webhook tells what became of it")
}

/// An answer to a look-up that is none.
pub(super) fn unread() -> CallError {
    CallError::not_done("the gateway's answer cannot be read")
}

/// A look-up that was refused: nothing is known.
pub(super) fn look_up_refused(answer: &Answer) -> CallError {
    let status = answer.status.as_u16();
    answer.not_done(format!("the gateway answered {status} to a look-up"))
}

impl From<BadAmount> for CallError {
    fn from(_: BadAmount) -> Self {
        Self::unknown("the gateway answered with an amount that its currency cannot have")
    }
}

/// Whether an answer is Checkout.com's own, and not a page that something on the way made: all of its
/// answers carry the id of their request.
pub(super) fn is_own(answer: &Answer) -> bool {
    answer.headers.contains_key("cko-request-id")
}

/// What an answer to a changing call means: the object, or the code of a refusal.
pub(super) fn understand<T: DeserializeOwned>(
    answer: &Answer,
) -> Result<Result<T, String>, CallError> {
    if answer.status.is_success() {
        return serde_json::from_slice(&answer.body)
            .map(Ok)
            .map_err(|_| garbled());
    }
    if answer.status == StatusCode::CONFLICT {
        return Err(CallError::unknown(
            "the gateway is still carrying out an earlier try",
        ));
    }
    if let Some(failure) = answer.failure() {
        return Err(failure);
    }
    let refused = serde_json::from_slice::<Refused>(&answer.body).ok();
    let word = refused.and_then(|refused| refused.error_codes.iter().find_map(|text| code(text)));
    match word {
        Some(word) => Ok(Err(word)),
        None if is_own(answer) => Ok(Err(format!("http_{}", answer.status.as_u16()))),
        None => Err(garbled()),
    }
}

/// As [`understand`], of what is asked about a payment that is there: its 403 says that the payment
/// does not allow it, with our key as good as ever.
pub(super) fn understand_action<T: DeserializeOwned>(
    answer: &Answer,
) -> Result<Result<T, String>, CallError> {
    if answer.status == StatusCode::FORBIDDEN && is_own(answer) {
        return Ok(Err("not_allowed".to_owned()));
    }
    understand(answer)
}
