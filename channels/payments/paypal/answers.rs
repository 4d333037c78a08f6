//! What PayPal's answers mean before anybody looks at their objects: taken, refused, or open.

use http::StatusCode;
use serde::de::DeserializeOwned;

use super::wire::{BadAmount, Refused};
use crate::outbound::Answer;
use crate::port::CallError;

/// An answer to a changing call that is none.
pub(super) fn garbled() -> CallError {
    CallError::unknown("the gateway's answer cannot be read; it may have been carried out")
}

/// A request that was taken and is not decided: a webhook says what became of it.
pub(super) fn underway() -> CallError {
    CallError::under_way("the gateway has taken the request and has not decided about it yet")
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

/// The name of PayPal's own refusal; `None` for a page that something on the way made.
pub(super) fn own_word(answer: &Answer) -> Option<String> {
    serde_json::from_slice::<Refused>(&answer.body).ok()?.word()
}

/// The code of a refusal, when an answer is one: nothing was done, and asking again the same way
/// changes nothing.
pub(super) fn refusal(answer: &Answer) -> Result<Option<String>, CallError> {
    if answer.status.is_success() {
        return Ok(None);
    }
    if answer.status == StatusCode::CONFLICT {
        return Err(CallError::unknown(
            "the gateway is still carrying out an earlier try",
        ));
    }
    if let Some(failure) = answer.failure() {
        return Err(failure);
    }
    own_word(answer).map(Some).ok_or_else(garbled)
}

/// What an answer to a changing call means: the object, or the code of a refusal.
pub(super) fn understand<T: DeserializeOwned>(
    answer: &Answer,
) -> Result<Result<T, String>, CallError> {
    match refusal(answer)? {
        Some(refusal) => Ok(Err(refusal)),
        None => serde_json::from_slice(&answer.body)
            .map(Ok)
            .map_err(|_| garbled()),
    }
}
