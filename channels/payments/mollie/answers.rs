//! What Mollie's answers mean before anybody looks at their objects: taken, refused, or open.

use http::StatusCode;
use serde::de::DeserializeOwned;

use super::map::BadAmount;
use super::wire::Refused;
use crate::outbound::Answer;
use crate::port::CallError;
use crate::wire::code;

/// An answer to a changing call that is none.
pub(super) fn garbled() -> CallError {
    CallError::unknown("the gateway's answer cannot be read; it may have been carried out")
}

/// A request that was taken and is not decided.
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
    let status = answer.status.as_u16();
    // Anything else is not Mollie's way of saying no: a proxy's error page, perhaps.
    let refused = serde_json::from_slice::<Refused>(&answer.body).ok();
    let refused = refused.filter(|refused| refused.status == status);
    let refused = refused.ok_or_else(garbled)?;
    // So it answers, too, to a key that it knows from a request that says something else.
    if answer.status == StatusCode::BAD_REQUEST {
        return Err(CallError::unknown(
            "the gateway does not take the request, perhaps for its idempotency key",
        ));
    }
    let field = refused.field.as_deref().and_then(code);
    Ok(Some(match field {
        Some(field) => format!("invalid_{field}"),
        None => format!("http_{status}"),
    }))
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
